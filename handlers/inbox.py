"""Slack delivers at least once: the second copy of a delivery is acknowledged and nothing else."""

from redis.asyncio import Redis

from bot.redis.keys import Keys
from handlers.delivery import Delivery

REMEMBER_SECONDS = 86400
"""Delayed events come again for up to a day (slack.md 2.8)."""


class Inbox:
    """Remembers deliveries for a day."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys

    async def first(self, delivery: Delivery) -> bool:
        """Whether this delivery is seen for the first time."""
        if not delivery.once:
            return True
        key = self._keys.plain(f"seen:{delivery.kind}:{delivery.once}".translate({ord("{"): "(", ord("}"): ")"}))
        return bool(await self._redis.set(key, 1, nx=True, ex=REMEMBER_SECONDS))
