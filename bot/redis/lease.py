"""Leases: the right of one process to do one thing for a while, renewed as long as it is at it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import Redis

from bot.redis.renewal import LeaseLostError, renewed
from bot.redis.scripts import Script

_TAKE = Script.beside(__file__, "lease.lua")
_YIELD = Script.beside(__file__, "yield.lua")

log = structlog.get_logger()


class Leases:
    """The leases of this process. One that is left by a process that died ends after `seconds`."""

    def __init__(self, redis: Redis, seconds: float = 15.0) -> None:
        self._redis, self._seconds = redis, seconds
        self._me = secrets.token_hex(8)
        self._held: set[str] = set()

    @asynccontextmanager
    async def held(self, key: str) -> AsyncIterator[bool]:
        """The lease of `key` while the body runs, or False when somebody has it, here or elsewhere.

        A body whose lease is lost ends where it is: somebody else goes on.
        """
        if key in self._held:
            yield False
            return
        self._held.add(key)
        try:
            # one of this process that it does not hold is left from a call whose answer Redis never gave: it is taken
            if not await self._take(key):
                yield False
                return
            try:
                async with renewed(lambda: self._renew(key), self._seconds / 3, key):
                    yield True
            except LeaseLostError as error:
                log.warning("lease_lost", key=key, why=str(error))
            finally:
                await _YIELD(self._redis, keys=[key], args=[self._me])
        finally:
            self._held.discard(key)

    async def _take(self, key: str) -> bool:
        return bool(await _TAKE(self._redis, keys=[key], args=[self._me, int(self._seconds * 1000)]))

    async def _renew(self, key: str) -> None:
        if not await self._take(key):
            raise LeaseLostError("somebody else has it")
