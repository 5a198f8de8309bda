"""Remembers who has opened App Home."""

from redis.asyncio import Redis

from bot.redis.keys import Keys


class Visitors:
    """Who has opened App Home: only their pages are redrawn when things move (slack.md 3.1)."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._key = redis, keys.plain("home:visitors")

    async def came(self, user: str) -> None:
        """Remember a visitor."""
        await self._redis.sadd(self._key, user)

    async def among(self, users: set[str]) -> set[str]:
        """Those of `users` who have a page to redraw."""
        return users & {str(u) for u in await self._redis.smembers(self._key)}
