"""The end of a process: one budget of time for all that is still to be finished, and what ends it at once."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog

CLOSING_SECONDS = 25.0
"""From the first signal to the end; whoever stops the bot usually loses patience after thirty."""
SOCKETS_SECONDS = 5.0
"""Of that, what is kept for closing sockets once no work is left."""
LAST_WORDS_SECONDS = 3.0
"""Before that, what is kept for the cards of runs that have just ended, or were cut off."""
HURRY_SECONDS = 5.0
"""From a second signal to the end."""

log = structlog.get_logger()


class Closing:
    """How much of the time is left in which a process has to end. It runs from `begin` on, for all phases together."""

    def __init__(self, seconds: float = CLOSING_SECONDS) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._task: asyncio.Task[Any] | None = None
        self._guard: asyncio.TimerHandle | None = None
        self._over = False
        self._hurried = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether the time was not enough."""
        return self._over

    def begin(self, task: "asyncio.Task[Any] | None" = None) -> None:
        """The time runs; the task, or the one that calls this, is cancelled when it is over.

        Calling it again changes nothing.
        """
        if self._deadline is None:
            loop = asyncio.get_running_loop()
            left = HURRY_SECONDS if self._hurried.is_set() else self._seconds
            self._task, self._deadline = task or asyncio.current_task(), loop.time() + left
            self._guard = loop.call_at(self._deadline, self._cut)

    def hurry(self) -> None:
        """Wait for nothing any more: what is under way is cut off, and left to others."""
        self._hurried.set()
        if self._deadline is not None and self._guard:
            loop = asyncio.get_running_loop()
            self._guard.cancel()
            self._deadline = min(self._deadline, loop.time() + HURRY_SECONDS)
            self._guard = loop.call_at(self._deadline, self._cut)

    def end(self) -> None:
        """It has ended in time."""
        if self._guard:
            self._guard.cancel()

    def left(self, kept: float = SOCKETS_SECONDS) -> float:
        """Seconds that work may still take when so many are kept for what comes after it; never less than 0."""
        if self._hurried.is_set():
            return 0.0
        if self._deadline is None:
            return self._seconds - kept
        return max(0.0, self._deadline - kept - asyncio.get_running_loop().time())

    async def wait(self, work: Coroutine[Any, Any, object]) -> None:
        """Wait for work that keeps to `left` by itself; in a hurry it is cancelled instead."""
        task, hurried = asyncio.ensure_future(work), asyncio.ensure_future(self._hurried.wait())
        try:
            await asyncio.wait({task, hurried}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            hurried.cancel()
            await asyncio.gather(task, hurried, return_exceptions=True)

    def _cut(self) -> None:
        self._over = True
        log.critical("not_ended_in_time", then="what is left is cut off")
        if self._task:
            self._task.cancel()


async def until_told(bot: Callable[[Closing], AbstractAsyncContextManager[None]]) -> None:
    """Run a bot until SIGTERM or SIGINT; a second one cuts off what the bot is still finishing.

    One that is still starting does not finish that first: it may wait for another process, or for Slack. Raises what
    the bot raises, and `asyncio.CancelledError` when it did not end in time.
    """
    stop, closing = asyncio.Event(), Closing()
    task, started = asyncio.current_task(), False

    def told() -> None:
        if not started and task and not stop.is_set():
            log.info("stopping", why="told so before it was ready")
            closing.begin(task)
            task.cancel()
        elif stop.is_set():
            log.warning("told_twice", then="what is under way is cut off")
            closing.hurry()
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told)
    try:
        async with bot(closing):
            started = True
            await stop.wait()
            log.info("stopping")
    except asyncio.CancelledError:
        # told while it was starting, and ended in time
        if started or closing.is_over or not stop.is_set():
            raise
    finally:
        closing.end()
