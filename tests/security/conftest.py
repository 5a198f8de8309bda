"""Fixtures of the security tests: a world with the bot in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.conftest import empty_world, world
from tests.e2e.world import World, open_world
from tests.redis.servers import free_port

__all__ = ["empty_world", "http_world", "world"]

TCR_SECRET = "planted-tcr-secret-0123456789"


@pytest_asyncio.fixture
async def http_world(tmp_path: Path) -> AsyncIterator[World]:
    """A world with the bot listening on a free port, for Slack and for TCR."""
    async with open_world(tmp_path, http_port=free_port()) as opened, opened.bot(TENFOUR_TCR_SECRET=TCR_SECRET):
        yield opened
