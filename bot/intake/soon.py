"""One look soon after something was heard, however much is heard meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

PAUSE_SECONDS = 0.5
"""How long what comes together is gathered: a batch, or several events of one step at Twilio."""

Start = Callable[[Coroutine[Any, Any, Any], str], None]
"""Runs work on its own, which is named for the log, and holds it until it is done."""


class Soon:
    """Does `work` a moment after it was asked for: never twice at once, and again when it was asked for meanwhile."""

    def __init__(self, work: Callable[[], Awaitable[Any]], start: Start, pause: float = PAUSE_SECONDS) -> None:
        self._work, self._start, self._pause = work, start, pause
        self._asked = self._busy = False

    def ask(self) -> None:
        """Have it done; returns at once."""
        self._asked = True
        if not self._busy:
            self._busy = True
            self._start(self._run(), "look at what was heard of")

    async def _run(self) -> None:
        try:
            while self._asked:
                await asyncio.sleep(self._pause)
                self._asked = False
                await self._work()
        finally:
            self._busy = False
