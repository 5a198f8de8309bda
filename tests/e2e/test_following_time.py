"""What only time brings: what is stuck, the week's digest, an hour without Slack, sinks and looks that fall silent."""

import asyncio
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.twilio.start_state import ACCOUNT_SID, PENDING_BRAND
from tests.e2e.answers import CAMPAIGN
from tests.e2e.following import (
    SERVICE,
    Moved,
    card_shows,
    change,
    click,
    desk,
    event_streams,
    everything_told,
    raw_words,
    reachable,
    replies,
    said,
    thread,
)
from tests.e2e.world import ALERTS, HURRY, RITA, World, shown

CAMPAIGN_OF = "Campaign of “Acme support”"
SINK = "Event Streams of main"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
READ = f"GET /v1/Services/{SERVICE}/Compliance/Usa2p"
OUTAGE = ("chat.postMessage", "chat.update")


def monday_at(hour: int) -> float:
    """How far ahead the Monday is (seconds) that comes at least six weeks from now, at this hour in UTC."""
    day = datetime.now(UTC) + timedelta(weeks=6)
    day += timedelta(days=-day.weekday() % 7)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0).timestamp() - time.time()


async def recorded(world: World, status: str) -> None:
    """Press *Check now*, and wait until a look has written this down."""
    await click(world, RITA, CAMPAIGN_OF, "check")
    async with Redis.from_url(world.redis_url, decode_responses=True) as redis, asyncio.timeout(world.patience):
        doc = Keys().registration("campaign", ACCOUNT_SID, SERVICE, "doc")
        while await redis.hget(doc, "status") != status:  # noqa: ASYNC110  # an event of another process
            await asyncio.sleep(0.03)


def digests(world: World) -> list[str]:
    """The weekly digests in the alerts channel."""
    return [shown(m) for m in world.slack.messages(ALERTS) if m["text"].startswith("Last week")]


async def test_what_hangs_is_told_weekly_a_digest_comes_on_monday_and_an_hour_without_slack_is_summed_up(
    tmp_path: Path,
) -> None:
    clock, tempo = Moved(), replace(HURRY, housekeeping=0.3)
    async with (
        reachable(tmp_path) as (world, settings),
        world.bot(clock=clock, tempo=tempo, **settings),
        world.bot(clock=clock, tempo=tempo, TENFOUR_POLL_SECONDS=settings["TENFOUR_POLL_SECONDS"]),
    ):
        await change(world, "/a2p-campaign", "register", *CAMPAIGN)
        await desk(world, "campaign", service_sid=SERVICE, verdict="review")
        await card_shows(world, CAMPAIGN_OF, "Under review")
        clock.ahead = 28 * DAY + HOUR
        [*_, stuck] = await replies(world, CAMPAIGN_OF, "has been under review for 28 days")
        assert "It is up to" in stuck
        clock.ahead += 7 * DAY + MINUTE
        await replies(world, CAMPAIGN_OF, "This was said 1 time before")
        assert said(world, CAMPAIGN_OF, "has been under review") == 2
        clock.ahead = monday_at(9) - 2 * MINUTE
        await replies(world, CAMPAIGN_OF, "This was said 2 times before")
        assert digests(world) == []
        clock.ahead += 3 * MINUTE
        await world.hears(ALERTS, "1 registration followed (1 under review)")

        for method in OUTAGE:
            world.slack.faults.add(method, error="service_unavailable", status=503, times=10_000)
        for turn in range(9):
            world.twilio.desk.status(SERVICE, f"SIMMERING {turn}")
            await recorded(world, f"SIMMERING {turn}")
        world.twilio.desk.reject(SERVICE, [30896])
        await recorded(world, "FAILED")
        clock.ahead += HOUR
        assert said(world, CAMPAIGN_OF, "SIMMERING") == 0
        world.slack.faults.clear()
        *_, told = await replies(world, CAMPAIGN_OF, "was rejected: error 30896")
        assert "10 things happened, in this order" in told
        assert re.findall(r"says “SIMMERING (\d)”", told) == [str(turn) for turn in range(9)]
        assert len(digests(world)) == 1
        assert raw_words(world) == []


async def test_a_sink_that_falls_silent_or_fails_and_looks_that_stop_are_told_and_so_is_their_end(
    tmp_path: Path,
) -> None:
    clock = Moved()
    async with (
        reachable(tmp_path) as (world, settings),
        world.bot(clock=clock, tempo=replace(HURRY, sweep=0.3), **settings),
    ):
        await change(world, "/a2p-campaign", "register", *CAMPAIGN)
        # several: whatever else reads the campaign gets its answer as late
        world.twilio.faults.add(match=READ, delay=2.5, times=5)
        await world.until(lambda: clock.pass_by(MINUTE) and "has not looked at Twilio since" in everything_told(world))
        world.twilio.faults.clear()
        await world.hears(ALERTS, "Mended: Tenfour did not look at Twilio from")

        sink = await event_streams(world)
        await desk(world, "campaign", service_sid=SERVICE, verdict="review")
        await card_shows(world, CAMPAIGN_OF, "Under review")
        world.twilio.events.switches.drop = 1.0
        clock.ahead += 2 * HOUR
        await desk(world, "campaign", service_sid=SERVICE, verdict="verify")
        await replies(world, CAMPAIGN_OF, "is verified")
        clock.ahead += 31 * MINUTE
        await replies(world, SINK, "allen silent")
        world.twilio.events.switches.drop = 0.0
        await desk(world, "event", brand_sid=PENDING_BRAND, event="email-2fa-sent")
        await card_shows(world, SINK, "*Works*")
        await desk(world, "sink", sink_sid=sink, status="failed")
        await replies(world, SINK, "*Event Streams of main: failed*")
        assert "/a2p-events setup" in thread(world, SINK)[-1]
        assert raw_words(world) == []
