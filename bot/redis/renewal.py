"""Keeps a lease alive while its holder works, and stops the holder when it is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from redis.exceptions import RedisError

log = structlog.get_logger()


class LeaseLostError(Exception):
    """Somebody else has the lease by now."""


@asynccontextmanager
async def renewed(renew: Callable[[], Awaitable[None]], every: float, what: str) -> AsyncIterator[None]:
    """Call `renew` every so many seconds while the body runs.

    When `renew` raises `LeaseLostError`, the body is cancelled and that error is raised instead.
    """
    body = asyncio.current_task()
    over = asyncio.Event()
    lost: list[LeaseLostError] = []

    async def keep() -> None:
        while not lost and not await _within(over, every):
            try:
                await renew()
            except RedisError as error:
                # it may be back in time
                log.warning("lease_not_renewed", what=what, why=type(error).__name__)
            except LeaseLostError as error:
                lost.append(error)
                if body and not over.is_set():
                    body.cancel()

    keeper = asyncio.create_task(keep())
    try:
        yield
    except asyncio.CancelledError:
        if lost and body and not body.uncancel():
            raise lost[0] from None
        raise
    finally:
        # told, not cancelled: up to Python 3.11 asyncio.wait_for, under redis-py, may lose a cancellation
        over.set()
        await keeper


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but no longer than this; False when it did not come."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
