"""Conversations addresses: each number is answered once, by something that is there, or people are told before."""

from typing import Any

import pytest

from bot.catalog.addresses.steps import address_step, verify_address_step
from bot.catalog.operation import CannotPlanError
from bot.plans.call import Ref
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.address_configurations import AddressConfiguration
from bot.sandbox.twilio.flex import FlexInstance
from bot.sandbox.twilio.flows import Flow
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.services import Service
from bot.sandbox.twilio.start_conversations import (
    DRAFT_FLOW,
    FLEX_ADDRESS,
    FLEX_CONVERSATIONS,
    FLEX_FLOW,
    FLEX_INSTANCE,
    FRONT_DESK_FLOW,
    OTHER_CONVERSATIONS,
)
from bot.twilio.faults import Refused, Uncertain
from tests.catalog.world import World, codes

FREE, POOLED, FLEX = "+15125550120", "+14155550110", "+19165550140"
ADDRESSES = "/conversations/v1/Configuration/Addresses"
WEBHOOK = {"type": "webhook", "webhook_url": "https://acme.example/conversations"}


async def create(world: World, *numbers: str, **values: Any) -> Plan:
    return await world.plan("address.create", **({"number": list(numbers), "flow_sid": FRONT_DESK_FLOW} | values))


async def update(world: World, number: str = FLEX, **values: Any) -> Plan:
    stands = {"type": "studio", "flow_sid": FLEX_FLOW, "conversation_service_sid": FLEX_CONVERSATIONS}
    return await world.plan(
        "address.update", **({"number": number, "friendly_name": "Acme Flex desk", **stands} | values)
    )


def step(plan: Plan, step_id: str) -> CallStep:
    found = next(s for s in plan.steps if s.id == step_id)
    assert isinstance(found, CallStep)
    return found


def told(plan: Plan, severity: str | None = None) -> set[str]:
    """The codes of a plan's findings, but for what every new address costs."""
    return codes(plan, severity) - {"price-unknown"}


# Creating: what stops or warns


async def test_a_number_that_is_not_ours_is_told_by_name(world: World) -> None:
    with pytest.raises(CannotPlanError, match=r"\+15039999999") as refused:
        await create(world, FREE, "+15039999999")
    assert refused.value.field == "number"


async def test_a_number_that_has_an_address_is_sent_to_update_instead(world: World) -> None:
    plan = await create(world, FLEX, FREE)
    [finding] = [f for f in plan.findings if f.code == "address-exists"]
    assert (finding.severity, FLEX_ADDRESS in finding.text) == ("block", True)
    assert f"/a2p-address update number={FLEX}" in finding.fix
    assert [s.id for s in plan.steps] == ["address_1"]


async def test_conversations_are_said_to_be_billed_by_use_without_an_amount(world: World) -> None:
    plan = await create(world, FREE)
    [finding] = [f for f in plan.findings if f.code == "price-unknown"]
    assert "active in a month" in finding.text
    assert plan.costs == ()


async def test_a_number_whose_address_is_the_same_already_gets_no_call(world: World) -> None:
    plan = await create(world, FLEX, flow_sid=FLEX_FLOW)
    assert (plan.steps, codes(plan, "block")) == ((), {"nothing-to-do"})
    both = await create(world, FLEX, FREE, flow_sid=FLEX_FLOW)
    assert ("already-set" in codes(both, "note"), codes(both, "block")) == (True, set())


async def test_a_number_without_sms_stops_the_request(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms=False)
    assert "no-sms" in codes(await create(world, FREE), "block")


async def test_a_number_with_a_webhook_of_its_own_is_told_to_be_answered_twice(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url="https://acme.example/in")
    plan = await create(world, FREE)
    [finding] = [f for f in plan.findings if f.code == "answers-twice"]
    assert "https://acme.example/in" in finding.text
    assert "Yes" in finding.fix


async def test_an_application_counts_as_a_webhook_because_it_wins_over_urls(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_application_sid="AP" + "1" * 32)
    assert "answers-twice" in codes(await create(world, FREE), "warn")


async def test_a_webhook_is_blanked_after_the_address_stands_and_both_are_taken_back(world: World) -> None:
    url = "https://acme.example/in"
    world.rig(Number, start_state.FREE_NUMBER, sms_url=url)
    plan = await create(world, FREE, clear_webhook=True)
    assert "answers-twice" not in codes(plan)
    assert [s.id for s in plan.steps] == ["address_1", "webhook_1"]
    results = await world.carry_out(plan)
    assert results["webhook_1"]["sms_url"] == ""
    for back in reversed(plan.steps):
        assert isinstance(back, CallStep)
        assert back.undo is not None
        await world.account.send(back.undo.call.resolved(results))
    assert [n["sms_url"] for n in world.twilio.numbers if n["phone_number"] == FREE] == [url]
    assert await world.adopted(step(plan, "address_1").adopt, results) == []


