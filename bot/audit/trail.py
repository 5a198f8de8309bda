"""Writes the audit: copies the timelines of changes, notes what stands in none, and keeps it as long as it must."""

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.audit.log import AuditLog, AuditProblem, Outcome
from bot.audit.row import Row, rows_of
from bot.audit.verify import walked
from bot.changes.change import Change
from bot.changes.store import ChangeStore
from bot.redis.keys import Keys
from bot.vault import SealedWithOtherKeyError

MOST_ROWS = 200
"""Rows that one script appends."""
TRIES = 50
DAY_SECONDS = 86400.0

log = structlog.get_logger()


class AuditTrail:
    """Feeds the log from the timelines, which are the truth. Any number of replicas may, and may die while at it.

    `days` is how long rows are kept; None keeps all.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        log: AuditLog,
        store: ChangeStore,
        clock: Callable[[], float],
        days: float | None = None,
    ) -> None:
        self.log = log
        self._redis, self._keys, self._store, self._clock, self._days = redis, keys, store, clock, days
        # within a process one writer at a time: they would only be faster than each other
        self._writing = asyncio.Lock()

    async def copy(self, number: int) -> None:
        """Bring what a change's timeline holds into the log; nothing is read of one that is in.

        Raises `AuditProblem`, and `SealedWithOtherKeyError` for a change that cannot be read.
        """
        for _ in range(TRIES):
            known = await self.log.copied(number)
            if known >= int(await self._redis.llen(self._keys.change(number, "timeline"))):
                return
            change = await self._store.load(number)
            rows = rows_of(change, known, MOST_ROWS) if change else []
            if not rows:
                return
            async with self._writing:
                outcome = await self.log.append(rows, change=number, copied=(known, known + len(rows)))
            await _rest(outcome)
        raise AuditProblem(f"The timeline of #{number} could not be copied: others were always faster")

    async def behind(self, changes: Sequence[Change]) -> set[int]:
        """The numbers of those of these changes of which the log does not hold all."""
        copied = await self.log.copied_of([change.number for change in changes])
        return {change.number for change, known in zip(changes, copied, strict=True) if known < len(change.timeline)}

    async def keep_up(self, number: int) -> bool:
        """`copy` for those who can do nothing about a failure: False when there was one, which the log tells."""
        try:
            await self.copy(number)
        except (AuditProblem, SealedWithOtherKeyError, ValidationError) as error:  # a change's own words may be typed
            why = str(error) if isinstance(error, AuditProblem) else type(error).__name__
            log.error("audit_not_copied", change=number, why=why)
            return False
        return True

    async def note(self, key: str, row: Row) -> None:
        """Write down what stands in no timeline; once for each `key`, however often it is said within 90 days.

        Raises `AuditProblem`.
        """
        for _ in range(TRIES):
            async with self._writing:
                outcome = await self.log.append([row], key=key)
            if outcome != "moved":
                return
            await _rest(outcome)
        raise AuditProblem("An act could not be noted: others were always faster")

    async def trim_daily(self) -> None:
        """`trim`, once a day whoever and however often it is called."""
        key = self._keys.audit("trimmed")
        if self._days is not None and await self._redis.set(key, "1", nx=True, ex=int(DAY_SECONDS)):
            log.info("audit_trimmed", rows=await self.trim())

    async def trim(self) -> int:
        """Remove the rows that are older than the days they are kept; returns how many.

        What does not hang together is not removed: it would be the evidence.
        """
        if self._days is None:
            return 0
        kept_from = self._clock() - self._days * DAY_SECONDS
        standing = await self.log.standing()
        if standing.base is None:
            return 0
        last, removed = standing.base, 0
        async for link, problem in walked(self.log, standing.base):
            if problem or link is None:
                log.error("audit_not_trimmed", why=problem and problem.what)
                break
            if link.told.at >= kept_from:
                break
            last, removed = link.place, removed + 1
        return removed if removed and await self.log.begin_after(last) else 0


async def _rest(outcome: Outcome) -> None:
    if outcome == "moved":
        await asyncio.sleep(random.uniform(0.001, 0.02))
