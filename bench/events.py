"""`make bench-events`: a storm of Twilio's events over HTTP, from the answer to what stands in Slack.

The bot is a process as in production; the floor verifies the same signature and does nothing. Exits with 1 where a
transition was told twice, or not at all, or where an event was not taken.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from bench.announced import Announced
from bench.bots import bots
from bench.event_floor import event_floor
from bench.load import Drive, loader
from bench.piled_up import Told, piled_up
from bench.rounds import ROUNDS, Figures, Results, interleaved, machine, ms, reached, table, times
from bench.storm import PUBLIC_URL, SECRET, begun, brand_sid, requests, service_sid, storm
from bot.redis.keys import Keys
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.services import Service
from bot.sandbox.twilio.start_state import ACCOUNT_SID, APPROVED_BRAND, AUTH_TOKEN
from bot.tracking.registration import registration_id
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from tests.e2e.world import A2P, ALERTS, World

IN_FLIGHT, BATCH = 8, 50
ACKS_GOAL, PACE_GOAL = 5.0, 1.3
"""Posts a second over ten seconds: one a second, and a burst of three."""
LONGEST = 1800.0
"""Seconds until everything must have been announced."""
REFUSED_EVERY = 5
"""One campaign of so many is suspended, the others are verified."""
TAKEN = 204


@dataclass(frozen=True)
class Size:
    """How large a storm is."""

    events: int
    campaigns: int
    brands: int
    rounds: int
    piled_up: Sequence[int]


WHOLE = Size(events=50_000, campaigns=500, brands=50, rounds=ROUNDS, piled_up=(1_000, 10_000))
QUICK = Size(events=2_000, campaigns=60, brands=10, rounds=2, piled_up=(200,))


@dataclass
class Storm:
    """A bot in a storm: which rounds it is through, and what was not taken."""

    world: World
    size: Size
    ports: Mapping[str, int]
    drive: Drive
    refused: int = 0
    rounds: dict[str, int] = field(default_factory=dict)

    async def turn(self, whose: str, batch: int) -> Figures:
        """One round: its share of the events, after its share of the verdicts."""
        name = f"{whose} {batch}"
        number = self.rounds[name] = self.rounds.get(name, -1) + 1
        if whose == "bot" and batch == 1:
            self._decide(number)
        share = self.size.events // (self.size.rounds + 1)
        events = storm(share, self.size.campaigns, self.size.brands, time.time(), seed=1000 * batch + number)
        load = await self.drive(self.ports[whose], requests(events, batch), IN_FLIGHT)
        self.refused += load.count - load.statuses.get(TAKEN, 0)
        return load.figures

    def _decide(self, number: int) -> None:
        for n in range(number, self.size.campaigns, self.size.rounds + 1):
            if n % REFUSED_EVERY:
                self.world.twilio.desk.verify(service_sid(n))
            else:
                self.world.twilio.desk.suspend(service_sid(n))


async def measured(size: Size, folder: Path) -> tuple[Results, Storm, dict[str, tuple[Announced, int]]]:
    """The storm: how it was answered, and what each channel was told, with the registrations told wrongly."""
    async with (
        bots(folder, TENFOUR_PUBLIC_URL=PUBLIC_URL, TENFOUR_EVENTS_SECRET=SECRET) as running,
        event_floor(PUBLIC_URL, AUTH_TOKEN) as floor,
        loader() as drive,
    ):
        world = running.world
        world.slack.pacing.enabled = True
        redis = Redis.from_url(world.redis_url, decode_responses=True)
        store = RegistrationStore(redis, Keys())
        _fill(world, size)
        await store.subscribe(Subscription(channel=A2P, by="U0RITA"))
        the = Storm(world, size, {"bot": running.ports[0], "floor": floor}, drive)
        await _followed(the, store)
        results = await interleaved(
            {
                "floor": lambda: the.turn("floor", 1),
                "bot": lambda: the.turn("bot", 1),
                "floor, batches": lambda: the.turn("floor", BATCH),
                "bot, batches": lambda: the.turn("bot", BATCH),
            },
            "floor",
            size.rounds,
        )
        ids = _ids(size)
        await _all_told(store, ids)
        logs = await store.logs(ids)
        told = {channel: Announced(world.slack.messages(channel)) for channel in (ALERTS, A2P)}
        # each has a verdict, or the benchmark has announced nothing
        silent = sum(not log for log in logs.values())
        await redis.aclose()
        return results, the, {channel: (each, len(each.wrong(logs)) + silent) for channel, each in told.items()}


def _fill(world: World, size: Size) -> None:
    """What the storm is about, as the local Twilio knows it."""
    at = time.time() - 86400
    row = {"date_created": at, "date_updated": at}
    approved = world.twilio.ledger.table(Brand).get(APPROVED_BRAND)
    assert approved
    for n in range(size.brands):
        world.twilio.ledger.table(Brand).add(approved.model_copy(update={"sid": brand_sid(n), "name": f"Brand {n}"}))
    for n in range(size.campaigns):
        sid = service_sid(n)
        world.twilio.ledger.table(Service).add(Service(sid=sid, friendly_name=f"Service {n}", **row))
        campaign = Campaign(
            sid=sid,
            messaging_service_sid=sid,
            brand_registration_sid=brand_sid(n % size.brands),
            us_app_to_person_usecase="MARKETING",
            submitted_at=at,
            **row,
        )
        world.twilio.ledger.table(Campaign).add(campaign)


async def _followed(the: Storm, store: RegistrationStore) -> None:
    """Every campaign is followed, and was looked at while it is under review."""
    events = [begun(n, time.time()) for n in range(the.size.campaigns)]
    load = await the.drive(the.ports["bot"], requests(events, BATCH), 1)
    assert load.statuses == {TAKEN: load.count}
    ids = _ids(the.size)

    async def looked_at() -> bool:
        return all(each.status for each in (await store.many(ids)).values())

    await _until(looked_at)


async def _all_told(store: RegistrationStore, ids: Sequence[str]) -> None:
    """Every campaign has its verdict, and nothing waits to be told."""

    async def told() -> bool:
        judged = all((await store.logs(ids)).values())
        waiting = [await store.waiting(ids, channel) for channel in (ALERTS, A2P)]
        return judged and not any(waiting)

    await _until(told)


async def _until(reached_: Callable[[], Awaitable[bool]]) -> None:
    begun_at = time.monotonic()
    while not await reached_():
        if time.monotonic() - begun_at > LONGEST:
            raise TimeoutError("not everything was announced in time")
        await asyncio.sleep(1)


def _ids(size: Size) -> list[str]:
    return [registration_id("campaign", ACCOUNT_SID, service_sid(n)) for n in range(size.campaigns)]


async def main(size: Size) -> int:
    """Measure, print, and say whether everything was told once."""
    with tempfile.TemporaryDirectory() as folder:
        results, the, told = await measured(size, Path(folder))
    print(f"\n{size.events:,} events of each sort, a tenth of them twice, shuffled; {machine()}\n")
    print(_acks(results))
    print(f"\nRequests that were not taken: {the.refused}.\n")
    print(_channels(size, told))
    piled = {count: await _piled_up(count) for count in size.piled_up}
    print(f"\n{_piles(piled)}")
    wrong = the.refused + sum(amiss for _, amiss in told.values()) + sum(each.wrong for each in piled.values())
    return 1 if wrong else 0


async def _piled_up(count: int) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        return await piled_up(count, Path(folder))


def _acks(results: Results) -> str:
    head = ("events", "at once", "bot p50", "bot p99", "p99 to floor", "goal", "reached", "events a second")
    rows = []
    for name, batch in (("bot", 1), ("bot, batches", BATCH)):
        ratio = results.ratio(name, "p99", name.replace("bot", "floor"))
        rows.append(
            (
                "one a request" if batch == 1 else f"{batch} a request",
                str(IN_FLIGHT),
                ms(results.median(name, "p50")),
                ms(results.median(name, "p99")),
                times(ratio),
                f"under {times(ACKS_GOAL)}",
                reached(ratio, ACKS_GOAL),
                f"{results.median(name, 'rate') * batch:.0f}",
            )
        )
    return table(head, rows)


def _channels(size: Size, told: Mapping[str, tuple[Announced, int]]) -> str:
    head = ("channel", "campaigns with a verdict", "posts", "busiest posts a second", "in pace", "told wrongly")
    rows = [
        (
            channel,
            str(size.campaigns),
            str(announced.posts),
            f"{announced.pace:.2f}",
            reached(announced.pace, PACE_GOAL),
            str(amiss),
        )
        for channel, (announced, amiss) in told.items()
    ]
    return table(head, rows)


def _piles(piled: Mapping[int, Told]) -> str:
    head = ("announcements due in one channel", "posts", "told after", "busiest posts a second", "told wrongly")
    rows = [
        (f"{count:,}", str(each.posts), f"{each.seconds:.0f} s", f"{each.pace:.2f}", str(each.wrong))
        for count, each in piled.items()
    ]
    return table(head, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 events, to see that it runs")
    sys.exit(asyncio.run(main(QUICK if parser.parse_args().quick else WHOLE)))
