"""What people type after a command is read as the form takes it, or told what it may be instead."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from bot.catalog import catalog
from bot.catalog.choices import Choices, StillLoading
from bot.catalog.form import Ask, Form, Option, When
from bot.catalog.rules import NumberOrSid, ServiceSid
from bot.catalog.typed import Judged, Read, judged, read
from bot.sandbox.twilio import start_state
from tests.catalog.world import World

KINDS = (Option("studio", "Studio flow"), Option("webhook", "One webhook"), Option("default", "No auto-creation"))


class Routing(Form):
    """A form with a question of every kind."""

    service_sid: Annotated[ServiceSid, Ask("Messaging service", control="lookup", source="services")]
    numbers: Annotated[
        tuple[NumberOrSid, ...], Field(min_length=1), Ask("Numbers", control="lookups", source="owned_numbers")
    ]
    brand_sid: Annotated[str | None, Ask("Brand", control="lookup", source="brands")] = None
    use_case: Annotated[str | None, Ask("Use case", control="lookup", source="use_cases")] = None
    type: Annotated[Literal["studio", "webhook", "default"], Ask("Type", control="choice", options=KINDS)] = "default"
    webhook_url: Annotated[str, Ask("Webhook", control="url", when=When("type", ("webhook",)))]
    retry: Annotated[bool, Ask("Retry", control="yes_no")] = True
    tax_id: Annotated[str | None, Field(max_length=10), Ask("Tax id", sensitive=True)] = None


async def typed(world: World, **values: str) -> Read:
    """What was typed, read with the account's own lists."""
    choices = Choices(world.account, world.clock, wait=10)
    try:
        return await read(Routing, values, choices.find)
    finally:
        await choices.close()


def judge(found: Read, **known: Any) -> Judged:
    """What is wrong or missing, when these other answers are known."""
    return judged(Routing, found, known | found.values)


async def wrong(world: World, **values: str) -> dict[str, str]:
    return {m.field: m.text for m in judge(await typed(world, **values)).wrong}


# what cannot be meant


async def test_a_label_that_several_things_have_names_them(world: World) -> None:
    told = await wrong(world, brand_sid="acme")
    assert "Acme Inc" in told["brand_sid"]
    assert "Acme Local LLC" in told["brand_sid"]


async def test_a_label_that_nothing_has_names_what_there_is(world: World) -> None:
    told = await wrong(world, service_sid="Sales")
    assert told == {"service_sid": "there is no “Sales”. There are: Acme support"}


async def test_a_choice_that_is_none_names_them_all(world: World) -> None:
    told = await wrong(world, type="fax")
    assert told["type"] == ("“fax” is none of: studio (Studio flow), webhook (One webhook), default (No auto-creation)")


async def test_a_word_that_is_neither_yes_nor_no_is_said(world: World) -> None:
    assert await wrong(world, retry="perhaps") == {"retry": "“perhaps” is neither yes nor no"}


async def test_an_answer_to_a_question_that_is_not_asked_is_no_silent_loss(world: World) -> None:
    told = await wrong(world, webhook_url="https://acme.example", type="studio")
    assert told["webhook_url"] == "asked only when “Type” is “One webhook”: leave it out, or change that"


async def test_a_sensitive_answer_is_not_quoted(world: World) -> None:
    told = await wrong(world, tax_id="12-34567890123")
    assert "at most 10" in told["tax_id"]
    assert "12-3456789" not in str(told)


async def test_with_twilio_away_a_label_cannot_be_looked_up_and_a_sid_can_be_taken(world: World) -> None:
    world.twilio.faults.add("GET /messaging", status=503, times=99)
    told = await typed(world, service_sid=start_state.SUPPORT_SERVICE, brand_sid="Acme Inc")
    assert told.values["service_sid"] == start_state.SUPPORT_SERVICE
    assert [m.field for m in told.unread] == ["brand_sid"]
    assert "could not be looked up" in told.unread[0].text