@pytest.mark.parametrize("url", ["https://acme.example/in", None])
async def test_a_service_that_answers_beside_the_address_is_told(world: World, url: str | None) -> None:
    world.rig(Service, start_state.SUPPORT_SERVICE, use_inbound_webhook_on_number=False, inbound_request_url=url)
    [finding] = [f for f in (await create(world, POOLED)).findings if f.code == "service-answers"]
    assert "Acme support" in finding.text
    assert "defer" in finding.fix


async def test_a_service_that_defers_is_no_trouble(world: World) -> None:
    assert told(await create(world, POOLED)) == set()


async def test_a_flow_that_is_gone_is_told_on_its_field(world: World) -> None:
    with pytest.raises(CannotPlanError, match="no Studio flow") as refused:
        await create(world, FREE, flow_sid="FW" + "0" * 32)
    assert refused.value.field == "flow_sid"


async def test_a_flow_that_was_never_published_stops_and_a_newer_draft_is_told(world: World) -> None:
    assert "flow-not-published" in codes(await create(world, FREE, flow_sid=DRAFT_FLOW), "block")
    world.rig(Flow, DRAFT_FLOW, revision=4)
    assert told(await create(world, FREE, flow_sid=DRAFT_FLOW)) == {"flow-draft"}


async def test_flows_that_may_not_be_read_do_not_stand_in_the_way(world: World) -> None:
    world.twilio.faults.add("/studio", status=403)
    assert told(await create(world, FREE)) == {"flow-unread"}


async def test_a_conversation_service_that_is_gone_is_told_on_its_field(world: World) -> None:
    with pytest.raises(CannotPlanError, match="no conversation service") as refused:
        await create(world, FREE, conversation_service_sid="IS" + "0" * 32)
    assert refused.value.field == "conversation_service_sid"


async def test_conversations_that_flex_does_not_show_are_told(world: World) -> None:
    chosen = await create(world, FREE, conversation_service_sid=OTHER_CONVERSATIONS)
    assert "not-flexs-service" in codes(chosen, "warn")
    assert "not-flexs-service" in codes(
        await create(world, FREE, **WEBHOOK, conversation_service_sid=OTHER_CONVERSATIONS), "note"
    )
    world.rig(FlexInstance, FLEX_INSTANCE, chat_service_instance_sid="IS" + "9" * 32)
    by_default = await create(world, FREE)
    [finding] = [f for f in by_default.findings if f.code == "not-flexs-service"]
    assert "default" in finding.text


async def test_flex_of_version_one_is_told(world: World) -> None:
    world.rig(FlexInstance, FLEX_INSTANCE, ui_version="1.33.0")
    assert "flex-ui-1" in codes(await create(world, FREE), "warn")


async def test_an_account_whose_flex_may_not_be_read_is_planned_for_all_the_same(world: World) -> None:
    world.twilio.faults.add("/flex-api", status=403)
    assert told(await create(world, FREE, conversation_service_sid=OTHER_CONVERSATIONS)) == set()


async def test_conversations_without_anything_attached_are_told(world: World) -> None:
    plan = await create(world, FREE, type="default")
    assert told(plan) == {"nothing-attached"}
    results = await world.carry_out(plan)
    assert results["address_1"]["auto_creation"] == {"enabled": True, "type": "default"}


# Creating: what is sent


async def test_a_flow_answers_under_the_settings_that_were_shown(world: World) -> None:
    plan = await create(world, FREE, friendly_name="Front desk")
    assert step(plan, "address_1").call.params == {
        "Type": "sms",
        "Address": FREE,
        "FriendlyName": "Front desk",
        "AutoCreation.Enabled": "true",
        "AutoCreation.Type": "studio",
        "AutoCreation.StudioFlowSid": FRONT_DESK_FLOW,
        "AutoCreation.StudioRetryCount": "3",
    }
    [difference] = plan.differences
    assert difference.after == "Studio flow “Front desk”, 3 retries, in “Flex Conversation Service” (the default)"
    results = await world.carry_out(plan)
    assert step(plan, "address_1").unmet(results["address_1"]) == {}


async def test_a_webhook_hears_of_the_chosen_events(world: World) -> None:
    plan = await create(
        world, FREE, **WEBHOOK, webhook_method="GET", webhook_filters="onMessageAdded, onDeliveryUpdated"
    )
    results = await world.carry_out(plan)
    assert results["address_1"]["auto_creation"] == {
        "enabled": True,
        "type": "webhook",
        "webhook_url": "https://acme.example/conversations",
        "webhook_method": "GET",
        "webhook_filters": ["onMessageAdded", "onDeliveryUpdated"],
    }


