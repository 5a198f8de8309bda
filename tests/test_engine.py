"""The task engine starts what is to run, whatever docket remembers of an earlier start."""

import asyncio

import pytest
from redis.asyncio import Redis

from bot.engine import TaskEngine, Tasks, WorkerEnded
from bot.redis.keys import Keys
from bot.tempo import PRODUCTION
from tests.conftest import Clock


async def test_a_start_that_is_taken_for_running_for_ever_keeps_a_change_for_a_moment_only(
    redis: Redis, redis_url: str, keys: Keys, clock: Clock
) -> None:
    started: asyncio.Queue[int] = asyncio.Queue()

    async def run(number: int) -> None:
        started.put_nowait(number)

    engine = TaskEngine(redis_url, f"{keys.prefix}-tasks", clock)
    tasks = Tasks(run, {})
    async with asyncio.timeout(20), engine.work(tasks):
        await engine.start_run(7)
        assert await started.get() == 7
        [key] = [key async for key in redis.scan_iter(match=f"{keys.prefix}-tasks:runs:*:7*")]
        while await redis.hget(key, "state") != "completed":  # noqa: ASYNC110  # docket's record, an event of nobody's
            await asyncio.sleep(0.01)
        # as the beginning of a second worker's run leaves it that is recorded after the end of the first one's
        await redis.hset(key, "state", "running")
        clock.advance(PRODUCTION.redeliver)
        await engine.start_run(7)
        assert await started.get() == 7


async def test_a_worker_that_ends_by_itself_is_told_though_what_stands_above_it_stops_first(
    redis_url: str, keys: Keys, clock: Clock
) -> None:
    engine = TaskEngine(redis_url, f"{keys.prefix}-tasks", clock)

    async def run(number: int) -> None:
        """No work."""

    async def bot() -> None:
        async with engine.work(Tasks(run, {})):
            try:
                next(t for t in asyncio.all_tasks() if t.get_name() == "docket worker").cancel()
                await asyncio.Event().wait()
            finally:
                engine.stop_taking()

    with pytest.raises(WorkerEnded):
        await bot()
