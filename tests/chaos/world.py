"""The world of the chaos program: that of the end-to-end tests, with two forked bots and a Redis to be killed."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.audit.log import AuditLog
from bot.changes.freezes import Freezes
from bot.changes.store import ChangeStore
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.settings import encryption_keys, load_settings
from bot.vault import Vault
from tests.chaos.bots import Bots, two_bots
from tests.e2e.world import World, open_world

POLICY = """
[group.approvers]
label = "the approvers"
channel = "$approvals"

[rights]
break_glass = ["approvers"]

[[rule]]
name = "two for services"
operations = ["service.*"]
effect = "require"
approvals = { approvers = 2 }

[[rule]]
name = "one for the rest"
operations = ["*"]
effect = "require"
approvals = { approvers = 1 }
"""
ACK_SECONDS = 1.5
"""How long the local Slack waits for an ack: shorter than the real one, so that a killed bot costs less time."""


@dataclass(frozen=True)
class ChaosWorld:
    """Slack, Twilio, Redis, two bots, and the records that the bots keep."""

    world: World
    bots: Bots
    client: Redis
    store: ChangeStore
    audit: AuditLog
    freezes: Freezes
    keys: Keys

    def kill_redis(self) -> bool:
        """`kill -9` of Redis; it is started again at once on the same folder. False when it is not up."""
        pid = self.world.redis.pid
        if not pid:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    async def redis_up(self) -> None:
        """Wait until Redis answers."""
        while True:
            try:
                await self.client.ping()
                return
            except (RedisError, OSError):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def chaos_world(folder: Path) -> AsyncIterator[ChaosWorld]:
    """A world in which everything is up."""
    async with open_world(folder) as world:
        world.slack.deliveries.ack_timeout = ACK_SECONDS
        policy = folder / "policy.toml"
        policy.write_text(POLICY)
        environment = world.environment(TENFOUR_POLICY=str(policy))
        # made before there are two that would both make them
        vault = Vault(encryption_keys(load_settings(environment)))
        async with (
            two_bots(environment, folder) as bots,
            open_redis(world.redis_url, Path(tempfile.gettempdir())) as redis,
        ):
            await world.slack.wait_connected(30)
            keys = Keys()
            store, audit = ChangeStore(redis.client, keys, vault), AuditLog(redis.client, keys, vault)
            freezes = Freezes(redis.client, keys, vault, time.time)
            yield ChaosWorld(world, bots, redis.client, store, audit, freezes, keys)