async def test_several_numbers_get_an_address_each_and_one_more_is_skippable(world: World) -> None:
    plan = await create(world, FREE, "(415) 555-0110")
    assert [s.id for s in plan.steps] == ["address_1", "address_2"]
    assert [d.field for d in plan.differences] == [FREE, POOLED]
    assert all(isinstance(s, CallStep) and s.skippable for s in plan.steps)
    await world.carry_out(plan)


async def test_a_whatsapp_sender_gets_an_address_of_its_own_channel(world: World) -> None:
    plan = await create(world, FREE, channel="whatsapp")
    assert told(plan) == set()
    assert step(plan, "address_1").call.params["Address"] == f"whatsapp:{FREE}"
    results = await world.carry_out(plan)
    assert len(await world.adopted(step(plan, "address_1").adopt, results)) == 1


async def test_a_number_that_is_no_whatsapp_sender_is_told(world: World) -> None:
    assert "no-whatsapp-sender" in codes(await create(world, "+447700900123", channel="whatsapp"), "warn")


async def test_a_short_code_is_sent_with_its_country(world: World) -> None:
    plan = await create(world, "20555")
    assert step(plan, "address_1").call.params["AddressCountry"] == "US"
    await world.carry_out(plan)
    with pytest.raises(CannotPlanError, match="no short code 20777"):
        await create(world, "20777")


