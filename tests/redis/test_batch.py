"""Writes of the same moment go to Redis together, and each stands as if it had been sent alone."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.redis import lease
from bot.redis.batch import Batch
from bot.redis.keys import Keys
from bot.redis.scripts import Script


async def test_writes_of_one_moment_are_done_in_the_order_in_which_they_were_asked_for(
    redis: Redis, keys: Keys
) -> None:
    batch, key = Batch(redis), keys.plain("list")
    assert await asyncio.gather(*(batch("RPUSH", key, number) for number in range(50))) == list(range(1, 51))
    assert await redis.lrange(key, 0, -1) == [str(number) for number in range(50)]


async def test_of_many_who_take_a_key_in_one_moment_one_has_it(redis: Redis, keys: Keys) -> None:
    batch, key = Batch(redis), keys.plain("taken")
    taken = await asyncio.gather(*(batch("SET", key, number, "NX") for number in range(20)))
    assert taken == [True] + [None] * 19


async def test_a_write_that_is_refused_keeps_no_other_from_being_done(redis: Redis, keys: Keys) -> None:
    batch = Batch(redis)
    await redis.set(keys.plain("text"), "no list")
    asked = [("SET", keys.plain("a"), 1), ("RPUSH", keys.plain("text"), 1), ("SET", keys.plain("b"), 2)]
    done = await asyncio.gather(*(batch(*command) for command in asked), return_exceptions=True)
    assert isinstance(done[1], ResponseError)
    assert await redis.mget(keys.plain("a"), keys.plain("b")) == ["1", "2"]


async def test_who_no_longer_waits_keeps_no_other_waiting(redis: Redis, keys: Keys) -> None:
    batch = Batch(redis)
    asked = [asyncio.create_task(batch("SET", keys.plain(name), 1)) for name in "abcd"]
    await asyncio.sleep(0)
    asked[1].cancel()
    asked[2].cancel()
    await asyncio.wait(asked)
    assert [task.cancelled() for task in asked] == [False, True, True, False]
    assert await redis.mget(keys.plain("a"), keys.plain("d")) == ["1", "1"]


async def test_writes_to_a_server_that_is_gone_fail_each_and_the_next_one_is_sent_again(
    redis: Redis, keys: Keys
) -> None:
    batch = Batch(redis)
    asked = [asyncio.create_task(batch("RPUSH", keys.plain("list"), 1)) for _ in range(3)]
    await redis.connection_pool.disconnect()
    await asyncio.wait(asked, timeout=10)
    assert all(task.done() for task in asked)
    assert await batch("SET", keys.plain("later"), 1)


@pytest.mark.parametrize("times", [1, 2])
async def test_a_batch_may_be_used_again_once_it_has_come_to_rest(redis: Redis, keys: Keys, times: int) -> None:
    batch = Batch(redis)
    await asyncio.gather(*(batch("INCR", keys.plain("count")) for _ in range(5 * times)))
    assert await batch("INCR", keys.plain("count")) == 5 * times + 1


async def test_reads_of_a_connection_that_breaks_are_read_again(redis: Redis, keys: Keys) -> None:
    batch, key = Batch(redis, reads=True), keys.plain("text")
    await redis.set(key, "stands")
    asked = [asyncio.create_task(batch("GET", key)) for _ in range(3)]
    await redis.client_kill_filter(_type="normal", skipme=True)
    assert await asyncio.gather(*asked) == ["stands"] * 3


async def test_what_is_asked_for_together_is_done_in_its_order_beside_what_else_waits(redis: Redis, keys: Keys) -> None:
    batch, key = Batch(redis), keys.plain("list")
    two = [("RPUSH", key, "a"), ("RPUSH", key, "b")]
    before, answers = await asyncio.gather(batch("RPUSH", key, "first"), batch.together(*two))
    assert (before, answers) == (1, [2, 3])
    assert await batch.together(*two) == [4, 5]


async def test_a_script_that_the_server_has_forgotten_runs_once(redis: Redis, keys: Keys) -> None:
    batch, script = Batch(redis), Script.beside(lease.__file__, "yield.lua")
    await redis.script_flush()
    assert (
        await asyncio.gather(*(batch.script(script, keys=[keys.plain("x")], args=["me"]) for _ in range(3))) == [1] * 3
    )
