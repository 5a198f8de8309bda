"""`number.release`: in the safe order, with everything said that is lost, and never while a campaign is suspended."""

import pytest

from bot.catalog.operation import CannotPlanError
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.numbers import Number
from bot.twilio.faults import Refused, TwilioFault
from tests.catalog.world import World, codes

FREE, POOLED, FLEX = "+15125550120", "+14155550110", "+19165550140"
SERVICE = start_state.SUPPORT_SERVICE


async def release(world: World, *numbers: str) -> Plan:
    return await world.plan("number.release", numbers=list(numbers))


async def test_a_number_that_is_not_ours_is_told_by_name(world: World) -> None:
    with pytest.raises(CannotPlanError, match=r"\+15039999999") as refused:
        await release(world, FREE, "+15039999999")
    assert refused.value.field == "numbers"


async def test_a_suspended_campaign_stops_the_request(world: World) -> None:
    await world.campaign()
    world.twilio.desk.suspend(SERVICE)
    plan = await release(world, POOLED)
    [finding] = [f for f in plan.findings if f.severity == "block"]
    assert (finding.code, 21729 in finding.prevents) == ("campaign-suspended", True)
    assert codes(await release(world, FREE), "block") == set()


async def test_a_number_leaves_its_pool_then_its_address_then_the_account(world: World) -> None:
    await world.carry_out(
        await world.plan("address.create", number=POOLED, flow_sid=start_state.FLEX_FLOW),
    )
    plan = await release(world, POOLED, FLEX)
    assert [s.id for s in plan.steps] == ["remove_1", "address_1", "release_1", "address_2", "release_2"]
    assert [d.before for d in plan.differences] == [
        "“Acme support line”, in “Acme support”, address created",
        "“Acme Flex desk”, in no service, address created",
    ]
    results = await world.carry_out(plan)
    assert {n["phone_number"] for n in world.twilio.numbers} == {FREE, "+18885550130"}
    assert world.twilio.pools[SERVICE] == []
    assert (await world.look("address.list")).sections[0].title == "Address created (0)"
    for step in plan.steps:
        assert isinstance(step, CallStep)
        assert step.adopt is not None
        assert step.adopt.gone
        assert await world.adopted(step.adopt, results) == []


async def test_what_a_release_that_fails_has_taken_away_can_be_given_back_until_the_number_is_gone(
    world: World,
) -> None:
    await world.carry_out(await world.plan("address.create", number=POOLED, flow_sid=start_state.FLEX_FLOW))
    taken, routed, release_ = (s for s in (await release(world, POOLED)).steps if isinstance(s, CallStep))
    assert release_.undo is None
    for step in (taken, routed):
        assert step.undo is not None
        assert step.undo.until == "release_1"
        await world.account.send(step.call)
        await world.account.send(step.undo.call)
    assert [n["sid"] for n in world.twilio.pools[SERVICE]] == [start_state.POOLED_NUMBER]
    assert "✓ +14155550110" in str((await world.look("address.list")).sections[0].lines)


async def test_what_is_lost_is_told(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    world.rig(Number, start_state.POOLED_NUMBER, voice_url="https://acme.example/voice")
    plan = await release(world, POOLED)
    assert codes(plan, "warn") == {"lost-for-good", "deregistration", "pool-empty", "takes-calls"}
    assert codes(plan, "note") == {"sticky-mapping"}


async def test_twilios_own_greeting_on_a_new_number_counts_as_no_calls(world: World) -> None:
    world.rig(Number, start_state.FREE_NUMBER, voice_url="https://demo.twilio.com/welcome/voice/")
    assert codes(await release(world, FREE)) == {"lost-for-good"}


async def test_addresses_that_may_not_be_read_are_told(world: World) -> None:
    world.twilio.faults.add("/conversations", status=403)
    assert "addresses-unread" in codes(await release(world, FREE), "warn")


async def test_a_release_whose_answer_was_lost_is_found_done(world: World) -> None:
    [step] = (await release(world, FREE)).steps
    assert isinstance(step, CallStep)
    assert len(await world.adopted(step.adopt, {})) == 1
    world.twilio.faults.add("DELETE /api", drop_after_effect=True)
    # on a connection that was used before, the HTTP client repeats a DELETE by itself, and hears that nothing is there
    with pytest.raises(TwilioFault):
        await world.account.send(step.call)
    with pytest.raises(Refused) as gone:
        await world.account.send(step.call)
    assert gone.value.absent
    assert await world.adopted(step.adopt, {}) == []


async def test_planning_changes_nothing(world: World) -> None:
    await release(world, POOLED, FLEX)
    assert [call for call in world.twilio.log if call.effect] == []
