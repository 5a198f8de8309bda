"""What holds of the plan of every operation: what keeps a lost answer, a repetition, an undo and a reader safe."""

import re

import pytest

from bot.catalog import catalog
from bot.catalog.undo import NAME as UNDO
from bot.plans.call import Call
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep
from tests.catalog.brand_answers import IDENTIFYING
from tests.catalog.examples import EXAMPLES, PHONE, Example
from tests.catalog.world import World

PAID = re.compile(r"/(BrandRegistrations(/BN\w+)?|Vettings|Usa2p(/QE\w+)?|PreregisteredUsa2p|Messages\.json)$")
REGISTERS = re.compile(r"/(BrandRegistrations(/BN\w+)?|Vettings|SmsOtp|Usa2p(/QE\w+)?)$")
every_plan = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.operation)


def calls(plan: Plan) -> list[CallStep]:
    return [s for s in plan.steps if isinstance(s, CallStep)]


def sent(plan: Plan) -> list[tuple[Call, Adopt | None]]:
    """Every call that the plan or its undo may send, with how its outcome is found."""
    steps = calls(plan)
    return [(s.call, s.adopt) for s in steps] + [(s.undo.call, s.undo.adopt) for s in steps if s.undo]


def listed_the_other_way_round(world: World) -> None:
    """Twilio promises no order of its lists: from now on they come in the opposite one."""
    for table in world.twilio.ledger._tables.values():
        for record in list(table):
            table.change(record.key, record.date_updated, ordinal=1_000_000 - record.ordinal)


def read_by_people(plan: Plan) -> str:
    """Everything of a plan that is shown, but for the calls themselves, whose secrets are masked one by one."""
    steps = calls(plan)
    words = [(s.title, s.advice, s.skippable, s.undo and s.undo.title) for s in steps]
    return str([plan.title, words, plan.differences, plan.findings, plan.watches, plan.costs])


def test_every_operation_has_an_example() -> None:
    assert {o.name for o in catalog().operations} - {e.operation for e in EXAMPLES} == {UNDO}


@every_plan
async def test_planned_again_it_has_the_same_digest_and_planning_changes_nothing(
    world: World, example: Example
) -> None:
    values = {**example.values, **await example.before(world)}
    plan = await world.plan(example.operation, **values)
    assert [f for f in plan.findings if f.severity == "block"] == []
    listed_the_other_way_round(world)
    before = len([c for c in world.twilio.log if c.effect])
    assert (await world.plan(example.operation, **values)).digest == plan.digest
    assert len([c for c in world.twilio.log if c.effect]) == before


@every_plan
async def test_what_takes_away_is_done_when_it_is_gone_and_what_costs_is_never_repeated_on_a_guess(
    world: World, example: Example
) -> None:
    every = sent(await example.plan(world))
    assert [c.path for c, adopt in every if c.method == "DELETE" and not (adopt and adopt.gone)] == []
    paid = [(c, adopt) for c, adopt in every if c.method == "POST" and PAID.search(c.path)]
    assert [c.path for c, adopt in paid if adopt and adopt.repeatable] == []


@every_plan
async def test_calls_about_associations_and_registrations_keep_their_lane_and_deleted_ones_settle(
    world: World, example: Example
) -> None:
    steps = calls(await example.plan(world))
    lanes = {
        s.call.path.rsplit("/", 1)[-1]: s.lane for s in steps if s.call.method == "POST" and PAID.search(s.call.path)
    }
    assert lanes.pop("PreregisteredUsa2p", "external") == "external"
    assert set(lanes.values()) <= {"registration"} | {lanes.pop("Messages.json", "default")}
    ends = [s for s in steps if s.call.method == "DELETE" and "/Usa2p/" in s.call.path]
    assert [s.settle_seconds for s in ends] == [5.0] * len(ends)
    assert {s.undo.settle_seconds for s in steps if s.undo and "/Usa2p/" in s.undo.call.path} <= {5.0}


@every_plan
async def test_nothing_that_people_read_holds_what_identifies_somebody(world: World, example: Example) -> None:
    words = read_by_people(await example.plan(world))
    assert [piece for piece in (*IDENTIFYING, PHONE[2:]) if piece in words] == []
