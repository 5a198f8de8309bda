"""A sweep of many registrations against a Twilio that answers in 100 ms: `python -m bench.poll`.

The limit is registrations times latency by calls under way. `raw` reads the same with aiohttp alone. Both run in a
process of their own, whose CPU time and resident memory are theirs. Of a hundred campaigns one has changed and one is
refused once with HTTP 429 without a Retry-After, as nobody can say from outside how long too many calls at once are too
many; of two hundred one ends once in HTTP 500. `--retry-after` has Twilio say how long to stay away.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any, cast

import aiohttp
import structlog
from redis.asyncio import Redis

from bench.rounds import ROUNDS, Figures, Results, interleaved, machine, reached, table, times
from bench.slow_twilio import (
    BROKEN,
    CHANGED,
    THROTTLED,
    UNDER_REVIEW,
    campaign,
    is_one_of,
    service_sid,
    stats,
)
from bench.slow_twilio import slow_twilio as slow
from bot.composition.following import Following
from bot.redis.connection import open_redis
from bot.redis.embedded import run_embedded_redis
from bot.redis.keys import Keys
from bot.settings import Settings
from bot.tracking.readiness import FOLLOWED
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.twilio import reads
from bot.twilio.accounts import Accounts
from bot.twilio.gateway import Account
from bot.twilio.pace import Pace

ACCOUNT = "AC" + "0a" * 16
LATENCY = 0.1
WALL_GOAL, CPU_GOAL, GROWTH_GOAL = 1.1, 2.5, 10.0
FEW, MANY = 1_000, 10_000
SEEDED_AT_ONCE = 100


class Incorrect(Exception):
    """A sweep that did not do what it should: its figures are worth nothing."""


# what is measured, in a process of its own


class Nobody:
    """A notifier and an engine that only count: Slack is no part of this."""

    def __init__(self) -> None:
        self.told = 0

    async def registration_moved(self, registration: str) -> None:
        """Somebody would be told."""
        self.told += 1

    async def start_run(self, number: int) -> None:
        """No change waits."""


async def sweep(url: str, redis_url: str, at_once: int) -> Figures:
    """One sweep by the real tracker, through the real gateway."""
    keys = Keys()
    async with open_redis(redis_url, Path()) as handle:
        account = Account(
            ACCOUNT, ACCOUNT, "secret", f"{url}/{{product}}", at_once, pace=Pace(handle.client, keys)
        )  # fmt: skip
        settings = Settings.model_construct(poll_seconds=60.0, alerts_channel="C0ALERTS")
        following = Following.of(handle.client, keys, time.time)
        nobody = cast(Any, Nobody())
        tracker = following.tracker(settings, Accounts([account]), nobody, nobody)
        figures = await measured(tracker.sweep)
        await account.close()
        return figures | {"told": nobody.told}


async def raw(url: str, count: int, at_once: int) -> Figures:
    """The same GETs by bare aiohttp, what was refused once again."""
    waiting = deque(service_sid(n) for n in range(count))
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, "secret"), "X-Twilio-Api-Version": "v1.2"}

    async def work(session: aiohttp.ClientSession) -> int:
        done = 0
        while waiting:
            sid = waiting.popleft()
            address = f"{url}/messaging/v1/Services/{sid}/Compliance/Usa2p?PageSize=1000"
            async with session.get(address, headers=headers) as answer:
                found = await answer.json()
            if answer.status == 200:
                done += bool(found["compliance"][0]["campaign_status"])
            else:
                waiting.append(sid)
        return done

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

        async def all_of_them() -> int:
            return sum(await asyncio.gather(*(work(session) for _ in range(at_once))))

        return await measured(all_of_them)


async def measured(work: Any) -> Figures:
    """How long it took, the CPU time of this process (seconds), its peak of resident memory (MB), how many there were.

    `start` is the resident memory before it.
    """
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    count = await work()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "peak": after.ru_maxrss / 1024, "start": before.ru_maxrss / 1024, "count": count}


# around it


async def turn(kind: str, url: str, redis_url: str, count: int, at_once: int, status: str = UNDER_REVIEW) -> Figures:
    """Seed, have it done in a process of its own, and see that it was done right."""
    async with open_redis(redis_url, Path()) as handle:
        await handle.client.flushdb()
        if kind == "sweep":
            await seed(handle.client, count, status)
        await stats(url)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.poll", "--turn", kind, "--url", url, "--redis", redis_url,
            "--count", str(count), "--at-once", str(at_once), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode:
            raise Incorrect(f"{kind} ended with {process.returncode}")
        figures: Figures = json.loads(output.splitlines()[-1])
        seen = await stats(url)
        figures |= {"calls": seen["calls"], "most": seen["most"]}
        await check(kind, handle.client, count, at_once, figures, seen)
        return figures


async def seed(redis: Redis, count: int, status: str) -> None:
    """Campaigns that were looked at before and are due now, as a sweep finds them."""
    store, now = RegistrationStore(redis, Keys()), time.time()

    async def one(number: int) -> None:
        sid = service_sid(number)
        seen = reads.Campaign.model_validate(campaign(sid, ACCOUNT, UNDER_REVIEW)).model_dump(mode="json")
        await store.begin(
            Registration(
                kind="campaign",
                account=ACCOUNT,
                account_name="main",
                key=sid,
                title=f"Campaign of {sid}",
                started_at=now - 7200,
                status=status,
                since=now - 7200,
                stage_since=now - 7200,
                fetched_at=now - 300,
                snapshot=seen | {FOLLOWED: False},
            )
        )

    for first in range(0, count, SEEDED_AT_ONCE):
        await asyncio.gather(*(one(number) for number in range(first, min(count, first + SEEDED_AT_ONCE))))


async def check(kind: str, redis: Redis, count: int, at_once: int, figures: Figures, seen: dict[str, Any]) -> None:
    """Raises `Incorrect` unless each was looked at once, and what changed is to be told."""
    faults = sum(is_one_of(which, n) for n in range(count) for which in (THROTTLED, BROKEN))
    looked, once = figures["count"], sum(seen["asked"].values())
    if not looked == len(seen["asked"]) == count or once != count + faults:
        raise Incorrect(f"{kind}: {looked} of {count} looked at, {len(seen['asked'])} asked for in {once} calls")
    if figures["most"] > at_once:
        raise Incorrect(f"{kind}: {figures['most']} calls under way, {at_once} allowed")
    store = RegistrationStore(redis, Keys())
    if kind == "sweep":
        changed = sum(is_one_of(CHANGED, n) for n in range(count))
        told = [r for r in (await store.many(await store.untold(time.time()))).values() if r.status == "FAILED"]
        due = await store.due_since(time.time())
        if len(told) != changed or due:
            raise Incorrect(f"{len(told)} of {changed} changes are to be told; still due: {due or 'nothing'}")


async def compare(arguments: argparse.Namespace, redis_url: str) -> None:
    """The sweep beside the same reads by bare aiohttp, at each number of calls under way."""
    rows = list[list[str]]()
    most, rounds = (FEW, 1) if arguments.quick else (arguments.count, arguments.rounds)
    async with slow(LATENCY, ACCOUNT, retry_after=arguments.retry_after) as url:
        for at_once in arguments.at_once or (20, 100):
            # at each as many as take the same time, unless all are asked for
            count = most if arguments.whole else max(FEW, most * at_once // 100)
            contestants = {
                kind: partial(turn, kind, url, redis_url, count, at_once) for kind in ("raw", "sweep")
            }  # fmt: skip
            results = await interleaved(contestants, "raw", rounds, warmup=0)
            rows += shown(results, count, at_once)
        print(f"\n{most:,} registrations at most, Twilio answers in {LATENCY * 1000:.0f} ms; {machine()}\n")
        print(table(("at once", "registrations", "figure", "limit or raw", "sweep", "ratio", "goal", "reached"), rows))
        few, many = [await turn("sweep", url, redis_url, n, 100) for n in (FEW, max(most, 2 * FEW))]
        growth = many["peak"] - few["peak"]
        print(f"\nPeak of resident memory: {few['peak']:.1f} MB with {few['count']:,.0f} registrations,")
        print(
            f"{many['peak']:.1f} MB with {many['count']:,.0f}: {growth:+.1f} MB; goal {GROWTH_GOAL:.0f} MB, reached: ",
            end="",
        )
        print(reached(growth, GROWTH_GOAL))


def shown(results: Results, count: int, at_once: int) -> list[list[str]]:
    """The rows of one number of calls under way."""
    limit, wall = count * LATENCY / at_once, results.median("sweep", "wall")
    raw_wall, cpu, raw_cpu = results.median("raw", "wall"), results.median("sweep", "cpu"), results.median("raw", "cpu")
    ratio = results.ratio("sweep", "cpu")
    each = 1e6 / count
    return [
        [f"{at_once}", f"{count:,}", "wall", f"{limit:.2f} s", f"{wall:.2f} s", times(wall / limit), times(WALL_GOAL),
         reached(wall / limit, WALL_GOAL)],
        [f"{at_once}", f"{count:,}", "wall of raw", f"{limit:.2f} s", f"{raw_wall:.2f} s", times(raw_wall / limit),
         "-", "-"],
        [f"{at_once}", f"{count:,}", "CPU of one", f"{raw_cpu * each:.0f} us", f"{cpu * each:.0f} us", times(ratio),
         times(CPU_GOAL), reached(ratio, CPU_GOAL)],
    ]  # fmt: skip


async def main(arguments: argparse.Namespace) -> int:
    """Everything, on a Redis of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if arguments.turn == "sweep":
        print(json.dumps(await sweep(arguments.url, arguments.redis, arguments.at_once[0])))
        return 0
    if arguments.turn == "raw":
        print(json.dumps(await raw(arguments.url, arguments.count, arguments.at_once[0])))
        return 0
    with tempfile.TemporaryDirectory() as state:
        async with run_embedded_redis(Path(state)) as server:
            try:
                await compare(arguments, server.url)
            except Incorrect as error:
                print(error, file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round with few registrations")
    parser.add_argument("--count", type=int, default=MANY)
    parser.add_argument("--whole", action="store_true", help="all registrations also with few calls under way")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--at-once", type=int, action="append")
    parser.add_argument("--retry-after", type=float)
    parser.add_argument("--turn", choices=("sweep", "raw"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--redis", help=argparse.SUPPRESS)
    sys.exit(asyncio.run(main(parser.parse_args())))
