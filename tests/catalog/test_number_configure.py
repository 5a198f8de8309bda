"""`number.configure`: what a number calls is set or blanked as shown, and the old settings can be put back."""

from typing import Any

import pytest

from bot.catalog.form import mistakes
from bot.catalog.numbers.configure import NumberConfigure
from bot.catalog.operation import CannotPlanError
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.services import Service
from bot.twilio.faults import Uncertain
from tests.catalog.world import World, codes

FREE, POOLED, FLEX = "+15125550120", "+14155550110", "+19165550140"
URL = "https://acme.example/in"
APPLICATION = "AP" + "1" * 32


async def configure(world: World, *numbers: str, **values: Any) -> Plan:
    return await world.plan("number.configure", numbers=list(numbers or [FREE]), **values)


def only(plan: Plan) -> CallStep:
    [step] = plan.steps
    assert isinstance(step, CallStep)
    return step


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "webhook"),
        ({"webhook": "set"}, "sms_url"),
        ({"webhook": "set", "sms_url": "acme"}, "sms_url"),
        ({"status": "set"}, "status_callback"),
        ({"numbers": f"{FREE}, {POOLED}", "friendly_name": "Desk"}, "friendly_name"),
        ({"numbers": "", "webhook": "blank"}, "numbers"),
    ],
)
def test_what_is_missing_is_told_on_its_field(values: dict[str, Any], field: str) -> None:
    assert [m.field for m in mistakes(NumberConfigure, {"numbers": FREE} | values)] == [field]


async def test_a_number_that_is_not_ours_is_told_by_name(world: World) -> None:
    with pytest.raises(CannotPlanError, match=r"\+15039999999") as refused:
        await configure(world, "+15039999999", webhook="blank")
    assert refused.value.field == "numbers"


async def test_a_number_that_is_set_like_this_gets_no_call(world: World) -> None:
    assert codes(await configure(world, webhook="blank"), "block") == {"nothing-to-do"}
    world.rig(Number, start_state.POOLED_NUMBER, sms_url=URL)
    plan = await configure(world, FREE, POOLED, webhook="blank")
    assert "already-set" in codes(plan, "note")
    assert POOLED in only(plan).title


async def test_blank_for_flex_clears_webhook_fallback_and_application_and_is_taken_back(world: World) -> None:
    world.rig(
        Number,
        start_state.FLEX_NUMBER,
        sms_url=URL,
        sms_fallback_url=f"{URL}/2",
        sms_application_sid=APPLICATION,
    )
    plan = await configure(world, FLEX, webhook="blank")
    assert only(plan).call.params == {"SmsApplicationSid": "", "SmsUrl": "", "SmsFallbackUrl": ""}
    assert [(d.field, d.before, d.after) for d in plan.differences] == [
        (f"{FLEX}: messaging application", APPLICATION, None),
        (f"{FLEX}: inbound webhook", URL, None),
        (f"{FLEX}: fallback webhook", f"{URL}/2", None),
    ]
    assert codes(plan) == {"application-removed"}
    results = await world.carry_out(plan)
    assert len(await world.adopted(only(plan).adopt, results)) == 1
    undo = only(plan).undo
    assert undo is not None
    back = await world.account.send(undo.call.resolved(results))
    assert (back["sms_url"], back["sms_application_sid"]) == (URL, APPLICATION)


async def test_a_webhook_is_set_with_all_that_belongs_to_it(world: World) -> None:
    plan = await configure(
        world,
        webhook="set",
        sms_url=URL,
        sms_method="GET",
        status="set",
        status_callback=f"{URL}/status",
        friendly_name="Austin desk",
    )
    results = await world.carry_out(plan)
    made = results["configure_1"]
    assert (made["sms_url"], made["sms_method"], made["friendly_name"]) == (URL, "GET", "Austin desk")
    assert made["status_callback"] == f"{URL}/status"
    assert codes(plan) == set()


async def test_a_number_whose_webhook_nobody_calls_is_told(world: World) -> None:
    assert "answers-twice" in codes(await configure(world, FLEX, webhook="set", sms_url=URL), "warn")
    world.rig(Service, start_state.SUPPORT_SERVICE, use_inbound_webhook_on_number=False, inbound_request_url=URL)
    assert "two-webhooks" in codes(await configure(world, POOLED, webhook="set", sms_url=URL), "warn")


async def test_a_number_that_nothing_would_answer_is_told(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url=URL)
    [finding] = (await configure(world, webhook="blank")).findings
    assert (finding.code, "/a2p-address create" in finding.fix) == ("nobody-answers", True)


async def test_addresses_that_may_not_be_read_do_not_stand_in_the_way(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url=URL)
    world.twilio.faults.add("/conversations", status=403)
    assert codes(await configure(world, webhook="blank")) == set()


async def test_the_form_is_filled_in_with_what_the_numbers_share(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url=URL, sms_method="GET")
    one = await world.prefill("number.configure", numbers=[start_state.FREE_NUMBER])
    assert (one["sms_url"], one["sms_method"], one["friendly_name"]) == (URL, "GET", "Acme Austin")
    both = await world.prefill("number.configure", numbers=f"{FREE}, {POOLED}".split(", "))
    assert (both["sms_url"], both["sms_fallback_method"], both["friendly_name"]) == ("", "POST", "")


async def test_a_change_whose_answer_was_lost_is_found_again(world: World) -> None:
    step = only(await configure(world, webhook="set", sms_url=URL))
    assert step.adopt is not None
    assert await world.adopted(step.adopt, {}) == []
    world.twilio.faults.add("POST /api", drop_after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call)
    assert len(await world.adopted(step.adopt, {})) == 1


async def test_planning_changes_nothing(world: World) -> None:
    await configure(world, webhook="set", sms_url=URL)
    assert [call for call in world.twilio.log if call.effect] == []
