"""Freezes: nothing new is sent to an account, or to any, until they end or are lifted."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.vault import SealedWithOtherKeyError, Vault

ALL = "*"
"""Stands for every account."""

log = structlog.get_logger()


class Freeze(Record):
    """`user` stopped the calls to `account` (a SID, or `ALL`) from `at` until `until` (epoch seconds)."""

    account: str
    user: str
    reason: str
    at: float
    until: float


def frozen_words(freeze: Freeze) -> str:
    """Why nothing is sent, who wanted that and until when, as a sentence; people are named as Slack mentions them."""
    if not freeze.user:
        return "Frozen: the stored freeze cannot be read. Lift it (/a2p-freeze) and freeze anew if it is still wanted."
    until = f"{datetime.fromtimestamp(freeze.until, UTC):%Y-%m-%d %H:%M} UTC"
    what = "all accounts" if freeze.account == ALL else "this account"
    return f"<@{freeze.user}> has frozen {what} until {until}: {freeze.reason}"


class Freezes:
    """One freeze per account and one for all, in one Redis hash; sealed, as reasons are typed."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault, clock: Callable[[], float]) -> None:
        self._redis, self._key, self._vault, self._clock = redis, keys.plain("freezes"), vault, clock

    async def begin(self, freeze: Freeze) -> None:
        """From now on, instead of an earlier one of the same account."""
        await self._redis.hset(self._key, freeze.account, self._vault.seal(freeze.model_dump()))

    async def lift(self, account: str) -> bool:
        """Not frozen any more; False when it was not. A freeze of all accounts is lifted on its own."""
        return bool(await self._redis.hdel(self._key, account))

    async def standing(self) -> list[Freeze]:
        """Every freeze that holds now."""
        return self._holding((await self._redis.hgetall(self._key)).items())

    async def of(self, account: str) -> Freeze | None:
        """What holds the calls to this account: the freeze that ends last, or None."""
        fields = (account, ALL)
        found = await self._redis.hmget(self._key, list(fields))
        held = self._holding((name, raw) for name, raw in zip(fields, found, strict=True) if raw)
        return max(held, key=lambda f: f.until, default=None)

    def _holding(self, rows: Iterable[tuple[object, object]]) -> list[Freeze]:
        found = []
        for account, raw in rows:
            try:
                freeze = Freeze.model_validate(self._vault.open(str(raw)))
            except (SealedWithOtherKeyError, ValidationError) as error:
                # fails closed: somebody wanted it to stop, and only why and until when cannot be read
                log.error("freeze_unreadable", account=account, why=type(error).__name__)
                freeze = Freeze(account=str(account), user="", reason="", at=0, until=float("inf"))
            if freeze.until > self._clock():
                found.append(freeze)
        return sorted(found, key=lambda f: f.at)
