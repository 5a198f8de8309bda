"""What people said last about each of several things, as freezes and absences are: sealed, and a later word wins.

An act may be carried out late or twice, after a crash. It then neither brings back what somebody has ended meanwhile,
nor ends what somebody has begun.
"""

from collections.abc import Iterable
from typing import Any, Literal

from redis.asyncio import Redis

from bot.plans.values import Record
from bot.redis.batch import Batch
from bot.redis.scripts import Script
from bot.vault import SealedWithOtherKeyError, Vault

Outcome = Literal["said", "stands", "later", "nothing"]
"""Taken; taken before, from this very act; a later word stands; there was nothing to take back."""

_SAY = Script.beside(__file__, "last_word.lua")


class Word(Record):
    """What was said about one thing, and when (epoch seconds). `what` is None when it cannot be read, for `trouble`."""

    about: str
    at: float
    what: dict[str, Any] | None
    trouble: str = ""


class LastWords:
    """One word for each thing, in one Redis hash."""

    def __init__(self, redis: Redis, key: str, vault: Vault) -> None:
        self._redis, self._key, self._vault = redis, key, vault
        self._read = Batch(redis, reads=True)

    async def say(self, about: str, what: dict[str, Any], *, at: float, act: str = "") -> Outcome:
        """Let this stand from now on. `act` tells a repetition from somebody else's word."""
        return await self._say(about, at, act, self._vault.seal(what), "")

    async def take_back(self, about: str, *, at: float, act: str = "", seen: float | None = None) -> Outcome:
        """Let nothing stand any more; with `seen` only what was said by that time."""
        return await self._say(about, at, act, "", "" if seen is None else repr(seen))

    async def all(self) -> list[Word]:
        """What stands, about everything."""
        return self._words((await self._read("HGETALL", self._key)).items())

    async def of(self, *about: str) -> list[Word]:
        """What stands, about these."""
        found = await self._redis.hmget(self._key, list(about))
        return self._words(zip(about, found, strict=True))

    async def _say(self, about: str, at: float, act: str, sealed: str, seen: str) -> Outcome:
        outcome: Outcome = await _SAY(self._redis, keys=[self._key], args=[about, repr(at), act, sealed, seen])
        return outcome

    def _words(self, rows: Iterable[tuple[object, object]]) -> list[Word]:
        return [word for about, raw in rows if raw and (word := self._word(str(about), str(raw)))]

    def _word(self, about: str, raw: str) -> Word | None:
        at, _, rest = raw.partition("|")
        sealed = rest.partition("|")[2]
        if rest and not sealed:
            return None
        try:
            return Word(about=about, at=float(at), what=self._vault.open(sealed))
        except (SealedWithOtherKeyError, ValueError) as error:
            when = float(at) if at.replace(".", "", 1).isdecimal() else 0.0
            return Word(about=about, at=when, what=None, trouble=type(error).__name__)
