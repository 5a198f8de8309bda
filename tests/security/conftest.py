"""Fixtures of the security tests: a world with the bot in it."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.e2e.world import World, open_world

TCR_SECRET = "planted-tcr-secret-0123456789"


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


@pytest_asyncio.fixture
async def http_world(tmp_path: Path) -> AsyncIterator[World]:
    """A world with the bot listening on a free port, for Slack and for TCR."""
    async with open_world(tmp_path, http_port=free_port()) as world, world.bot(TENFOUR_TCR_SECRET=TCR_SECRET):
        yield world


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
