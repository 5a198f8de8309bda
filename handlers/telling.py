"""The `Notifier` of the engine: what moved is drawn, put into the audit, and read anew where lists show it."""

from collections.abc import Callable, Sequence

import structlog
from redis.exceptions import RedisError

from bot.audit.trail import AuditTrail
from bot.changes.change import Change
from bot.tracking.registration import registration_parts
from handlers.background import Background
from handlers.cards import Cards
from handlers.following.threads import Threads

log = structlog.get_logger()


class Telling:
    """Hands on what the engine says. `stale` has the lists of an account (a SID) read again.

    A change that runs moves with each step: what moved within `pause` seconds goes into the audit together.
    """

    def __init__(
        self,
        cards: Cards,
        threads: Threads,
        trail: AuditTrail,
        background: Background,
        stale: Callable[[str], None],
        pause: float,
    ) -> None:
        self._cards, self._threads, self._trail = cards, threads, trail
        self._background, self._stale, self._pause = background, stale, pause
        self._to_copy: set[int] = set()

    async def change_moved(self, number: int) -> None:
        """A change is different from what its cards show."""
        if number not in self._to_copy:
            self._to_copy.add(number)
            self._background.start(self._copy(number), f"audit of #{number}")
        await self._cards.change_moved(number)

    async def changes_stand(self, changes: Sequence[tuple[Change, int]]) -> None:
        """So these stand, each with the number of the last reminder that is due (0: none)."""
        of_all = [change for change, _ in changes]
        behind = await self._cards.behind(changes) | await self._trail.behind(of_all)
        for change, reminder in changes:
            if change.number in behind:
                await self.change_moved(change.number)
                if reminder:
                    await self._cards.change_waits(change.number, reminder)

    async def registration_moved(self, registration: str) -> None:
        """A registration has something to announce."""
        _, account, _ = registration_parts(registration)
        self._stale(account)
        await self._threads.registration_moved(registration)

    async def review_waits(self, number: int, nth: int) -> None:
        """A reminder is due of a review that nobody has done."""
        await self._cards.review_waits(number, nth)

    async def _copy(self, number: int) -> None:
        await self._background.pause(self._pause)
        # before it is copied: what moves meanwhile is copied by another
        self._to_copy.discard(number)
        try:
            await self._trail.keep_up(number)
        except RedisError as error:  # the next sweep copies it
            log.warning("audit_left_to_sweep", change=number, why=type(error).__name__)
