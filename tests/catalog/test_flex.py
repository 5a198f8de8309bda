"""The Flex chains: what stands is shown as done, each paid part has its approval, what fails later is told now."""

from typing import Any

import pytest

from bot.catalog.flex.forms import FlexOnboard, FlexProxy
from bot.catalog.form import mistakes
from bot.catalog.operation import CannotPlanError
from bot.plans.call import Ref
from bot.plans.cost import Cost
from bot.plans.plan import Plan
from bot.plans.step import CallStep, GivenStep, ManualStep, WaitStep, needs
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.conversations import ConversationsConfiguration
from bot.sandbox.twilio.flex import FlexInstance
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.services import Service
from bot.sandbox.twilio.start_conversations import FLEX_INSTANCE, OTHER_CONVERSATIONS
from tests.catalog.brand_answers import BRAND, IDENTIFYING, LISTED
from tests.catalog.brand_answers import SOLE_PROPRIETOR as SOLE_PROPRIETOR_BRAND
from tests.catalog.world import CONTENT, World, codes

FREE, POOLED, FLEX, FOR_SALE = "+15125550120", "+14155550110", "+19165550140", "+15035550101"
PHONE = "+15035559876"
TEXTS: dict[str, Any] = {**CONTENT, "use_case": "DELIVERY_NOTIFICATION"}
APPROVED = {"brand_sid": start_state.APPROVED_BRAND}
NEW = {"service_name": "Acme Flex"}
STANDING = {"service": "existing", "service_sid": start_state.SUPPORT_SERVICE}
FLOW = {"flow_sid": start_state.FLEX_FLOW}
WEBHOOK = "https://acme.example/old-bot"
BRAND_STEPS = [
    "profile", "business", "representative", "address", "document", "profile_business", "profile_representative",
    "profile_document", "profile_primary", "profile_evaluation", "profile_submission", "product", "messaging",
    "product_messaging", "product_profile", "product_evaluation", "product_submission", "brand",
]  # fmt: skip


async def onboard(world: World, **values: Any) -> Plan:
    return await world.plan("flex.onboard", **{**TEXTS, **NEW, **FLOW, **APPROVED, "numbers": FREE, **values})


async def proxy(world: World, **values: Any) -> Plan:
    return await world.plan("flex.proxy", **{**TEXTS, **NEW, **APPROVED, "numbers": FREE, **values})


def ids(plan: Plan, *kinds: type) -> list[str]:
    return [s.id for s in plan.steps if not kinds or isinstance(s, kinds)]


def call(plan: Plan, step_id: str) -> CallStep:
    found = next(s for s in plan.steps if s.id == step_id)
    assert isinstance(found, CallStep)
    return found


def wait(plan: Plan, step_id: str) -> WaitStep:
    found = next(s for s in plan.steps if s.id == step_id)
    assert isinstance(found, WaitStep)
    return found


def written(plan: Plan) -> list[str]:
    """The steps that change anything at Twilio."""
    return [s.id for s in plan.steps if isinstance(s, CallStep) and s.call.method != "GET"]


def priced(plan: Plan) -> dict[str, set[str]]:
    """The fees of each part, by what its approval is called."""
    parts: dict[str, set[str]] = {}
    for cost in plan.costs:
        parts.setdefault(cost.part, set()).add(_fee(cost))
    return parts


def _fee(cost: Cost) -> str:
    return cost.what.partition(" (")[0].partition(",")[0]


async def default_service(world: World, sid: str | None) -> None:
    world.rig(ConversationsConfiguration, start_state.ACCOUNT_SID, default_messaging_service_sid=sid)


# The whole chain


