"""What must be true of Redis before a bot may work on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.maintenance.presence import Presence, this_process
from bot.maintenance.schema import SCHEMA, Schema
from bot.redis.connection import RedisProblem
from bot.redis.keys import Keys
from bot.redis.masters import information


@asynccontextmanager
async def at_work(redis: Redis, keys: Keys) -> AsyncIterator[None]:
    """Be one of the processes that work on this Redis while the body runs.

    Raises `RedisProblem` when the server throws away what people have acknowledged, `SchemaProblem` when its data is of
    another version.
    """
    await _refuse_eviction(redis)
    me, presence = this_process(SCHEMA), Presence(redis, keys)
    async with presence.shown(me):
        await Schema(redis, keys).ready(me, presence)
        yield


async def _refuse_eviction(redis: Redis) -> None:
    for policy in await eviction_policies(redis):
        if policy.startswith("allkeys-"):
            raise RedisProblem(
                f"REDIS_URL: this Redis throws keys away when memory is short (maxmemory-policy {policy}): approvals, "
                "attempts and the audit would vanish without a word, and a call could be sent twice. Set "
                "maxmemory-policy noeviction, on every node and in its configuration file, and start again."
            )


async def eviction_policies(redis: Redis) -> set[str]:
    """How each master makes room when memory is short; nothing where the server does not tell."""
    try:
        nodes = await information(redis, "memory")
    except RedisError:
        return set()
    return {str(node["maxmemory_policy"]) for node in nodes if "maxmemory_policy" in node}
