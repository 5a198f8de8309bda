"""A lease is held by one, kept while it is used, and never given back by another."""

import asyncio

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.redis.lease import Leases


async def test_a_lease_is_refused_to_others_while_it_is_held(redis: Redis, keys: Keys) -> None:
    mine, theirs = Leases(redis), Leases(redis)
    async with mine.held(keys.plain("x")) as ours:
        assert ours
        async with theirs.held(keys.plain("x")) as also:
            assert not also
        async with mine.held(keys.plain("x")) as twice:
            assert not twice
    async with theirs.held(keys.plain("x")) as free:
        assert free


async def test_a_lease_outlives_its_time_while_it_is_used(redis: Redis, keys: Keys) -> None:
    mine, theirs = Leases(redis, seconds=0.15), Leases(redis)
    async with mine.held(keys.plain("x")):
        await asyncio.sleep(0.4)
        async with theirs.held(keys.plain("x")) as also:
            assert not also


async def test_a_lease_left_by_a_dead_process_ends(redis: Redis, keys: Keys) -> None:
    await redis.set(keys.plain("x"), "a dead process", px=50)
    await asyncio.sleep(0.1)
    async with Leases(redis).held(keys.plain("x")) as ours:
        assert ours


async def test_what_somebody_else_took_meanwhile_is_not_given_back(redis: Redis, keys: Keys) -> None:
    async with Leases(redis).held(keys.plain("x")):
        await redis.set(keys.plain("x"), "another process")
    assert await redis.get(keys.plain("x")) == "another process"