async def test_everything_new_is_one_plan_with_an_approval_before_each_paid_part(world: World) -> None:
    plan = await onboard(world, buy=True, phone_numbers=FOR_SALE, **BRAND, to=PHONE)
    assert ids(plan) == [
        "service", "name",
        "number_1", "pool_1", "address_1",
        "number_2", "pool_2", "address_2",
        "brand_approval", *BRAND_STEPS, "brand_approved", "brand_identity",
        "campaign_approval", "campaign", "urls", "campaign_verified", "numbers_registered",
        "verify_1", "verify_2", "message", "delivery",
    ]  # fmt: skip
    assert priced(plan) == {
        "": {FOR_SALE},
        "brand_approval": {"Brand registration"},
        "campaign_approval": {
            "Campaign vetting",
            "Campaign",
            "1 segment to a US phone; the carrier's fee comes on top",
        },
    }
    assert {w.step for w in plan.watches} == {"brand", "campaign"}
    assert codes(plan, "block") == set()
    assert "low-volume-for-good" in codes(plan, "warn")
    [said] = [f.text for f in plan.findings if f.code == "paid-in-parts"]
    assert "3 parts" in said
    assert "now $1.15 a month" in said
    assert "price-unknown" in codes(plan, "note")  # conversations are billed by use


async def test_the_same_answers_give_the_same_plan(world: World) -> None:
    assert (await onboard(world, **BRAND)).digest == (await onboard(world, **BRAND)).digest


