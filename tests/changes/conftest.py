"""The office of this folder's tests."""

import pytest
from redis.asyncio import Redis

from bot.changes.changes import Changes
from bot.changes.store import ChangeStore
from bot.redis.keys import Keys
from bot.runs.ledger import RunLedger
from tests.changes.office import POLICY, STAFF, Office
from tests.conftest import Clock, Started, Told


@pytest.fixture
def office(store: ChangeStore, redis: Redis, keys: Keys, told: Told, started: Started, clock: Clock) -> Office:
    changes = Changes(store, POLICY, STAFF, told, started, clock)
    return Office(changes, store, RunLedger(redis, keys, "worker"), told, started, clock, redis, keys)
