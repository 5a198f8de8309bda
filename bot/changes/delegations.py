"""Who decides for whom during an absence."""

from collections.abc import Callable

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.vault import SealedWithOtherKeyError, Vault

log = structlog.get_logger()


class Delegation(Record):
    """`user` is away until `until`, and `to` takes their seat in every group; epoch seconds."""

    user: str
    to: str
    at: float
    until: float
    reason: str = ""


class Delegations:
    """One delegation per absent person, in one Redis hash; sealed, as reasons are typed. One that is over is none."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault, clock: Callable[[], float]) -> None:
        self._redis, self._key, self._vault, self._clock = redis, keys.plain("delegations"), vault, clock

    async def give(self, delegation: Delegation) -> None:
        """From now on, instead of any earlier one of the same person."""
        await self._redis.hset(self._key, delegation.user, self._vault.seal(delegation.model_dump()))

    async def end(self, user: str) -> bool:
        """The person is back; False when they had not delegated."""
        return bool(await self._redis.hdel(self._key, user))

    async def standing(self) -> list[Delegation]:
        """Every delegation that counts now, the one that ends first comes first."""
        found = []
        for user, raw in (await self._redis.hgetall(self._key)).items():
            try:
                found.append(Delegation.model_validate(self._vault.open(str(raw))))
            except (SealedWithOtherKeyError, ValidationError) as error:  # as good as none: nobody decides for another
                log.error("delegation_unreadable", user=user, why=type(error).__name__)
        return sorted((d for d in found if d.until > self._clock()), key=lambda d: d.until)
