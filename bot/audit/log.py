"""The audit log in Redis: a stream of sealed rows in one hash slot, with its head and the base from which it begins."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError
from redis.asyncio import Redis

from bot.audit.chain import Link, Place, linked
from bot.audit.row import Row
from bot.plans.values import canonical_json
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.vault import SealedWithOtherKeyError, Vault

NOTED_SECONDS = 90 * 86400
HEAD_LOST = "head lost"
"""The kind of the row with which a log goes on whose head was gone."""
BATCH = 200
"""Rows that are held in memory at a time."""

Outcome = Literal["done", "moved", "noted"]

_APPEND = Script.beside(__file__, "append.lua")
_TRIM = Script.beside(__file__, "trim.lua")


class AuditProblem(Exception):
    """The audit cannot be written or read; the text says why, for whoever runs Tenfour."""


@dataclass(frozen=True)
class Stored:
    """One entry of the stream. `link` is None when it cannot be opened or is not what was stored."""

    seq: int
    link: Link | None


@dataclass(frozen=True)
class Standing:
    """Where the log begins and ends, as one moment saw it. `last` is the number of the last row that is there.

    `head` and `base` are None when they cannot be opened; `head_token` is the head as it is stored.
    """

    base: Place | None
    head: Place | None
    last: int
    head_token: str


class AuditLog:
    """Reads and appends rows. Whoever appends says after which head; somebody else may have been faster."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault) -> None:
        self._redis, self._vault = redis, vault
        self._keys = keys
        self._log, self._head, self._base, self._copied = map(keys.audit, ("log", "head", "base", "copied"))

    async def copied(self, number: int) -> int:
        """How many entries of a change's timeline are in the log."""
        return (await self.copied_of([number]))[0]

    async def copied_of(self, numbers: Sequence[int]) -> list[int]:
        """The same of several changes."""
        if not numbers:
            return []
        return [int(known or 0) for known in await self._redis.hmget(self._copied, list(map(str, numbers)))]

    async def append(
        self, rows: Sequence[Row], *, change: int = 0, copied: tuple[int, int] = (0, 0), key: str = ""
    ) -> Outcome:
        """Append rows after the head. With `change`, `copied` says how many of its entries are in, and will be.

        With `key` nothing is appended that was noted under it before. Raises `AuditProblem`.
        """
        token = str(await self._redis.get(self._head) or "")
        head, resumed = await self._continued(token)
        links = linked(head, [*resumed, *rows])
        names = [self._log, self._head, self._copied, *([self._noted(key)] if key else ())]
        answer = await _APPEND(
            self._redis,
            keys=names,
            args=[
                token,
                self._vault.seal(links[-1].place.model_dump()),
                change or "",
                *copied,
                NOTED_SECONDS,
                links[0].seq,
                *(self._sealed(link) for link in links),
            ],
        )
        if answer[0] == "broken":
            raise AuditProblem(
                f"The audit log does not go on behind row {head.seq} ({answer[1]}): what is stored behind it was not "
                "written by Tenfour, or its head was put back. Run `tenfour audit verify`"
            )
        outcome: Outcome = answer[0]
        return outcome

    async def standing(self) -> Standing:
        """Where the log begins and ends."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(self._base)
            pipe.get(self._head)
            pipe.xrevrange(self._log, count=1)
            base, head, last = await pipe.execute()
        return Standing(self._place(base), self._place(head), _seq(last[0][0]) if last else 0, str(head or ""))

    async def forwards(self, start: int = 1, end: int | None = None) -> AsyncIterator[Stored]:
        """What is stored, oldest first, from one number to another."""
        at, most = str(start), "+" if end is None else str(end)
        while batch := _entries(await self._redis.xrange(self._log, at, most, count=BATCH)):
            for name, sealed in batch:
                yield self._opened(name, sealed)
            at = f"({batch[-1][0]}"

    async def backwards(self) -> AsyncIterator[Stored]:
        """What is stored, newest first."""
        at = "+"
        while batch := _entries(await self._redis.xrevrange(self._log, at, "-", count=BATCH)):
            for name, sealed in batch:
                yield self._opened(name, sealed)
            at = f"({batch[-1][0]}"

    async def begin_after(self, place: Place) -> bool:
        """Remove everything up to a place, that one included; False when somebody else did so meanwhile."""
        known = str(await self._redis.get(self._base) or "")
        args = [known, self._vault.seal(place.model_dump()), f"{place.seq + 1}-0"]
        return bool(await _TRIM(self._redis, keys=[self._log, self._base], args=args))

    async def _continued(self, token: str) -> tuple[Place, list[Row]]:
        """What the next row continues, and a row that says so where the head was lost."""
        if token:
            if place := self._place(token):
                return place, []
            raise AuditProblem(
                "The head of the audit log cannot be opened: TENFOUR_ENCRYPTION_KEY lacks the key that sealed it, or "
                "it was edited"
            )
        async for stored in self.backwards():
            if stored.link is None:
                raise AuditProblem(f"The audit log has no head, and its last row {stored.seq} cannot be opened")
            # whoever removed it may have cut off rows as well: that must not be forgotten
            row = Row(at=stored.link.told.at, kind=HEAD_LOST, what="the head of the log was gone")
            return stored.link.place, [row]
        return Place(), []

    def _noted(self, key: str) -> str:
        return self._keys.audit(f"noted:{key}".translate({ord("{"): "(", ord("}"): ")"}))

    def _place(self, token: object) -> Place | None:
        """The place that was sealed, the beginning when nothing was, None when it cannot be opened."""
        if not token:
            return Place()
        try:
            return Place.model_validate(self._vault.open(str(token)))
        except (SealedWithOtherKeyError, ValidationError):
            return None

    def _sealed(self, link: Link) -> str:
        return self._vault.seal(canonical_json(link.model_dump()))

    def _opened(self, name: str, sealed: str) -> Stored:
        try:
            link = Link.model_validate_json(self._vault.open(sealed))
        except (SealedWithOtherKeyError, ValidationError):
            return Stored(_seq(name), None)
        return Stored(_seq(name), link)


def _entries(answer: Iterable[Any] | None) -> list[tuple[str, str]]:
    """Stream ids with what is sealed under them."""
    return [(str(name), str((fields or {}).get("row", ""))) for name, fields in answer or ()]


def _seq(name: str) -> int:
    return int(str(name).partition("-")[0])
