"""What takes a change back is as careful as what it takes back: its pace, its pauses, what counts as done."""

from typing import Any

from bot.catalog.undo import ChangeUndo, undo_of
from bot.changes.change import Change, StepRun
from bot.plans.plan import Plan
from bot.policy.verdict import Requirement
from bot.sandbox.twilio import start_state
from tests.catalog.examples import TCR
from tests.catalog.world import TOKEN, World

SERVICE = start_state.SUPPORT_SERVICE


def taken_back(plan: Plan, **results: dict[str, Any]) -> ChangeUndo:
    """What undoes a change of this plan whose steps gave these results."""
    change = Change(
        number=7,
        state="failed",
        version=1,
        requester="U0RITA",
        team="T0TENFOUR",
        channel="C0A2P",
        operation=plan.operation,
        token=TOKEN,
        inputs={},
        plan=plan,
        requirement=Requirement(rule="tests"),
        created_at=0.0,
        expires_at=0.0,
        steps={name: StepRun(state="done", attempt=1, at=0.0, result=result) for name, result in results.items()},
    )
    undo = undo_of(change)
    assert undo is not None
    return undo


async def test_an_association_ends_in_its_lane_settles_and_alarms_nobody(world: World) -> None:
    plan = await world.plan("external.associate", campaign_id=TCR, service_sid=SERVICE)
    [step] = taken_back(plan, campaign={"sid": "QE" + "0" * 32}).steps
    assert step.kind == "call"
    assert (step.lane, step.settle_seconds) == ("external", 5.0)
    assert step.ends is not None
    assert (step.ends.kind, step.ends.key) == ("campaign", SERVICE)


async def test_a_number_that_has_left_the_pool_since_is_no_failure(world: World) -> None:
    plan = await world.plan("sender.add", service_sid=SERVICE, numbers=start_state.FREE_NUMBER)
    [step] = taken_back(plan, add_1={"sid": start_state.FREE_NUMBER}).steps
    assert step.kind == "call"
    assert 21711 in step.already_done


async def test_a_number_that_was_released_is_not_put_back_into_its_pool(world: World) -> None:
    plan = await world.plan("number.release", numbers="+14155550110, +19165550140")
    undo = taken_back(plan, remove_1={}, release_1={}, address_2={})
    assert [s.id for s in undo.steps] == ["undo_address_2"]
    assert undo.stays == ("Remove +14155550110 from “Acme support”", "Release +14155550110")
