"""Redis: whether it keeps what it was given, and who else can read it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.maintenance.inspection.report import Line, fail, ok, warn
from bot.maintenance.schema import Schema
from bot.redis.keys import Keys
from bot.redis.masters import information

LEAST = (6, 2)
"""XAUTOCLAIM and XTRIM MINID (the task engine, the audit) came with Redis 6.2."""
FULL = 0.8
"""The part of maxmemory from which on it is time to do something."""

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


async def redis_lines(redis: Redis, keys: Keys, url: str | None) -> list[Line]:
    """What Redis says of itself; `url` is REDIS_URL, None for the bot's own server."""
    try:
        nodes = await information(redis, "everything")
    except RedisError as error:
        return [
            warn("Redis", f"it does not tell how it is set up ({type(error).__name__}).", "Let this user run INFO.")
        ]
    lines = [line for node in nodes for line in _node(node)]
    schema = Schema(redis, keys)
    marker = await schema.marker()
    if why := schema.trouble(marker):
        lines.append(fail("Redis schema", why, ""))
    else:
        version = marker.version or "nothing is stored yet"
        lines.append(ok("Redis schema", f"{version}, this Tenfour knows {schema.known}."))
    return [*dict.fromkeys([*lines, *_way(url)])]


def _node(node: Mapping[str, Any]) -> Iterator[Line]:
    yield _version(node)
    if int(node.get("aof_enabled", 1)) == 0:
        yield fail(
            "Redis persistence",
            "no append-only file is kept: a restart loses approvals and attempts.",
            "Set appendonly yes (and appendfsync everysec, or always) in its configuration file and by CONFIG SET.",
        )
    elif node.get("aof_last_write_status", "ok") != "ok":
        yield fail("Redis persistence", "the last write to the append-only file failed.", "Look at the disk.")
    else:
        yield ok("Redis persistence", "an append-only file is kept.")
    yield _eviction(str(node.get("maxmemory_policy", "noeviction")))
    yield _memory(node)


def _version(node: Mapping[str, Any]) -> Line:
    # Valkey tells the Redis version that it goes by as well
    told = str(node.get("redis_version", ""))
    name = f"Valkey {node['valkey_version']}" if "valkey_version" in node else f"Redis {told}"
    numbers = tuple(int(n) for n in re.findall(r"\d+", told)[:2])
    if numbers < LEAST:
        return fail("Redis version", f"{name} is too old.", "Take Redis 6.2 or newer, or Valkey.")
    return ok("Redis version", f"{name}.")


def _eviction(policy: str) -> Line:
    if policy == "noeviction":
        return ok("Redis eviction", "noeviction.")
    mend = "Set maxmemory-policy noeviction, by CONFIG SET and in its configuration file."
    if policy.startswith("allkeys-"):
        what = f"{policy} throws approvals and attempts away when memory is short; the bot does not start on it."
        return fail("Redis eviction", what, mend)
    what = f"{policy} throws drafts, leases and what was seen already away when memory is short."
    return warn("Redis eviction", what, mend)


def _memory(node: Mapping[str, Any]) -> Line:
    used, most = int(node.get("used_memory", 0)), int(node.get("maxmemory", 0))
    whole = most or int(node.get("total_system_memory", 0))
    megabytes = f"{used / 1e6:.0f} MB used"
    if whole and used > FULL * whole:
        what = f"{megabytes} of {whole / 1e6:.0f} MB: when it is full, nothing is taken in any more."
        return warn("Redis memory", what, "Raise maxmemory, or give the machine more.")
    return ok("Redis memory", f"{megabytes}{f' of {whole / 1e6:.0f} MB' if whole else ''}.")


def _way(url: str | None) -> Iterator[Line]:
    """The way to it. Tasks are pickled: who can write there can run code in the bot."""
    if url is None or url.startswith("unix:"):
        yield ok("Redis access", "by a socket of this machine.")
        return
    hosts = [
        host.rpartition(":")[0] or host for host in url.partition("://")[2].rpartition("@")[2].split("/")[0].split(",")
    ]
    if set(hosts) <= _LOOPBACK:
        yield ok("Redis access", "on this machine alone.")
        return
    open_ways = []
    if not url.startswith("rediss"):
        open_ways.append("without TLS (rediss://)")
    if "@" not in url.partition("://")[2] or not _password(url):
        open_ways.append("without a password")
    if open_ways:
        what = f"over the network {' and '.join(open_ways)}: who can write there can run code in the bot."
        yield warn("Redis access", what, "Use rediss:// with a user of its own and a private network (SECURITY.md).")
    else:
        yield ok("Redis access", "with a password, by TLS.")


def _password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return True  # a password of odd letters is one
