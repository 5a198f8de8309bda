"""Writes to Redis itself, beside the bots, and remembers what was acknowledged: none of it may ever be missing."""

import asyncio
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from tests.chaos.world import ChaosWorld

KEY = "chaos:witness"


@dataclass
class Witness:
    """Adds one number after the other to a set."""

    chaos: ChaosWorld
    acknowledged: set[str] = field(default_factory=set)
    over: bool = False

    async def work(self) -> None:
        """Go on until it is said to be over: redis-py loses a cancellation now and then (Python 3.11's wait_for)."""
        number = 0
        while not self.over:
            number += 1
            try:
                await self.chaos.client.sadd(KEY, number)
            except (RedisError, OSError):
                await asyncio.sleep(0.02)
            else:
                self.acknowledged.add(str(number))
            await asyncio.sleep(0.01)

    async def missing(self) -> set[str]:
        """What Redis has acknowledged and lost."""
        acknowledged = set(self.acknowledged)
        return acknowledged - {str(one) for one in await self.chaos.client.smembers(KEY)}
