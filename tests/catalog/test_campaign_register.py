"""`campaign.register`: money is spent on a review that has a chance, and only once."""

from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.campaigns.forms import CampaignRegister
from bot.catalog.campaigns.steps import create_step
from bot.catalog.form import mistakes, parse
from bot.catalog.operation import CannotPlanError
from bot.plans.call import Call, Ref
from bot.plans.cost import total
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.campaigns import Campaign
from bot.twilio.faults import Refused, Throttled, Uncertain
from bot.twilio.reads import CAMPAIGN_SID
from tests.catalog.world import CAMPAIGN, World, codes

SERVICE = start_state.SUPPORT_SERVICE


async def register(world: World, **values: Any) -> Plan:
    return await world.plan("campaign.register", **(CAMPAIGN | values))


def step_of(plan: Plan) -> CallStep:
    step, _ = plan.steps
    assert isinstance(step, CallStep)
    return step


async def sole_proprietor(world: World) -> str:
    path = "/v1/a2p/BrandRegistrations"
    bundles = {"CustomerProfileBundleSid": "BU" + "1" * 32, "A2PProfileBundleSid": "BU" + "2" * 32}
    call = Call(product="messaging", method="POST", path=path, params={**bundles, "BrandType": "SOLE_PROPRIETOR"})
    brand = await world.account.send(call)
    world.twilio.desk.approve_brand(brand["sid"], "SELF_DECLARED")
    return str(brand["sid"])


# what stands in the way


async def test_a_service_that_is_not_there_is_told_on_its_field(world: World) -> None:
    with pytest.raises(CannotPlanError) as refused:
        await register(world, service_sid="MG" + "0" * 32)
    assert refused.value.field == "service_sid"


async def test_a_brand_that_is_not_there_is_told_on_its_field(world: World) -> None:
    with pytest.raises(CannotPlanError) as refused:
        await register(world, brand_sid="BN" + "0" * 32)
    assert refused.value.field == "brand_sid"


@pytest.mark.parametrize(
    ("status", "said", "prevents"),
    [
        ("PENDING", "Wait", 21717),
        ("IN_REVIEW", "third party", 21717),
        ("FAILED", "resubmit the brand", 21717),
        ("SUSPENDED", "suspension notice", 21731),
        ("DELETION_PENDING", "APPROVED", 21717),
        ("SOMETHING_NEW", "APPROVED", 21717),
    ],
)
async def test_a_brand_that_is_not_approved_stops_the_request(
    world: World, status: str, said: str, prevents: int
) -> None:
    world.twilio.desk.brand_status(start_state.APPROVED_BRAND, status)
    (finding,) = [f for f in (await register(world)).findings if f.severity == "block"]
    assert finding.code == "brand-not-approved"
    assert status in finding.text
    assert said in finding.fix
    assert finding.prevents == (prevents,)


async def test_an_approved_brand_whose_identity_is_unverified_stops_the_request(world: World) -> None:
    world.twilio.desk.approve_brand(start_state.APPROVED_BRAND, "UNVERIFIED")
    (finding,) = [f for f in (await register(world)).findings if f.severity == "block"]
    assert (finding.code, finding.prevents) == ("brand-unverified", (30991,))


async def test_a_service_that_has_a_campaign_stops_the_request_and_points_on(world: World) -> None:
    await world.campaign()
    (finding,) = [f for f in (await register(world)).findings if f.severity == "block"]
    assert finding.code == "campaign-exists"
    assert "IN_PROGRESS" in finding.text


async def test_a_rejected_campaign_points_to_resubmission(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [30896])
    (finding,) = [f for f in (await register(world)).findings if f.severity == "block"]
    assert "/a2p-campaign resubmit" in finding.fix


async def test_a_suspended_campaign_points_to_support_and_nowhere_else(world: World) -> None:
    await world.campaign()
    world.twilio.desk.suspend(SERVICE)
    (finding,) = [f for f in (await register(world)).findings if f.severity == "block"]
    assert "Support" in finding.fix
    assert "delete" not in finding.fix.replace("deleted", "")


async def test_a_use_case_that_twilio_does_not_offer_this_brand_stops_the_request(world: World) -> None:
    (finding,) = [f for f in (await register(world, use_case="SOLE_PROPRIETOR")).findings if f.severity == "block"]
    assert finding.code == "use-case-not-offered"
    assert finding.field == "use_case"
    assert "DELIVERY_NOTIFICATION" in finding.fix


async def test_a_brand_without_any_use_case_stops_the_request(world: World) -> None:
    mismatch = {"error_code": 30795, "description": "The tax id does not match.", "fields": ["business_name"]}
    world.rig(Brand, start_state.APPROVED_BRAND, errors=[mismatch])
    plan = await register(world)
    assert codes(plan, "block") == {"no-use-cases", "brand-feedback"}
    feedback = next(f for f in plan.findings if f.code == "brand-feedback")
    assert "30795: The tax id does not match." in feedback.text
    assert feedback.prevents == (30795,)


