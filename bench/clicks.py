"""Clicks on cards, over HTTP, in a process of its own: a click ends with its ack, or once its decision is recorded.

That a decision is recorded is heard of Redis itself, which tells of each write to a hash as it happens.
"""

import asyncio
import contextlib
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any, Protocol

from redis.asyncio import Redis

from bench.load import HOST, Load, Tally, helper, load_of, orders

TOLD = "__keyspace@*__:*:decisions"
"""The channels on which Redis tells of decisions, where `notify-keyspace-events` has K and h."""
_NUMBER = re.compile(r"change:(\d+)\}")


class Clicks(Protocol):
    """Sends clicks; each ends with its ack, or once a decision is `recorded`."""

    async def __call__(self, clicks: Sequence[tuple[int, bytes]], in_flight: int, *, recorded: bool) -> Load:
        """Change numbers with their requests, and how many under way at a time, to how they ended."""


@asynccontextmanager
async def clicker(ports: Sequence[int], redis_url: str) -> AsyncIterator[Clicks]:
    """Clicks that go to these ports in turn."""
    async with helper("bench.clicks", redis_url, *map(str, ports)) as ask:

        async def click(clicks: Sequence[tuple[int, bytes]], in_flight: int, *, recorded: bool) -> Load:
            numbers = [number for number, _ in clicks]
            order = {"numbers": numbers, "in_flight": in_flight, "recorded": recorded}
            return load_of(await ask(order, [request for _, request in clicks]))

        yield click


class _Records:
    """Hears of decisions."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._awaited: dict[int, asyncio.Event] = {}

    def of(self, number: int) -> asyncio.Event:
        """Set once a decision on this change is recorded; to be asked for before it can be."""
        return self._awaited.setdefault(number, asyncio.Event())

    async def listen(self, heard: asyncio.Event) -> None:
        """Until cancelled; sets `heard` once Redis has taken the subscription."""
        async with self._redis.pubsub() as told:
            await told.psubscribe(TOLD)
            async for message in told.listen():
                if message["type"] == "psubscribe":
                    heard.set()
                elif found := _NUMBER.search(message["channel"]):
                    self.of(int(found[1])).set()


async def _clicked(
    records: _Records, ports: Iterator[int], turns: Iterator[tuple[int, bytes]], tally: Tally, *, recorded: bool
) -> None:
    """One pair of hands: a click, its end, the next one; over one connection."""
    reader, writer = await asyncio.open_connection(HOST, next(ports))
    try:
        for number, request in turns:
            record = records.of(number)
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1]) if length else 0)
            if recorded:
                await record.wait()
            tally.add(time.perf_counter() - begun, int(head[9:12]), body)
    except (OSError, asyncio.IncompleteReadError) as error:
        tally.failed(error)
    finally:
        writer.close()


async def _serve(redis_url: str, ports: Sequence[int]) -> None:
    redis = Redis.from_url(redis_url, decode_responses=True)
    records, heard = _Records(redis), asyncio.Event()
    turns_of_ports = cycle(ports)
    listening = asyncio.create_task(records.listen(heard))
    await heard.wait()

    async def carry_out(order: dict[str, Any], parts: list[bytes]) -> Load:
        tally, turns = Tally(len(parts)), iter(list(zip(order["numbers"], parts, strict=True)))
        hands = [
            asyncio.create_task(_clicked(records, turns_of_ports, turns, tally, recorded=order["recorded"]))
            for _ in range(order["in_flight"])
        ]
        try:
            return await tally.complete()
        finally:
            await asyncio.gather(*hands, return_exceptions=True)

    await orders(carry_out)
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    await redis.aclose()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], json.loads(f"[{','.join(sys.argv[2:])}]")))
