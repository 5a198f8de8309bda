"""Help is made from the forms themselves, so that it cannot say anything else."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from bot.catalog import catalog
from bot.catalog.describe import describe, example, names, operations_page, short
from bot.catalog.form import Ask, Form, Option, When
from bot.catalog.operation import Entry

CATALOG = catalog()
ENTRIES = CATALOG.entries


class Address(Form):
    """A form whose names meet."""

    flow_sid: Annotated[str, Ask("Flow", when=When("type", ("studio",)))]
    type: Annotated[Literal["studio", "none"], Ask("Type", control="choice", options=(Option("studio", "Studio"),))]
    numbers: Annotated[tuple[str, ...], Field(max_length=5), Ask("Numbers", control="lookups", source="owned_numbers")]
    name: Annotated[str, Field(min_length=2, max_length=8), Ask("Label")]
    label_sid: Annotated[str | None, Ask("Other", sensitive=True)] = None


def test_a_field_is_known_by_its_short_name_one_or_several_and_its_label() -> None:
    known = names(Address)
    assert known["flow"] == known["flow_sid"] == "flow_sid"
    assert known["number"] == known["numbers"] == "numbers"


def test_a_name_that_could_be_two_fields_is_none() -> None:
    assert "label" not in names(Address)


def test_numbers_are_called_numbers_in_every_command() -> None:
    assert names(catalog()["number.search_and_buy"].form)["numbers"] == "phone_numbers"
    assert names(catalog()["number.configure"].form)["numbers"] == "numbers"
    assert short(Address, "label_sid") == "label_sid"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_every_entry_is_described_with_every_question(entry: Entry) -> None:
    told = describe(entry)
    assert len(told.fields) == len(entry.form.asks())
    assert all(f.kind and f.label for f in told.fields)
    assert example(entry).startswith(told.command)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_nothing_is_called_account_which_names_the_twilio_account(entry: Entry) -> None:
    assert "account" not in names(entry.form)


def test_a_word_means_one_thing_under_its_command() -> None:
    typed = [(e.command, e.word) for e in ENTRIES if e.command]
    assert len(typed) == len(set(typed))


def test_limits_conditions_choices_and_defaults_are_told() -> None:
    told = {f.name: f for f in describe(CATALOG["service.create"]).fields}
    assert told["friendly_name"].kind == "text, at most 64 characters"
    assert told["friendly_name"].needed
    assert told["validity_period"].kind == "whole number, 1 to 36000"
    assert told["validity_period"].default == "36000"
    assert {"defer", "webhook", "drop"} <= {o.value for o in told["inbound"].choices}


def test_costs_come_from_the_dated_fees() -> None:
    assert any("$15.00 once" in cost for cost in describe(CATALOG["campaign.register"]).costs)


def test_the_page_has_a_chapter_for_everything_and_no_broken_table() -> None:
    page = operations_page(CATALOG)
    for entry in ENTRIES:
        assert f"\n## {describe(entry).command or entry.title}\n" in page
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.count(" | ") != 2]
    assert {line.replace("\\|", "").count("|") for line in rows} <= {5}
