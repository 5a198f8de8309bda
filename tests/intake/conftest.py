"""The receiver of this folder's tests."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis

from bot.redis.keys import Keys
from tests.conftest import Clock, Told
from tests.intake.receiver import Receiver


@pytest_asyncio.fixture
async def receiver(redis: Redis, keys: Keys, clock: Clock, told: Told) -> AsyncIterator[Receiver]:
    """What receives webhooks, on a free port."""
    receiver = Receiver(redis, keys, clock, told)
    async with TestServer(receiver.application()) as server:
        receiver.url = str(server.make_url("")).rstrip("/")
        yield receiver
