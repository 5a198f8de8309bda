"""What is registered at Twilio and followed by nobody is offered in the alerts channel, and followed on a click."""

from dataclasses import replace

from bot.sandbox.twilio.start_state import APPROVED_BRAND
from tests.e2e.world import ALERTS, ANN, HURRY, RITA, World, shown

SOON = replace(HURRY, housekeeping=0.5)


async def test_what_nobody_follows_is_offered_followed_and_heard_of_from_then_on(empty_world: World) -> None:
    world = empty_world
    brands = len(world.twilio.brands)
    async with world.bot(tempo=SOON):
        offer = await world.hears(ALERTS, "which nobody follows here")
        assert f"{brands} brands" in shown(offer)
        await world.slack.click(RITA, "discovered.choose", channel=ALERTS, ts=offer["ts"])
        await world.sees(RITA, "Follow these")
        choices = await world.slack.suggest(RITA, f"discovered:{world.twilio.account_sid}", "", block_id="chosen")
        brand = next(c["value"] for c in choices if APPROVED_BRAND in c["value"])
        world.twilio.desk.brand_status(APPROVED_BRAND, "SUSPENDED")  # since it was found
        await world.slack.submit(RITA, {"chosen": [brand]})
        await world.hears(ALERTS, "follows 1 registration of it")
        await world.hears(ALERTS, "Suspended")
        await world.slack.click(ANN, "discovered.follow", channel=ALERTS, ts=offer["ts"])
        await world.hears(ALERTS, "is followed, or was declined")
