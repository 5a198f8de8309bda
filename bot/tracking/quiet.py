"""Looks of which nobody has to hear, which are most of them: written down many at a time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore


@dataclass(frozen=True)
class QuietLook:
    """A look that made `seen` of `known`. It began while that was `due`; the next one is at `when` (epoch seconds)."""

    known: Registration
    seen: Registration
    due: float | None
    when: float


class QuietLooks:
    """Holds such looks until `record`; a crash before it has them made again when their claim has ended."""

    def __init__(self, store: RegistrationStore, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._held: list[QuietLook] = []
        self._writing = asyncio.Lock()

    def put(self, look: QuietLook) -> None:
        """Take up a look."""
        self._held.append(look)

    async def record(self) -> None:
        """Write down what is held, unless it was overtaken, and when to look next."""
        # many ask at the end of a sweep: while one writes, the others' looks gather
        async with self._writing:
            looks, self._held = self._held, []
            if looks:
                await self._write(looks)

    async def _write(self, looks: Sequence[QuietLook]) -> None:
        recorded = await self._store.observe_quietly([(look.known, look.seen) for look in looks])
        done = [look for look, ok in zip(looks, recorded, strict=True) if ok]
        await self._store.look_next_at((k.seen.id, k.when, k.due) for k in done if k.due is not None)
        for look in done:
            if look.due is None:
                await self._store.look_at(look.seen.id, look.when)
        for look, ok in zip(looks, recorded, strict=True):
            if not ok:
                # what changed it meanwhile may be no look: what was seen here must not wait until the claim has ended
                await self._store.look_again(look.seen.id, self._clock())
