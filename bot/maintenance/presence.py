"""Which processes of Tenfour live on a Redis, and what shape of data each of them knows."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.redis.scripts import Script

GONE_SECONDS = 30
"""A process that has not said for so long that it lives is taken for gone."""
EVERY_SECONDS = 5.0

_PRESENCE = Script.beside(__file__, "presence.lua")

log = structlog.get_logger()


class Process(Record):
    """One process: where it runs, and the schema that it knows. `id` tells two of one place apart."""

    id: str
    host: str
    pid: int
    schema_known: int

    @property
    def where(self) -> str:
        """How people find it."""
        return f"{self.host}, process {self.pid}"


class Presence:
    """The list of living processes, in one Redis sorted set."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._key = redis, keys.plain("processes")

    async def living(self) -> list[Process]:
        """Every process that has said within `GONE_SECONDS` that it lives."""
        return await self._said("")

    async def others(self, me: Process) -> list[Process]:
        """Every living process but this one."""
        return [process for process in await self.living() if process.id != me.id]

    @asynccontextmanager
    async def shown(self, me: Process) -> AsyncIterator[None]:
        """Be on the list while the body runs."""
        member = me.model_dump_json()
        await self._said(member)
        saying = asyncio.create_task(self._go_on(member), name="presence")
        try:
            yield
        finally:
            saying.cancel()
            await asyncio.wait({saying})
            try:
                await self._redis.zrem(self._key, member)
            except RedisError as error:  # it is taken for gone all the same, only later
                log.info("presence_not_ended", why=type(error).__name__)

    async def _go_on(self, member: str) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self._said(member)
            except RedisError as error:
                log.info("presence_not_said", why=type(error).__name__)

    async def _said(self, member: str) -> list[Process]:
        living = await _PRESENCE(self._redis, keys=[self._key], args=[member, GONE_SECONDS])
        return [Process.model_validate_json(str(raw)) for raw in living]


def this_process(schema_known: int) -> Process:
    """This very process."""
    return Process(id=secrets.token_hex(8), host=socket.gethostname(), pid=os.getpid(), schema_known=schema_known)
