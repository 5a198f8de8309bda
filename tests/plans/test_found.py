"""What an adopt read shows decides whether a call is repeated: it must never take a stranger for our own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.call import Call, Ref, UnresolvedRefError
from bot.plans.step import Adopt, found

READ = Call(product="messaging", method="GET", path="/v1/Services")


def adopt(items: str = "services", **match: Any) -> Adopt:
    return Adopt(read=READ, items=items, match=match)


@pytest.mark.parametrize("answer", [{}, {"services": None}, {"services": []}, {"meta": {}}])
def test_an_answer_without_items_finds_nothing(answer: dict[str, Any]) -> None:
    assert found(adopt(friendly_name="Acme tf-1"), answer, {}) == []


def test_only_an_item_with_our_token_is_taken() -> None:
    ours = {"sid": "MG2", "friendly_name": "Acme tf-1"}
    answer = {"services": [{"sid": "MG1", "friendly_name": "Acme"}, ours, {"sid": "MG3", "friendly_name": "acme tf-1"}]}
    assert found(adopt(friendly_name="Acme tf-1"), answer, {}) == [ours]


def test_every_named_field_must_match() -> None:
    answer = {"services": [{"phone_number": "+15035550101", "friendly_name": "someone else's"}]}
    assert found(adopt(phone_number="+15035550101", friendly_name="Tenfour tf-1"), answer, {}) == []


def test_a_missing_or_null_field_is_no_match() -> None:
    answer = {"services": [{}, {"friendly_name": None}]}
    assert found(adopt(friendly_name="None"), answer, {}) == []


def test_an_item_that_is_not_there_is_no_match() -> None:
    assert found(adopt(items="", sid="PN1"), {}, {}) == []


def test_the_answer_itself_may_be_the_item() -> None:
    answer = {"sid": "PN1", "friendly_name": "x"}
    assert found(adopt(items="", sid="PN1"), answer, {}) == [answer]


def test_flags_and_lists_match_what_was_sent_over_the_wire() -> None:
    answer = {"services": [{"age_gated": False, "message_samples": ["one", "two"], "count": 3}]}
    assert found(adopt(age_gated="false", message_samples=("one", "two"), count="3"), answer, {})
    assert not found(adopt(age_gated="true"), answer, {})
    assert not found(adopt(message_samples=("two", "one")), answer, {})
    assert not found(adopt(message_samples="one"), answer, {})


def test_a_match_may_name_the_result_of_an_earlier_step() -> None:
    wanted = adopt(sid=Ref(step="number"))
    answer = {"services": [{"sid": "PN1"}, {"sid": "PN2"}]}
    assert found(wanted, answer, {"number": {"sid": "PN2"}}) == [{"sid": "PN2"}]


def test_a_match_on_a_step_without_result_is_refused() -> None:
    with pytest.raises(UnresolvedRefError):
        found(adopt(sid=Ref(step="number")), {"services": [{"sid": "PN1"}]}, {})


@given(st.text(), st.text())
def test_two_names_match_only_when_they_are_equal(ours: str, theirs: str) -> None:
    answer = {"services": [{"friendly_name": theirs}]}
    assert bool(found(adopt(friendly_name=ours), answer, {})) is (ours == theirs)
