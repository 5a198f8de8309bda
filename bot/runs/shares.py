"""Fair shares of a process's room for runs: an account whose calls hang, or are held, keeps no other one waiting."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Room:
    """How many runs are in hand at a time: `total` of all accounts, `each` of one.

    The last `kept` places are for accounts that have no run in hand: several busy ones together leave these as well.
    """

    total: int
    each: int
    kept: int


ROOM = Room(total=40, each=10, kept=10)
"""Each run in hand waits for Twilio nearly all the time, and holds some kilobytes meanwhile."""


@dataclass
class Shares:
    """Who has how many runs in hand in this process, and who was sent away for it.

    Nothing is lost with it: what is open and not in hand is started by the next sweep.
    """

    room: Room = ROOM
    _in_hand: Counter[str] = field(default_factory=Counter)
    _sent_away: dict[int, str] = field(default_factory=dict)

    @asynccontextmanager
    async def place(self, account: str, number: int) -> AsyncIterator[bool]:
        """A place for a run of this account while the body runs, or False when it has to come again: see `next`."""
        if not self._admits(account):
            self._sent_away[number] = account
            yield False
            return
        self._sent_away.pop(number, None)
        self._in_hand[account] += 1
        try:
            yield True
        finally:
            self._in_hand -= Counter({account: 1})  # drops those that have none left

    def waits(self, number: int) -> bool:
        """Whether this run was sent away, and there is still no place for it."""
        account = self._sent_away.get(number)
        return account is not None and not self._admits(account)

    def next(self) -> int | None:
        """A run that was sent away and has a place by now: of the account that has the fewest in hand, the oldest."""
        admitted = [number for number, account in self._sent_away.items() if self._admits(account)]
        # the first of the fewest: they stand in the order in which they came
        number = min(admitted, key=lambda one: self._in_hand[self._sent_away[one]], default=None)
        if number is not None:
            del self._sent_away[number]
        return number

    def _admits(self, account: str) -> bool:
        mine, free = self._in_hand[account], self.room.total - self._in_hand.total()
        return free > 0 and mine < self.room.each and (mine == 0 or free > self.room.kept)
