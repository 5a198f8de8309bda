"""Seals again, with the newest key, what older keys have sealed, while bots work on it.

What is sealed is found by its form, wherever it stands, so nothing can be forgotten. Each value is replaced only if it
is still the one that was read. What the newest key has sealed is left alone: after a crash it goes on where it was.
"""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from redis.asyncio import Redis

from bot.maintenance.memory import Memory
from bot.redis.masters import keys_like
from bot.redis.scripts import Script

TRIES = 20
ROWS = 500
_SEALED = re.compile(r"gAAAAA[\w-]{70,}={0,2}", re.ASCII)
"""A Fernet token: version 0x80, and a time whose upper half is zero until the year 2106."""

_RESEAL = Script.beside(__file__, "reseal.lua")
_RESEAL_ROWS = Script.beside(__file__, "reseal_rows.lua")


@dataclass
class Resealed:
    """How many values were sealed again, and how many needed it not.

    `unreadable` names keys in which something opens with no key that we have, `busy` those that others changed all the
    while.
    """

    sealed: int = 0
    fresh: int = 0
    unreadable: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Place:
    kind: str
    at: str
    value: str


async def reseal(memory: Memory, *, look_only: bool = False) -> Resealed:
    """Go through everything; with `look_only` nothing is written, and `sealed` counts what an older key has sealed."""
    rings = _Rings(memory.encryption_keys)
    async for key in keys_like(memory.redis, f"{memory.keys.prefix}:*"):
        kind = str(await memory.redis.type(key))
        if kind == "stream":
            await _rows(memory.redis, key, rings, look_only=look_only)
        else:
            await _values(memory.redis, key, kind, rings, look_only=look_only)
    return rings.told


class _Rings:
    """Opens with any key, seals with the newest, and counts."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._newest, self._all = Fernet(secrets[0]), MultiFernet([Fernet(s) for s in secrets])
        self.told = Resealed()

    def anew(self) -> "_Rings":
        """The same keys, counting from zero."""
        return _Rings(self._secrets)

    def again(self, key: str, text: str) -> str:
        """The text with everything in it that an older key has sealed sealed anew."""
        return _SEALED.sub(lambda found: self._token(key, found[0]), text)

    def _token(self, key: str, token: str) -> str:
        try:
            self._newest.decrypt(token)
        except InvalidToken:
            try:
                fresh = self._all.rotate(token).decode()
            except InvalidToken:
                self.told.unreadable.add(key)
                return token
            self.told.sealed += 1
            return fresh
        self.told.fresh += 1
        return token


async def _values(redis: Redis, key: str, kind: str, rings: _Rings, *, look_only: bool) -> None:
    for _ in range(TRIES):
        moved = False
        async for place in _places(redis, key, kind):
            fresh = rings.again(key, place.value)
            if fresh != place.value and not look_only:
                args = [place.kind, place.at, place.value, fresh]
                moved |= not await _RESEAL(redis, keys=[key], args=args)
        if not moved:
            return
    rings.told.busy.add(key)


async def _places(redis: Redis, key: str, kind: str) -> AsyncIterator[_Place]:
    if kind == "string":
        yield _Place(kind, "", str(await redis.get(key) or ""))
    elif kind == "hash":
        async for name, value in redis.hscan_iter(key):
            yield _Place(kind, str(name), str(value))
    elif kind == "list":
        for at, value in enumerate(await redis.lrange(key, 0, -1)):
            yield _Place(kind, str(at), str(value))


async def _rows(redis: Redis, key: str, rings: _Rings, *, look_only: bool) -> None:
    """A stream's entries cannot be replaced: a copy with the same ids takes its place.

    The audit's hashes are over what its rows say, so they hold.
    """
    copy = f"{key}:resealed"
    if key.endswith(":resealed"):
        await redis.unlink(key)  # left by one that was killed
        return
    before = rings.told.sealed
    async for some in _batches(redis, key):
        for _, fields in some:
            for value in fields.values():
                rings.again(key, value)
    if look_only or rings.told.sealed == before:
        return
    uncounted = rings.anew()
    for _ in range(TRIES):
        await redis.unlink(copy)
        count, last = 0, ""
        async for some in _batches(redis, key):
            for entry_id, fields in some:
                again = {name: uncounted.again(key, value) for name, value in fields.items()}
                await redis.xadd(copy, again, id=entry_id)  # type: ignore[arg-type]
                count, last = count + 1, entry_id
        if await _RESEAL_ROWS(redis, keys=[key, copy], args=[count, last]):
            return
    await redis.unlink(copy)
    rings.told.busy.add(key)


async def _batches(redis: Redis, key: str) -> AsyncIterator[Iterable[tuple[str, dict[str, str]]]]:
    at = "-"
    while batch := await redis.xrange(key, at, "+", count=ROWS):
        found = [(str(i), {str(n): str(v) for n, v in (fields or {}).items()}) for i, fields in batch]
        yield found
        at = f"({found[-1][0]}"
