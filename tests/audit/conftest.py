"""An office whose acts are audited."""

import os
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from bot.audit.log import AuditLog
from bot.audit.row import Row
from bot.audit.trail import AuditTrail
from bot.changes.store import ChangeStore
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import Office
from tests.conftest import Clock, Started, Told


@dataclass(frozen=True)
class Archive:
    """The log with what feeds it, and hands that can reach into Redis."""

    office: Office
    log: AuditLog
    trail: AuditTrail
    redis: Redis
    keys: Keys
    vault: Vault

    async def rows(self) -> list[Row]:
        """Every row, oldest first."""
        return [stored.link.told async for stored in self.log.forwards() if stored.link]

    async def stored(self) -> list[tuple[str, str]]:
        """The stream as it lies in Redis: ids and sealed rows."""
        entries = await self.redis.xrange(self.keys.audit("log")) or []
        return [(str(name), str((fields or {})["row"])) for name, fields in entries]

    async def store(self, entries: list[tuple[str, str]]) -> None:
        """Put another stream in its place."""
        await self.redis.delete(self.keys.audit("log"))
        for name, sealed in entries:
            await self.redis.xadd(self.keys.audit("log"), {"row": sealed}, id=name)

    async def noted(self, count: int) -> None:
        """That many rows of acts."""
        for n in range(count):
            row = Row(at=self.office.clock(), kind="refused", what=f"act {n}", who="U0RITA")
            await self.trail.note(f"act-{n}-{os.urandom(6).hex()}", row)


@pytest.fixture
def archive(
    store: ChangeStore, redis: Redis, keys: Keys, vault: Vault, told: Told, started: Started, clock: Clock
) -> Archive:
    office = Office.opened(redis, keys, vault, told, started, clock)
    log = AuditLog(redis, keys, vault)
    return Archive(office, log, AuditTrail(redis, keys, log, store, clock, days=30), redis, keys, vault)
