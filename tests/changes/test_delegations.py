"""Whoever stands in for an absent member takes that one's seat, and nothing more."""

import pytest

from bot.changes.change import Change
from bot.changes.delegations import Delegation, Delegations
from bot.changes.refusal import Refusal
from bot.policy.policy import Rights
from tests.changes.office import ANN, BOB, CAT, GUS, LEO, POLICY, RITA, STAFF, Office
from tests.conftest import Staff

DAY = 86400.0
SAM, TIM = "U0SAM", "U0TIM"
"""Sam and Tim are of no group."""


def absences(office: Office) -> Delegations:
    """Who is away, as the office knows it."""
    return Delegations(office.redis, office.keys, office.vault, office.clock)


async def go_away(office: Office, user: str, to: str, days: float = 5, act: str = "") -> None:
    """Somebody is away from now on."""
    now = office.clock()
    await absences(office).give(Delegation(user=user, to=to, at=now, until=now + days * DAY), act)


async def refused(office: Office, change: Change, user: str) -> str:
    """What somebody is told whose approval counts for nothing."""
    with pytest.raises(Refusal) as no:
        await office.approve(change, user)
    assert (await office.now(change)).decisions == change.decisions
    return str(no.value)


async def test_nobody_approves_their_own_change_by_sending_somebody_else_to_their_seat(office: Office) -> None:
    await go_away(office, ANN, SAM)
    change = await office.asked(requester=ANN)
    assert "You cannot decide" in await refused(office, change, SAM)


async def test_nobody_approves_their_own_change_in_the_seat_of_somebody_absent(office: Office) -> None:
    await go_away(office, ANN, RITA)
    change = await office.asked(requester=RITA)
    assert "somebody else must decide" in await refused(office, change, RITA)


async def test_a_delegation_that_has_ended_counts_for_nothing(office: Office) -> None:
    await go_away(office, ANN, SAM, days=1)
    await go_away(office, BOB, TIM)
    change = await office.asked()
    office.clock.advance(DAY)
    assert "You cannot decide" in await refused(office, change, SAM)
    await absences(office).end(BOB)
    assert "You cannot decide" in await refused(office, change, TIM)


async def test_a_seat_goes_with_whoever_has_left_the_company_or_the_group(office: Office) -> None:
    await go_away(office, ANN, SAM)
    change = await office.asked()
    gone = office.under(staff=Staff(barred={ANN: "This account has been deactivated."}))
    assert "You cannot decide" in await refused(gone, change, SAM)
    without = POLICY.groups["approvers"].model_copy(update={"users": (BOB, CAT)})
    elsewhere = office.under(POLICY.model_copy(update={"groups": {**POLICY.groups, "approvers": without}}))
    assert "You cannot decide" in await refused(elsewhere, change, SAM)
    assert await office.approve(change, SAM) == "approved"


async def test_a_stand_in_who_became_a_guest_decides_nothing(office: Office) -> None:
    await go_away(office, ANN, GUS)
    assert "guest" in await refused(office, await office.asked(), GUS)


async def test_a_stand_in_whom_the_policy_does_not_let_stand_in_any_more_decides_nothing(office: Office) -> None:
    await go_away(office, ANN, SAM)
    change = await office.asked()
    strict = office.under(POLICY.model_copy(update={"rights": Rights(delegate_to=("legal",))}))
    assert "You cannot decide" in await refused(strict, change, SAM)
    await go_away(office, ANN, LEO)
    assert await strict.approve(change, LEO) == "approved"


async def test_nobody_hands_on_what_was_handed_to_them(office: Office) -> None:
    await go_away(office, ANN, SAM)
    await go_away(office, SAM, TIM)
    change = await office.asked()
    assert "You cannot decide" in await refused(office, change, TIM)


async def test_a_stand_in_counts_for_the_seat_of_the_absent_and_the_timeline_says_so(office: Office) -> None:
    await go_away(office, ANN, SAM)
    change = await office.asked()
    assert await office.approve(change, SAM) == "approved"
    now = await office.now(change)
    [decision] = now.decisions
    assert (decision.user, decision.seats) == (SAM, {"approvers": ANN})
    assert (now.timeline[-1].who, now.timeline[-1].detail) == (SAM, f"for <@{ANN}>")


async def test_the_absent_and_their_stand_in_count_once_whoever_of_them_decides_first(office: Office) -> None:
    for draft, first, second in (("draft-1", ANN, SAM), ("draft-2", SAM, ANN)):
        await go_away(office, ANN, SAM)
        change = await office.asked(draft=draft, operation="campaign.register")
        assert await office.approve(change, first) == "pending"
        assert await office.approve(change, second) == "pending"
        assert (await office.now(change)).missing(change.requirement.groups[0]) == 1
        assert await office.approve(change, BOB) == "approved"


async def test_a_stand_in_with_a_seat_of_their_own_counts_for_that_alone(office: Office) -> None:
    await go_away(office, ANN, BOB)
    change = await office.asked(operation="campaign.register")
    assert await office.approve(change, BOB) == "pending"
    assert "already decided" in await refused(office, await office.now(change), BOB)
    [decision] = (await office.now(change)).decisions
    assert decision.seats == {}


async def test_who_stands_in_for_several_takes_a_seat_that_was_not_spoken_for_yet(office: Office) -> None:
    await go_away(office, ANN, SAM, days=1)
    await go_away(office, BOB, SAM, days=5)
    change = await office.asked(operation="campaign.register")
    assert await office.approve(change, ANN) == "pending"
    assert await office.approve(change, SAM) == "approved"
    assert [d.seat("approvers") for d in (await office.now(change)).decisions] == [ANN, BOB]


async def test_one_stand_in_takes_a_seat_in_each_group_of_the_absent(office: Office) -> None:
    await go_away(office, CAT, SAM)
    change = await office.asked(operation="brand.register")
    await office.approve(change, SAM)
    now = await office.now(change)
    assert [now.missing(need) for need in change.requirement.groups] == [1, 0]
    assert await office.approve(change, ANN) == "approved"


async def test_an_absence_that_is_carried_out_again_after_one_is_back_does_not_come_back(office: Office) -> None:
    known, at = absences(office), office.clock()
    away = Delegation(user=ANN, to=SAM, at=at, until=at + DAY)
    assert await known.give(away, "act-1") == "said"
    assert await known.give(away, "act-1") == "stands"
    office.clock.advance(1)
    assert await known.end(ANN, "act-2") == "said"
    assert await known.end(ANN, "act-2") == "stands"
    assert await known.give(away, "act-1") == "later"
    assert await known.standing() == []


async def test_nobody_is_named_in_the_place_of_the_absent_who_may_not_decide(office: Office) -> None:
    assert STAFF.barred.keys() == {GUS}
    await go_away(office, ANN, GUS)
    change = await office.asked()
    assert GUS not in await office.changes.authority.roster.who_can(change)
