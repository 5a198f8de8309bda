"""Finds what a crash, a lost task or an outage left lying, and sets it going again."""

from dataclasses import dataclass

from bot.changes.changes import Changes, Engine, Notifier
from bot.tracking.tracker import Tracker


@dataclass(frozen=True)
class Sweep:
    """Looks at what is open, never at everything; doing it twice is harmless."""

    changes: Changes
    tracker: Tracker
    engine: Engine
    notifier: Notifier

    async def all_changes(self) -> None:
        """Expire what is over, start what is approved and not running, redraw what does not show the truth."""
        store = self.changes.store
        for number in await store.open_numbers():
            change = await store.load(number)
            if change is None or await self.changes.expire(change):
                continue
            if change.state in ("approved", "running"):
                await self.engine.start_run(number)
            await self.notifier.change_moved(number)

    async def all_registrations(self) -> None:
        """Look at what is due, and announce what was left unannounced."""
        await self.tracker.sweep()
        for registration in await self.tracker.store.untold():
            await self.notifier.registration_moved(registration)
