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
        self._given_back: set[str] = set()

    @property
    def holder(self) -> tuple[str, int]:
        """Who we are and how long a lease lasts, in ms: for scripts that take or end a lease with something else."""
        return self._me, int(self._seconds * 1000)

    @asynccontextmanager
    async def held(self, key: str, *, taken: bool = False) -> AsyncIterator[bool]:
        """The lease of `key` while the body runs, or False when somebody has it, here or elsewhere.

        `taken` says that a script of ours has just taken it for the `holder`.
        A body whose lease is lost ends where it is: somebody else goes on.
        """
        if key in self._held:
            yield False
            return
        self._held.add(key)
        try:
            # one of this process that it does not hold is left from a call whose answer Redis never gave: it is taken
            if not taken and not await self._take(key):
                yield False
                return
            try:
                async with renewed(lambda: self._renew(key), self._seconds / 3, key):
                    yield True
            except LeaseLostError as error:
                log.warning("lease_lost", key=key, why=str(error))
            finally:
                if key not in self._given_back:
                    await _YIELD(self._redis, keys=[key], args=[self._me])
        finally:
            self._held.discard(key)
            self._given_back.discard(key)

    def given_back(self, key: str) -> None:
        """A script of ours has ended a lease that is held; it is to be the last thing done under it."""
        self._given_back.add(key)

    async def _take(self, key: str) -> bool:
        return bool(await _TAKE(self._redis, keys=[key], args=[*self.holder]))

    async def _renew(self, key: str) -> None:
        if not await self._take(key):
            raise LeaseLostError("somebody else has it")
