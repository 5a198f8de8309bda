"""People are reminded ever more seldom, once more before the end, and never of what does not wait."""

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.changes.change import Change, Decision, Event
from bot.changes.reminders import (
    LAST_CALL_SECONDS,
    REVIEW_SECONDS,
    about_to_expire,
    next_reminder,
    reminders_due,
    reviews_due,
)
from bot.policy.policy import Pending
from tests.conftest import START
from tests.handlers.blocks import samples

HOUR, DAY = 3600.0, 86400.0
PENDINGS = st.builds(Pending, expires_days=st.floats(0.01, 90), remind_after_hours=st.floats(0.1, 720))


def waiting(days: float = 7, *, asked: float = START) -> Change:
    """A change that was asked for at this moment and waits for so many days."""
    made = samples.change("pending")
    return made.model_copy(update={"created_at": asked, "timeline": (), "expires_at": asked + days * DAY})


def moments(change: Change, pending: Pending) -> list[float]:
    """Every moment at which a reminder becomes due, as somebody finds out who asks for the next one again and again."""
    found: list[float] = []
    now = START
    while (at := next_reminder(change, now, pending)) is not None:
        found.append(at)
        now = at
    return found


def test_nobody_is_reminded_of_what_does_not_wait_for_approval() -> None:
    for state in samples.STATES:
        assert bool(reminders_due(samples.change(state), samples.NOW + DAY, Pending())) == (state == "pending")


def test_a_change_of_a_week_is_brought_up_after_4_8_16_32_64_128_hours_and_a_day_before_its_end() -> None:
    hours = [(at - START) / HOUR for at in moments(waiting(7), Pending())]
    assert hours == [4, 8, 16, 32, 64, 128, 144]


def test_what_was_amended_or_asked_for_again_is_waited_for_anew() -> None:
    change = waiting(7)
    assert reminders_due(change, START + 5 * HOUR, Pending()) == 1
    for event in (Event(at=START + 4 * HOUR, what="amended it"), Event(at=START + 4 * HOUR, what="x", to="pending")):
        anew = change.model_copy(update={"timeline": (event,)})
        assert reminders_due(anew, START + 5 * HOUR, Pending()) == 0
        assert reminders_due(anew, START + 9 * HOUR, Pending()) == 1


@given(PENDINGS)
def test_no_reminder_comes_too_early_or_after_the_end(pending: Pending) -> None:
    change = waiting(pending.expires_days)
    first, end = START + pending.remind_after_hours * HOUR, change.expires_at
    assert all(first <= at < end for at in moments(change, pending))
    assert reminders_due(change, math.nextafter(first, 0), pending) == 0
    assert reminders_due(change, end, pending) == 0


@given(PENDINGS)
def test_gaps_never_shrink_but_for_the_last_call(pending: Pending) -> None:
    change = waiting(pending.expires_days)
    found = [START, *moments(change, pending)]
    if found[-1] == change.expires_at - LAST_CALL_SECONDS:
        found.pop()
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert all(b >= a - 1e-3 for a, b in pairwise(gaps))


@given(PENDINGS)
def test_there_are_few_of_them(pending: Pending) -> None:
    most = 2 + max(0.0, math.log2(pending.expires_days * 24 / pending.remind_after_hours))
    assert len(moments(waiting(pending.expires_days), pending)) <= most


@given(PENDINGS, st.floats(0, 100), st.floats(0, 100))
def test_the_count_only_grows_and_is_that_of_the_moments_that_passed(
    pending: Pending, one: float, other: float
) -> None:
    change = waiting(pending.expires_days)
    earlier, later = (START + days * DAY for days in sorted((one, other)))
    if later < change.expires_at:
        assert reminders_due(change, earlier, pending) <= reminders_due(change, later, pending)
        passed = [at for at in moments(change, pending) if at <= later]
        assert reminders_due(change, later, pending) == len(passed)


def test_what_ends_within_a_day_is_about_to_expire() -> None:
    change = waiting(7)
    assert not about_to_expire(change, START + 6 * DAY - 1)
    assert about_to_expire(change, START + 6 * DAY)
    assert not about_to_expire(change.model_copy(update={"state": "approved"}), START + 6 * DAY)


def test_a_review_is_brought_up_daily_until_it_is_signed_off() -> None:
    broken = Decision(user=samples.BOB, verb="break_glass", digest="d", at=START, reason="Now")
    change = samples.change("succeeded").model_copy(update={"decisions": (broken,), "review": "open"})
    days = [reviews_due(change, START + n * REVIEW_SECONDS + 1) for n in range(4)]
    assert days == [0, 1, 2, 3]
    signed = change.model_copy(update={"review": "signed"})
    assert reviews_due(signed, START + 9 * DAY) == 0