async def test_a_second_campaign_of_a_sole_proprietor_stops_the_request(world: World) -> None:
    brand = await sole_proprietor(world)
    await world.campaign(brand_sid=brand, use_case="SOLE_PROPRIETOR")
    other = await world.service("Second")
    plan = await register(world, service_sid=other, brand_sid=brand, use_case="SOLE_PROPRIETOR")
    (finding,) = [f for f in plan.findings if f.code == "sole-proprietor-one-campaign"]
    assert (finding.severity, finding.prevents) == ("block", (21732,))
    assert SERVICE in finding.text


async def test_twilio_out_of_reach_is_no_plan_at_all(world: World) -> None:
    world.twilio.faults.add("GET /messaging/v1/Services", status=429, retry_after=0, times=9)
    with pytest.raises(Throttled):
        await register(world)


async def test_a_description_beyond_twilios_limit_is_told_on_its_second_input() -> None:
    form = catalog()["campaign.register"].form
    values = CAMPAIGN | {"description": "x" * 3000, "description_more": "y" * 1096}
    (wrong,) = mistakes(form, values)
    assert (wrong.field, "4097" in wrong.text) == ("description_more", True)
    assert mistakes(form, values | {"description_more": "y" * 1095}) == []


# what is worth knowing


async def test_a_mock_brand_is_marked_in_the_title(world: World) -> None:
    world.rig(Brand, start_state.APPROVED_BRAND, mock=True)
    plan = await register(world)
    assert "mock" in plan.title
    assert "mock-brand" in codes(plan, "note")


async def test_an_empty_pool_is_told(world: World) -> None:
    empty = await world.service("Empty")
    assert "pool-empty" in codes(await register(world, service_sid=empty), "warn")


async def test_a_declared_use_that_may_conflict_is_told(world: World) -> None:
    service = await world.service("Declared", usecase="marketing")
    plan = await register(world, service_sid=service)
    finding = next(f for f in plan.findings if f.code == "service-use-conflict")
    assert (finding.severity, finding.prevents) == ("warn", (21719,))


async def test_a_declared_use_that_fits_is_left_alone(world: World) -> None:
    service = await world.service("Declared", usecase="notifications")
    assert "service-use-conflict" not in codes(await register(world, service_sid=service))


async def test_a_low_volume_brand_is_told_with_its_limits(world: World) -> None:
    plan = await register(world, brand_sid=start_state.LOW_VOLUME_BRAND, use_case="LOW_VOLUME")
    assert "low-volume-brand" in codes(plan, "note")
    assert codes(plan, "block") == set()


async def test_a_use_case_that_carriers_approve_again_is_told(world: World) -> None:
    assert "post-approval" in codes(await register(world, use_case="SOCIAL"), "note")


async def test_texts_that_reviewers_would_reject_are_told(world: World) -> None:
    plan = await register(world, sample_1="Acme: see http://bit.ly/x for your order [number].")
    assert codes(plan, "warn") >= {"shortener", "plain-http", "links-undeclared", "samples-without-opt-out"}


async def test_a_good_registration_has_nothing_to_be_told(world: World) -> None:
    assert (await register(world)).findings == ()


# what it costs


async def test_the_costs_are_shown_as_estimates_with_their_sources(world: World) -> None:
    plan = await register(world)
    assert total(plan.costs, "once") == 15
    assert total(plan.costs, "month") == 10
    assert all(not c.certain and c.source and "2026" in c.source for c in plan.costs)


async def test_low_volume_and_sole_proprietor_have_their_own_monthly_fee(world: World) -> None:
    low = await register(world, brand_sid=start_state.LOW_VOLUME_BRAND, use_case="LOW_VOLUME")
    sole = await register(world, brand_sid=await sole_proprietor(world), use_case="SOLE_PROPRIETOR")
    assert str(total(low.costs, "month")) == "1.50"
    assert str(total(sole.costs, "month")) == "2.00"


# the call


async def test_the_call_carries_every_answer_and_the_version_that_returns_the_urls(world: World) -> None:
    replies = {
        "opt_in_keywords": "START JOIN",
        "opt_in_message": "Acme: welcome. Msg frequency varies. Msg and data rates may apply. HELP or STOP.",
        "opt_out_keywords": "STOP, END",
        "opt_out_message": "Acme: you are unsubscribed and get no more messages.",
        "help_keywords": "HELP",
        "help_message": "Acme: write to help@acme.example or reply STOP.",
        "sample_3": "Acme: a third kind of message about order [number].",
        "age_gated": True,
        "subscriber_opt_in": False,
    }
    step = step_of(await register(world, **replies))
    assert step.call.headers == {"X-Twilio-Api-Version": "v1.2"}
    assert step.lane == "registration"
    params = step.call.params
    assert params["MessageSamples"] == (CAMPAIGN["sample_1"], CAMPAIGN["sample_2"], replies["sample_3"])
    assert params["OptInKeywords"] == ("START", "JOIN")
    assert params["OptOutKeywords"] == ("STOP", "END")
    assert (params["AgeGated"], params["SubscriberOptIn"], params["DirectLending"]) == ("true", "false", "false")
    campaign = await world.account.send(step.call)
    assert campaign["opt_out_message"] == replies["opt_out_message"]
    assert campaign["privacy_policy_url"] == CAMPAIGN["privacy_policy_url"]
    assert set(step.keep) <= campaign.keys()


