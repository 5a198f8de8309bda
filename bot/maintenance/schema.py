"""The shape of the stored data: its marker, who may read it, and the migrations that bring it up.

`tenfour:schema` is a hash. `version` is the shape of the data, `readable` the least shape that code must know to work
with it: a shape that only adds something keeps the `readable` of before, so that two versions may run beside each
other while replicas are replaced one by one. `restoring` names the backup that is being put back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from bot.maintenance.presence import Presence, Process
from bot.redis.connection import RedisProblem
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.due import DueTimes

SCHEMA = 2
"""The shape that this code reads and writes. A migration to each later one stands in `MIGRATIONS`."""
UNMARKED = 1
"""The shape of data of before there was a marker."""

PATIENCE_SECONDS = 60.0
"""How long a process waits for another one that is bringing the data up."""
LOOK_SECONDS = 0.2

log = structlog.get_logger()


class SchemaProblem(RedisProblem):
    """What is stored and this code do not fit; the text says what to do."""


@dataclass(frozen=True)
class Migration:
    """One step of the data to shape `to`: small, and harmless to repeat, as it may die half way.

    One that `breaks` leaves data that code of before would misread: it begins only once no such process lives.
    """

    to: int
    what: str
    run: Callable[[Redis, Keys], Awaitable[None]]
    breaks: bool = False


async def _due_times_by_account(redis: Redis, keys: Keys) -> None:
    await DueTimes(redis, keys).accounts()  # which moves what older replicas have written to the one set of all


MIGRATIONS: tuple[Migration, ...] = (Migration(2, "due times lie in a set for each account", _due_times_by_account),)
"""In order, from `UNMARKED` on."""


@dataclass(frozen=True)
class Marker:
    """What is said of the stored data; `version` is 0 where nothing is stored or nothing is said."""

    version: int
    readable: int
    restoring: str = ""


class Schema:
    """The marker on one Redis."""

    def __init__(
        self, redis: Redis, keys: Keys, migrations: Sequence[Migration] = MIGRATIONS, known: int = SCHEMA
    ) -> None:
        self._redis, self._keys, self._at = redis, keys, keys.plain("schema")
        self._migrations, self.known = migrations, known

    async def marker(self) -> Marker:
        """What is said of the data now."""
        raw = await self._redis.hgetall(self._at)
        return Marker(int(raw.get("version", 0)), int(raw.get("readable", 0)), str(raw.get("restoring", "")))

    async def ready(self, me: Process, presence: Presence) -> None:
        """Bring the data up to this code, or say why this code must not touch it. Raises `SchemaProblem`.

        `me` must be on the list of processes already: whoever begins a migration that breaks others then sees it.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self._brought_up(me, presence):  # noqa: ASYNC110  # it may be on another machine
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise SchemaProblem(
                "Another process is still bringing the stored data up to this version. Its log says how far it is; "
                "start this one again when it has ended."
            ) from None

    async def _brought_up(self, me: Process, presence: Presence) -> bool:
        """Whether the data is as this code needs it; False while another process is at it."""
        marker = await self.marker()
        if why := self.trouble(marker):
            raise SchemaProblem(why)
        if marker.version >= self.known:
            return True
        async with Leases(self._redis).held(self._keys.plain("schema:migrating")) as ours:
            if ours:
                await self._migrate(me, presence)
        return ours

    def trouble(self, marker: Marker) -> str:
        """Why this code must not touch the data, or ""."""
        if marker.restoring:
            return (
                f"A backup ({marker.restoring}) is being put back, or that was cut off: what is stored is not whole. "
                "Let `tenfour restore` end, or run it again with the same file."
            )
        if marker.readable > self.known:
            return (
                f"What is stored is of a newer Tenfour (schema {marker.version}, which needs {marker.readable}; this "
                f"one knows {self.known}). Start that version again, or put back the backup that was made before the "
                "upgrade (docs/runbook.md, Upgrade)."
            )
        return ""

    async def mark(self, version: int, readable: int) -> None:
        """Say of which shape the data is."""
        await self._redis.hset(self._at, mapping={"version": version, "readable": readable})

    async def begin_restore(self, backup: str) -> None:
        """Let no bot start until `end_restore`."""
        await self._redis.hset(self._at, "restoring", backup)

    async def end_restore(self) -> None:
        """The data is whole."""
        await self._redis.hdel(self._at, "restoring")

    async def _migrate(self, me: Process, presence: Presence) -> None:
        marker = await self.marker()  # whoever had the lease before may have done it
        version, readable = marker.version or UNMARKED, marker.readable or UNMARKED
        for migration in self._migrations:
            if not version < migration.to <= self.known:
                continue
            if migration.breaks:
                # said first, looked second: one that starts now either sees it or is seen
                await self.mark(version, migration.to)
                if old := [p for p in await presence.others(me) if p.schema_known < migration.to]:
                    await self.mark(version, readable)
                    raise SchemaProblem(
                        f"This version changes the stored data so that older ones cannot read it ({migration.what}), "
                        f"and older ones are running: {'; '.join(p.where for p in old)}. Make a backup, stop them all, "
                        "then start this version (docs/runbook.md, Upgrade)."
                    )
                readable = migration.to
            log.info("migrating", to=migration.to, what=migration.what)
            await migration.run(self._redis, self._keys)
            version = migration.to
            await self.mark(version, readable)
        if version != marker.version:
            await self.mark(self.known, readable)
