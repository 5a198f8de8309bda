"""The way to Redis: embedded, one server, Sentinel or Cluster, from one setting.

redis-py would send a command again whenever a connection breaks, whether or not the server ran it the first time: a
decision could be counted twice. The clients here repeat what is safe, and nothing else:

- reads, and whatever the server refused unrun (it is loading, failing over, or a slot is moving): with back-off;
- connecting, where nothing was sent yet: with back-off;
- writes and scripts: never. Unless it is Unreachable, a connection error from one means that its outcome is unknown,
  and the caller, who knows what it meant, reads before it acts.
"""

import asyncio
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from docket._redis_sentinel import SENTINEL_SOCKET_KEEPALIVE_OPTIONS, is_sentinel_url, parse_sentinel_url
from redis import exceptions as faults
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.commands import READ_COMMANDS

from bot.redis.embedded import run_embedded_redis

Answer = TypeVar("Answer")

POOL_CONNECTIONS = 200
# docket opens pools of its own, which raise rather than wait when they are empty, and strands the tasks that met one.
DOCKET_CONNECTIONS = 1000
POOL_WAIT_SECONDS = 10.0
RETRIES = 4

REFUSED_UNRUN = (faults.BusyLoadingError, faults.ClusterDownError, faults.SlotNotCoveredError, faults.TryAgainError)
BROKEN = (faults.ConnectionError, faults.TimeoutError)


class Unreachable(faults.ConnectionError):
    """No connection could be made: whatever was asked was not sent, and may be asked again."""


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
        try:
            # Entered last and so left first: the client says goodbye before the server is told to end.
            client = await stack.enter_async_context(_client(url))
            await client.ping()
            warnings = () if settings_url is None else await _broken_promises(client)
        except (faults.RedisError, faults.RedisClusterException, OSError, ValueError) as error:
            raise RedisProblem(f"REDIS_URL: {without_secrets(url)} does not work: {_reason(error, url)}") from None
        yield RedisHandle(client, with_connections(url), embedded=settings_url is None, warnings=warnings)


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


class PatientPool(BlockingConnectionPool):
    """Hands out connections that work; waits for a free one, and for a server that is just restarting."""

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        if _hung_up(connection):
            await connection.disconnect(nowait=True)
        ensure = super().ensure_connection
        try:
            await _patiently(lambda: ensure(connection), BROKEN)
        except BROKEN as error:
            raise Unreachable(str(error)) from error


class PatientSentinelPool(SentinelConnectionPool, PatientPool):
    """The same, asking Sentinel for the master whenever it connects."""


class CarefulRedis(Redis):
    """A client that repeats reads and refused commands, and never a write whose outcome is unknown."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        run = super().execute_command
        return await _patiently(lambda: run(*args, **options), _safe_for(args))  # type: ignore[no-untyped-call]


class CarefulCluster(RedisCluster):
    """The same on Redis Cluster."""

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        run = super().execute_command
        return await _patiently(lambda: run(*args, **kwargs), _safe_for(args))


def _hung_up(connection: AbstractConnection) -> bool:
    """Whether an idle connection is dead or has something to say, which at this moment only a dying server has.

    redis-py learns of it when the event loop comes round, and not at all when the connection was reset. A write sent
    down such a pipe fails with its outcome unknown, though nobody was there to run it.
    """
    writer = getattr(connection, "_writer", None)
    if writer is None:
        return False
    descriptor = writer.get_extra_info("socket").fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _safe_for(args: tuple[Any, ...]) -> tuple[type[Exception], ...]:
    return REFUSED_UNRUN + BROKEN if args[0] in READ_COMMANDS else REFUSED_UNRUN


async def _patiently(run: Callable[[], Awaitable[Answer]], errors: tuple[type[Exception], ...]) -> Answer:
    # Slack waits three seconds for an answer: about one second of patience leaves time to say what is wrong.
    backoff = ExponentialWithJitterBackoff(base=0.05, cap=0.4)
    for failures in range(1, RETRIES + 1):
        try:
            return await run()
        except errors as error:
            if isinstance(error, Unreachable):
                raise  # the pool was patient already
        await asyncio.sleep(backoff.compute(failures))
    return await run()


def _connection_options() -> dict[str, Any]:
    return {
        "decode_responses": True,
        "socket_timeout": 5.0,
        "socket_connect_timeout": 3.0,
        "health_check_interval": 30,
        # redis-py repeats writes too when told to retry here.
        "retry": Retry(NoBackoff(), 0),
    }


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Redis]:
    async with AsyncExitStack() as stack:
        if is_cluster_url(url):
            cluster = CarefulCluster.from_url(url.replace("+cluster://", "://", 1), **_connection_options())
            yield cast(Redis, await stack.enter_async_context(cluster))
            return
        pool = _sentinel_pool(url, stack) if is_sentinel_url(url) else _pool(url)
        stack.push_async_callback(pool.aclose)
        yield await stack.enter_async_context(CarefulRedis(connection_pool=pool))


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
    words = str(error) or type(error).__name__
    _, at, _ = url.partition("://")[2].rpartition("@")
    return words if not at or not isinstance(error, ValueError) else "the address is malformed"
