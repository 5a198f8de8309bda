"""`tenfour health` tells a living bot from one that is dead, or dead in parts."""

import asyncio
import os
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.engine import TaskEngine, Tasks, WorkerEnded
from bot.health import FRESH_SECONDS, PATIENCE_SECONDS, Pulse, beat, trouble
from bot.redis.keys import Keys
from tests.conftest import Clock

SWEEP = "sweep of changes"


@pytest.fixture
def pulse(tmp_path: Path, redis: Redis, keys: Keys, clock: Clock) -> Pulse:
    return Pulse(tmp_path, redis, keys, clock)


async def nothing() -> None:
    """Work that goes well."""


async def failing() -> None:
    raise ConnectionResetError("Zanzibar")


def test_a_folder_without_a_bot_is_not_healthy(tmp_path: Path) -> None:
    assert "no bot has ever run" in trouble(tmp_path / "nowhere")


def test_a_bot_that_stopped_ticking_is_not_healthy(tmp_path: Path) -> None:
    beat(tmp_path)
    old = time.time() - FRESH_SECONDS - 60
    os.utime(tmp_path / "alive", (old, old))
    assert "90 s old" in trouble(tmp_path)


def test_a_bot_that_ticks_is_healthy(tmp_path: Path) -> None:
    beat(tmp_path / "state")
    assert trouble(tmp_path / "state") == ""


async def test_a_bot_whose_sweeps_do_not_end_any_more_is_not_healthy(
    pulse: Pulse, tmp_path: Path, clock: Clock
) -> None:
    sweep = pulse.watched(SWEEP, 5.0, nothing)
    clock.advance(PATIENCE_SECONDS)
    await sweep()
    clock.advance(PATIENCE_SECONDS)
    await pulse.beat()
    assert trouble(tmp_path) == ""
    clock.advance(1)
    await pulse.beat()
    assert SWEEP in trouble(tmp_path)
    await sweep()
    await pulse.beat()
    assert trouble(tmp_path) == ""


async def test_a_bot_that_has_just_started_is_given_time(pulse: Pulse, tmp_path: Path) -> None:
    pulse.watched(SWEEP, 5.0, nothing)
    await pulse.beat()
    assert trouble(tmp_path) == ""


async def test_work_that_takes_turns_slowly_is_given_more_time(pulse: Pulse, tmp_path: Path, clock: Clock) -> None:
    pulse.watched(SWEEP, 3600.0, nothing)
    clock.advance(3600)
    await pulse.beat()
    assert trouble(tmp_path) == ""


async def test_a_sweep_that_fails_is_no_sign_of_life_and_its_error_is_named_and_not_quoted(
    pulse: Pulse, tmp_path: Path, clock: Clock
) -> None:
    sweep = pulse.watched(SWEEP, 5.0, failing)
    clock.advance(PATIENCE_SECONDS + 1)
    with pytest.raises(ConnectionResetError):
        await sweep()
    await pulse.beat()
    assert "last error: ConnectionResetError" in trouble(tmp_path)
    assert "Zanzibar" not in trouble(tmp_path)


async def test_a_replica_is_well_when_another_one_does_the_sweeps(
    pulse: Pulse, tmp_path: Path, redis: Redis, keys: Keys, clock: Clock
) -> None:
    pulse.watched(SWEEP, 5.0, nothing)
    clock.advance(PATIENCE_SECONDS + 1)
    await Pulse(tmp_path / "other", redis, keys, clock).watched(SWEEP, 5.0, nothing)()
    await pulse.beat()
    assert trouble(tmp_path) == ""


async def test_a_connection_that_stays_lost_is_told_and_a_short_interruption_is_not(
    pulse: Pulse, tmp_path: Path, clock: Clock
) -> None:
    connected = asyncio.Event()

    async def alive() -> bool:
        return connected.is_set()

    pulse.watch("Socket Mode", alive)
    clock.advance(PATIENCE_SECONDS)
    await pulse.beat()
    assert trouble(tmp_path) == ""
    clock.advance(1)
    await pulse.beat()
    assert "Socket Mode" in trouble(tmp_path)
    connected.set()
    await pulse.beat()
    assert trouble(tmp_path) == ""


async def test_a_redis_that_does_not_answer_is_told(tmp_path: Path, keys: Keys, clock: Clock) -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        pulse = Pulse(tmp_path, nowhere, keys, clock)
        pulse.watched(SWEEP, 5.0, nothing)
        await pulse.beat()
    assert "Redis does not answer" in trouble(tmp_path)


async def test_a_bot_whose_task_worker_ends_does_not_live_on(redis_url: str, keys: Keys) -> None:
    async def run(number: int) -> float | None:
        return None

    async def bot() -> None:
        tasks = Tasks(run, {})
        async with TaskEngine(redis_url, f"{keys.prefix}-tasks", time.time).work(tasks):
            next(t for t in asyncio.all_tasks() if t.get_name() == "docket worker").cancel()
            await asyncio.Event().wait()

    with pytest.raises(WorkerEnded):
        await bot()


async def test_a_bot_that_is_told_to_stop_does_not_blame_its_worker(redis_url: str, keys: Keys) -> None:
    async def run(number: int) -> float | None:
        return None

    tasks = Tasks(run, {})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), TaskEngine(redis_url, f"{keys.prefix}-tasks", time.time).work(tasks):
            await asyncio.Event().wait()
