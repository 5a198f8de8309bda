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
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bench.announced import Announced
from bench.bots import POLL_SECONDS
from bench.event_floor import event_floor
from bench.load import Drive, Load, free_port, loader
from bench.piled_up import Told, piled_up
from bench.rounds import ROUNDS, Figures, Results, interleaved, machine, ms, reached, table, times
from bench.storm import PUBLIC_URL, SECRET, begun, brand_sid, requests, service_sid, storm
from bot.intake.journal import Journal
from bot.redis.keys import Keys
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.services import Service
from bot.sandbox.twilio.start_state import ACCOUNT_SID, APPROVED_BRAND, AUTH_TOKEN
from bot.tracking.registration import registration_id
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from bot.vault import Vault
from tests.e2e.world import A2P, ALERTS, PRODUCTION, World, open_world

IN_FLIGHT, BATCH = 8, 50
ACKS_GOAL, PACE_GOAL = 5.0, 1.3
"""Posts a second over ten seconds: one a second, and a burst of three."""
LONGEST = 1800.0
"""Seconds until everything must have been announced."""
REFUSED_EVERY = 20
"""One campaign of so many is suspended, the others are verified."""
TAKEN = 204


@dataclass(frozen=True)
class Size:
    """How much is sent: events of each turn, of the whole storm after them, and announcements that pile up."""

    turn: int
    storm: int
    campaigns: int
    brands: int
    rounds: int
    piled_up: Sequence[int]


WHOLE = Size(turn=2_000, storm=50_000, campaigns=200, brands=20, rounds=ROUNDS, piled_up=(1_000,))
QUICK = Size(turn=500, storm=1_000, campaigns=60, brands=10, rounds=2, piled_up=(200,))


@dataclass
class Storm:
    """A bot in a storm: which rounds it is through, and what was not taken."""

    world: World
    size: Size
    ports: Mapping[str, int]
    drive: Drive
    journal: Journal
    refused: int = 0
    rounds: dict[str, int] = field(default_factory=dict)

    async def turn(self, whose: str, batch: int) -> Figures:
        """One round of a contestant, once the bot has taken up what it was sent before."""
        await _until(self._taken_up, 0.1)
        name = f"{whose} {batch}"
        number = self.rounds[name] = self.rounds.get(name, -1) + 1
        if whose == "bot" and batch == 1:
            self._decide(number)
        return (await self._send(whose, self.size.turn, batch, 1000 * batch + number)).figures

    async def whole(self) -> tuple[Load, float]:
        """The whole storm, one event a request: how it was answered, and after how many seconds all was taken up."""
        await _until(self._taken_up, 0.1)
        self._decide(self.size.rounds + 1)
        begun_at = time.monotonic()
        load = await self._send("bot", self.size.storm, 1, 7)
        await _until(self._taken_up, 0.1)
        return load, time.monotonic() - begun_at

    async def _send(self, whose: str, count: int, batch: int, seed: int) -> Load:
        events = storm(count, self.size.campaigns, self.size.brands, time.time(), seed=seed)
        load = await self.drive(self.ports[whose], requests(events, batch), IN_FLIGHT)
        self.refused += load.count - load.statuses.get(TAKEN, 0)
        return load

    async def _taken_up(self) -> bool:
        return not await self.journal.length()

    def _decide(self, number: int) -> None:
        for n in range(number, self.size.campaigns, self.size.rounds + 2):
            if n % REFUSED_EVERY:
                self.world.twilio.desk.verify(service_sid(n))
            else:
                self.world.twilio.desk.suspend(service_sid(n))


@dataclass(frozen=True)
class Outcome:
    """What was measured; `told` is what each channel was told, and of how many registrations it was told wrongly."""

    results: Results
    whole: Load
    taken_up: float
    refused: int
    told: Mapping[str, tuple[Announced, int]]


