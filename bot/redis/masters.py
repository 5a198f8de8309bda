"""What lies on every master of a Redis, whether it is one server, Sentinel's or a Cluster."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

SCAN_COUNT = 500


async def information(redis: Redis, section: str = "default") -> list[Mapping[str, Any]]:
    """What each master says of itself (INFO)."""
    if isinstance(redis, RedisCluster):
        by_node: dict[str, Any] = await redis.info(section, target_nodes=RedisCluster.PRIMARIES)
        nodes = [node for node in by_node.values() if isinstance(node, dict)]
        return nodes or [by_node]  # of one node it is given as it is
    return [await redis.info(section)]


async def keys_like(redis: Redis, pattern: str) -> AsyncIterator[str]:
    """The keys of all masters that match; one that is there all the while is among them, and maybe twice."""
    async for key in redis.scan_iter(match=pattern, count=SCAN_COUNT):
        yield str(key)
