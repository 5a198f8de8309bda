"""Takes up what the journal holds: one hand in all processes, in the order in which it was written down."""

import structlog

from bot.intake.journal import Journal
from bot.intake.reading import Reading
from bot.intake.recording import NOT_RECORDED
from bot.intake.soon import Start
from bot.redis.lease import Leases

ENTRIES = 20
"""That are read in one go, and taken up once more after a crash."""

log = structlog.get_logger()


class Uptake:
    """Any number of processes may `ask`; `lease` is the key of the one that does it. `start` runs it."""

    def __init__(self, journal: Journal, reading: Reading, leases: Leases, lease: str, start: Start) -> None:
        self._journal, self._reading, self._leases, self._lease, self._start = journal, reading, leases, lease, start
        self._asked = self._busy = self._stopping = False

    def ask(self) -> None:
        """Have it done; returns at once."""
        self._asked = True
        if not self._busy:
            self._busy = True
            self._start(self._run(), "take up events")

    def stop(self) -> None:
        """Take up no more in this process; what is under way is finished, and others find the rest."""
        self._stopping = True

    async def _run(self) -> None:
        try:
            while self._asked:
                self._asked = False
                await self.take_up()
        except NOT_RECORDED as error:  # it stays in the journal, and whoever is asked next goes on
            log.warning("events_wait", why=type(error).__name__)
        finally:
            self._busy = False

    async def take_up(self) -> None:
        """Take up everything that waits, unless somebody is at it. Raises what keeps it from being recorded."""
        if self._stopping or not await self._journal.length():
            return
        async with self._leases.held(self._lease) as ours:
            last = ""
            while ours and not self._stopping and (entries := await self._journal.read(ENTRIES, last)):
                await self._reading.take_all([delivery for entry in entries for delivery in entry.deliveries])
                await self._journal.cross_off(entries)
                last = entries[-1].id
