"""Finds what a crash, a lost task or an outage left lying, and sets it going again."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from bot.changes.changes import Changes
from bot.changes.reminders import reminders_due, reviews_due
from bot.ports import Engine, Notifier
from bot.tempo import PRODUCTION
from bot.tracking.tracker import Tracker

WAITING_SECONDS = 900.0
"""How often changes that wait are looked at whatever happens."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Sweep:
    """Looks at what is open, `every` so many seconds, never at everything; doing it twice is harmless."""

    changes: Changes
    tracker: Tracker
    engine: Engine
    notifier: Notifier
    clock: Callable[[], float]
    every: float = PRODUCTION.sweep

    async def all_changes(self) -> None:
        """Expire what is over, start what is approved and not running, redraw what does not show the truth, remind."""
        for number in await self.changes.store.open_numbers():
            try:
                await self._one_change(number)
            except RedisError:
                raise
            except Exception as error:  # what is odd about one must not keep the others waiting; its words may be typed
                log.error("change_not_swept", change=number, error=type(error).__name__)
        async for change in self.changes.store.reviews():
            if nth := reviews_due(change, self.clock()):
                await self.notifier.review_waits(change.number, nth)

    async def _one_change(self, number: int) -> None:
        change = await self.changes.store.load(number)
        if change is None or await self.changes.expire(change):
            return
        if await self.changes.judge_again(change):
            return  # what became of it is drawn, and started, already
        # what waits is woken by what it waits for; now and then all the same, should its next look have been lost
        beat = change.state == "waiting" and self.clock() % WAITING_SECONDS < self.every
        if change.state in ("approved", "running") or beat:
            await self.engine.start_run(number)
        await self.notifier.change_moved(number)
        pending = self.changes.authority.policy.pending
        if nth := reminders_due(change, self.clock(), pending):
            await self.notifier.change_waits(number, nth)

    async def all_registrations(self) -> None:
        """Look at what is due, and announce what was left unannounced."""
        await self.tracker.sweep()
        await self.tracker.tell_left()
