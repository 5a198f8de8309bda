"""How soon a registration is looked at again."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.tracking.cadence import DAY, HOUR, UNDER_REVIEW, seconds_until_next_look
from bot.tracking.registration import REFUSED, SETTLED

KNOWN = sorted(UNDER_REVIEW | SETTLED | REFUSED)
words = st.sampled_from(KNOWN) | st.text(max_size=20)
ages = st.floats(0, 400 * DAY)
bases = st.floats(1, DAY)


@given(words, ages, bases)
def test_a_look_is_never_sooner_than_the_base_nor_later_than_a_day(status: str, age: float, base: float) -> None:
    assert base <= seconds_until_next_look(status, age, base) <= DAY


@given(words, ages, bases, bases)
def test_a_longer_base_never_means_a_sooner_look(status: str, age: float, one: float, other: float) -> None:
    shorter, longer = sorted((one, other))
    assert seconds_until_next_look(status, age, shorter) <= seconds_until_next_look(status, age, longer)


@given(words, ages, ages, bases)
def test_what_stands_longer_is_never_looked_at_more_often(status: str, one: float, other: float, base: float) -> None:
    younger, older = sorted((one, other))
    assert seconds_until_next_look(status, younger, base) <= seconds_until_next_look(status, older, base)


@given(st.text(max_size=20), ages, ages, bases)
def test_a_word_that_nobody_knows_keeps_being_looked_at(word: str, one: float, other: float, base: float) -> None:
    assume(word not in KNOWN)
    wait = seconds_until_next_look(word, one, base)
    assert wait == seconds_until_next_look(word, other, base) == min(DAY, 15 * base)


@pytest.mark.parametrize(
    ("status", "age", "minutes"),
    [
        ("", 0, 1),
        ("PENDING", 0, 1),
        ("IN_PROGRESS", HOUR, 5),
        ("IN_PROGRESS", 3 * DAY, 15),
        ("FAILED", 30 * DAY, 15),
        ("VERIFIED", 60, 15),
        ("VERIFIED", DAY, 1440),
        ("GONE", DAY, 1440),
    ],
)
def test_the_cadence_at_the_default_base_of_a_minute(status: str, age: float, minutes: int) -> None:
    assert seconds_until_next_look(status, age, 60) == minutes * 60
