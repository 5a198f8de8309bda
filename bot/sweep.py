"""Finds what a crash, a lost task or an outage left lying, and sets it going again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from redis.exceptions import RedisError

from bot.changes.change import Change
from bot.changes.changes import Changes
from bot.changes.reminders import reminders_due, reviews_due
from bot.ports import Engine, Notifier
from bot.tempo import PRODUCTION
from bot.tracking.tracker import Tracker

WAITING_SECONDS = 900.0
"""How often changes that wait are looked at whatever happens."""
TOGETHER = 100
"""Changes that are held against what is shown of them in one go."""

Stand = tuple[Change, int]
"""A change, and the number of the last reminder of it that is due (0: none)."""

log = structlog.get_logger()


class Attentive(Notifier, Protocol):
    """A `Notifier` that hears of every open change how it stands, by each sweep."""

    async def changes_stand(self, changes: Sequence[Stand]) -> None:
        """So these stand: make up for what is missing.

        Nothing is done for those that are shown, written down and reminded of already, which nearly all are.
        """


@dataclass(frozen=True)
class Sweep:
    """Looks at what is open, `every` so many seconds, never at everything; doing it twice is harmless."""

    changes: Changes
    tracker: Tracker
    engine: Engine
    notifier: Attentive
    clock: Callable[[], float]
    every: float = PRODUCTION.sweep

    async def all_changes(self) -> None:
        """Expire what is over, start what is approved and not running, redraw what does not show the truth, remind."""
        store, stand = self.changes.store, list[Stand]()
        async for number, change in store.many(await store.open_numbers()):
            try:
                if change is not None and (due := await self._one_change(change)) is not None:
                    stand.append((change, due))
                if len(stand) == TOGETHER:
                    await self._make_up(stand)
                    stand = []
            except RedisError:
                raise
            except Exception as error:  # what is odd about one must not keep the others waiting; its words may be typed
                log.error("change_not_swept", change=number, error=type(error).__name__)
        await self._make_up(stand)
        async for change in self.changes.store.reviews():
            if nth := reviews_due(change, self.clock()):
                await self.notifier.review_waits(change.number, nth)

    async def _make_up(self, stand: Sequence[Stand]) -> None:
        try:
            await self.notifier.changes_stand(stand)
        except RedisError:
            raise
        except Exception as error:  # as above
            if len(stand) == 1:
                log.error("change_not_made_up", change=stand[0][0].number, error=type(error).__name__)
                return
            for one in stand:
                await self._make_up([one])

    async def _one_change(self, change: Change) -> int | None:
        """Set a change going; returns the number of the last reminder that is due, None when it is elsewhere by now."""
        # what became of it is drawn, and started, already
        if await self.changes.expire(change) or await self.changes.judge_again(change):
            return None
        # what waits is woken by what it waits for; now and then all the same, should its next look have been lost
        beat = change.state == "waiting" and self.clock() % WAITING_SECONDS < self.every
        if change.state in ("approved", "running") or beat:
            await self.engine.start_run(change.number)
        return reminders_due(change, self.clock(), self.changes.authority.policy.pending)

    async def all_registrations(self) -> None:
        """Look at what is due, and announce what was left unannounced."""
        await self.tracker.sweep()
        await self.tracker.tell_left()
