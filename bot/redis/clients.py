"""What talks to Redis, and how it deals with a connection that breaks.

redis-py would send a command again whenever a connection breaks, whether or not the server ran it the first time: a
decision could be counted twice. The clients here repeat what is safe, and nothing else:

- reads, and whatever the server refused unrun (it is loading, failing over, or a slot is moving): with back-off;
- connecting, where nothing was sent yet: with back-off;
- writes and scripts: never. Unless it is Unreachable, a connection error from one means that its outcome is unknown,
  and the caller, who knows what it meant, reads before it acts.
"""

import asyncio
import select
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from redis import exceptions as faults
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, PipelineCommand, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import ExponentialWithJitterBackoff
from redis.commands import READ_COMMANDS

from bot.redis.replicas import WAIT, Replicas, is_write

Answer = TypeVar("Answer")

RETRIES = 4

REFUSED_UNRUN = (faults.BusyLoadingError, faults.ClusterDownError, faults.SlotNotCoveredError, faults.TryAgainError)
BROKEN = (faults.ConnectionError, faults.TimeoutError)


class Unreachable(faults.ConnectionError):
    """No connection could be made: whatever was asked was not sent, and may be asked again."""


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

    replicas: Replicas

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        run = super().execute_command
        return await _patiently(lambda: run(*args, **options), _safe_for(args))  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "ConfirmedPipeline":
        pipe = ConfirmedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.replicas = self.replicas
        return pipe

    async def _send_command_parse_response(self, conn: Any, command_name: Any, *args: Any, **options: Any) -> Any:
        answer = await super()._send_command_parse_response(conn, command_name, *args, **options)  # type: ignore[no-untyped-call]
        if self.replicas.wanted(*args):
            await self.replicas.confirm(conn)
        return answer


class ConfirmedPipeline(Pipeline):
    """A pipeline whose writes a replica has by the time it answers."""

    replicas: Replicas

    async def _execute_pipeline(self, connection: Any, commands: Any, raise_on_error: Any) -> Any:
        answers = await super()._execute_pipeline(connection, commands, raise_on_error)
        return await self._confirmed(connection, commands, answers)

    async def _execute_transaction(self, connection: Any, commands: Any, raise_on_error: Any) -> Any:
        answers = await super()._execute_transaction(connection, commands, raise_on_error)
        return await self._confirmed(connection, commands, answers)

    async def _confirmed(self, connection: Any, commands: Any, answers: Any) -> Any:
        if any(self.replicas.wanted(*command) for command, _ in commands):
            await self.replicas.confirm(connection)
        return answers


class CarefulCluster(RedisCluster):
    """The same on Redis Cluster."""

    replicas: Replicas

    async def initialize(self, *args: Any, **kwargs: Any) -> "CarefulCluster":
        """Ask who is master of what. Raises `Unreachable` when no node says so: then nothing can be sent."""
        try:
            await super().initialize(*args, **kwargs)
        except faults.RedisClusterException as error:
            # which is no RedisError: whoever sees to it that Redis may be away would not know it
            raise Unreachable(str(error)) from error
        return self

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        run = super().execute_command
        return await _patiently(lambda: run(*args, **kwargs), _safe_for(args))

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> "ConfirmedClusterPipeline":
        return ConfirmedClusterPipeline(self, transaction)  # type: ignore[abstract]  # what it lacks is for plain clients

    async def confirm(self, commands: Iterable[tuple[Any, ...]]) -> None:
        """Wait until a replica of each master that was written to has everything that it was sent by now."""
        slots = {await self._determine_slot(*command) for command in commands}
        masters = {(node := self.nodes_manager.get_node_from_slot(slot, False)).name: node for slot in slots}
        awaited = (node for name, node in masters.items() if self.replicas.of(name).awaited)
        await asyncio.gather(*map(self._confirm, awaited))

    async def _confirm(self, master: ClusterNode) -> None:
        # over whichever connection: WAIT is for all that this master had written when it was sent its last command
        pair = [PipelineCommand(0, "PING"), PipelineCommand(1, *WAIT)]
        await master.execute_pipeline(pair)
        self.replicas.of(master.name).heard(pair[1].result)

    async def _execute_command(self, target_node: ClusterNode, *args: Any, **kwargs: Any) -> Any:
        replicas = self.replicas.of(target_node.name)
        if not replicas.wanted(*args):
            return await super()._execute_command(target_node, *args, **kwargs)
        pair = [PipelineCommand(0, *args, **kwargs), PipelineCommand(1, *WAIT)]
        try:
            await target_node.execute_pipeline(pair)
        except BROKEN:
            self._initialize = True  # the next command asks anew who is master of what
            raise
        answer, kept = (command.result for command in pair)
        if isinstance(answer, (faults.MovedError, faults.AskError, *REFUSED_UNRUN)):
            # refused unrun: redis-py follows it. One write is not waited for whenever a slot has moved
            return await super()._execute_command(target_node, *args, **kwargs)
        if isinstance(answer, BROKEN):
            self._initialize = True
        if isinstance(answer, Exception):
            raise answer
        replicas.heard(kept)
        return answer


class ConfirmedClusterPipeline(ClusterPipeline):
    """A pipeline whose writes a replica of each master has by the time it answers."""

    def __init__(self, client: CarefulCluster, transaction: bool | None = None) -> None:
        super().__init__(client, transaction)
        self._cluster, self._written = client, list[tuple[Any, ...]]()

    def execute_command(self, *args: Any, **kwargs: Any) -> ClusterPipeline:
        if is_write(*args):
            self._written.append(args)
        return super().execute_command(*args, **kwargs)

    async def execute(self, raise_on_error: bool = True, allow_redirections: bool = True) -> list[Any]:
        written, self._written = self._written, []
        answers = await super().execute(raise_on_error, allow_redirections)
        await self._cluster.confirm(written)
        return answers


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