async def test_a_list_that_is_still_on_its_way_is_waited_for() -> None:
    answers: list[Any] = [StillLoading(), StillLoading(), [Option(start_state.SUPPORT_SERVICE, "Acme support")]]

    async def find(source: str, query: str, given: Any) -> list[Option]:
        answer = answers.pop(0)
        if isinstance(answer, StillLoading):
            raise answer
        found: list[Option] = answer
        return found

    assert (await read(Routing, {"service_sid": "acme support"}, find)).values["service_sid"] == (
        start_state.SUPPORT_SERVICE
    )


# what is meant


@pytest.mark.parametrize("text", ["Acme support", "acme SUPPORT", "support", start_state.SUPPORT_SERVICE])
async def test_a_service_is_named_as_people_see_it(world: World, text: str) -> None:
    found = await typed(world, service_sid=text)
    assert found.values == {"service_sid": start_state.SUPPORT_SERVICE}
    assert found.labels == {"service_sid": "Acme support"}


async def test_the_exact_label_wins_over_those_that_hold_it(world: World) -> None:
    assert (await typed(world, brand_sid="acme inc")).values["brand_sid"] == start_state.APPROVED_BRAND


async def test_a_list_has_commas_between_names_numbers_and_sids(world: World) -> None:
    found = await typed(world, numbers=f"+14155550110, Acme Austin,{start_state.TOLL_FREE_NUMBER}")
    assert found.values["numbers"] == [
        start_state.POOLED_NUMBER,
        start_state.FREE_NUMBER,
        start_state.TOLL_FREE_NUMBER,
    ]
    assert judge(found).wrong == []


async def test_numbers_may_have_spaces_between_them(world: World) -> None:
    found = await typed(world, numbers="+14155550110 +15125550120")
    assert found.values["numbers"] == [start_state.POOLED_NUMBER, start_state.FREE_NUMBER]


@pytest.mark.parametrize("text", ["5125550120", "512-555-0120", "(512) 555-0120", "+1 512 555 0120", "1 512.555.0120"])
async def test_a_number_is_recognised_however_it_is_written(world: World, text: str) -> None:
    found = await typed(world, numbers=text)
    assert found.values["numbers"] == [start_state.FREE_NUMBER]
    assert found.labels["numbers"] == ["+15125550120 · Acme Austin"]


async def test_a_number_that_is_in_no_list_stands_as_it_was_written(world: World) -> None:
    found = await typed(world, numbers="(503) 555-0199")
    assert found.values["numbers"] == ["(503) 555-0199"]
    assert judge(found).wrong == []


async def test_what_a_list_depends_on_is_read_first(world: World) -> None:
    found = await typed(world, use_case="2fa", brand_sid="Acme Inc")
    assert found.values["use_case"] == "2FA"
    assert judge(found).wrong == []


@pytest.mark.parametrize("text", ["studio", "STUDIO", "Studio flow", "flow"])
async def test_a_choice_is_named_by_value_label_or_part(world: World, text: str) -> None:
    assert (await typed(world, type=text)).values["type"] == "studio"


async def test_what_is_needed_and_was_not_typed_is_missing_not_wrong(world: World) -> None:
    found = judge(await typed(world, type="webhook"))
    assert {m.field for m in found.missing} == {"service_sid", "numbers", "webhook_url"}
    assert found.wrong == []
    assert not found.complete


async def test_an_answer_that_follows_from_what_stands_at_twilio_is_asked_for(world: World) -> None:
    found = await typed(world, webhook_url="https://acme.example")
    known = {"service_sid": start_state.SUPPORT_SERVICE, "numbers": [start_state.FREE_NUMBER]}
    assert [m.field for m in judge(found, **known).wrong] == ["webhook_url"]
    assert judge(found, **known, type="webhook").complete


@pytest.mark.parametrize("entry", catalog().operations, ids=lambda o: o.name)
async def test_any_text_can_be_typed_for_anything(entry: Any) -> None:
    async def nothing(source: str, query: str, given: Any) -> list[Option]:
        return []

    for name in entry.form.asks():
        found = await read(entry.form, {name: "“anything” at, all"}, nothing)
        assert name in {m.field for m in found.unread} or name in found.values
