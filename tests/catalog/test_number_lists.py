"""`number.list` and `number.show`: where each number stands, and what decides about its messages."""

import pytest

from bot.catalog.operation import CannotPlanError
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.numbers import Number
from bot.twilio.numbering import default_name
from tests.catalog.world import TOKEN, World

POOLED, FLEX = "+14155550110", "+19165550140"
SERVICE = start_state.SUPPORT_SERVICE


async def test_numbers_are_listed_by_service_with_their_marks(world: World) -> None:
    world.rig(Number, start_state.POOLED_NUMBER, sms_url="https://acme.example/in")
    report = await world.look("number.list")
    free, pooled = report.sections
    assert (free.title, pooled.title) == ("In no service (3)", "In “Acme support” (1)")
    assert pooled.lines == (f"{POOLED} · Acme support line · webhook https://acme.example/in",)
    assert f"{FLEX} · Acme Flex desk · address created · no webhook" in free.lines
    assert "+18885550130 · Acme toll-free · no webhook · toll-free: not 10DLC" in free.lines
    assert ("Address created", "1") in report.facts


@pytest.mark.parametrize(
    ("narrow", "found"),
    [({"containing": "(916) 555"}, "1 of 4"), ({"containing": "flex"}, "1 of 4"), ({"service_sid": SERVICE}, "1 of 4")],
)
async def test_the_list_is_narrowed_down(world: World, narrow: dict[str, str], found: str) -> None:
    assert ("Numbers", found) in (await world.look("number.list", **narrow)).facts


async def test_addresses_that_may_not_be_read_are_told_and_the_rest_is_shown(world: World) -> None:
    world.twilio.faults.add("/conversations", status=403)
    report = await world.look("number.list")
    assert ("Address created", "cannot be read with this key") in report.facts
    assert report.findings == ()


async def test_one_number_is_shown_whole(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    facts = dict((report := await world.look("number.show", number=POOLED)).facts)
    assert facts["Messaging service"] == f"Acme support ({SERVICE})"
    assert (facts["Campaign"], facts["Inbound webhook"], facts["Address (sms)"]) == ("VERIFIED", "blank", "none")
    assert {f.code for f in report.findings} == {"nobody-answers", "number-state"}
    shown = await world.look("number.show", number=FLEX)
    assert dict(shown.facts)["Address (sms)"].startswith("Studio flow “Messaging Flow”, 3 retries")
    assert start_state.FLEX_NUMBER in shown.links[0][1]


async def test_a_number_that_is_not_ours_is_told(world: World) -> None:
    with pytest.raises(CannotPlanError, match="does not own"):
        await world.look("number.show", number="+15039999999")


async def test_the_name_under_which_a_number_was_bought_is_not_shown(world: World) -> None:
    world.rig(Number, start_state.POOLED_NUMBER, friendly_name=f"{default_name(POOLED)} {TOKEN}")
    report = await world.look("number.list", containing=POOLED)
    assert report.sections[0].lines == (f"{POOLED} · no webhook",)


async def test_numbers_that_nothing_answers_are_said_in_one_finding(world: World) -> None:
    report = await world.look("number.list")
    assert [f.code for f in report.findings] == ["nobody-answers"]
    assert report.findings[0].text.startswith("Nothing answers +14155550110, +15125550120, +18885550130:")
