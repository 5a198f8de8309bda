"""Remembers what somebody chose to see of the portfolio on their App Home."""

from pydantic import ValidationError
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.portfolio import Filter

KEPT_SECONDS = 400 * 86400
PAGE_SECONDS = 3600
"""How long somebody stays on a page: whoever comes back the next day begins at the top."""


class Chosen:
    """A filter and a page for each person."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys

    async def of(self, user: str) -> tuple[Filter, int]:
        """What this person sees: everything from the first page (0) on, until they choose."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.get(self._key(user, "filter"))
            pipe.get(self._key(user, "page"))
            chosen, page = await pipe.execute()
        try:
            return Filter.model_validate_json(chosen or "{}"), int(page or 0)
        except ValidationError:  # of another version
            return Filter(), 0

    async def choose(self, user: str, wanted: Filter) -> None:
        """Remember a filter, from its first page on."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.set(self._key(user, "filter"), wanted.model_dump_json(), ex=KEPT_SECONDS)
            pipe.unlink(self._key(user, "page"))
            await pipe.execute()

    async def turn(self, user: str, page: int) -> None:
        """Remember a page, for a while."""
        await self._redis.set(self._key(user, "page"), page, ex=PAGE_SECONDS)

    def _key(self, user: str, part: str) -> str:
        return self._keys.plain(f"home:{part}:{user}")
