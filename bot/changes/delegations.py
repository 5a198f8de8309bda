"""Who decides for whom during an absence."""

from collections.abc import Callable

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.changes.last_word import LastWords, Outcome
from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.vault import Vault

LONGEST_SECONDS = 90 * 86400.0
"""How long somebody may be away."""

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
        self._words, self._clock = LastWords(redis, keys.plain("delegations"), vault), clock

    async def give(self, delegation: Delegation, act: str = "") -> Outcome:
        """From now on, instead of any earlier one of the same person; not where they have said otherwise later."""
        return await self._words.say(delegation.user, delegation.model_dump(), at=delegation.at, act=act)

    async def end(self, user: str, act: str = "", *, at: float | None = None) -> Outcome:
        """The person is back."""
        return await self._words.take_back(user, at=self._clock() if at is None else at, act=act)

    async def standing(self) -> list[Delegation]:
        """Every delegation that counts now, the one that ends first comes first."""
        found = []
        for word in await self._words.all():
            try:
                found.append(Delegation.model_validate(word.what))
            except ValidationError as error:  # as good as none: nobody decides for another
                log.error("delegation_unreadable", user=word.about, why=word.trouble or type(error).__name__)
        return sorted((d for d in found if d.until > self._clock()), key=lambda d: d.until)
