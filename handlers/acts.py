"""What a person has done is written down before it is acknowledged, so that a crash after the ack loses nothing.

An act is carried out at once, beside the ack; one that a crash left behind is carried out by the next sweep. All are
harmless to repeat: a decision counts once, a draft becomes one change, and a stopped run is settled only as it was when
the person saw it.
"""

from typing import Any

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.changes.change import place
from bot.plans.values import Record
from bot.redis.batch import Batch
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.vault import SealedWithOtherKeyError, Vault
from handlers.delivery import REMEMBER_SECONDS

_KEEP = Script.beside(__file__, "keep.lua")
_FORGET = Script.beside(__file__, "forget.lua")

log = structlog.get_logger()


class WrittenDownError(Exception):
    """What a person did is written down and could not be carried out yet; the cause says what has not answered."""


class Act(Record):
    """One thing a person did: ids and what they typed. `at` is epoch seconds, `channel` "" in windows and on Home."""

    id: str
    kind: str
    user: str
    team: str
    at: float
    what: dict[str, Any]
    channel: str = ""

    @property
    def where(self) -> str:
        """The workspace and channel in which it was done."""
        return place(self.team, self.channel)


class ActStore:
    """Acts that were acknowledged and are not carried out yet; sealed, as reasons are typed by people."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault) -> None:
        self._redis, self._keys, self._vault = redis, keys, vault
        self._write = Batch(redis)

    async def begin(self, act: Act, mark: str, holder: tuple[str, int]) -> bool:
        """Write an act down, with the mark of its delivery and its lease for this holder, all in one.

        False when the mark stands ("" is none): the act was written down before, and may be carried out already.
        """
        keys = [self._keys.plain("acts"), self.lease(act), *([self._keys.act(f"seen:{mark}")] if mark else [])]
        args: list[str | int] = [act.id, self._vault.seal(act.model_dump()), *holder, REMEMBER_SECONDS]
        return bool(await self._write.script(_KEEP, keys=keys, args=args))

    async def keep(self, act: Act) -> None:
        """Write an act down, or what has become of it."""
        await self._write("HSET", self._keys.plain("acts"), act.id, self._vault.seal(act.model_dump()))

    async def done(self, act: Act, holder: tuple[str, int]) -> None:
        """Forget an act that was carried out, or refused with words, and give back this holder's lease of it."""
        keys = [self._keys.plain("acts"), self.lease(act)]
        await self._write.script(_FORGET, keys=keys, args=[act.id, holder[0]])

    async def left(self, before: float) -> list[Act]:
        """Acts from before a time, oldest first."""
        kept = []
        for act_id, raw in (await self._redis.hgetall(self._keys.plain("acts"))).items():
            try:
                kept.append(Act.model_validate(self._vault.open(str(raw))))
            except (SealedWithOtherKeyError, ValidationError) as error:  # must not keep the others waiting
                log.error("act_unreadable", act=act_id, why=type(error).__name__)
        return sorted((act for act in kept if act.at < before), key=lambda act: act.at)

    async def stands(self, act: Act) -> bool:
        """Whether the act is still to be carried out."""
        return bool(await self._redis.hexists(self._keys.plain("acts"), act.id))

    @property
    def catching_up(self) -> str:
        """The key of the right to carry out what was left behind."""
        return self._keys.plain("acts:catching-up")

    def lease(self, act: Act) -> str:
        """The key of the right to carry an act out."""
        return self._keys.act(f"lease:{act.id}")
