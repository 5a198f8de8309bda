"""A process that is told to end does so, whatever it is at."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.closing import Closing, until_told


async def test_a_bot_that_waits_for_others_before_it_is_ready_ends_when_it_is_told_to() -> None:
    did: list[str] = []

    @asynccontextmanager
    async def waiting(closing: Closing) -> AsyncIterator[None]:
        did.append("opened")
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()  # as for a Slack that gives no connection, or another process that migrates
            yield
        finally:
            did.append("closed")

    await until_told(waiting)
    assert did == ["opened", "closed"]


async def test_a_bot_that_ends_by_itself_says_why() -> None:
    @asynccontextmanager
    async def broken(closing: Closing) -> AsyncIterator[None]:
        raise LookupError("no policy")
        yield

    with pytest.raises(LookupError, match="no policy"):
        await until_told(broken)
