"""The local Twilio and a real client of it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.catalog.world import World, open_world


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """A local Twilio in its start state and a client of it."""
    async with open_world() as opened:
        yield opened
