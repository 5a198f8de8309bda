"""How soon a registration is looked at again."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.tracking.cadence import DAY, HOUR, UNDER_REVIEW, next_look, seconds_until_next_look, spread
from bot.tracking.registration import REFUSED, SETTLED
from bot.tracking.typical import Typical
from tests.tracking.registry import registration_of

KNOWN = sorted(UNDER_REVIEW | SETTLED | REFUSED | {"NUMBERS", "READY"})
kinds = st.sampled_from(["campaign", "brand", "vetting", "message", "bundle", "sink", "traffic", "never_seen"])
words = st.sampled_from([*KNOWN, "SUCCESS", "active", "failed"]) | st.text(max_size=20)
ages = st.floats(0, 400 * DAY)
bases = st.floats(1, DAY)


@given(words, ages, bases, kinds)
def test_a_look_is_never_sooner_than_the_base_nor_later_than_a_day(w: str, age: float, base: float, kind: str) -> None:
    assert base <= seconds_until_next_look(w, age, base, kind) <= DAY


@given(words, ages, bases, bases, kinds)
def test_a_longer_base_never_means_a_sooner_look(w: str, age: float, one: float, other: float, kind: str) -> None:
    shorter, longer = sorted((one, other))
    assert seconds_until_next_look(w, age, shorter, kind) <= seconds_until_next_look(w, age, longer, kind)


@given(words, ages, ages, bases, kinds)
def test_what_stands_longer_is_never_looked_at_more_often(
    w: str, one: float, other: float, base: float, kind: str
) -> None:
    younger, older = sorted((one, other))
    assert seconds_until_next_look(w, younger, base, kind) <= seconds_until_next_look(w, older, base, kind)


@given(st.text(max_size=20), ages, ages, bases)
def test_a_word_that_nobody_knows_keeps_being_looked_at(word: str, one: float, other: float, base: float) -> None:
    assume(word not in KNOWN)
    wait = seconds_until_next_look(word, one, base, "campaign")
    assert wait == seconds_until_next_look(word, other, base, "campaign") == min(DAY, 15 * base)


@given(st.text(min_size=1, max_size=40), st.floats(1, DAY), bases)
def test_a_wait_is_spread_by_a_tenth_at_most_and_never_below_the_base(key: str, wait: float, base: float) -> None:
    assume(wait >= base)
    assert max(base, 0.9 * wait) <= spread(key, wait, base) <= wait


def test_ten_thousand_settled_registrations_do_not_fall_due_together() -> None:
    due = Counter(int(spread(f"campaign|AC1|MG{n}", DAY, 60.0)) for n in range(10_000))
    assert max(due.values()) < 20
    assert max(due) - min(due) > DAY / 11


def test_what_is_not_listed_yet_is_looked_at_each_minute_though_it_never_had_a_state() -> None:
    made = registration_of("MG1", started_at=1_790_000_000.0)
    assert next_look(made, made.started_at + 60, 60.0, None) == made.started_at + 120


def test_a_campaign_whose_numbers_came_late_counts_from_then() -> None:
    now = 1_790_000_000.0
    late = registration_of("MG1").model_copy(update={"status": "VERIFIED", "since": 1.0, "stage_since": now - 60})
    assert next_look(late, now, 60.0, None) == now + 15 * 60


def test_a_look_comes_when_something_is_to_be_called_stuck() -> None:
    now = 1_790_000_000.0
    old = registration_of("MG1").model_copy(update={"status": "IN_PROGRESS", "since": now - 5 * DAY})
    assert next_look(old, now, 60.0, Typical(DAY, 5 * DAY + 90, 9)) == now + 90
    assert next_look(old, now, 60.0, Typical(DAY, 2 * DAY, 9)) == now + 60


@pytest.mark.parametrize(
    ("kind", "state", "age", "minutes"),
    [
        ("campaign", "", 0, 1),
        ("campaign", "PENDING", 0, 1),
        ("campaign", "IN_PROGRESS", HOUR, 5),
        ("campaign", "IN_PROGRESS", 3 * DAY, 15),
        ("campaign", "NUMBERS", 60, 15),
        ("campaign", "NUMBERS", 3 * DAY, 60),
        ("campaign", "NUMBERS", 90 * DAY, 240),
        ("campaign", "READY", 60, 15),
        ("campaign", "READY", DAY, 1440),
        ("campaign", "FAILED", 60, 15),
        ("campaign", "FAILED", 3 * DAY, 60),
        ("brand", "SUSPENDED", 90 * DAY, 240),
        ("brand", "APPROVED", 60, 15),
        ("brand", "APPROVED", DAY, 1440),
        ("brand", "GONE", DAY, 1440),
        ("vetting", "SUCCESS", DAY, 1440),
        ("vetting", "FAILED", DAY, 1440),
        ("sink", "active", 90 * DAY, 15),
        ("sink", "failed", 60, 1),
        ("sink", "failed", 90 * DAY, 15),
        ("bundle", "draft", 3 * DAY, 60),
    ],
)
def test_the_cadence_at_the_default_base_of_a_minute(kind: str, state: str, age: float, minutes: int) -> None:
    assert seconds_until_next_look(state, age, 60, kind) == minutes * 60