async def test_a_creation_whose_answer_was_lost_is_found_again(world: World) -> None:
    made = step(await create(world, FREE, friendly_name="Desk"), "address_1")
    assert await world.adopted(made.adopt, {}) == []
    world.twilio.faults.add("POST /v1/Configuration/Addresses", drop_after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(made.call)
    assert len(await world.adopted(made.adopt, {})) == 1


async def test_an_address_that_somebody_made_meanwhile_counts_only_with_the_same_settings(world: World) -> None:
    made = step(await create(world, FREE), "address_1")
    await world.carry_out(await create(world, FREE, flow_sid=FLEX_FLOW))
    with pytest.raises(Refused) as refused:
        await world.account.send(made.call)
    assert refused.value.code in made.already_done
    assert "/a2p-address update" in made.advice[refused.value.status]
    assert await world.adopted(made.adopt, {}) == []


async def test_planning_changes_nothing(world: World) -> None:
    await create(world, FREE)
    await update(world, flow_sid=FRONT_DESK_FLOW)
    await world.plan("address.delete", number=FLEX)
    assert [call for call in world.twilio.log if call.effect] == []


# Chains


async def test_a_chain_gives_an_address_to_a_number_that_it_buys_and_checks_it(world: World) -> None:
    await world.carry_out(await world.plan("number.search_and_buy", phone_numbers="+15035550101"))
    bought: dict[str, dict[str, Any]] = {"number_1": {"sid": "PN" + "1" * 32, "phone_number": "+15035550101"}}
    settings = {
        "AutoCreation.Enabled": "true",
        "AutoCreation.Type": "studio",
        "AutoCreation.StudioFlowSid": FLEX_FLOW,
        "AutoCreation.StudioRetryCount": "3",
    }
    number = Ref(step="number_1", field="phone_number")
    made = address_step("address_1", number, settings, shown="+15035550101")
    checked = verify_address_step("check_1", number, flow_sid=FLEX_FLOW)
    with pytest.raises(Refused):
        await world.account.send(checked.call.resolved(bought))
    await world.account.send(made.call.resolved(bought))
    assert checked.unmet(await world.account.read(checked.call.resolved(bought))) == {}
    assert len(await world.adopted(checked.adopt, bought)) == 1


async def test_an_address_that_is_switched_off_does_not_pass_the_check(world: World) -> None:
    world.rig(AddressConfiguration, FLEX_ADDRESS, auto_creation={"enabled": False, "type": "studio"})
    checked = verify_address_step("check", FLEX)
    assert checked.unmet(await world.account.read(checked.call)) == {"auto_creation.enabled": "false"}


# Updating


async def test_the_form_is_filled_in_with_what_stands(world: World) -> None:
    filled = await world.prefill("address.update", number=FLEX)
    assert filled["flow_sid"] == FLEX_FLOW
    assert filled["conversation_service_sid"] == FLEX_CONVERSATIONS
    assert (filled["type"], filled["retry_count"], filled["enabled"]) == ("studio", "3", True)
    assert (await world.plan("address.update", number=FLEX, **filled)).steps == ()


async def test_an_update_that_changes_nothing_is_stopped(world: World) -> None:
    assert told(await update(world), "block") == {"nothing-to-do"}


async def test_an_update_shows_before_and_after_and_is_taken_back(world: World) -> None:
    plan = await update(world, **WEBHOOK, friendly_name="")
    assert [(d.field, d.after) for d in plan.differences] == [
        (FLEX, "webhook https://acme.example/conversations (POST; onMessageAdded), in “Flex Conversation Service”"),
        ("Name of the address", None),
    ]
    results = await world.carry_out(plan)
    changed = step(plan, "address")
    assert len(await world.adopted(changed.adopt, results)) == 1
    assert changed.undo is not None
    await world.account.send(changed.undo.call.resolved(results))
    assert (await update(world)).steps == ()
    assert await world.adopted(changed.adopt, results) == []


async def test_leaving_the_conversation_service_empty_goes_back_to_the_default_by_name(world: World) -> None:
    await world.carry_out(await update(world, conversation_service_sid=OTHER_CONVERSATIONS))
    plan = await update(world, conversation_service_sid="")
    assert step(plan, "address").call.params["AutoCreation.ConversationServiceSid"] == FLEX_CONVERSATIONS


async def test_switching_an_address_off_is_told_and_on_again_clears_the_oddity(world: World) -> None:
    off = await update(world, enabled=False)
    assert "switched-off" in codes(off, "warn")
    assert off.differences[0].after == "switched off (studio)"
    await world.carry_out(off)
    on = await update(world)
    assert on.differences[0].before == "switched off (studio)"
    await world.carry_out(on)


async def test_an_update_tells_of_a_webhook_that_answers_as_well(world: World) -> None:
    world.rig(Number, start_state.FLEX_NUMBER, sms_url="https://acme.example/in")
    assert "answers-twice" in codes(await update(world, flow_sid=FRONT_DESK_FLOW), "warn")


async def test_a_number_without_an_address_cannot_be_updated_nor_deleted(world: World) -> None:
    with pytest.raises(CannotPlanError, match="has no address") as refused:
        await update(world, number=FREE)
    assert refused.value.field == "number"
    with pytest.raises(CannotPlanError, match="has no address"):
        await world.plan("address.delete", number=FREE)


# Deleting


async def test_a_deletion_tells_what_answers_then_and_is_taken_back_with_the_old_settings(world: World) -> None:
    plan = await world.plan("address.delete", number=start_state.FLEX_NUMBER)
    assert told(plan, "warn") == {"nobody-answers"}
    [difference] = plan.differences
    assert (difference.before or "").startswith("Studio flow “Messaging Flow”, 3 retries")
    before = await world.account.read(verify_address_step("x", FLEX).call)
    results = await world.carry_out(plan)
    deleted = step(plan, "address_1")
    assert deleted.undo is not None
    with pytest.raises(Refused) as refused:
        await world.account.send(deleted.call)
    assert refused.value.absent
    again = await world.account.send(deleted.undo.call.resolved(results))
    assert again["auto_creation"] == before["auto_creation"]
    assert again["friendly_name"] == before["friendly_name"]


async def test_deleting_the_address_of_a_number_that_has_a_webhook_leaves_that_to_answer(world: World) -> None:
    world.rig(Number, start_state.FLEX_NUMBER, sms_url="https://acme.example/in")
    plan = await world.plan("address.delete", number=FLEX_ADDRESS)
    assert told(plan) == {"no-conversations"}


# Looking


async def test_the_list_marks_numbers_whose_address_is_created(world: World) -> None:
    report = await world.look("address.list")
    created, missing = report.sections
    assert created.title == "Address created (1)"
    assert created.lines[0].startswith("✓ +19165550140 · Acme Flex desk · Studio flow “Messaging Flow”")
    assert missing.title == "No address (3)"
    assert ("Address created", "1 of 4") in report.facts
    assert ("Default conversation service", "Flex Conversation Service, which is Flex's") in report.facts
    assert report.findings == ()


async def test_the_list_tells_what_is_odd(world: World) -> None:
    gone = {"enabled": True, "type": "studio", "studio_flow_sid": "FW" + "0" * 32, "studio_retry_count": 0}
    gone |= {"conversation_service_sid": "IS" + "0" * 32}
    world.rig(AddressConfiguration, FLEX_ADDRESS, auto_creation=gone)
    world.rig(Number, start_state.FLEX_NUMBER, sms_url="https://acme.example/in")
    report = await world.look("address.list", only="odd")
    assert {f.code for f in report.findings} == {"flow-gone", "service-gone", "answers-twice"}


async def test_the_list_names_addresses_that_belong_to_no_number(world: World) -> None:
    world.rig(AddressConfiguration, FLEX_ADDRESS, address="+15039999999")
    report = await world.look("address.list", only="missing")
    assert [s.title for s in report.sections] == ["No address (4)", "Addresses without a number (1)"]
    assert "no-number" in {f.code for f in report.findings}


async def test_the_list_can_be_narrowed_down_by_digits(world: World) -> None:
    report = await world.look("address.list", containing="(512) 555")
    assert ("SMS numbers", "1") in report.facts
