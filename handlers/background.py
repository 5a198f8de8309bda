"""Work that goes on after an ack: held until it is done, and awaited at shutdown."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class Background:
    """Holds tasks, as a loop alone would let them be collected half-way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._finishing = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Run `work` on its own; a failure that it does not handle itself is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    async def pause(self, seconds: float) -> None:
        """Sleep, for work that keeps to a pace; cut short once everything is to finish."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._finishing.wait(), seconds)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way, at most `seconds`, then cancel the rest. Nothing pauses from now on."""
        self._finishing.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background_failed", task=task.get_name(), error=type(error).__name__, exc_info=error)
