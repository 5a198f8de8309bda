"""Who waits for an answer goes first: what can wait gives way while deliveries are being answered, for a while."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIET_SECONDS = 0.05
"""So long after the last answer it counts as quiet: in a storm, the next delivery comes before."""
STEP_SECONDS = 0.025
TURN_SECONDS = 0.05
"""How long each of those gives way that come in turn."""


class RightOfWay:
    """Of one process. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._under_way, self._last = 0, -QUIET_SECONDS
        self._turn = asyncio.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A delivery is being answered."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._last = self._monotonic()

    async def give(self, longest: float) -> None:
        """Wait until it is quiet, at most this long (seconds): a storm without end must not keep it from being done."""
        for _ in range(math.ceil(longest / STEP_SECONDS)):
            if not self._busy():
                return
            await asyncio.sleep(STEP_SECONDS)

    async def give_in_turn(self) -> None:
        """The same for one after the other, so that in a storm they do not all go on at the same moment."""
        if self._busy():
            async with self._turn:
                await self.give(TURN_SECONDS)

    def _busy(self) -> bool:
        return self._under_way > 0 or self._monotonic() - self._last < QUIET_SECONDS
