"""What is to be told of registrations, in Redis: an outbox beside each, and the list of those with something in it."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.redis.scripts import Script
from bot.tracking.due import DueTimes
from bot.tracking.registration import Announcement, registration_parts

_CROSS_OFF = Script.beside(__file__, "cross_off.lua")
_UNTOLD = "registrations:to_tell"


class Outboxes(DueTimes):
    """Announcements until they are told, and cards until they are drawn."""

    async def untold(self, now: float) -> list[str]:
        """Registrations that have announcements waiting whose time has come, or a card that shows something old."""
        return [str(i) for i in await self._redis.zrangebyscore(self._keys.plain(_UNTOLD), "-inf", now)]

    async def redraw(self, *ids: str) -> None:
        """Have the next sweep draw the cards of these registrations, should a crash keep us from doing so."""
        await self._to_tell(*ids)

    async def announcements(self, registration_id: str) -> list[Announcement]:
        """What has not been told yet, oldest first."""
        return _rows(await self._redis.hvals(self._at(registration_id, "outbox")))

    async def waiting(self, ids: Sequence[str], channel: str) -> dict[str, list[Announcement]]:
        """What a channel has not been told yet of several registrations, oldest first; those without are left out."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for registration_id in ids:
                pipe.hvals(self._at(registration_id, "outbox"))
            found = zip(ids, await pipe.execute(), strict=True)
        mine = {i: [a for a in _rows(rows) if a.channel == channel] for i, rows in found}
        return {registration_id: rows for registration_id, rows in mine.items() if rows}

    async def put_off(self, registration_id: str, announcement: Announcement, when: float) -> None:
        """Keep an announcement until a later time (epoch seconds). Only who tells the channel may call this."""
        kept = announcement.model_copy(update={"not_before": when})
        await self._redis.hset(self._at(registration_id, "outbox"), kept.id, kept.model_dump_json())

    async def told(self, registration_id: str, announcement: Announcement) -> None:
        """Take an announcement off the outbox."""
        await self._redis.hdel(self._at(registration_id, "outbox"), announcement.id)

    async def told_of(self, rows: Mapping[str, Sequence[str]]) -> None:
        """Take these announcements off the outboxes: their ids by registration."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for registration_id, ids in rows.items():
                pipe.hdel(self._at(registration_id, "outbox"), *ids)
            await pipe.execute()
        for registration_id, ids in rows.items():
            self._observer.announced(registration_id.partition("|")[0], len(ids))

    async def all_told(self, registration_id: str, drawn: int, later: float | None = None) -> None:
        """Take a registration, drawn at version `drawn`, off the list of those with something to tell.

        It stays on it when announcements or a newer version came in meanwhile, until the time of the first of them, and
        until `later` (epoch seconds) when there is something else to show then.
        """
        # claimed before looking, and crossed off only if nobody has put it on the list since: it is always on it
        claim = (1 + secrets.randbelow(2**32)) / 2**33
        await self._redis.zadd(self._keys.plain(_UNTOLD), {registration_id: claim})
        if await self._redis.hget(self._at(registration_id, "doc"), "version") != str(drawn):
            await self._to_tell(registration_id)
            return
        times = [a.not_before for a in await self.announcements(registration_id)]
        when = min([*times, *([] if later is None else [later])], default="")
        await _CROSS_OFF(self._redis, keys=[self._keys.plain(_UNTOLD)], args=[registration_id, claim, when])

    async def _to_tell(self, *ids: str) -> None:
        # the earlier time counts: what waits for the end of quiet hours must not hold up what may be told now
        await self._redis.zadd(self._keys.plain(_UNTOLD), dict.fromkeys(ids, 0.0), lt=True)

    def _at(self, registration_id: str, part: str) -> str:
        return self._keys.registration(*registration_parts(registration_id), part)


def _rows(raw: Iterable[Any]) -> list[Announcement]:
    found = [Announcement.model_validate_json(r) for r in raw]
    return sorted(found, key=lambda a: (a.transition.id, a.transition.about != "state", a.id))
