"""Fixtures of the end-to-end tests: a world, with the bot in it or without."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.world import World, open_world


@pytest_asyncio.fixture
async def empty_world(tmp_path: Path) -> AsyncIterator[World]:
    """Slack, Twilio and Redis, and no bot yet."""
    async with open_world(tmp_path) as world:
        yield world


@pytest_asyncio.fixture
async def world(empty_world: World) -> AsyncIterator[World]:
    """A world with the bot in it, on Socket Mode."""
    async with empty_world.bot():
        yield empty_world
