"""The bench of this folder's tests."""

import pytest
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.twilio.server import LocalTwilio
from bot.twilio.gateway import Account
from bot.vault import Vault
from tests.conftest import Clock, Started, Told
from tests.runs.rig import Rig


@pytest.fixture
def rig(
    redis: Redis,
    keys: Keys,
    vault: Vault,
    twilio: LocalTwilio,
    account: Account,
    clock: Clock,
    told: Told,
    started: Started,
) -> Rig:
    return Rig(redis, keys, vault, twilio, account, clock, told, started)
