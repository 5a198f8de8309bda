"""The way to Redis: embedded, one server, Sentinel or Cluster, from one setting."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import structlog
from docket._redis_sentinel import SENTINEL_SOCKET_KEEPALIVE_OPTIONS, is_sentinel_url, parse_sentinel_url
from redis import exceptions as faults
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo

from bot.redis.clients import CarefulCluster, CarefulRedis, PatientPool, PatientSentinelPool
from bot.redis.embedded import run_embedded_redis
from bot.redis.masters import information
from bot.redis.permissions import NotAllowedError, prove_permissions
from bot.redis.replicas import Replicas

POOL_CONNECTIONS = 200
# docket opens pools of its own, which raise rather than wait when they are empty, and strands the tasks that met one.
DOCKET_CONNECTIONS = 1000
POOL_WAIT_SECONDS = 10.0


log = structlog.get_logger()


class RedisProblem(Exception):
    """Redis cannot be reached as REDIS_URL says; never contains its password."""


@dataclass(frozen=True)
class RedisHandle:
    """An open way to Redis. On Cluster `client` is a RedisCluster, which offers the same commands."""

    client: Redis
    url: str
    """For docket: the same server, with room for its connections. May hold a password."""
    embedded: bool
    warnings: tuple[str, ...] = ()
    """What about this server breaks a promise, in words for the operator."""


@asynccontextmanager
async def open_redis(settings_url: str | None, state: Path) -> AsyncIterator[RedisHandle]:
    """Connect as REDIS_URL says, or to the bot's own server in the state folder when it says nothing.

    Raises RedisProblem when the server does not answer or the address is malformed, EmbeddedRedisProblem when the bot's
    own server cannot be run.
    """
    async with AsyncExitStack() as stack:
        url = settings_url
        if url is None:
            url = (await stack.enter_async_context(run_embedded_redis(state))).url
        # Entered last and so left first: the client says goodbye before the server is told to end.
        client, url = await _first_that_answers(_each_node(url), stack)
        warnings = () if settings_url is None else await _broken_promises(client)
        if settings_url is not None and (is_sentinel_url(url) or await _replicated(client)):
            cast(CarefulRedis, client).replicas.expect()
        yield RedisHandle(client, with_connections(url), embedded=settings_url is None, warnings=warnings)


async def _first_that_answers(urls: Sequence[str], stack: AsyncExitStack) -> tuple[Redis, str]:
    for url in urls:
        try:
            async with AsyncExitStack() as attempt:
                client = await attempt.enter_async_context(_client(url))
                await client.ping()
                await prove_permissions(client)
                stack.push_async_exit(attempt.pop_all())
                return client, url
        except (NotAllowedError, faults.RedisError, faults.RedisClusterException, OSError, ValueError) as error:
            problem = f"REDIS_URL: {without_secrets(url)} does not work: {_reason(error, url)}"
            if url == urls[-1]:
                raise RedisProblem(problem) from None
            log.warning("redis_node_away", why=problem)
    raise AssertionError("an address names a node")


def _each_node(url: str) -> list[str]:
    """The same address for each of the nodes of a Cluster that it names: any that lives tells of all others."""
    if not is_cluster_url(url):
        return [url]
    scheme, _, rest = url.partition("://")
    login, at, rest = rest.rpartition("@")
    nodes, mark, query = rest.partition("?")
    return [f"{scheme}://{login}{at}{node}{mark}{query}" for node in nodes.split(",")]


def with_connections(url: str) -> str:
    """The address with room for docket's connections, unless it names a number itself."""
    _, _, query = url.partition("?")
    if "max_connections" in parse_qs(query):
        return url
    return f"{url}{'&' if query else '' if url.endswith('?') else '?'}max_connections={DOCKET_CONNECTIONS}"


