"""The bench of this folder's tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.twilio.server import LocalTwilio
from bot.twilio.gateway import Account
from bot.twilio.pace import Pace
from bot.vault import Vault
from tests.conftest import Clock, Started, Told
from tests.runs.rig import Rig


@pytest_asyncio.fixture
async def account(twilio: LocalTwilio, redis: Redis, keys: Keys, clock: Clock) -> AsyncIterator[Account]:
    """The local Twilio's account at the pace that all workers keep; by the tests' clock it forgets what it heard."""
    url, pace = f"{twilio.url}/{{product}}", Pace(redis, keys, clock=clock)
    opened = Account(twilio.account_sid, twilio.account_sid, twilio.auth_token, url, pace=pace)
    yield opened
    await opened.close()


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
