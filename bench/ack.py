"""`make bench-ack`: how fast Slack is answered, beside what only verifies signatures and beside bare Bolt.

Each contestant is a process of its own, and so is the load. The bot is the real one with a real Redis that writes to
disk before it answers; the floors write nothing, but for one, which writes once.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.bots import POLL_SECONDS, bots, started
from bench.deliveries import Sort, answered_in_the_ack, with_an_aftermath
from bench.floors import Floor, floor, frame_floor
from bench.frames import frames
from bench.load import Drive, Load, free_port, loader
from bench.rounds import ROUNDS, Figures, Results, Turn, interleaved, machine, ms, reached, table, times
from bench.usage import cpu_seconds
from bot.sandbox.world import APP_TOKEN
from tests.e2e.world import World

TENFOUR, BARE, BOLT, DEFAULT = "Tenfour", "aiohttp", "Bolt", "Bolt as it comes"
WRITING = "aiohttp that writes once"
ONE = "Tenfour with one operation"
FLOORS: Mapping[str, Floor] = {BARE: "aiohttp", BOLT: "bolt", DEFAULT: "bolt-default"}
OVER_HTTP: Mapping[str, Floor] = {**FLOORS, WRITING: "writing"}
MANY = 32
TO_BARE, TO_BOLT, TO_DEFAULT, TO_ONE = 4.0, 1.5, 1.0, 1.1
"""Goals: p50 at 1 in flight against aiohttp and Bolt, p99 at 32 against Bolt as it comes, p50 against one operation."""
QUIET_SECONDS = 1.0
"""A bot that uses no more than `QUIET_CPU` seconds of processor time in this time has nothing left to do."""
QUIET_CPU = 0.1

Driver = Callable[[Sort, int, int], Awaitable[Load]]
"""A sort of delivery, how many, and how many in flight, to how they were answered."""


class WrongAnswer(Exception):
    """A contestant gave another answer than it should have: its figures mean nothing."""


@dataclass(frozen=True)
class Sizes:
    """How many deliveries a turn has, at 1 in flight and at `MANY`."""

    one: int
    many: int
    aftermath: int
    rounds: int
    warmup: int


FULL = Sizes(one=200, many=1000, aftermath=60, rounds=ROUNDS, warmup=1)
QUICK = Sizes(one=100, many=600, aftermath=60, rounds=1, warmup=0)


async def measure(sizes: Sizes) -> None:
    """Measure all of it, and print the tables."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        running = await stack.enter_async_context(bots(Path(folder)))
        drive = await stack.enter_async_context(loader())
        world, port = running.world, running.ports[0]
        print(f"Acks, {machine()}; Redis with appendfsync always; medians of {sizes.rounds} rounds\n")
        sorts = await answered_in_the_ack(world)
        await _a_copy_is_known(_over_http(drive, port), sorts[0])
        rows = []
        for sort in sorts:
            async with _floors_over_http(drive, sort, world.redis_url) as floors:
                drivers = {TENFOUR: _over_http(drive, port), **floors}
                rows.append((sort.name, await _results(drivers, sort, sizes)))
        async with _over_sockets(world, sorts[0]) as drivers:
            rows.append(("Socket Mode, " + sorts[0].name, await _results(drivers, sorts[0], sizes)))
        print(_against_floors(rows))
        other = free_port()
        await world.process("bench.one_operation", PORT=str(other), TENFOUR_POLL_SECONDS=POLL_SECONDS)
        both = {TENFOUR: _over_http(drive, port), ONE: _over_http(drive, other)}
        print(_growth([(sort.name, await _results(both, sort, sizes, floor=ONE)) for sort in sorts[1:]]))
        print(await _aftermath(world, running.pids[0], _over_http(drive, port), sizes.aftermath))


async def _results(drivers: Mapping[str, Driver], sort: Sort, sizes: Sizes, floor: str = BARE) -> Results:
    turns = {name: _turn(driver, sort, sizes, ours=name in (TENFOUR, ONE)) for name, driver in drivers.items()}
    return await interleaved(turns, floor, sizes.rounds, sizes.warmup)


def _turn(driver: Driver, sort: Sort, sizes: Sizes, *, ours: bool) -> Turn:
    async def turn() -> Figures:
        alone, crowded = await driver(sort, sizes.one, 1), await driver(sort, sizes.many, MANY)
        for load in (alone, crowded):
            _check(sort, load, ours=ours)
        return {"p50": alone.p50, "p99": alone.p99, "p99 crowded": crowded.p99, "rate": crowded.rate}

    return turn


def _check(sort: Sort, load: Load, *, ours: bool) -> None:
    """Raise `WrongAnswer` unless all were answered alike, and with words where the bot has some to say."""
    if set(load.statuses) != {200} or len(load.answers) != 1:
        raise WrongAnswer(f"{sort.name}: {load.statuses} {load.answers}")
    if ours and sort.listener != "action" and not any(load.answers):
        raise WrongAnswer(f"{sort.name}: taken for a copy")


