"""Shares reads of Slack: those who ask for the same thing at the same time are told by one answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class SharedReads:
    """One read of a thing at a time. Each answer is from after it was asked for.

    Whoever asks while a read is under way is not told by that one, which may have left Slack before, but by the next,
    together with all others who ask meanwhile. Any number of clicks take two reads at a time that way: Slack allows
    some of them about 20 a minute (slack.md 5).
    """

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Task[Any]] = {}
        self._under_way: dict[str, asyncio.Task[Any]] = {}

    async def fresh(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives, begun after this call; all that share a `key` must read the same thing."""
        if key not in self._waiting:
            self._waiting[key] = asyncio.create_task(self._read(key, read), name=f"read {key}")
        # one who gives up must not take the answer from the others
        answer: T = await asyncio.shield(self._waiting[key])
        return answer

    async def _read(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        if before := self._under_way.get(key):
            await asyncio.wait({before})
        self._under_way[key] = self._waiting.pop(key)
        try:
            return await read()
        finally:
            del self._under_way[key]
