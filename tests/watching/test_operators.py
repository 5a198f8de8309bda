"""The port for operators: what it says while a bot starts, runs, loses its Redis and stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from bot.health import FRESH_SECONDS, Pulse
from bot.redis.keys import Keys
from bot.watching.listener import PortTaken, listen_for_operators
from bot.watching.readiness import Readiness, Report
from tests.conftest import Clock
from tests.redis.servers import free_port


async def nothing() -> None:
    """Nothing to read."""


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


@pytest.fixture
async def pulse(tmp_path: Path, redis: Redis, keys: Keys, clock: Clock) -> Pulse:
    pulse = Pulse(tmp_path, redis, keys, clock)
    await pulse.beat()
    return pulse


@pytest.fixture
def running(pulse: Pulse) -> Readiness:
    readiness = Readiness()
    readiness.watch(pulse)
    readiness.begin()
    return readiness


@pytest.fixture
def port() -> int:
    return free_port()


def whys(report: Report) -> dict[str, str]:
    """The parts that are not well, and why."""
    return {name: part.why for name, part in report.parts.items() if part.why}


async def test_a_process_that_starts_is_not_ready_also_before_anything_is_connected(pulse: Pulse) -> None:
    readiness = Readiness()
    assert not (await readiness.report()).ready
    readiness.watch(pulse)
    report = await readiness.report()
    assert not report.ready
    assert report.as_json()["state"] == "starting"
    assert report.parts["redis"].ok


async def test_a_process_that_was_told_to_stop_is_not_ready_at_once(running: Readiness) -> None:
    assert (await running.report()).ready
    running.end()
    report = await running.report()
    assert not report.ready
    assert report.as_json()["state"] == "stopping"


async def test_a_redis_that_does_not_answer_is_named(tmp_path: Path, keys: Keys, clock: Clock) -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        readiness, pulse = Readiness(), Pulse(tmp_path, nowhere, keys, clock)
        await pulse.beat()
        readiness.watch(pulse)
        readiness.begin()
        report = await readiness.report()
    assert not report.ready
    assert whys(report) == {"redis": "does not answer (ConnectionError)"}


async def test_a_scheduler_that_ticks_no_more_is_named(running: Readiness, clock: Clock) -> None:
    clock.advance(FRESH_SECONDS + 1)
    report = await running.report()
    assert not report.ready
    assert whys(report) == {"scheduler": "last ticked 31 s ago"}


async def test_a_part_that_shows_no_life_is_named_without_patience(running: Readiness, pulse: Pulse) -> None:
    pulse.watch("Socket Mode", no)
    pulse.watch("engine", yes)
    report = await running.report()
    assert not report.ready
    assert whys(report) == {"Socket Mode": "shows no sign of life"}


async def test_a_part_that_does_not_answer_in_time_is_named(running: Readiness, pulse: Pulse) -> None:
    async def hanging() -> bool:
        await asyncio.Event().wait()
        return True

    pulse.watch("engine", hanging)
    assert whys(await running.report()) == {"engine": "cannot be asked (TimeoutError)"}


async def test_work_that_no_replica_does_is_shown_and_makes_no_single_one_unready(
    running: Readiness, pulse: Pulse, clock: Clock
) -> None:
    pulse.watched("sweep of changes", 5.0, nothing)
    clock.advance(10_000)
    await pulse.beat()
    report = await running.report()
    assert report.ready
    assert "no sign of life since" in report.as_json()["parts"]["sweep of changes"]["why"]
    assert report.as_json()["parts"]["sweep of changes"]["counts"] is False


@asynccontextmanager
async def served(readiness: Readiness, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(readiness)
    async with (
        listen_for_operators(port, readiness, registry, nothing),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


async def test_all_three_paths_answer(running: Readiness, pulse: Pulse, port: int) -> None:
    async with served(running, port) as session:
        async with session.get("/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"ok": True})
        async with session.get("/readyz") as answer:
            assert answer.status == 200
            assert set((await answer.json())["parts"]) == {"redis", "scheduler"}
        async with session.get("/metrics") as answer:
            assert answer.content_type == "text/plain"
            assert "tenfour_ready 1.0" in await answer.text()
        running.end()
        async with session.get("/readyz") as answer:
            assert answer.status == 503
        async with session.get("/healthz") as answer:
            assert answer.status == 200


async def test_nothing_of_slacks_or_twilios_is_served_there(running: Readiness, port: int) -> None:
    async with served(running, port) as session:
        for path in ("/slack/events", "/tcr/secret", "/twilio/events/AC1"):
            async with session.post(path, data="{}") as answer:
                assert answer.status == 404


async def test_a_port_that_is_taken_is_said_in_words(running: Readiness, port: int) -> None:
    async with served(running, port):
        with pytest.raises(PortTaken, match="something listens there already"):
            async with served(running, port):
                raise AssertionError("must not be reached")
