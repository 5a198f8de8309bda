"""A master that is killed under load: nothing that was acknowledged is lost, and the bots go on by themselves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.redis.connection import open_redis
from tests.e2e.answers import SERVICE
from tests.e2e.quick_bot import ROLE
from tests.e2e.world import ANN, RITA, World, open_world, shown
from tests.forking import GAVE_UP
from tests.redis.topologies import Topology, cluster, sentinels

pytestmark = pytest.mark.long

NAMES = ("Acme one", "Acme two", "Acme three")
MAKING = "POST /v1/Services$"

Way = Callable[[Redis, Sequence[str]], Awaitable[None]]
"""How several keys are written."""


@pytest.mark.parametrize(("topology", "given_up"), [(sentinels, set[int]()), (cluster, {GAVE_UP})])
async def test_a_master_killed_under_load_takes_nothing_with_it_that_was_acknowledged(
    topology: Callable[[Path], AbstractAsyncContextManager[Topology]], given_up: set[int], tmp_path: Path
) -> None:
    async with topology(tmp_path / "servers") as servers, open_world(tmp_path) as world:
        ends: list[int] = []
        web = await world.process(REDIS_URL=servers.url, **{ROLE: "web"})
        keeping = asyncio.create_task(keep_a_worker(world, servers.url, ends))
        first, *others = [await world.request(RITA, "/a2p-service", "create", *service(name)) for name in NAMES]
        await world.approve(ANN, first)
        await world.done(first)
        world.twilio.faults.add(match=MAKING, delay=1.0, times=10)
        async with writing(servers.url, tmp_path) as written:
            for number in others:
                await world.approve(ANN, number)
            await servers.kill_master((await servers.masters())[0])
        for number in others:
            await world.done(number)
            await world.until(lambda: tellings(world, number), "that it is done")  # noqa: B023  # awaited here and now
        assert sorted(s["friendly_name"] for s in world.twilio.created("service")) == sorted(NAMES)
        assert [len(tellings(world, number)) for number in others] == [1, 1]
        assert web.returncode is None
        assert not keeping.done()
        assert set(ends) <= given_up
        keeping.cancel()
        assert written
        assert not await lost(servers.url, tmp_path, written)


def service(name: str) -> tuple[dict[str, Any], ...]:
    return ({**SERVICE[0], "friendly_name": name}, *SERVICE[1:])


def tellings(world: World, number: int) -> list[dict[str, Any]]:
    return [m for m in world.slack.messages("D0RITA") if f"#{number}" in shown(m) and "is done" in shown(m)]


async def keep_a_worker(world: World, url: str, ends: list[int]) -> None:
    """Start it again whenever it ends, as a process manager does; `ends` hears how it ended."""
    while True:
        worker = await world.process(REDIS_URL=url, **{ROLE: "worker"})
        ends.append(await worker.wait())


@asynccontextmanager
async def writing(url: str, folder: Path) -> AsyncIterator[list[str]]:
    """Write without end, everywhere, while the body runs; gives what was acknowledged."""
    written: list[str] = []

    async def write(way: Way, redis: Redis, writer: int) -> None:
        for nth in range(1_000_000):
            keys = [f"{{{writer}:{nth}:{place}}}:written" for place in "ab"]
            with suppress(RedisError):
                await way(redis, keys)
                written.extend(keys)
            await asyncio.sleep(0.01)

    async with open_redis(url, folder) as redis, asyncio.TaskGroup() as group:
        ways = [alone, together, alone, together]
        writers = [group.create_task(write(way, redis.client, writer)) for writer, way in enumerate(ways)]
        yield written
        for task in writers:
            task.cancel()


async def alone(redis: Redis, keys: Sequence[str]) -> None:
    for key in keys:
        await redis.set(key, "1")


async def together(redis: Redis, keys: Sequence[str]) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.set(key, "1")
        await pipe.execute()


async def lost(url: str, folder: Path, written: list[str]) -> list[str]:
    """What was acknowledged and is not there."""
    async with open_redis(url, folder) as redis, redis.client.pipeline(transaction=False) as pipe:
        for key in written:
            pipe.exists(key)
        found = await pipe.execute()
    return [key for key, there in zip(written, found, strict=True) if not there]
