"""What a decision costs at least, and what the engine makes of it, each in processes of their own.

`script` runs `decide.lua` through redis-py and nothing else. `engine` takes the same decisions with `Changes.decide`:
everything but Slack, whose people it has in memory. `serve` is a bare handler: it verifies Slack's signature, runs the
script and acknowledges.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from redis.asyncio import BlockingConnectionPool, Redis

from bench.floors import bare_handler
from bench.load import Load, Tally, helper, load_of, orders
from bench.serving import READY, serve_until_ended
from bot.changes.authority import Authority
from bot.changes.budget import Budget
from bot.changes.change import Change
from bot.changes.changes import Changes
from bot.changes.delegations import Delegations
from bot.changes.people import Person
from bot.changes.store import ChangeStore
from bot.policy.file import Rulebook, load_policy
from bot.policy.policy import Group
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.sandbox.world import SIGNING_SECRET
from bot.vault import Vault
from handlers.http import PATH
from tests.e2e.world import ANN, BOB, RITA

DECIDE = Script.beside(str(Path(__file__).parents[1] / "bot" / "changes" / "store.py"), "decide.lua")

Decide = Callable[[bytes], Awaitable[str]]
"""Takes one decision, as it was ordered; returns what became of it."""
Deciding = Callable[[Sequence[bytes], int], Awaitable[list[Load]]]
"""Decisions and how many in flight, over all processes, to how they were taken in each."""


@asynccontextmanager
async def deciders(kind: str, count: int, *arguments: str) -> AsyncIterator[Deciding]:
    """So many processes of a kind, which share what they are given."""
    async with AsyncExitStack() as stack:
        asks = [await stack.enter_async_context(helper("bench.deciders", kind, *arguments)) for _ in range(count)]

        async def decide(parts: Sequence[bytes], in_flight: int) -> list[Load]:
            busy = asks[: min(count, in_flight)]
            share = [(ask, parts[at :: len(busy)]) for at, ask in enumerate(busy)]
            answers = [ask({"in_flight": in_flight // len(busy)}, mine) for ask, mine in share]
            return [load_of(answer) for answer in await asyncio.gather(*answers)]

        yield decide


@asynccontextmanager
async def bare_handlers(ports: Sequence[int], redis_url: str) -> AsyncIterator[list[int]]:
    """A bare handler on each port. Gives their process ids."""
    processes = []
    try:
        for port in ports:
            command = (sys.executable, "-m", "bench.deciders", "serve", redis_url, str(port))
            processes.append(await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE))
        for process in processes:
            assert process.stdout  # asked for above
            if (await process.stdout.readline()).strip() != READY.encode():
                raise ConnectionError("a bare handler did not start")
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def taken(decide: Decide, parts: Sequence[bytes], in_flight: int) -> Load:
    """Take each decision once, so many at a time."""
    tally, turns = Tally(len(parts)), iter(parts)

    async def caller() -> None:
        for part in turns:
            begun = time.perf_counter()
            outcome = await decide(part)
            tally.add(time.perf_counter() - begun, 200, outcome.encode())

    callers = asyncio.gather(*(caller() for _ in range(in_flight)))
    load = await tally.complete()
    await callers
    return load


def _plain(url: str) -> Redis:
    """redis-py as it comes, with room for all that is in flight."""
    return Redis(connection_pool=BlockingConnectionPool.from_url(url, max_connections=64, decode_responses=True))


async def _script(url: str) -> Decide:
    redis = _plain(url)
    sha = await redis.script_load(DECIDE.text)

    async def decide(part: bytes) -> str:
        keys, args = json.loads(part)
        outcome, _ = await redis.evalsha(sha, len(keys), *keys, *args)
        return str(outcome)

    return decide


class _Staff:
    """Everybody, from memory."""

    async def person(self, user: str, *, fresh: bool = False) -> Person:
        return Person(id=user, name=user)

    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]:
        return frozenset({ANN, BOB, RITA})


class _Nobody:
    """Hears of what moved, and starts nothing."""

    async def change_moved(self, number: int) -> None: ...
    async def changes_stand(self, changes: Sequence[tuple[Change, int]]) -> None: ...
    async def review_waits(self, number: int, nth: int) -> None: ...
    async def registration_moved(self, registration: str) -> None: ...
    async def start_run(self, number: int) -> None: ...


async def _engine(stack: AsyncExitStack, url: str, policy: str, key: str) -> Decide:
    redis = (await stack.enter_async_context(open_redis(url, Path()))).client
    keys, vault, nobody = Keys(), Vault([key]), _Nobody()
    absences, budget = Delegations(redis, keys, vault, time.time), Budget(redis, keys, time.time)
    authority = Authority(Rulebook(load_policy(Path(policy))), _Staff(), absences, budget)
    changes = Changes(ChangeStore(redis, keys, vault), authority, nobody, nobody, time.time)

    async def decide(part: bytes) -> str:
        number, digest, user = json.loads(part)
        await changes.decide(number, user, "approve", digest)
        return "recorded"

    return decide


async def _carry_out(kind: str, arguments: Sequence[str]) -> None:
    async with AsyncExitStack() as stack:
        decide = await (_script(*arguments) if kind == "script" else _engine(stack, *arguments))

        async def carried_out(order: dict[str, Any], parts: list[bytes]) -> Load:
            return await taken(decide, parts, order["in_flight"])

        await orders(carried_out)


async def _serve(url: str, port: int) -> None:
    redis, verified, keys = _plain(url), bare_handler(SIGNING_SECRET), Keys()
    sha = await redis.script_load(DECIDE.text)

    async def handle(request: web.Request) -> web.Response:
        answer: web.Response = await verified(request)
        if answer.status != 200:
            return answer
        payload = json.loads(parse_qs((await request.read()).decode())["payload"][0])
        number, digest, _ = payload["actions"][0]["value"].split(":")
        user, now = payload["user"]["id"], time.time()
        word = {"user": user, "verb": "approve", "digest": digest, "at": now, "groups": ["approvers"], "seats": {}}
        entry = json.dumps({"at": now, "who": user, "what": "approved", "digest": digest})
        at = [keys.change(int(number), part) for part in ("doc", "decisions", "timeline")]
        args = [user, "approve", digest, now, json.dumps(word), '["approvers"]', entry, entry]
        outcome, _ = await redis.evalsha(sha, len(at), *at, *args)
        return web.Response(status=200 if outcome == "recorded" else 409)

    site = web.Application()
    site.router.add_post(PATH, handle)
    await serve_until_ended(site, port)


def main() -> None:
    """Decide as ordered, until the standard input ends, or serve until SIGTERM."""
    kind, *arguments = sys.argv[1:]
    if kind == "serve":
        asyncio.run(_serve(arguments[0], int(arguments[1])))
    else:
        asyncio.run(_carry_out(kind, arguments))


if __name__ == "__main__":
    main()
