"""`service.list`: every messaging service in a line."""

import pytest

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.services import Service
from tests.catalog.world import World

SUPPORT = start_state.SUPPORT_SERVICE


async def test_each_service_is_told_with_its_numbers_its_campaign_and_who_answers(world: World) -> None:
    quiet = await world.service(friendly_name="Acme quiet", inbound="drop")
    world.rig(Service, SUPPORT, us_app_to_person_registered=True)
    report = await world.look("service.list")
    assert report.facts == (("Services", "2"), ("With a registered campaign", "1"))
    assert report.sections[0].lines == (
        "Acme quiet · 0 numbers · no registered campaign · drops what comes in, or autocreates Conversations · "
        f"{quiet}",
        f"Acme support · 1 number · campaign registered · its numbers answer for themselves · {SUPPORT}",
    )


@pytest.mark.parametrize(("part", "found"), [("SUPPORT", "1"), (SUPPORT[:8], "1"), ("nothing like it", "0 of 1")])
async def test_the_list_is_narrowed_down_by_name_or_sid(world: World, part: str, found: str) -> None:
    assert ("Services", found) in (await world.look("service.list", containing=part)).facts
