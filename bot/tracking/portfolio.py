"""An index over all registrations that people follow: a page of any filter without loading the registrations."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis

from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.tracking.kinds import KINDS
from bot.tracking.registration import GONE, Registration, Transition, registration_id
from bot.tracking.row import DAY, STATES, Row, row_of
from bot.tracking.store import RegistrationStore

_MOVE = Script.beside(__file__, "portfolio_move.lua")
_PAGE = Script.beside(__file__, "portfolio_page.lua")
_COUNTS = Script.beside(__file__, "portfolio_counts.lua")

VERSION = 2
"""Of what a row holds and of which sets there are: an index of an older one is built anew."""
GONE_KEPT = 30 * DAY
"""How long a registration that Twilio no longer has stays in the lists."""
NEEDS = "needs"
"""Stands beside the groups of states for all that somebody must see to, in whatever state it is."""
BATCH = 200
AT_ONCE = 10
_FIRST = 1e11
"""Added to the score of what somebody must see to: more than any time in epoch seconds."""
_DOC = re.compile(r"\{registration:([^:{}]+):([^:{}]+):([^{}]+)\}:doc$")

log = structlog.get_logger()


class Filter(Record):
    """Which registrations are wanted: by account SID, brand SID, group of states (or `NEEDS`) and owner; "" for all."""

    account: str = ""
    brand: str = ""
    state: str = ""
    owner: str = ""

    @property
    def sets(self) -> list[str]:
        """The names of the sets in all of which the wanted ones are."""
        return [f"{name}:{value}" for name, value in self if value]


class Choices(NamedTuple):
    """What there is to choose from: accounts with their names, owners, groups of states.

    `built` says that nothing is missing.
    """

    accounts: Mapping[str, str]
    owners: tuple[str, ...]
    states: tuple[str, ...]
    built: bool


class Portfolio:
    """Rows, and sets of their ids by what they are chosen by, all scored alike: what needs somebody, then the latest.

    It follows from the registrations and may be lost: `keep_up` builds it again.
    """

    def __init__(self, redis: Redis, keys: Keys, store: RegistrationStore, clock: Callable[[], float]) -> None:
        self._redis, self._keys, self._store, self._clock = redis, keys, store, clock

    async def learn(self, registration: Registration, transitions: Sequence[Transition] = ()) -> None:
        """Take up how a registration stands; doing it twice, or with an older state of it, is harmless."""
        kind = KINDS.get(registration.kind)
        if kind is None or not kind.announced:
            return
        now = self._clock()
        over = registration.status == GONE and now - registration.since > GONE_KEPT
        await self._put(registration.id, None if over else row_of(registration, now))

    async def page(self, wanted: Filter, offset: int = 0, size: int = 10) -> tuple[list[Row], int]:
        """Some rows of those that are wanted, and how many there are of them in all."""
        names = wanted.sets or ["order"]
        at = [self._at(name) for name in ("rows", *names)]
        total, *rows = await _PAGE(self._redis, keys=at, args=[offset, size])
        return [row for raw in rows if (row := _read(str(raw)))], int(total)

    async def counts(self, wanted: Filter) -> dict[str, int]:
        """How many there are in each group of states, and of `NEEDS`, of those wanted in any state."""
        given = wanted.model_copy(update={"state": ""}).sets
        names = (*STATES, NEEDS)
        at = [self._at(name) for name in (*given, *(f"state:{name}" for name in names))]
        found = await _COUNTS(self._redis, keys=at, args=[len(given)])
        return dict(zip(names, map(int, found), strict=True))

    async def choices(self) -> Choices:
        """What a filter can be made of, but for brands, of which there may be very many."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in ("account", "owner", "state"):
                pipe.hgetall(self._at(f"choices:{name}"))
            pipe.hget(self._at("built"), "version")
            accounts, owners, states, built = await pipe.execute()
        named = {str(sid): str(name) for sid, name in accounts.items()}
        known = tuple(s for s in (NEEDS, *STATES) if s in {str(name) for name in states})
        return Choices(named, tuple(sorted(map(str, owners))), known, int(built or 0) >= VERSION)

    async def brands(self, typed: str = "", limit: int = 100) -> dict[str, str]:
        """Brands by SID with their titles ("" where it is not known), as far as what was typed is in either."""
        found = {str(s): str(t) for s, t in (await self._redis.hgetall(self._at("choices:brand"))).items()}
        fitting = [(s, t) for s, t in found.items() if typed.casefold() in f"{t} {s}".casefold()]
        return dict(sorted(fitting, key=lambda pair: (not pair[1], pair[1].casefold(), pair[0]))[:limit])

    async def brand_title(self, brand_sid: str) -> str:
        """What people call a brand, "" where that is not known."""
        return str(await self._redis.hget(self._at("choices:brand"), brand_sid) or "") if brand_sid else ""

    async def ids(self) -> list[str]:
        """Every registration of the index, in its order."""
        return [str(i) for i in await self._redis.zrevrange(self._at("order"), 0, -1)]

    async def rows(self, ids: Iterable[str]) -> list[Row]:
        """Rows of these registrations; those that have none are left out."""
        asked = list(ids)
        found = await self._redis.hmget(self._at("rows"), asked) if asked else []
        return [row for raw in found if raw and (row := _read(str(raw)))]

    async def keep_up(self) -> None:
        """Build it where it is missing or of an older version, and compare it with the registrations once a day.

        Cheap while nothing is due. A crash in between leaves it to be done again.
        """
        built = {str(k): str(v) for k, v in (await self._redis.hgetall(self._at("built"))).items()}
        whole = int(built.get("version", 0)) < VERSION
        now = self._clock()
        if whole or now - float(built.get("at", 0)) >= DAY:
            count = await self.rebuild(whole=whole)
            await self._redis.hset(self._at("built"), mapping={"version": VERSION, "at": now})
            log.info("portfolio_built", registrations=count, anew=whole)

    async def rebuild(self, *, whole: bool) -> int:
        """Bring every row in line with its registration; returns how many were read.

        `whole` drops the index first, and looks for registrations among all keys: not each of them has a due time, and
        there is no other list that could not be lost as well.
        """
        ids = {str(i) for i in await self._store.looked_at()}
        if whole:
            await self._drop()
            ids |= {i async for i in self._stored()}
        else:
            ids |= set(await self.ids())
        for batch in parts(sorted(ids), BATCH):
            found = await self._store.many(batch)
            for few in parts(batch, AT_ONCE):
                await asyncio.gather(*(self._take_up(i, found.get(i)) for i in few))
        return len(ids)

    async def _take_up(self, registration_id: str, registration: Registration | None) -> None:
        if registration:
            await self.learn(registration)
        else:
            await self._put(registration_id, None)

    async def _put(self, registration_id: str, row: Row | None) -> None:
        """Put a row where it belongs, unless a later one is there; None takes it off."""
        put = False
        while not put:
            before = await self._redis.hget(self._at("rows"), registration_id)
            old = _read(str(before)) if before else None
            later = old and row and old.version > row.version
            if later or (row.model_dump_json() if row else None) == before:
                return
            put = await self._move(registration_id, str(before or ""), old, row)

    async def _move(self, registration_id: str, before: str, old: Row | None, row: Row | None) -> bool:
        """One script for the row and all its sets; False when the row is not `before` any more."""
        now = _sets(row) if row else {}
        at, args = [self._at("rows"), self._at("order")], list[str | float]()
        for (name, value), label in ((_sets(old) if old else {}) | now).items():
            at += [self._at(f"{name}:{value}"), self._at(f"choices:{name}")]
            args += [int((name, value) in now), value, label, int(bool(label))]
        score = (row.moved_at + (_FIRST if row.needs else 0)) if row else 0
        said = [registration_id, before, row.model_dump_json() if row else "", score]
        return bool(await _MOVE(self._redis, keys=at, args=[*said, *args]))

    async def _drop(self) -> None:
        async for key in self._redis.scan_iter(match=self._at("*"), count=1000):
            await self._redis.unlink(key)

    async def _stored(self) -> AsyncIterator[str]:
        for name, kind in KINDS.items():
            if kind.announced:
                pattern = self._keys.registration(name, "*", "*", "doc")
                async for key in self._redis.scan_iter(match=pattern, count=1000):
                    if found := _DOC.search(str(key)):
                        yield registration_id(*found.groups())

    def _at(self, part: str) -> str:
        return self._keys.portfolio(part)


def parts(whole: Sequence[str], size: int) -> list[Sequence[str]]:
    """A sequence in parts of at most this size."""
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def _sets(row: Row) -> dict[tuple[str, str], str]:
    """The sets that a row is in, by what is chosen and its value, each with the label of that choice."""
    every = {
        ("account", row.account): row.account_name,
        ("brand", row.brand_sid): row.title if row.kind == "brand" else "",
        ("state", row.state): "",
        ("state", NEEDS if row.needs else ""): "",
        ("owner", row.owner): "",
    }
    return {chosen: label for chosen, label in every.items() if chosen[1]}


def _read(raw: str) -> Row | None:
    try:
        return Row.model_validate_json(raw)
    except ValidationError:  # of another version: it is built again
        return None
