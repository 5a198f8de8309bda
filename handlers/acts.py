"""What a person has done is written down before it is acknowledged, so that a crash after the ack loses nothing.

An act is carried out at once, beside the ack; one that a crash left behind is carried out by the next sweep. All are
harmless to repeat: a decision counts once, a draft becomes one change, a stopped run is settled once.
"""

from typing import Any

from redis.asyncio import Redis

from bot.plans.values import Value
from bot.redis.keys import Keys
from bot.vault import Vault


class Act(Value):
    """One thing a person did: ids and what they typed. `at` is epoch seconds."""

    id: str
    kind: str
    user: str
    team: str
    at: float
    what: dict[str, Any]


class ActStore:
    """Acts that were acknowledged and are not carried out yet; sealed, as reasons are typed by people."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault) -> None:
        self._redis, self._keys, self._vault = redis, keys, vault

    async def keep(self, act: Act) -> None:
        """Write an act down."""
        await self._redis.hset(self._keys.plain("acts"), act.id, self._vault.seal(act.model_dump()))

    async def done(self, act: Act) -> None:
        """Forget an act that was carried out, or refused with words."""
        await self._redis.hdel(self._keys.plain("acts"), act.id)

    async def left(self, before: float) -> list[Act]:
        """Acts from before a time, oldest first."""
        rows = await self._redis.hvals(self._keys.plain("acts"))
        kept = [Act.model_validate(self._vault.open(str(raw))) for raw in rows]
        return sorted((act for act in kept if act.at < before), key=lambda act: act.at)

    def lease(self, act: Act) -> str:
        """The key of the right to carry an act out."""
        return self._keys.plain(f"act:{act.id}")
