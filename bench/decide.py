"""From a click on *Approve* to its recorded decision, through two bots on one Redis (`make bench-decide`).

Beside it in the same rounds: the same Lua script through redis-py alone, the engine's part of a decision without
Slack, and a bare HTTP handler that verifies the signature, runs the script and acknowledges. Then many people decide
the same changes at the same moment through both bots: ends with 1 unless each has one quorum and one run.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bench.ballots import POLICY, Ballots, click
from bench.bots import bots
from bench.clicks import Clicks, clicker
from bench.contended import contended
from bench.deciders import Deciding, bare_handlers, deciders
from bench.load import Load, free_port
from bench.rounds import ROUNDS, Figures, Results, Turn, interleaved, machine, ms, reached, table, times
from bench.usage import commands, cpu_seconds, more
from bot.changes.change import Change
from bot.policy.file import load_policy
from bot.sandbox.world import BOT_TOKEN
from bot.settings import encryption_keys, load_settings
from bot.vault import Vault
from tests.e2e.world import ANN, APPROVALS, BOB

GOAL = 0.6
"""Of the rate of what it is measured against."""
IN_FLIGHT = (1, 32)
LONGEST_WAIT = 120.0

SCRIPT, ENGINE = "the script through redis-py", "the engine's decision, without Slack"
HANDLER = "a bare handler: signature, script, ack"
ACK, RECORDED = "a click, to its ack", "a click, to its recorded decision"
AGAINST = {ENGINE: SCRIPT, HANDLER: SCRIPT, ACK: HANDLER, RECORDED: HANDLER}
GOALS = (ENGINE, ACK, RECORDED)


@dataclass
class Bench:
    """Everything that takes a turn, and what was wrong with any of them."""

    pids: Sequence[int]
    redis: Redis
    ballots: Ballots
    script: Deciding
    engine: Deciding
    handler: Clicks
    bots: Clicks
    size: int
    wrong: list[str] = field(default_factory=list)
    called: dict[str, int] = field(default_factory=dict)
    """What a click had Redis do, in the last turn of `RECORDED`."""

    def turns(self, in_flight: int) -> dict[str, Turn]:
        """The contestants, with so many decisions under way at a time."""
        size = self.size if in_flight > 1 else max(self.size // 4, 10)

        def turn(name: str, decide: Callable[[Sequence[Change]], Awaitable[list[Load]]]) -> Turn:
            return lambda: self._turn(name, size, decide)

        return {
            SCRIPT: turn(SCRIPT, lambda cs: self.script([self.ballots.script_call(c, ANN) for c in cs], in_flight)),
            ENGINE: turn(ENGINE, lambda cs: self.engine(_orders(cs), in_flight)),
            HANDLER: turn(HANDLER, lambda cs: _alone(self.handler(_clicks(cs), in_flight, recorded=False))),
            ACK: turn(ACK, lambda cs: _alone(self.bots(_clicks(cs), in_flight, recorded=False))),
            RECORDED: turn(RECORDED, lambda cs: _alone(self.bots(_clicks(cs), in_flight, recorded=True))),
        }

    async def _turn(self, name: str, size: int, decide: Callable[[Sequence[Change]], Awaitable[list[Load]]]) -> Figures:
        changes = await self.ballots.wait(size)
        called, cpu, begun = await commands(self.redis), cpu_seconds(self.pids), time.perf_counter()
        loads = await decide(changes)
        if name in (ACK, RECORDED):
            async with asyncio.timeout(LONGEST_WAIT):
                while await self.ballots.undrawn(changes):  # noqa: ASYNC110  # written by other processes
                    await asyncio.sleep(0.05)
        took, spent = time.perf_counter() - begun, cpu_seconds(self.pids) - cpu
        self.called = {name: n for name, n in more(called, await commands(self.redis)).items() if n >= size / 2}
        await self._check(name, changes, loads)
        await self.ballots.remove(changes)
        return {
            # of processes that worked side by side
            "p50": max(load.p50 for load in loads),
            "p99": max(load.p99 for load in loads),
            "rate": sum(load.rate for load in loads),
            "shown": size / took,
            "cpu": spent / size,
            "redis": sum(self.called.values()) / size,
        }

    async def _check(self, name: str, changes: Sequence[Change], loads: Sequence[Load]) -> None:
        said = {text for load in loads for text in load.answers} - {"recorded", ""}
        statuses = {status for load in loads for status in load.statuses} - {200}
        if said or statuses:
            self.wrong.append(f"{name}: answered with {statuses or said}")
        if counts := set(await self.ballots.decided(changes)) - {1}:
            self.wrong.append(f"{name}: {counts} decisions stand where one was taken")


async def measure(folder: Path, *, rounds: int, size: int) -> int:
    """Take all rounds and print the tables. Returns the exit code."""
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(bots(folder, 2, TENFOUR_POLICY=str(policy)))
        url, keys = running.world.redis_url, encryption_keys(load_settings(running.world.environment()))
        redis = Redis.from_url(url, decode_responses=True)
        stack.push_async_callback(redis.aclose)
        await redis.config_set("notify-keyspace-events", "Kh")
        slack = AsyncWebClient(BOT_TOKEN, base_url=f"{running.world.slack.url}/api/")
        card = str((await slack.chat_postMessage(channel=APPROVALS, text="Stands for all cards"))["ts"])
        ports = [free_port(), free_port()]
        await stack.enter_async_context(bare_handlers(ports, url))
        bench = Bench(
            running.pids,
            redis,
            Ballots.of(redis, Vault(keys), load_policy(policy), card),
            await stack.enter_async_context(deciders("script", 2, url)),
            await stack.enter_async_context(deciders("engine", 2, url, str(policy), keys[0])),
            await stack.enter_async_context(clicker(ports, url)),
            await stack.enter_async_context(clicker(running.ports, url)),
            size,
        )
        taken = {n: await interleaved(bench.turns(n), SCRIPT, rounds) for n in IN_FLIGHT}
        called = bench.called
        bench.wrong += await contended(running.world, bench.ballots, bench.bots)
    print(f"Decisions, {machine()}, {rounds} rounds\n")
    for in_flight, results in taken.items():
        print(f"{in_flight} in flight\n\n{_table(results)}\n")
    each = ", ".join(f"{name} {count / size:.1f}" for name, count in called.items())
    print(f"What a click has Redis do, until its card is redrawn, also within scripts: {each}\n")
    for words in bench.wrong:
        print(f"WRONG: {words}")
    return 1 if bench.wrong else 0


def _table(results: Results) -> str:
    head = (
        "",
        "p50",
        "p99",
        "decisions/s",
        "of whose rate",
        "goal",
        "reached",
        "cards/s",
        "bots' CPU",
        "Redis commands",
    )
    rows = []
    for name in results.taken:
        against = AGAINST.get(name, "")
        ratio = results.ratio(name, "rate", against) if against else 1.0
        goal = (f"{GOAL}", reached(ratio, GOAL, at_least=True)) if name in GOALS else ("", "")
        bot = name in (ACK, RECORDED)
        rows.append(
            (
                name,
                ms(results.median(name, "p50")),
                ms(results.median(name, "p99")),
                f"{results.median(name, 'rate'):.0f}",
                f"{times(ratio)} {against}".strip(),
                *goal,
                f"{results.median(name, 'shown'):.0f}" if bot else "",
                ms(results.median(name, "cpu")) if bot else "",
                f"{results.median(name, 'redis'):.0f}",
            )
        )
    return table(head, rows)


def _clicks(changes: Sequence[Change]) -> list[tuple[int, bytes]]:
    people = (ANN, BOB)
    return [(c.number, click(c.number, c.digest, people[c.number % 2], os.urandom(8).hex())) for c in changes]


def _orders(changes: Sequence[Change]) -> list[bytes]:
    return [json.dumps([c.number, c.digest, ANN]).encode() for c in changes]


async def _alone(load: Awaitable[Load]) -> list[Load]:
    return [await load]


def main() -> int:
    """Measure, print, and say by the exit code whether everything was right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        rounds, size = (1, 64) if quick else (ROUNDS, 320)
        return asyncio.run(measure(Path(folder), rounds=rounds, size=size))


if __name__ == "__main__":
    sys.exit(main())
