"""What many requests bring at the same time is recorded together, and each is answered once its part is."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

MOST_AT_ONCE = 500
"""Items that are recorded in one go."""
MOST_WAITING = 5000
"""Items that may wait; by then the last of them would hardly be recorded in time for an answer."""
LATE_SECONDS = 1.5
"""What has been under way for so long tells of a Redis that is too slow: then nothing more is taken on."""

Item = TypeVar("Item")


class Busy(Exception):
    """There is more to record than can be in time: it is to come again a little later."""


class Gathering(Generic[Item]):
    """Records by one hand: whatever has come meanwhile goes together, so that a storm costs few round trips.

    `record` raises what keeps all of it from being recorded. `monotonic` gives seconds.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Item]], Awaitable[None]],
        monotonic: Callable[[], float] = time.monotonic,
        most_at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._record, self._monotonic = record, monotonic
        self._most_at_once, self._most_waiting = most_at_once, most_waiting
        self._waiting: list[tuple[Sequence[Item], asyncio.Future[None]]] = []
        self._hand: asyncio.Task[None] | None = None
        self._since = 0.0

    async def put(self, items: Sequence[Item]) -> None:
        """Have these recorded, and wait until they are. Raises `Busy` at once where that would take too long."""
        late = self._hand is not None and self._monotonic() - self._since > LATE_SECONDS
        if late or sum(len(waiting) for waiting, _ in self._waiting) > self._most_waiting:
            raise Busy
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, done))
        if self._hand is None:
            self._since = self._monotonic()
            self._hand = asyncio.create_task(self._work(), name="record what came in")
        # who does not wait any longer does not stop what is under way for others
        await done

    async def _work(self) -> None:
        try:
            while self._waiting:
                self._since = self._monotonic()
                batch = self._next()
                error: BaseException | None = None
                try:
                    await self._record([item for items, _ in batch for item in items])
                except asyncio.CancelledError:
                    for _, done in batch:
                        done.cancel()
                    raise
                except Exception as failed:  # whoever waits for it handles it
                    error = failed
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error) if error else done.set_result(None)
        finally:
            self._hand = None

    def _next(self) -> list[tuple[Sequence[Item], asyncio.Future[None]]]:
        """What is recorded next: at least one, and what nobody waits for any more is left out."""
        batch: list[tuple[Sequence[Item], asyncio.Future[None]]] = []
        size = 0
        while self._waiting and (not batch or size + len(self._waiting[0][0]) <= self._most_at_once):
            items, done = self._waiting.pop(0)
            if not done.done():
                batch.append((items, done))
                size += len(items)
        return batch
