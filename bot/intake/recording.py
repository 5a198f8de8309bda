"""What is told to us is recorded before it is acknowledged, or not acknowledged, so that it is told again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog
from redis.exceptions import RedisClusterException, RedisError

ANSWER_SECONDS = 4.0
"""Twilio waits five for the answer to an event (twilio.md 8)."""
AT_ONCE = 20
NOT_RECORDED = (RedisError, RedisClusterException, OSError, TimeoutError)
"""What keeps a thing from being recorded, whatever it is about: it is to come again."""

Item = TypeVar("Item")

log = structlog.get_logger()


async def recorded(work: Awaitable[None], what: str, account: str, seconds: float = ANSWER_SECONDS) -> bool:
    """Whether the work was done in time for an answer; what was not is to be told again (HTTP 503)."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except NOT_RECORDED as error:
        log.error("webhook_not_recorded", what=what, account=account, why=type(error).__name__)
        return False
    return True


async def each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """Do the work for every item, some at a time. Raises the first failure once everything under way has ended."""
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            await work(item)

    for outcome in await asyncio.gather(*(worker() for _ in range(AT_ONCE)), return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