def without_secrets(url: str) -> str:
    """The address as it may be shown: without user, password and options."""
    scheme, _, rest = url.partition("://")
    # From the last @ on: a password may hold any character, a slash and a question mark included.
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def is_cluster_url(url: str) -> bool:
    """Whether the address names a Redis Cluster."""
    return urlsplit(url).scheme in {"redis+cluster", "rediss+cluster"}


def _connection_options() -> dict[str, Any]:
    return {
        "decode_responses": True,
        "socket_timeout": 5.0,
        "socket_connect_timeout": 3.0,
        "health_check_interval": 30,
        # redis-py repeats writes too when told to retry here.
        "retry": Retry(NoBackoff(), 0),
        # shared: redis-py would look up its own version for each connection, which takes it milliseconds
        "driver_info": DriverInfo(),
    }


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Redis]:
    async with AsyncExitStack() as stack:
        if is_cluster_url(url):
            cluster = cast(
                CarefulCluster, CarefulCluster.from_url(url.replace("+cluster://", "://", 1), **_connection_options())
            )
            cluster.replicas = Replicas()
            yield cast(Redis, await stack.enter_async_context(cluster))
            return
        pool = _sentinel_pool(url, stack) if is_sentinel_url(url) else _pool(url)
        stack.push_async_callback(pool.aclose)
        client = CarefulRedis(connection_pool=pool)
        client.replicas = Replicas()
        yield await stack.enter_async_context(client)


def _pool(url: str) -> BlockingConnectionPool:
    options = {**_connection_options(), **_pool_options(), **parse_url(url)}
    return PatientPool(**options)


def _sentinel_pool(url: str, stack: AsyncExitStack) -> BlockingConnectionPool:
    # docket's own reader of these addresses: what one of the two understands, the other must as well.
    config = parse_sentinel_url(url)
    # Impatient with each Sentinel: there are several, and the pool asks all of them again.
    to_sentinel = {**_connection_options(), **config.sentinel_kwargs}
    manager = Sentinel(config.sentinels, sentinel_kwargs=to_sentinel)  # type: ignore[no-untyped-call]
    for sentinel in manager.sentinels:
        stack.push_async_callback(sentinel.aclose)
    options = {
        **_connection_options(),
        **_pool_options(),
        "db": config.db,
        "socket_keepalive": True,
        # A master that vanishes without a word is noticed within about 45 s rather than two hours.
        "socket_keepalive_options": SENTINEL_SOCKET_KEEPALIVE_OPTIONS,
        **config.connection_kwargs,
    }
    return PatientSentinelPool(config.service_name, manager, **options)  # type: ignore[no-untyped-call]


def _pool_options() -> dict[str, Any]:
    return {"max_connections": POOL_CONNECTIONS, "timeout": POOL_WAIT_SECONDS}


async def _replicated(client: Redis) -> bool:
    """Whether any master has replicas."""
    try:
        return any(int(node.get("connected_slaves", 0)) for node in await information(client, "replication"))
    except faults.RedisError:  # it is not for us to know; then its failovers are not for us to survive
        return False


async def _broken_promises(client: Redis) -> tuple[str, ...]:
    """What in a server's configuration loses what was acknowledged. Empty when it does not tell."""
    try:
        info = await client.info()
    except faults.RedisError:
        return ()
    if "aof_enabled" not in info:  # Cluster answers by node
        info = next((part for part in info.values() if isinstance(part, dict)), {})
    found: list[str] = []
    if info.get("aof_enabled") == 0:
        found.append("Redis keeps no append-only file: a restart loses approvals. Set appendonly yes")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        found.append(f"Redis throws keys away when memory is short ({policy}). Set maxmemory-policy noeviction")
    return tuple(found)


def _reason(error: Exception, url: str) -> str:
    """The error's words, unless they could repeat the address."""
    # redis-py shows a Sentinel's whole client
    words = re.sub(r"\s*:?\s*<redis\..*>", "", str(error), flags=re.DOTALL) or type(error).__name__
    _, at, _ = url.partition("://")[2].rpartition("@")
    return words if not at or not isinstance(error, ValueError) else "the address is malformed"
