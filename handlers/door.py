"""How many deliveries are answered at a time: who could not be answered in time is told so, in time.

All of them at once would keep each other from being answered at all: Slack shows each person an error after three
seconds, and what they did would be done nevertheless.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

MOST_INSIDE: Final = 50
"""Their answers take a quarter of a second of one core, and as long as Redis takes."""
LINE_SECONDS: Final = 1.0
"""In line; what is left of `handlers.ANSWER_SECONDS` then is what an answer may take."""
LATEST_SECONDS: Final = 2.0
"""After its arrival nothing is begun: it could not be done in time."""
TELL_SECONDS: Final = 1.0
CAME: Final = "came"
"""Where a request's context holds when it arrived, by the loop's clock: the loop may be long in coming to it."""
BUSY: Final = "Tenfour is very busy, and nothing was done. Try again in a minute."

log = structlog.get_logger()


class BusyError(Exception):
    """There was no place for this delivery in time; it is untouched."""


class Door:
    """Lets `most` deliveries in at a time, in the order in which they came."""

    def __init__(self, most: int = MOST_INSIDE, line_seconds: float = LINE_SECONDS) -> None:
        self._places, self._line_seconds = asyncio.Semaphore(most), line_seconds
        self._turned_away = 0

    @asynccontextmanager
    async def place(self, came: float) -> AsyncIterator[float]:
        """A place for one delivery, which came at this time of the loop; gives how many seconds ago that was.

        Raises `BusyError` when none is free in time.
        """
        now = asyncio.get_running_loop().time
        try:
            # none is waited for when one is free: that is nearly always so
            async with asyncio.timeout_at(came + self._line_seconds if self._places.locked() else None):
                await self._places.acquire()
        except TimeoutError:
            self._count()
            raise BusyError from None
        try:
            if now() > came + LATEST_SECONDS:
                self._count()
                raise BusyError
            yield now() - came
        finally:
            self._places.release()

    def _count(self) -> None:
        """The log hears how many they were, not of each: there may be thousands."""
        self._turned_away += 1
        if self._turned_away == 1:
            asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        log.warning("too_busy", turned_away=self._turned_away)
        self._turned_away = 0
