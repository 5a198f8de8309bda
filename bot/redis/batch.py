"""Commands of the same moment go to Redis together: the way there costs more than the commands do."""

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import BusyLoadingError, RedisError

from bot.redis.clients import REFUSED_UNRUN

Command = tuple[str | int, ...]


class Batch:
    """Sends a command at once; those that come while it is under way go after it together, in their order.

    Each stands by itself, as if it had been sent alone: nothing is atomic. On Cluster each is sent alone.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._alone = isinstance(redis, RedisCluster)  # its pipelines repeat writes whose outcome is unknown
        self._under_way = False
        self._waiting: list[tuple[Command, asyncio.Future[Any]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def __call__(self, *command: str | int) -> Any:
        """Run a command that is a write, and give its answer.

        Raises what the client would; after a connection error it is unknown whether it ran, unless it is `Unreachable`.
        """
        if self._alone:
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        if self._under_way:
            answer = asyncio.get_running_loop().create_future()
            self._waiting.append((command, answer))
            return await answer
        self._under_way = True
        try:
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        finally:
            self._under_way = bool(self._waiting)
            if self._under_way:
                self._sender = asyncio.create_task(self._send(), name="redis-batch")

    async def _send(self) -> None:
        """Send what waits, until nothing does."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._send_together(batch)
            except Exception as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
            finally:
                for _, answer in batch:
                    answer.cancel()  # those that have none: this task was cancelled
        self._under_way = False

    async def _send_together(self, batch: list[tuple[Command, asyncio.Future[Any]]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for command, _ in batch:
                pipe.execute_command(*command)
            try:
                answers: list[Any] = await pipe.execute(raise_on_error=False)
            except BusyLoadingError as error:  # it refuses everything until it has loaded
                answers = [error] * len(batch)
        for (command, waiting), answer in zip(batch, answers, strict=True):
            # the client repeats what was refused unrun, with the patience that it has with a server that is not ready
            settled = await self._again(command) if isinstance(answer, REFUSED_UNRUN) else answer
            if waiting.done():  # nobody waits any more
                continue
            if isinstance(settled, Exception):
                waiting.set_exception(settled)
            else:
                waiting.set_result(settled)

    async def _again(self, command: Command) -> Any:
        try:
            return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
        except RedisError as error:
            return error
