"""What is announced after a look, and what is no news."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tracking.news import state_news
from bot.tracking.registration import (
    GONE,
    REFUSED,
    SETTLED,
    Registration,
    Transition,
    registration_parts,
)
from tests.tracking.registry import registration_of

words = st.sampled_from(["PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED", GONE, "NEVER_SEEN"])
error = st.fixed_dictionaries({"error_code": st.sampled_from([30908, 30909, 99999])})
errors = st.lists(error, max_size=2)
looks = st.tuples(words, st.fixed_dictionaries({"errors": errors}) | st.just({}))
Look = tuple[str, dict[str, Any]]


def seen(old: Registration, look: Look) -> Registration:
    """The registration after a look was recorded."""
    return old.model_copy(update={"status": look[0], "snapshot": look[1], "version": old.version + 1})


def announced(history: list[Look]) -> list[Transition]:
    """All that is announced over a history of looks."""
    registration, told = registration_of("MG1"), []
    for now, look in enumerate(history):
        if transition := state_news(registration, seen(registration, look), float(now)):
            told.append(transition)
        registration = seen(registration, look)
    return told


@given(st.lists(looks, max_size=8), looks)
def test_the_same_look_twice_announces_nothing_the_second_time(history: list[Look], look: Look) -> None:
    assert announced([*history, look, look]) == announced([*history, look])


@given(st.lists(looks, min_size=1, max_size=8))
def test_whatever_the_order_each_announcement_starts_where_the_last_known_state_was(history: list[Look]) -> None:
    states = ["", *(status for status, _ in history)]
    for transition in announced(history):
        at = int(transition.at)
        assert (transition.before, transition.after) == (states[at], states[at + 1])
        assert transition.snapshot == history[at][1]


@given(st.lists(looks, max_size=10))
def test_ids_grow_and_are_never_given_twice(history: list[Look]) -> None:
    ids = [transition.id for transition in announced(history)]
    assert ids == sorted(set(ids))


@given(st.lists(looks, min_size=1, max_size=8))
def test_no_change_of_state_after_the_first_look_goes_unannounced(history: list[Look]) -> None:
    moved = [after for (before, _), (after, _) in pairwise(history) if before != after]
    told = [t.after for t in announced(history) if t.before and t.before != t.after]
    assert told == moved


@given(words, st.lists(error, min_size=1, max_size=2))
def test_errors_are_bad_news_in_whatever_state_they_come(status: str, found: list[dict[str, Any]]) -> None:
    (transition,) = announced([(status, {"errors": found})])
    assert (transition.severity, transition.snapshot["errors"]) == ("bad", found)


def test_errors_on_a_pending_campaign_are_announced_though_its_state_stays() -> None:
    found = {"errors": [{"error_code": 30908}]}
    history: list[Look] = [("PENDING", {}), ("PENDING", found), ("PENDING", found), ("PENDING", {})]
    assert [(t.before, t.after, t.severity) for t in announced(history)] == [("PENDING", "PENDING", "bad")]


def test_other_errors_than_before_are_news() -> None:
    history: list[Look] = [("FAILED", {"errors": [{"error_code": code}]}) for code in (30908, 30909)]
    assert len(announced(history)) == 2


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "NEVER_SEEN"])
def test_a_first_look_that_finds_no_verdict_is_no_news(status: str) -> None:
    assert announced([(status, {})]) == []


@pytest.mark.parametrize(
    ("status", "severity"),
    [("VERIFIED", "good"), ("APPROVED", "good"), ("FAILED", "bad"), ("SUSPENDED", "bad"), (GONE, "bad")],
)
def test_a_first_look_that_finds_a_verdict_is_news(status: str, severity: str) -> None:
    (transition,) = announced([(status, {})])
    assert (transition.before, transition.severity) == ("", severity)


def test_a_word_that_nobody_knows_is_announced_raw() -> None:
    (transition,) = announced([("PENDING", {}), ("Awaiting carrier ☎", {})])
    assert (transition.after, transition.severity) == ("Awaiting carrier ☎", "info")


def test_no_word_is_both_settled_and_refused() -> None:
    assert SETTLED.isdisjoint(REFUSED)


@pytest.mark.parametrize("forged", ["", "campaign", "campaign|AC1", "campaign|AC1|MG1|more"])
def test_a_forged_id_is_refused(forged: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        registration_parts(forged)


def test_an_id_leads_back_to_its_parts() -> None:
    assert registration_parts(registration_of("MG1", "AC1").id) == ("campaign", "AC1", "MG1")