async def test_texts_arrive_as_they_were_typed_whatever_is_in_them(world: World) -> None:
    odd = "Acme & Söhne {service.sid} 100%+ “quotes”, commas, and\na second line; [brackets] for order updates."
    step = step_of(await register(world, description=odd, sample_2=odd))
    campaign = await world.account.send(step.call)
    assert campaign["description"] == odd
    assert campaign["message_samples"] == [CAMPAIGN["sample_1"], odd]


async def test_a_description_in_two_inputs_is_sent_as_one(world: World) -> None:
    step = step_of(await register(world, description="x" * 2990, description_more="and more of it"))
    assert step.call.params["Description"] == "x" * 2990 + " and more of it"
    assert step.adopt is not None
    assert step.adopt.match["description"] == step.call.params["Description"]


async def test_both_web_addresses_are_read_back_by_a_look_that_changes_nothing(world: World) -> None:
    plan = await register(world)
    back = plan.steps[1]
    assert isinstance(back, CallStep)
    assert (back.call.method, back.call.headers) == ("GET", {"X-Twilio-Api-Version": "v1.2"})
    await world.carry_out(plan)
    assert back.unmet(await world.account.read(back.call)) == {}
    world.rig(Campaign, SERVICE, terms_and_conditions_url=None)
    assert back.unmet(await world.account.read(back.call)) == {"terms_and_conditions_url": ""}
    assert back.skippable


async def test_a_chain_registers_a_campaign_on_what_it_makes_itself(world: World) -> None:
    form = parse(CampaignRegister, CAMPAIGN)
    step = create_step("c", Ref(step="service"), Ref(step="brand"), "MIXED", form)
    results = {"service": {"sid": SERVICE}, "brand": {"sid": start_state.APPROVED_BRAND}}
    call = step.call.resolved(results)
    assert call.path == f"/v1/Services/{SERVICE}/Compliance/Usa2p"
    campaign = await world.account.send(call)
    assert (campaign["us_app_to_person_usecase"], campaign["brand_registration_sid"]) == (
        "MIXED",
        start_state.APPROVED_BRAND,
    )
    assert step.adopt is not None
    assert len(await world.adopted(step.adopt, results)) == 1


async def test_blank_replies_are_left_to_twilio(world: World) -> None:
    params = step_of(await register(world)).call.params
    assert not {"OptInMessage", "OptInKeywords", "OptOutMessage", "HelpMessage", "HelpKeywords"} & params.keys()


async def test_the_registration_is_followed_by_the_sid_of_its_service(world: World) -> None:
    (watch,) = (await register(world)).watches
    assert (watch.kind, watch.step, watch.key) == ("campaign", "campaign", SERVICE)
    assert CAMPAIGN_SID not in watch.model_dump_json()


async def test_a_registration_whose_answer_was_lost_is_found_again_and_never_repeated(world: World) -> None:
    step = step_of(await register(world))
    assert step.adopt is not None
    assert step.adopt.repeatable is False
    assert await world.adopted(step.adopt, {}) == []
    world.twilio.faults.add("POST /messaging", drop_after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call)
    (found,) = await world.adopted(step.adopt, {})
    assert found["messaging_service_sid"] == SERVICE


async def test_a_campaign_that_somebody_else_registered_is_not_taken_for_ours(world: World) -> None:
    await world.campaign(description="Another text about the same thing, sent to customers of Acme who asked for it.")
    step = step_of(await register(world))
    assert step.adopt is not None
    assert await world.adopted(step.adopt, {}) == []
    with pytest.raises(Refused):
        await world.account.send(step.call)


async def test_the_same_answers_give_the_same_digest_and_any_other_answer_another(world: World) -> None:
    digest = (await register(world)).digest
    assert (await register(world)).digest == digest
    changes: list[dict[str, Any]] = [
        {"description": CAMPAIGN["description"] + " Truly."},
        {"sample_2": CAMPAIGN["sample_2"] + "!"},
        {"has_embedded_links": True},
        {"use_case": "CUSTOMER_CARE"},
        {"brand_sid": start_state.LOW_VOLUME_BRAND},
        {"terms_and_conditions_url": "https://acme.example/terms2"},
    ]
    others = {(await register(world, **change)).digest for change in changes}
    assert len(others | {digest}) == len(changes) + 1


async def test_planning_changes_nothing(world: World) -> None:
    await register(world)
    assert [call for call in world.twilio.log if call.effect] == []
