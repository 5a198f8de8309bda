"""What is told to us is recorded before it is acknowledged, or not acknowledged, so that it is told again."""

import asyncio
from collections.abc import Awaitable, Mapping
from types import MappingProxyType

import structlog
from redis.exceptions import RedisClusterException, RedisError

from bot.intake.gathering import Busy

ANSWER_SECONDS = 4.0
"""Twilio waits five for the answer to an event (twilio.md 8)."""
COME_AGAIN: Mapping[str, str] = MappingProxyType({"Retry-After": "5"})
"""What is said with an HTTP 503: when it may come again (seconds)."""
NOT_RECORDED = (RedisError, RedisClusterException, OSError, TimeoutError, Busy)
"""What keeps a thing from being recorded, whatever it is about: it is to come again."""

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
