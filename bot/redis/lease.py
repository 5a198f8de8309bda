"""Leases: the right of one process to do one thing for a while, renewed as long as it is at it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

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
        """The lease of `key` while the body runs, or False when somebody has it, here or elsewhere."""
        if key in self._held:
            yield False
            return
        self._held.add(key)
        try:
            # one of this process that it does not hold is left from a call whose answer Redis never gave: it is taken
            if not await self._take(key):
                yield False
                return
            renewing = asyncio.create_task(self._renew(key))
            try:
                yield True
            finally:
                renewing.cancel()
                with suppress(asyncio.CancelledError):
                    await renewing
                await _YIELD(self._redis, keys=[key], args=[self._me])
        finally:
            self._held.discard(key)

    async def _take(self, key: str) -> bool:
        return bool(await _TAKE(self._redis, keys=[key], args=[self._me, int(self._seconds * 1000)]))

    async def _renew(self, key: str) -> None:
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                await self._take(key)
            except RedisError as error:
                log.warning("lease_not_renewed", key=key, why=type(error).__name__)
