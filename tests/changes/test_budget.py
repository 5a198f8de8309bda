"""What counts against a cap: what was asked for on an account in a month, unless it came to nothing before any call."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.changes.budget import BEING_ASKED_SECONDS, Budget, price_of
from bot.changes.change import Change, State
from bot.changes.refusal import Refusal
from bot.plans.cost import Cost
from bot.plans.plan import Plan
from tests.changes.office import ANN, Office, plan_for, request_for

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC).timestamp()


def priced(usd: int, *more: Cost, name: str = "Acme alerts") -> Plan:
    """A plan that costs this once."""
    costs = (Cost(what="Brand", usd=Decimal(usd), period="once", source="test"), *more)
    return plan_for(name).model_copy(update={"costs": costs})


@pytest.fixture
def budget(office: Office) -> Budget:
    return Budget(office.redis, office.keys, office.clock)


async def asked(office: Office, draft: str, usd: int = 10, name: str = "Acme alerts") -> Change:
    """A change of this price that waits for approval."""
    return await office.changes.request(request_for(draft).model_copy(update={"plan": priced(usd, name=name)}))


async def others(budget: Budget, plan: Plan | None = None) -> Decimal:
    """What others have asked for, as a change sees it that is being asked for now."""
    return await budget.hold(999, "", plan or priced(1))


def test_the_price_is_what_is_paid_once_and_the_first_month_of_the_part_that_is_asked_for() -> None:
    month = Cost(what="Campaign", usd=Decimal("1.50"), period="month", source="test")
    later = Cost(what="Numbers", usd=Decimal(5), period="month", source="test", part="gate")
    plan = priced(4, month, later)
    assert [price_of(plan, ""), price_of(plan, "gate"), price_of(plan_for(), "")] == [
        Decimal("5.50"),
        Decimal(5),
        Decimal(0),
    ]


async def test_what_waits_is_approved_or_done_counts(office: Office, budget: Budget) -> None:
    waiting, approved = await asked(office, "1"), await asked(office, "2", 20)
    await office.approve(approved, ANN)
    assert waiting.requirement.committed_usd == 0
    assert approved.requirement.committed_usd == 10
    assert await others(budget) == 30


@pytest.mark.parametrize("end", ["rejected", "cancelled", "expired", "abandoned"])
async def test_what_came_to_nothing_before_its_first_call_does_not_count(
    office: Office, budget: Budget, end: State
) -> None:
    change = await asked(office, "1")
    assert await others(budget) == 10
    assert await office.store.move(change.number, ["pending"], end)
    assert await others(budget) == 0


async def test_what_was_given_up_after_a_call_counts_as_spent(office: Office, budget: Budget) -> None:
    change = await asked(office, "1")
    await office.redis.hset(office.keys.change(change.number, "steps"), "service", "{}")
    assert await office.store.move(change.number, ["pending"], "abandoned")
    assert await others(budget) == 10


async def test_another_account_and_another_month_are_other_budgets(office: Office, budget: Budget) -> None:
    await asked(office, "1")
    assert await others(budget, priced(1).model_copy(update={"account": "AC" + "6b" * 16})) == 0
    office.clock.now = OCTOBER - 1
    assert await others(budget) == 10
    office.clock.now = OCTOBER
    assert await others(budget) == 0


async def test_asking_twice_for_one_change_counts_once(office: Office, budget: Budget) -> None:
    change = await asked(office, "1")
    await asked(office, "1")
    assert await budget.hold(change.number, "", priced(12)) == 0
    assert await others(budget) == 12


async def test_one_form_requested_twice_counts_as_what_it_became_and_in_its_month(
    office: Office, budget: Budget
) -> None:
    await asked(office, "1", 46)
    with pytest.raises(Refusal, match="another plan"):
        await asked(office, "1", 1, "Another")
    assert await others(budget) == 46
    office.clock.now = OCTOBER
    await asked(office, "1", 46)
    assert await others(budget) == 0


async def test_each_part_of_a_change_counts_from_when_it_is_asked_for(office: Office, budget: Budget) -> None:
    change = await asked(office, "1")
    later = Cost(what="Numbers", usd=Decimal(5), period="month", source="test", part="gate")
    gate = [step.model_copy(update={"id": "gate"}) for step in plan_for().steps]
    plan = priced(10, later).model_copy(update={"steps": (*plan_for().steps, *gate)})
    assert await budget.hold(change.number, "gate", plan) == 10
    assert await others(budget) == 15


async def test_what_is_being_asked_for_counts_for_a_moment_and_a_request_that_was_lost_does_not(
    office: Office, budget: Budget
) -> None:
    await budget.hold(500, "", priced(40))
    assert await others(budget) == 40
    office.clock.advance(BEING_ASKED_SECONDS)
    assert await others(budget) == 0


async def test_of_two_that_are_asked_for_at_once_at_least_one_sees_the_other(budget: Budget) -> None:
    for number in range(1, 21, 2):
        seen = await asyncio.gather(budget.hold(number, "", priced(7)), budget.hold(number + 1, "", priced(7)))
        before = Decimal(7 * (number - 1))
        assert max(seen) > before
