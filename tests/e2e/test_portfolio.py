"""App Home shows the portfolio: it finds what stood before there was an index, filters it, and turns its pages."""

import asyncio
import time
from dataclasses import replace

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.twilio.start_state import ACCOUNT_SID
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from tests.e2e.world import ALERTS, ANN, GUS, HURRY, RITA, Json, World, shown

BRAND = "BN" + "1a" * 16
COUNT = 14


async def seed(world: World) -> None:
    """Campaigns that nobody looks at soon, the first of them rejected and of a brand of its own."""
    async with Redis.from_url(world.redis_url, decode_responses=True) as redis:
        for n in range(COUNT):
            registration = Registration(
                kind="campaign",
                account=ACCOUNT_SID,
                account_name="main",
                key=f"MG{n:032x}",
                title=f"Campaign no. {n:02}",
                owner=RITA if n else ANN,
                started_at=time.time() + 9999,
                status="IN_PROGRESS" if n else "FAILED",
                since=1e9 + n,
                snapshot={} if n else {"brand_registration_sid": BRAND},
            )
            await RegistrationStore(redis, Keys()).begin(registration)


async def home_shows(world: World, user: str, text: str) -> Json:
    """Wait until somebody's App Home shows this text."""
    found: Json = await world.until(lambda: (v := world.slack.home(user)) and text in shown(v) and v, text)
    return found


async def choose(world: World, user: str, what: str, value: str, kind: str = "static_select") -> None:
    """Choose something in a menu above the list."""
    chosen = {"type": kind, "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": value}}
    await world.slack.click(user, f"portfolio.filter:{what}", view_id="home", action=chosen)


async def test_home_shows_what_needs_somebody_first_and_what_was_chosen_stays_chosen(empty_world: World) -> None:
    world = empty_world
    await seed(world)
    async with world.bot(tempo=replace(HURRY, housekeeping=0.3)):
        await world.slack.open_home(RITA)
        for _ in range(60):  # the index is built soon after the start
            if "14 followed" not in shown(world.slack.home(RITA) or {}):
                await asyncio.sleep(0.2)
                await world.slack.open_home(RITA)
        first = shown(await home_shows(world, RITA, "1 to 10 of 14"))
        assert first.index("Campaign no. 00") < first.index("Campaign no. 13") < first.index("Campaign no. 12")
        assert "Campaign no. 04" not in first

        await world.slack.click(RITA, "portfolio.page:older", view_id="home")
        assert "Campaign no. 04" in shown(await home_shows(world, RITA, "11 to 14 of 14"))

        options = await world.slack.suggest(RITA, "portfolio.filter:brand", BRAND[:6], view_id="home")
        assert [o["value"] for o in options] == ["*", BRAND]
        await choose(world, RITA, "brand", BRAND, "external_select")
        narrowed = shown(await home_shows(world, RITA, "*1 followed*: 1 refused or failing."))
        assert "Campaign no. 13" not in narrowed

        await world.slack.click(RITA, "portfolio.filter:all", view_id="home")
        await home_shows(world, RITA, "1 to 10 of 14")
        await choose(world, RITA, "state", "review")
        await home_shows(world, RITA, "1 to 10 of 13")
        await world.slack.open_home(RITA)
        await home_shows(world, RITA, "1 to 10 of 13")
        await world.slack.open_home(ANN)
        await home_shows(world, ANN, "1 to 10 of 14")

        await world.slack.command(RITA, ALERTS, "/a2p-watch", "digest")
        told = shown(await world.hears(ALERTS, "This week so far", user=RITA))
        assert "1 refused or failing, 13 under review" in told
        assert not [m for m in world.slack.messages(ALERTS) if "This week so far" in shown(m)]

        await world.slack.open_home(GUS)
        assert "Campaign no." not in shown(await home_shows(world, GUS, "You may not ask"))
        await choose(world, RITA, "state", "{forged}")
        await world.until(lambda: any("none that Tenfour offers" in shown(v) for v in world.slack.views(RITA)))
