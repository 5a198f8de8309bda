"""Data and code that do not fit are kept apart, in words; what fits is brought up, once, whoever starts."""

import asyncio

import pytest
from redis.asyncio import Redis

from bot.maintenance.presence import Presence, Process
from bot.maintenance.schema import MIGRATIONS, SCHEMA, Marker, Migration, Schema, SchemaProblem
from bot.maintenance.start import at_work
from bot.redis.connection import RedisProblem
from bot.redis.keys import Keys
from tests.conftest import START

ACCOUNT = "AC" + "5a" * 16


def process(name: str, known: int = SCHEMA) -> Process:
    return Process(id=name, host="host", pid=7, schema_known=known)


def counting(to: int, *, breaks: bool = False) -> Migration:
    async def count(redis: Redis, keys: Keys) -> None:
        await redis.incr(keys.plain(f"migrated:{to}"))

    return Migration(to, f"shape {to}", count, breaks=breaks)


async def start(redis: Redis, keys: Keys, me: Process, *migrations: Migration) -> None:
    presence = Presence(redis, keys)
    async with presence.shown(me):
        await Schema(redis, keys, migrations, me.schema_known).ready(me, presence)


async def test_data_that_this_code_would_misread_is_left_alone(redis: Redis, keys: Keys) -> None:
    await Schema(redis, keys).mark(9, 9)
    with pytest.raises(SchemaProblem, match=f"newer Tenfour \\(schema 9, which needs 9; this one knows {SCHEMA}"):
        async with at_work(redis, keys):
            pass
    assert await Schema(redis, keys).marker() == Marker(9, 9)


async def test_no_bot_starts_while_a_backup_is_put_back(redis: Redis, keys: Keys) -> None:
    await Schema(redis, keys).begin_restore("abc")
    with pytest.raises(SchemaProblem, match="restore"):
        async with at_work(redis, keys):
            pass


async def test_a_migration_that_breaks_older_code_waits_until_none_of_it_runs(redis: Redis, keys: Keys) -> None:
    await Schema(redis, keys).mark(2, 2)
    async with Presence(redis, keys).shown(process("old", 2)):
        with pytest.raises(SchemaProblem, match="older ones are running: host, process 7"):
            await start(redis, keys, process("new", 3), counting(3, breaks=True))
        assert await Schema(redis, keys).marker() == Marker(2, 2)
    await start(redis, keys, process("new", 3), counting(3, breaks=True))
    assert await Schema(redis, keys).marker() == Marker(3, 3)


async def test_a_shape_that_only_adds_lets_older_code_run_beside_it_and_start_again(redis: Redis, keys: Keys) -> None:
    await Schema(redis, keys).mark(2, 2)
    async with Presence(redis, keys).shown(process("old", 2)):
        await start(redis, keys, process("new", 3), counting(3))
    assert await Schema(redis, keys).marker() == Marker(3, 2)
    await start(redis, keys, process("old", 2))


async def test_each_migration_runs_once_and_in_order_however_many_start_at_once(redis: Redis, keys: Keys) -> None:
    steps = (counting(2), counting(3), counting(4))
    await asyncio.gather(*(start(redis, keys, process(f"bot {n}", 4), *steps) for n in range(5)))
    assert [await redis.get(keys.plain(f"migrated:{to}")) for to in (2, 3, 4)] == ["1", "1", "1"]
    assert (await Schema(redis, keys).marker()).version == 4


async def test_a_migration_that_was_cut_off_is_done_again_from_its_own_beginning(redis: Redis, keys: Keys) -> None:
    async def dies(redis: Redis, keys: Keys) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await start(redis, keys, process("a", 3), counting(2), Migration(3, "shape 3", dies))
    await start(redis, keys, process("b", 3), counting(2), counting(3))
    assert await redis.get(keys.plain("migrated:2")) == "1"
    assert await redis.get(keys.plain("migrated:3")) == "1"


async def test_due_times_of_before_there_were_markers_lie_with_their_accounts(redis: Redis, keys: Keys) -> None:
    await redis.zadd(keys.plain("registrations:due"), {f"brand|{ACCOUNT}|BN1": START})
    async with at_work(redis, keys):
        pass
    assert await redis.zscore(keys.plain(f"registrations:due:{ACCOUNT}"), f"brand|{ACCOUNT}|BN1") == START
    assert await Schema(redis, keys).marker() == Marker(SCHEMA, 1)
    assert MIGRATIONS[-1].to == SCHEMA


async def test_a_process_is_listed_while_it_lives_and_not_after_it(redis: Redis, keys: Keys) -> None:
    presence = Presence(redis, keys)
    async with at_work(redis, keys), presence.shown(process("other")):
        assert {p.schema_known for p in await presence.living()} == {SCHEMA}
        assert len(await presence.living()) == 2
    assert await presence.living() == []


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random"])
async def test_no_bot_starts_on_a_redis_that_throws_approvals_away(own_redis: Redis, keys: Keys, policy: str) -> None:
    await own_redis.config_set("maxmemory-policy", policy)
    with pytest.raises(RedisProblem, match=f"maxmemory-policy {policy}.*Set maxmemory-policy noeviction"):
        async with at_work(own_redis, keys):
            pass
