"""The office of this folder's tests."""

import pytest
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import Office
from tests.conftest import Clock, Started, Told


@pytest.fixture
def office(redis: Redis, keys: Keys, vault: Vault, told: Told, started: Started, clock: Clock) -> Office:
    return Office.opened(redis, keys, vault, told, started, clock)
