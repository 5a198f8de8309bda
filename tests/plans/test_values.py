"""Plain values: one text for equal data, costs that add up, findings that block."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.plans.cost import Cost, total
from bot.plans.finding import block, blocking, note, warn
from bot.plans.values import canonical_json

data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
amounts = st.decimals(min_value=0, max_value=1000, places=2)


@given(data)
def test_canonical_json_is_json_and_loses_nothing(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), st.integers(), max_size=6))
def test_canonical_json_knows_one_order_only(value: dict[str, int]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_canonical_json_keeps_text_as_people_wrote_it() -> None:
    assert canonical_json({"b": "é", "a": [1, "“x”"]}) == '{"a":[1,"“x”"],"b":"é"}'


@given(st.lists(amounts))
def test_a_total_adds_one_period_only(each: list[Decimal]) -> None:
    costs = [Cost(what="x", usd=usd, period="month", source="test") for usd in each]
    once = Cost(what="y", usd=Decimal(7), period="once", source="test")
    assert total((*costs, once), "month") == sum(each, Decimal(0))
    assert total((*costs, once), "once") == 7


def test_only_a_block_stops_a_request() -> None:
    stop = block("a", "No.")
    assert blocking((note("b", "Hm."), stop, warn("c", "Careful."))) == (stop,)


def test_values_cannot_be_changed_after_they_are_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        note("a", "b").text = "c"  # type: ignore[misc]


def test_what_is_wrong_with_a_value_is_said_without_repeating_what_was_typed() -> None:
    with pytest.raises(ValidationError) as wrong:
        Cost.model_validate({"what": "x", "usd": "12-3456789", "period": "Zanzibar", "source": "test"})
    assert "period" in str(wrong.value)
    assert "Zanzibar" not in str(wrong.value)
    assert "12-3456789" not in str(wrong.value)