async def _a_copy_is_known(driver: Driver, sort: Sort) -> None:
    """Raise `WrongAnswer` when the bot answers a delivery twice: then its deduplication would not be measured."""
    same = Sort(sort.name, sort.kind, sort.listener, sort.payload, lambda: "twice.bench")
    first, copy = await driver(same, 1, 1), await driver(same, 1, 1)
    if not any(first.answers) or any(copy.answers):
        raise WrongAnswer(f"{sort.name}: a copy was answered with {copy.answers}")


def _over_http(drive: Drive, port: int) -> Driver:
    async def driver(sort: Sort, count: int, in_flight: int) -> Load:
        return await drive(port, sort.requests(count), in_flight)

    return driver


@asynccontextmanager
async def _floors_over_http(drive: Drive, sort: Sort, redis_url: str) -> AsyncIterator[dict[str, Driver]]:
    async with AsyncExitStack() as stack:
        drivers = {}
        for name, kind in OVER_HTTP.items():
            port = free_port()
            await stack.enter_async_context(floor(kind, sort.listener, port, redis_url))
            drivers[name] = _over_http(drive, port)
        yield drivers


@asynccontextmanager
async def _over_sockets(world: World, sort: Sort) -> AsyncIterator[dict[str, Driver]]:
    """The bot and the floors in Socket Mode, each with a Slack of its own."""
    async with AsyncExitStack() as stack:

        async def slack() -> tuple[str, Driver]:
            own = await stack.enter_async_context(frames(world.slack.url))

            async def driver(sort: Sort, count: int, in_flight: int) -> Load:
                return await own.drive(sort.frames(count), in_flight)

            return own.api_url, driver

        drivers: dict[str, Driver] = {}
        api_url, drivers[TENFOUR] = await slack()
        await started(world, SLACK_APP_TOKEN=APP_TOKEN, SLACK_API_URL=api_url)
        bot = world.processes[-1]
        for name, kind in FLOORS.items():
            api_url, drivers[name] = await slack()
            await stack.enter_async_context(frame_floor(kind, sort.listener, api_url))
        try:
            yield drivers
        finally:
            await world.kill(bot)


async def _aftermath(world: World, pid: int, driver: Driver, count: int) -> str:
    """What deliveries cost whose work begins with the ack."""
    rows = []
    for sort in await with_an_aftermath(world):
        await _quiet(pid)
        before = cpu_seconds([pid])
        alone = await driver(sort, count, 1)
        await _quiet(pid)
        spent = cpu_seconds([pid]) - before
        crowded = await driver(sort, count, MANY)
        after = await _quiet(pid)
        rows.append([sort.name, ms(alone.p50), ms(crowded.p99), ms(spent / count), f"{after:.1f} s"])
    head = [
        "delivery",
        "p50, 1",
        f"p99, {MANY}",
        "processor time each, with its aftermath",
        f"busy after {count} at {MANY}",
    ]
    return table(head, rows)


async def _quiet(pid: int) -> float:
    """Wait until a process has nothing left to do. Gives the seconds that it took."""
    begun = time.monotonic()
    while True:
        used, since = cpu_seconds([pid]), time.monotonic()
        await asyncio.sleep(QUIET_SECONDS)
        if cpu_seconds([pid]) - used < QUIET_CPU:
            return since - begun


def _against_floors(rows: Sequence[tuple[str, Results]]) -> str:
    head = [
        "delivery",
        "p50, 1",
        "to aiohttp",
        f"≤ {TO_BARE:g}",
        "to Bolt",
        f"≤ {TO_BOLT:g}",
        f"to {WRITING}",
        f"p99, {MANY}",
        "to Bolt as it comes",
        f"≤ {TO_DEFAULT:g}",
        f"a second, {MANY}",
        "Bolt's",
    ]
    return table(head, [_row(name, results) for name, results in rows])


def _row(name: str, results: Results) -> list[str]:
    bare, bolt = results.ratio(TENFOUR, "p50"), results.ratio(TENFOUR, "p50", BOLT)
    crowded = results.ratio(TENFOUR, "p99 crowded", DEFAULT)
    return [
        name,
        ms(results.median(TENFOUR, "p50")),
        times(bare),
        reached(bare, TO_BARE),
        times(bolt),
        reached(bolt, TO_BOLT),
        times(results.ratio(TENFOUR, "p50", WRITING)) if WRITING in results.taken else "",
        ms(results.median(TENFOUR, "p99 crowded")),
        times(crowded),
        reached(crowded, TO_DEFAULT),
        f"{results.median(TENFOUR, 'rate'):,.0f}",
        f"{results.median(BOLT, 'rate'):,.0f}",
    ]


def _growth(rows: Sequence[tuple[str, Results]]) -> str:
    head = ["delivery", "to a bot with one operation: p50, 1", f"p99, {MANY}", f"p50 ≤ {TO_ONE:g}"]
    found = []
    for name, results in rows:
        grown = results.ratio(TENFOUR, "p50")
        found.append([name, times(grown), times(results.ratio(TENFOUR, "p99 crowded")), reached(grown, TO_ONE)])
    return table(head, found)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of few deliveries, to see that it works")
    asyncio.run(measure(QUICK if parser.parse_args().quick else FULL))


if __name__ == "__main__":
    main()