async def test_what_stands_already_is_shown_as_done_and_only_waits_and_looks_remain(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    await world.carry_out(await world.plan("address.create", number=POOLED, **FLOW))
    plan = await onboard(world, **STANDING, campaign="standing", numbers=POOLED)
    assert ids(plan, GivenStep) == ["service", "number_1", "pool_1", "address_1", "campaign"]
    assert ids(plan, WaitStep, CallStep) == ["campaign_verified", "numbers_registered", "verify_1"]
    assert (written(plan), plan.costs) == ([], ())


async def test_the_first_approval_covers_a_campaign_before_which_nothing_is_sent(world: World) -> None:
    await world.carry_out(await world.plan("address.create", number=POOLED, **FLOW))
    plan = await onboard(world, **STANDING, numbers=POOLED)
    assert written(plan) == ["campaign"]
    assert priced(plan) == {"": {"Campaign vetting", "Campaign"}}


async def test_carrying_out_the_first_part_leaves_every_number_answered_once(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url=WEBHOOK)
    plan = await onboard(world, **STANDING, numbers=f"{FREE} {FLEX}", buy=True, phone_numbers=FOR_SALE)
    first = plan.model_copy(update={"steps": plan.part("")[: ids(plan).index("brand")]})
    await world.carry_out(first)
    again = await onboard(world, **STANDING, numbers=f"{FREE} {FLEX} {FOR_SALE}")
    assert written(again) == ["campaign"]
    bought = next(n for n in world.twilio.created("number") if n["phone_number"] == FOR_SALE)
    assert bought["sms_url"] == ""


# What may move while people decide


async def test_a_brand_that_is_approved_meanwhile_asks_nobody_to_approve_again(world: World) -> None:
    before = await onboard(world, brand_sid=start_state.PENDING_BRAND)
    world.twilio.desk.approve_brand(start_state.PENDING_BRAND)
    after = await onboard(world, brand_sid=start_state.PENDING_BRAND)
    assert before.digest == after.digest


async def test_a_campaign_that_is_verified_meanwhile_asks_nobody_to_approve_again(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(start_state.SUPPORT_SERVICE, [30896])
    before = await onboard(world, **STANDING, campaign="standing")
    assert "campaign-awaited" in codes(before, "warn")
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    assert (await onboard(world, **STANDING, campaign="standing")).digest == before.digest


async def test_a_webhook_that_is_set_meanwhile_makes_another_plan(world: World) -> None:
    before = await onboard(world)
    world.rig(Number, start_state.FREE_NUMBER, sms_url=WEBHOOK)
    assert (await onboard(world)).digest != before.digest


# Numbers


async def test_a_webhook_is_blanked_after_the_address_answers_and_undo_writes_it_back(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url=WEBHOOK)
    plan = await onboard(world)
    assert ids(plan).index("webhook_1") == ids(plan).index("address_1") + 1
    blanks = call(plan, "webhook_1")
    assert blanks.call.params == {"SmsUrl": ""}
    assert blanks.undo is not None
    assert blanks.undo.call.params == {"SmsUrl": WEBHOOK}
    assert "webhook-removed" in codes(plan, "warn")


async def test_a_number_that_somebody_else_buys_first_is_skipped_with_all_that_is_done_for_it(world: World) -> None:
    plan = await onboard(world, buy=True, phone_numbers=FOR_SALE, to=PHONE)
    assert call(plan, "number_2").skippable
    assert "number_2" in needs(call(plan, "pool_2"))
    assert needs(call(plan, "address_2")) == {"number_2"}
    assert needs(call(plan, "verify_2")) == {"address_2"}
    registered = wait(plan, "numbers_registered")
    assert [w.key for w in registered.watches] == [start_state.FREE_NUMBER, Ref(step="number_2")]


async def test_a_number_that_carriers_refuse_ends_the_wait_and_what_was_said_before_does_not_count(
    world: World,
) -> None:
    registered = wait(await onboard(world), "numbers_registered")
    assert (registered.fails, registered.newer_than) == (("FAILURE",), "campaign")
    await world.campaign()
    standing = wait(await onboard(world, **STANDING, campaign="standing"), "numbers_registered")
    assert (standing.fails, standing.newer_than) == (("FAILURE",), "")


async def test_an_address_with_other_settings_is_changed_and_said_so(world: World) -> None:
    plan = await onboard(world, numbers=FLEX, flow_sid=start_state.FRONT_DESK_FLOW)
    assert call(plan, "address_1").call.params["AutoCreation.StudioFlowSid"] == start_state.FRONT_DESK_FLOW
    assert call(plan, "address_1").undo is not None
    assert "address-changes" in codes(plan, "warn")


async def test_a_number_in_another_service_is_not_taken_but_explained(world: World) -> None:
    plan = await onboard(world, numbers=POOLED)
    [finding] = [f for f in plan.findings if f.code == "in-other-service"]
    assert (finding.severity, finding.prevents) == ("block", (21712,))
    assert "/a2p-sender move" in finding.fix


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"numbers": "PN" + "99" * 16}, "numbers", "does not own"),
        ({**STANDING, "campaign": "standing"}, "campaign", "has no campaign"),
        ({"service": "existing", "service_sid": "MG" + "99" * 16}, "service_sid", "messaging service"),
        ({"flow_sid": "FW" + "99" * 16}, "flow_sid", "no Studio flow"),
        ({"brand_sid": "BN" + "99" * 16}, "brand_sid", "no brand"),
        ({"service": "default"}, "service", "Set one in Console"),
    ],
)
async def test_what_is_not_there_is_told_on_its_question(
    world: World, values: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(CannotPlanError, match=said) as refused:
        await onboard(world, **values)
    assert refused.value.field == field


async def test_toll_free_numbers_alone_are_no_ten_digit_numbers(world: World) -> None:
    assert "no-ten-digit-number" in codes(await onboard(world, numbers=start_state.TOLL_FREE_NUMBER), "block")


async def test_a_toll_free_number_is_not_waited_for(world: World) -> None:
    plan = await onboard(world, numbers=f"{FREE} {start_state.TOLL_FREE_NUMBER}")
    assert [w.title for w in wait(plan, "numbers_registered").watches] == [FREE]
    assert "toll-free-not-10dlc" in codes(plan, "warn")


async def test_other_numbers_of_the_pool_are_named_and_left_alone(world: World) -> None:
    plan = await onboard(world, **STANDING)
    assert "other-numbers" in codes(plan, "note")
    assert [w.title for w in wait(plan, "numbers_registered").watches] == [FREE]


async def test_a_number_that_is_sold_meanwhile_stops_the_request(world: World) -> None:
    assert "number-gone" in codes(await onboard(world, buy=True, phone_numbers="+15035559999"), "block")


# Service and routing


async def test_autocreate_is_switched_on_by_a_person_before_the_numbers_join(world: World) -> None:
    plan = await onboard(world, routing="autocreate")
    assert ids(plan)[:6] == ["service", "name", "autocreate", "autocreate_seen", "number_1", "pool_1"]
    assert not [s for s in ids(plan) if s.startswith(("address", "verify"))]
    [by_hand] = [s for s in plan.steps if isinstance(s, ManualStep)]
    assert "Configure Conversations" in by_hand.where
    assert "60 seconds" in by_hand.where
    look = call(plan, "autocreate_seen")
    assert (look.call.method, bool(look.skippable)) == ("GET", True)


async def test_autocreate_beside_addresses_answers_twice(world: World) -> None:
    assert "answers-twice" in codes(await onboard(world, routing="autocreate", numbers=FLEX), "warn")


async def test_a_service_that_answers_itself_beside_addresses_is_told(world: World) -> None:
    world.rig(Service, start_state.SUPPORT_SERVICE, use_inbound_webhook_on_number=False)
    assert "service-answers" in codes(await onboard(world, **STANDING), "warn")


async def test_the_default_service_of_conversations_is_taken_when_there_is_one(world: World) -> None:
    await default_service(world, start_state.SUPPORT_SERVICE)
    plan = await onboard(world, service="default")
    assert plan.steps[0] == GivenStep(
        id="service", title="The messaging service “Acme support” exists", result={"sid": start_state.SUPPORT_SERVICE}
    )


async def test_an_account_without_flex_is_told_what_it_takes(world: World) -> None:
    world.twilio.ledger.table(FlexInstance).remove(FLEX_INSTANCE)
    assert "flex-unread" in codes(await onboard(world), "note")


async def test_flex_of_version_one_is_sent_to_proxy(world: World) -> None:
    world.rig(FlexInstance, FLEX_INSTANCE, ui_version="1.33.0")
    [finding] = [f for f in (await onboard(world)).findings if f.code == "flex-ui-1"]
    assert "/a2p-flex proxy" in finding.fix


@pytest.mark.parametrize("routing", ["addresses", "autocreate"])
async def test_conversations_where_agents_would_not_see_them_are_told(world: World, routing: str) -> None:
    account = start_state.ACCOUNT_SID
    world.rig(ConversationsConfiguration, account, default_chat_service_sid=OTHER_CONVERSATIONS)
    assert "not-flexs-service" in codes(await onboard(world, routing=routing), "warn")


async def test_a_service_whose_declared_use_contradicts_the_campaign_is_told(world: World) -> None:
    world.rig(Service, start_state.SUPPORT_SERVICE, usecase="marketing")
    assert "service-use-conflict" in codes(await onboard(world, **STANDING), "warn")


# Brand and campaign


async def test_the_identity_of_the_brand_is_looked_at_before_the_campaign_is_paid(world: World) -> None:
    plan = await onboard(world, brand_sid=start_state.PENDING_BRAND)
    look = call(plan, "brand_identity")
    world.rig(Brand, start_state.PENDING_BRAND, status="APPROVED", identity_status="UNVERIFIED")
    assert look.unmet(await world.account.read(look.call)) == {"identity_status": "UNVERIFIED"}
    world.rig(Brand, start_state.PENDING_BRAND, identity_status="VETTED_VERIFIED")
    assert look.unmet(await world.account.read(look.call)) == {}
    assert ids(plan).index("brand_identity") < ids(plan).index("campaign_approval")


async def test_feedback_on_the_approved_brand_stops_the_chain_before_the_campaign_is_paid(world: World) -> None:
    look = call(await onboard(world, brand_sid=start_state.PENDING_BRAND), "brand_identity")
    world.twilio.desk.brands.approve(start_state.PENDING_BRAND, codes=[30795, 30799])
    assert look.unmet(await world.account.read(look.call)) == {"errors.error_code": "30795, 30799"}
    assert "/a2p-brand show" in look.skippable


async def test_feedback_that_people_were_told_of_does_not_stop_the_chain_again(world: World) -> None:
    world.twilio.desk.brands.approve(start_state.APPROVED_BRAND, codes=[39999])
    plan = await onboard(world)
    assert "brand-feedback" in codes(plan, "warn")
    look = call(plan, "brand_identity")
    assert look.unmet(await world.account.read(look.call)) == {}


async def test_a_failed_brand_is_waited_for_with_the_way_to_mend_it(world: World) -> None:
    plan = await onboard(world, brand_sid=start_state.FAILED_BRAND)
    [finding] = [f for f in plan.findings if f.code == "brand-awaited"]
    assert "30795" in finding.text
    assert "/a2p-brand resubmit" in finding.fix
    assert "FAILED" not in wait(plan, "brand_approved").fails
    assert "/a2p-brand resubmit" in wait(plan, "brand_approved").meanwhile


async def test_a_suspended_brand_stops_the_request(world: World) -> None:
    world.twilio.desk.brand_status(start_state.APPROVED_BRAND, "SUSPENDED")
    assert "brand-suspended" in codes(await onboard(world), "block")


async def test_a_rejected_campaign_is_waited_for_until_it_is_mended(world: World) -> None:
    verified = wait(await onboard(world), "campaign_verified")
    assert (verified.until, verified.fails) == (("VERIFIED",), ())
    assert "Fix and resubmit" in verified.meanwhile


async def test_a_use_case_is_checked_where_twilio_can_say_and_told_where_it_cannot(world: World) -> None:
    assert "use-case-not-offered" in codes(await onboard(world, use_case="POLITICAL"), "block")
    assert "use-case-unchecked" in codes(await onboard(world, brand_sid=start_state.PENDING_BRAND), "note")


async def test_a_service_that_has_a_campaign_cannot_get_another(world: World) -> None:
    await world.campaign()
    [finding] = [f for f in (await onboard(world, **STANDING)).findings if f.code == "campaign-exists"]
    assert finding.severity == "block"
    assert "The service has one already" in finding.fix


async def test_a_sole_proprietor_has_one_number_and_a_day_to_reply(world: World) -> None:
    sole = {**SOLE_PROPRIETOR_BRAND, "use_case": "SOLE_PROPRIETOR"}
    alone, both = await onboard(world, **sole), await onboard(world, **sole, numbers=f"{FREE} {FLEX}")
    assert "24 hours" in wait(alone, "brand_approved").meanwhile
    assert "sole-proprietor-one-number" not in codes(alone)
    [finding] = [f for f in both.findings if f.code == "sole-proprietor-one-number"]
    assert (finding.severity, finding.prevents) == ("block", (30125,))


async def test_a_listed_company_is_told_of_the_mail_that_must_be_confirmed(world: World) -> None:
    assert "7 days" in wait(await onboard(world, **{**BRAND, **LISTED}), "brand_approved").meanwhile


async def test_a_mock_brand_ends_the_chain_before_what_no_mock_can_do(world: World) -> None:
    plan = await onboard(world, **BRAND, mock_brand=True, to=PHONE)
    assert ids(plan)[-3:] == ["campaign", "urls", "verify_1"]
    assert "brand_approval" not in ids(plan)
    assert "mock-chain" in codes(plan, "note")


async def test_nothing_that_people_read_of_a_plan_identifies_anybody(world: World) -> None:
    plan = await onboard(world, **BRAND, to=PHONE)
    waits = [s for s in plan.steps if isinstance(s, WaitStep)]
    read = [
        plan.title,
        *(s.title for s in plan.steps),
        *(f"{f.text} {f.fix}" for f in plan.findings),
        *(f"{d.before} {d.after}" for d in plan.differences),
        *(w.title for w in (*plan.watches, *(w for s in waits for w in s.watches))),
        *(str(value) for s in plan.steps if isinstance(s, CallStep) for value in s.call.params.values()),
    ]
    assert [piece for piece in (*IDENTIFYING, PHONE) if any(piece in line for line in read)] == []


# The form


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"numbers": ""}, "numbers", "choose a number"),
        ({"buy": True}, "phone_numbers", "needed"),
        ({"buy": True, "phone_numbers": f"{FOR_SALE} {FOR_SALE}"}, "phone_numbers", "named twice"),
        ({"campaign": "standing"}, "campaign", "no campaign yet"),
        ({**BRAND, "use_case": "SOLE_PROPRIETOR"}, "use_case", "sole proprietors"),
        ({**SOLE_PROPRIETOR_BRAND}, "use_case", "sole proprietors"),
        ({**BRAND, "brand_kind": "standard", "use_case": "LOW_VOLUME"}, "use_case", "low-volume brands only"),
        ({"to": "503 555"}, "to", "not a US number"),
        ({"sample_2": ""}, "sample_2", "needed"),
        ({**BRAND, "business_registration_number": "12"}, "business_registration_number", "nine digits"),
    ],
)
def test_answers_that_do_not_fit_are_told_on_their_question(values: dict[str, Any], field: str, said: str) -> None:
    given = {**TEXTS, **NEW, **FLOW, **APPROVED, "numbers": FREE, **values}
    assert said in {m.field: m.text for m in mistakes(FlexOnboard, given)}[field]