async def measured(size: Size, folder: Path, roles: Sequence[str]) -> Outcome:
    """The rounds, the storm, and what was told of it."""
    port = free_port()
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(folder, http_port=port))
        for number, role in enumerate(roles):
            settings = {"TENFOUR_PUBLIC_URL": PUBLIC_URL, "TENFOUR_EVENTS_SECRET": SECRET, "PORT": str(port + number)}
            await world.process(*PRODUCTION, "--role", role, TENFOUR_POLL_SECONDS=POLL_SECONDS, **settings)
        floor = await stack.enter_async_context(event_floor(PUBLIC_URL, AUTH_TOKEN))
        durable = await stack.enter_async_context(event_floor(PUBLIC_URL, AUTH_TOKEN, world.redis_url))
        drive = await stack.enter_async_context(loader())
        world.slack.pacing.enabled = True
        redis = await stack.enter_async_context(Redis.from_url(world.redis_url, decode_responses=True))
        store, vault = RegistrationStore(redis, Keys()), Vault([Fernet.generate_key().decode()])
        _fill(world, size)
        await store.subscribe(Subscription(channel=A2P, by="U0RITA"))
        ports = {"bot": port, "floor": floor, "durable": durable}
        the = Storm(world, size, ports, drive, Journal(redis, Keys(), vault))
        await _followed(the, store)
        turns = {_name(who, batch): partial(the.turn, who, batch) for batch in (1, BATCH) for who in ports}
        results = await interleaved(turns, "floor", size.rounds)
        whole, taken_up = await the.whole()
        ids = _ids(size)
        await _all_told(store, ids)
        logs = await store.logs(ids)
        told = {channel: Announced(world.slack.messages(channel)) for channel in (ALERTS, A2P)}
        # each has a verdict, or the benchmark has announced nothing
        silent = sum(not log for log in logs.values())
        amiss = {channel: (each, len(each.wrong(logs)) + silent) for channel, each in told.items()}
        return Outcome(results, whole, taken_up, the.refused, amiss)


def _name(who: str, batch: int) -> str:
    return who if batch == 1 else f"{who}, batches"


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


async def _until(reached_: Callable[[], Awaitable[bool]], every: float = 1.0) -> None:
    begun_at = time.monotonic()
    while not await reached_():
        if time.monotonic() - begun_at > LONGEST:
            raise TimeoutError("not everything was announced in time")
        await asyncio.sleep(every)


def _ids(size: Size) -> list[str]:
    return [registration_id("campaign", ACCOUNT_SID, service_sid(n)) for n in range(size.campaigns)]


async def main(size: Size, roles: Sequence[str]) -> int:
    """Measure, print, and say whether everything was told once."""
    with tempfile.TemporaryDirectory() as folder:
        out = await measured(size, Path(folder), roles)
    piled = {count: await _piled_up(count) for count in size.piled_up}
    print(f"\nOne bot of each of these roles: {', '.join(roles)}; {machine()}\n")
    print(_acks(size, out))
    print(f"\n{_whole(size, out)}\n\nRequests that were not taken: {out.refused}.\n")
    print(_channels(size, out.told))
    print(f"\n{_piles(piled)}")
    wrong = out.refused + sum(amiss for _, amiss in out.told.values()) + sum(each.wrong for each in piled.values())
    return 1 if wrong else 0


async def _piled_up(count: int) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        return await piled_up(count, Path(folder))


def _acks(size: Size, out: Outcome) -> str:
    head = ("p99 of acks", "floor", "with one durable write", "bot", "to floor", "goal", "reached", "to durable write")
    rows = []
    for batch in (1, BATCH):
        floor, durable, bot = (_name(who, batch) for who in ("floor", "durable", "bot"))
        ratio = out.results.ratio(bot, "p99", floor)
        rows.append(
            (
                f"{size.turn // batch:,} requests of {batch}, {IN_FLIGHT} at once",
                *(ms(out.results.median(who, "p99")) for who in (floor, durable, bot)),
                times(ratio),
                f"under {times(ACKS_GOAL)}",
                reached(ratio, ACKS_GOAL),
                times(out.results.ratio(bot, "p99", durable)),
            )
        )
    return table(head, rows)


def _whole(size: Size, out: Outcome) -> str:
    head = ("one storm, one event a request", "p50", "p99", "acks a second", "all taken up after")
    row = (
        f"{size.storm:,} events",
        ms(out.whole.p50),
        ms(out.whole.p99),
        f"{out.whole.rate:.0f}",
        f"{out.taken_up:.0f} s",
    )
    return table(head, [row])


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
    parser.add_argument("--quick", action="store_true", help="1,000 events, to see that it runs")
    parser.add_argument("--roles", nargs="+", default=["all"], help="such as web worker; the first one receives")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(QUICK if given.quick else WHOLE, given.roles)))
