"""What was told to us and is not taken up yet: written down in Redis as it came, sealed, before it is acknowledged.

An answer so costs one write, whatever was said and however much follows from it. What is written is taken up by one
hand in all processes (`bot.intake.uptake`), and crossed off after that: a crash has it taken up once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from bot.intake.gathering import Busy
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.vault import SealedWithOtherKeyError, Vault

MOST_BYTES = 64_000_000
"""Sealed, that may wait: some hundred thousand events. Of more, whoever tells is to come again."""

_WRITE = Script.beside(__file__, "journal.lua")
_CROSS_OFF = Script.beside(__file__, "cross_off.lua")

log = structlog.get_logger()


@dataclass(frozen=True)
class Delivery:
    """The body of one request, which proved that it is of this account (its SID)."""

    account: str
    body: str


@dataclass(frozen=True)
class Entry:
    """What was written down in one go, under the id that Redis gave it; `size` is in bytes, sealed."""

    id: str
    deliveries: Sequence[Delivery]
    size: int


class Journal:
    """A Redis stream. Bodies hold people's phone numbers, so each entry is sealed."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault, most: int = MOST_BYTES) -> None:
        self._redis, self._vault, self._most = redis, vault, most
        self._key = keys.events("journal")
        self._both = [self._key, keys.events("bytes")]
        self._closed: set[str] = set()

    async def write(self, deliveries: Sequence[Delivery]) -> None:
        """Write down these together. Raises `Busy` where too much waits, and what Redis raises."""
        sealed = self._vault.seal([[delivery.account, delivery.body] for delivery in deliveries])
        if not await _WRITE(self._redis, keys=self._both, args=[self._most, sealed]):
            raise Busy

    async def read(self, count: int, after: str = "") -> list[Entry]:
        """So many of the oldest entries `after` one (its id). One that no key opens stays, and is empty here."""
        found = await self._redis.xrange(self._key, f"({after}" if after else "-", "+", count=count)
        sealed = [(str(i), str((fields or {}).get("told", ""))) for i, fields in found or ()]
        return [Entry(i, self._opened(i, told), len(told)) for i, told in sealed]

    async def cross_off(self, entries: Sequence[Entry]) -> None:
        """These are taken up."""
        if done := [x for entry in entries if entry.deliveries for x in (entry.id, entry.size)]:
            await _CROSS_OFF(self._redis, keys=self._both, args=done)

    async def length(self) -> int:
        """How many entries wait."""
        return int(await self._redis.xlen(self._key))

    def _opened(self, entry_id: str, sealed: str) -> Sequence[Delivery]:
        try:
            return [Delivery(str(account), str(body)) for account, body in self._vault.open(sealed)]
        except SealedWithOtherKeyError as error:
            if entry_id not in self._closed:
                self._closed.add(entry_id)
                log.error("events_not_opened", entry=entry_id, why=str(error))
            return []
