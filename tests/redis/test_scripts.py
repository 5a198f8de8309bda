"""Lua scripts run once, wherever their keys are."""

import asyncio
from pathlib import Path

import pytest
from redis.exceptions import ResponseError

from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from tests.redis.servers import kill_and_wait, process_id

keys = Keys()
DECIDE = Script.beside(__file__, "decide.lua")


def test_a_script_that_does_not_exist_is_told_at_import() -> None:
    with pytest.raises(FileNotFoundError):
        Script.beside(__file__, "missing.lua")


async def test_keys_of_two_slots_are_refused_on_a_single_server_too(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        with pytest.raises(ValueError, match="different hash slots"):
            await DECIDE(redis.client, keys=[keys.change(1, "a"), keys.change(2, "b")], args=["U1", "approve"])


async def test_an_error_inside_the_script_reaches_the_caller(tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as redis:
        await redis.client.set(keys.change(1, "a"), "not a hash")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await DECIDE(redis.client, keys=[keys.change(1, "a"), keys.change(1, "b")], args=["U1", "approve"])


async def test_a_script_runs_on_a_server_that_never_saw_it_and_after_a_restart(tmp_path: Path) -> None:
    decisions, timeline = keys.change(1, "decisions"), keys.change(1, "timeline")
    async with open_redis(None, tmp_path) as redis:
        assert await DECIDE(redis.client, keys=[decisions, timeline], args=["U1", "approve"]) == 1
        await kill_and_wait(await process_id(redis.client))
        assert await redis.client.hlen(decisions) == 1
        assert await DECIDE(redis.client, keys=[decisions, timeline], args=["U2", "approve"]) == 2
        assert await redis.client.lrange(timeline, 0, -1) == ["U1 approve", "U2 approve"]


async def test_many_at_once_with_the_same_decision_count_once(tmp_path: Path) -> None:
    decisions, timeline = keys.change(1, "decisions"), keys.change(1, "timeline")
    async with open_redis(None, tmp_path) as redis:
        answers = await asyncio.gather(
            *(DECIDE(redis.client, keys=[decisions, timeline], args=["U1", "approve"]) for _ in range(300))
        )
        assert sorted(answers)[-2:] == [0, 1]
        assert await redis.client.llen(timeline) == 1


async def test_many_runs_in_one_trip_are_each_by_themselves_also_where_the_script_was_never_seen(
    tmp_path: Path,
) -> None:
    calls = [
        ([keys.change(n, "decisions"), keys.change(n, "timeline")], [user, "approve"])
        for n, user in ((1, "U1"), (2, "U2"), (1, "U3"))
    ]
    async with open_redis(None, tmp_path) as redis:
        assert await DECIDE.together(redis.client, calls) == [1, 1, 2]
        assert await DECIDE.together(redis.client, calls) == [0, 0, 0]
        await redis.client.script_flush()
        assert await DECIDE.together(redis.client, calls) == [0, 0, 0]


async def test_what_one_of_many_runs_does_wrong_reaches_the_caller(tmp_path: Path) -> None:
    calls = [([keys.change(n, "decisions"), keys.change(n, "timeline")], ["U1", "approve"]) for n in (1, 2)]
    async with open_redis(None, tmp_path) as redis:
        await redis.client.set(keys.change(2, "decisions"), "not a hash")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await DECIDE.together(redis.client, calls)
        with pytest.raises(ValueError, match="different hash slots"):
            await DECIDE.together(redis.client, [([keys.change(1, "a"), keys.change(2, "b")], ["U1", "approve"])])