def test_pages_that_have_nothing_to_ask_are_passed_over() -> None:
    assert FlexOnboard.open_pages({}) == [1, 2, 4, 8, 9, 10, 11]
    assert FlexOnboard.open_pages({"campaign": "standing"}) == [1, 2, 4, 11]
    assert FlexProxy.open_pages({"brand_kind": "standard", "buy": True}) == list(range(1, 12))


# Proxy


async def test_proxy_takes_a_service_that_defers_and_leaves_the_numbers_webhooks_alone(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url="https://webhooks.twilio.com/v1/flex")
    plan = await proxy(world)
    assert call(plan, "service").call.params["UseInboundWebhookOnNumber"] == "true"
    assert ids(plan)[:4] == ["service", "name", "number_1", "pool_1"]
    assert not [s for s in ids(plan) if s.startswith(("address", "webhook", "verify"))]
    assert {"proxy-closed"} <= codes(plan, "warn")
    assert "webhook-blank" not in codes(plan)


async def test_proxy_makes_a_standing_service_defer_and_undo_gives_its_settings_back(world: World) -> None:
    hook = "https://acme.example/in"
    world.rig(Service, start_state.SUPPORT_SERVICE, use_inbound_webhook_on_number=False, inbound_request_url=hook)
    plan = await proxy(world, **STANDING)
    assert ids(plan)[:2] == ["service", "defer"]
    step = call(plan, "defer")
    assert step.call.params["UseInboundWebhookOnNumber"] == "true"
    assert step.undo is not None
    assert step.undo.call.params == {"UseInboundWebhookOnNumber": "false", "InboundRequestUrl": hook}
    assert "inbound-mode-changes" in codes(plan, "warn")
    await world.account.send(step.call)
    assert "defer" not in ids(await proxy(world, **STANDING))


@pytest.mark.parametrize("values", [{}, {"buy": True, "phone_numbers": FOR_SALE, "numbers": ""}])
async def test_a_number_whose_messages_nobody_hands_to_flex_is_told(world: World, values: dict[str, Any]) -> None:
    assert "webhook-blank" in codes(await proxy(world, **values), "warn")


async def test_those_on_flex_two_are_sent_to_conversations(world: World) -> None:
    [finding] = [f for f in (await proxy(world)).findings if f.code == "flex-ui-2"]
    assert "/a2p-flex onboard" in finding.fix


async def test_an_address_that_proxy_would_never_see_is_told(world: World) -> None:
    assert "address-beside-proxy" in codes(await proxy(world, numbers=FLEX), "warn")
