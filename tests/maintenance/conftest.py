"""Servers of their own, for tests that change how a server is set up, or need an empty one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.audit.log import AuditLog
from bot.audit.trail import AuditTrail
from bot.maintenance.memory import Memory
from bot.maintenance.settled import SettledChanges
from bot.redis.connection import open_redis
from bot.redis.embedded import run_embedded_redis
from bot.redis.keys import Keys
from bot.redis.masters import keys_like
from bot.vault import Vault
from tests.changes.office import Office
from tests.conftest import Clock, Started, Told


@pytest_asyncio.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[Redis]:
    """An empty server that no other test uses."""
    async with run_embedded_redis(tmp_path / "own") as server, open_redis(server.url, tmp_path) as handle:
        yield handle.client


@pytest.fixture
def secret() -> str:
    """The encryption key."""
    return Fernet.generate_key().decode()


@pytest.fixture
def memory(redis: Redis, keys: Keys, secret: str) -> Memory:
    """The memory of an installation, as a command opens it."""
    return Memory(redis, keys, Vault([secret]), (secret,))


@pytest.fixture
def office(memory: Memory, clock: Clock) -> Office:
    """People who ask and decide in that memory."""
    return Office.opened(memory.redis, memory.keys, memory.vault, Told(), Started(), clock)


@pytest.fixture
def trail(memory: Memory, office: Office, clock: Clock) -> AuditTrail:
    """Its audit."""
    log = AuditLog(memory.redis, memory.keys, memory.vault)
    return AuditTrail(memory.redis, memory.keys, log, office.store, clock)


@pytest.fixture
def settled(memory: Memory, office: Office, trail: AuditTrail) -> SettledChanges:
    """What rewrites and removes its settled changes."""
    return SettledChanges(memory.redis, memory.keys, memory.vault, office.store, trail)


async def emptied(memory: Memory) -> None:
    """The Redis is lost."""
    async for key in keys_like(memory.redis, f"{memory.keys.prefix}:*"):
        await memory.redis.delete(key)
