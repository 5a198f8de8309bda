"""Freezes: nothing new is sent to an account, or to any, until they end or are lifted."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.changes.last_word import LastWords, Outcome, Word
from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.vault import Vault

ALL = "*"
"""Stands for every account."""
LONGEST_SECONDS = 90 * 86400.0
"""How long a freeze may last."""
HELD = "is held back by a freeze"
"""What a timeline says of a run that a freeze keeps from going on."""

log = structlog.get_logger()


class Freeze(Record):
    """`user` stopped the calls to `account` (a SID, or `ALL`) from `at` until `until` (epoch seconds).

    One that cannot be read has no user, and ends when it is lifted.
    """

    account: str
    user: str
    reason: str
    at: float
    until: float

    @property
    def picture(self) -> str:
        """Tells one freeze from another, for what is drawn of it."""
        return f"{self.account}:{self.user}:{self.at}"


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
        self._words, self._clock = LastWords(redis, keys.plain("freezes"), vault), clock

    async def begin(self, freeze: Freeze, act: str = "") -> Outcome:
        """From now on, instead of an earlier one of the same account; not where a later word was said on it."""
        return await self._words.say(freeze.account, freeze.model_dump(), at=freeze.at, act=act)

    async def lift(self, account: str, act: str = "", *, at: float | None = None, seen: float | None = None) -> Outcome:
        """Not frozen any more; with `seen` only what was begun by that time.

        A freeze of all accounts is lifted on its own.
        """
        now = self._clock() if at is None else at
        return await self._words.take_back(account, at=now, act=act, seen=seen)

    async def standing(self) -> list[Freeze]:
        """Every freeze that holds now, the oldest first."""
        return sorted(self._holding(await self._words.all()), key=lambda f: f.at)

    async def of(self, account: str) -> Freeze | None:
        """What holds the calls to this account: the freeze that ends last, or None."""
        return max(self._holding(await self._words.of(account, ALL)), key=lambda f: f.until, default=None)

    def _holding(self, words: Iterable[Word]) -> list[Freeze]:
        return [freeze for freeze in map(_read, words) if freeze.until > self._clock()]


def _read(word: Word) -> Freeze:
    try:
        return Freeze.model_validate(word.what)
    except ValidationError as error:
        # fails closed: somebody wanted it to stop, and only why and until when cannot be read
        log.error("freeze_unreadable", account=word.about, why=word.trouble or type(error).__name__)
        return Freeze(account=word.about, user="", reason="", at=word.at, until=float("inf"))
