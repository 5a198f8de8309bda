"""Commands of the same moment go to Redis together: the way there costs more than the commands do."""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import BusyLoadingError, NoScriptError, RedisError

from bot.redis.clients import BROKEN, REFUSED_UNRUN
from bot.redis.scripts import Script

Command = tuple[str | int, ...]


class Batch:
    """Sends a command at once; those that come while it is under way go after it together, in their order.

    Each stands by itself, as if it had been sent alone: nothing is atomic. On Cluster each is sent alone. `reads` says
    that all of them only read: they are repeated when a connection breaks.
    """

    def __init__(self, redis: Redis, *, reads: bool = False) -> None:
        self._redis = redis
        self._repeated = (*REFUSED_UNRUN, *BROKEN) if reads else REFUSED_UNRUN
        self._alone = isinstance(redis, RedisCluster)  # its pipelines repeat writes whose outcome is unknown
        self._under_way = False
        self._waiting: list[tuple[Command, asyncio.Future[Any]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def __call__(self, *command: str | int) -> Any:
        """Run a command, and give its answer.

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

    async def script(self, script: Script, *, keys: Sequence[str], args: Sequence[str | int] = ()) -> Any:
        """Run a script that writes, and give its answer. Raises as a command does, and as `Script` does."""
        script.check(keys)
        try:
            return await self("EVALSHA", script.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await script(self._redis, keys=keys, args=args)

    async def together(self, *commands: Command) -> list[Any]:
        """Run commands in one round trip, each by itself, and give their answers. Raises the first failure."""
        if self._alone:
            return await asyncio.gather(*(self(*command) for command in commands))
        loop = asyncio.get_running_loop()
        waiting = [(command, loop.create_future()) for command in commands]
        self._waiting.extend(waiting)
        if not self._under_way:
            self._under_way = True
            self._sender = asyncio.create_task(self._send(), name="redis-batch")
        return await asyncio.gather(*(answer for _, answer in waiting))

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
            except (BusyLoadingError, *BROKEN) as error:  # the first refuses everything until it has loaded
                answers = [error] * len(batch)
        for (command, waiting), answer in zip(batch, answers, strict=True):
            # the client repeats what was refused unrun, with the patience that it has with a server that is not ready
            settled = await self._again(command) if isinstance(answer, self._repeated) else answer
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
