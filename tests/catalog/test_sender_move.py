"""`sender.move`: out of one pool, into another, with the downtime told and a way back at every step."""

from typing import Any

import pytest

from bot.catalog.form import mistakes
from bot.catalog.operation import CannotPlanError
from bot.catalog.senders.move import SenderMove
from bot.plans.plan import Plan
from bot.plans.step import CallStep, WaitStep
from bot.sandbox.twilio import start_state
from tests.catalog.world import World, codes

SERVICE, POOLED, FREE = start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER, start_state.FREE_NUMBER


async def move(world: World, to: str, *numbers: str, **values: Any) -> Plan:
    chosen = list(numbers or [POOLED])
    return await world.plan("sender.move", service_sid=SERVICE, to_service_sid=to, numbers=chosen, **values)


def pool(world: World, service: str) -> set[str]:
    return {n["sid"] for n in world.twilio.pools[service]}


def test_a_service_cannot_be_moved_to_from_itself() -> None:
    wrong = mistakes(SenderMove, {"service_sid": SERVICE, "to_service_sid": SERVICE, "numbers": POOLED})
    assert [m.field for m in wrong] == ["to_service_sid"]


async def test_a_service_that_is_not_there_is_told_on_its_own_field(world: World) -> None:
    with pytest.raises(CannotPlanError) as refused:
        await move(world, "MG" + "0" * 32)
    assert refused.value.field == "to_service_sid"


async def test_a_number_that_is_in_neither_pool_is_told(world: World) -> None:
    with pytest.raises(CannotPlanError, match=r"\+15125550120"):
        await move(world, await world.service(), FREE)


async def test_a_number_that_has_arrived_already_is_not_moved_again(world: World) -> None:
    target = await world.service()
    await world.carry_out(await move(world, target))
    assert codes(await move(world, target), "block") == {"nothing-to-do"}


async def test_a_suspended_campaign_on_either_side_stops_the_request(world: World) -> None:
    target = await world.service()
    await world.campaign()
    world.twilio.desk.suspend(SERVICE)
    assert "campaign-suspended" in codes(await move(world, target), "block")


async def test_each_number_is_removed_and_added_before_the_next_one(world: World) -> None:
    await world.carry_out(await world.plan("sender.add", service_sid=SERVICE, numbers=[FREE]))
    target = await world.service()
    plan = await move(world, target, POOLED, FREE)
    assert [s.id for s in plan.steps] == ["remove_1", "add_1", "remove_2", "add_2"]
    await world.carry_out(plan)
    assert (pool(world, SERVICE), pool(world, target)) == (set(), {POOLED, FREE})


async def test_undo_in_the_opposite_order_puts_the_number_back(world: World) -> None:
    target = await world.service()
    plan = await move(world, target)
    await world.carry_out(plan)
    undone = [s.undo for s in reversed(plan.steps) if isinstance(s, CallStep) and s.undo]
    for undo in undone:
        await world.account.send(undo.call)
    assert len(undone) == 2
    assert (pool(world, SERVICE), pool(world, target)) == ({POOLED}, set())


async def test_the_downtime_of_a_registered_number_is_told(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    finding = next(f for f in (await move(world, await world.service())).findings if f.code == "move-downtime")
    assert "PENDING_DEREGISTRATION" in finding.text
    assert finding.prevents == (30034, 30035)


async def test_waiting_for_deregistration_stands_between_removals_and_additions(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    plan = await move(world, await world.service(), wait=True)
    assert [s.id for s in plan.steps] == ["remove_1", "deregistered", "add_1"]
    wait = plan.steps[1]
    assert isinstance(wait, WaitStep)
    assert [w.key for w in wait.watches] == [POOLED]
    assert wait.newer_than == "remove_1", "what was said of the number before it left is of another time"


async def test_a_number_that_is_not_registered_is_not_waited_for(world: World) -> None:
    assert [s.id for s in (await move(world, await world.service(), wait=True)).steps] == ["remove_1", "add_1"]


async def test_what_the_other_service_does_with_replies_is_told(world: World) -> None:
    plan = await move(world, await world.service(inbound="drop"))
    assert next(f.field for f in plan.findings if f.code == "inbound-dropped") == "to_service_sid"
