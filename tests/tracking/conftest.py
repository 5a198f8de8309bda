"""The registry of this folder's tests."""

import pytest
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.twilio.server import LocalTwilio
from bot.tracking.store import RegistrationStore
from bot.twilio.gateway import Account
from tests.conftest import Clock, Told
from tests.tracking.registry import Registry


@pytest.fixture
def registry(redis: Redis, keys: Keys, twilio: LocalTwilio, account: Account, clock: Clock, told: Told) -> Registry:
    return Registry(redis, keys, twilio, account, clock, told)


@pytest.fixture
def registrations(redis: Redis, keys: Keys) -> RegistrationStore:
    return RegistrationStore(redis, keys)
