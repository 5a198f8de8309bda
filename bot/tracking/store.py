"""Registrations in Redis: one hash slot each, due times in one sorted set, announcements in an outbox beside each."""

import json
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.tracking.registration import Announcement, Registration, Transition, registration_parts

_BEGIN = Script.beside(__file__, "begin.lua")
_OBSERVE = Script.beside(__file__, "observe.lua")
_CLAIM = Script.beside(__file__, "claim.lua")

_DUE, _UNTOLD, _CHANNELS = "registrations:due", "registrations:untold", "subscriptions"
CLAIM_SECONDS = 60


class RegistrationStore:
    """Reads and moves registrations, and the channels that hear about them."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys

    async def begin(self, registration: Registration) -> None:
        """Start to follow a registration, or look at it again at once; what is known of it stays."""
        # due first: a due time without a document is skipped, a document without a due time would be forgotten
        await self.look_at(registration.id, registration.started_at)
        fields = registration.model_dump(exclude={"snapshot"}) | {"snapshot": "{}"}
        flat = ["" if x is None else x for pair in fields.items() for x in pair]
        known = [registration.change or "", registration.title, registration.started_at, registration.owner]
        args = [*known, registration.made_at, registration.tries, *flat]
        await _BEGIN(self._redis, keys=[self._at(registration.id, "doc")], args=args)
        # again, as a sweep may have taken it in between, and would look again only much later
        await self.look_at(registration.id, registration.started_at)

    async def await_(self, registration: Registration, change: int) -> None:
        """Let a change be woken by a registration, which is followed from now on if it was not before."""
        await self._redis.sadd(self._at(registration.id, "waiters"), change)
        if not await self._redis.exists(self._at(registration.id, "doc")):
            await self.begin(registration)

    async def release(self, registration_id: str, change: int) -> None:
        """A change waits for this registration no more."""
        await self._redis.srem(self._at(registration_id, "waiters"), change)

    async def waiters(self, registration_id: str) -> list[int]:
        """The changes that wait for this registration."""
        return sorted(int(str(n)) for n in await self._redis.smembers(self._at(registration_id, "waiters")))

    async def forget(self, registration_id: str) -> None:
        """Look at a registration no more; what is known of it stays."""
        await self._redis.zrem(self._keys.plain(_DUE), registration_id)

    async def load(self, registration_id: str) -> Registration | None:
        """One registration, or None."""
        doc = {str(k): str(v) for k, v in (await self._redis.hgetall(self._at(registration_id, "doc"))).items()}
        if "kind" not in doc:
            return None
        return Registration.model_validate(
            doc | {"snapshot": json.loads(doc["snapshot"]), "change": int(doc["change"]) if doc["change"] else None}
        )

    async def claim(self, now: float, limit: int) -> list[str]:
        """The ids of registrations whose time has come; each is ours for a minute."""
        return list(await _CLAIM(self._redis, keys=[self._keys.plain(_DUE)], args=[now, CLAIM_SECONDS, limit]))

    async def look_at(self, registration_id: str, when: float) -> None:
        """Set when a registration is to be looked at next."""
        await self._redis.zadd(self._keys.plain(_DUE), {registration_id: when})

    async def observe(
        self,
        seen: Registration,
        transition: Transition | None = None,
        announcements: Sequence[Announcement] = (),
        *,
        tell: bool = False,
    ) -> bool:
        """Record a look that was based on `seen.version`; False when another look came in between.

        `tell`: the card must show something else now, so the sweep draws it if a crash keeps us from doing so.
        """
        tell = tell or bool(announcements)
        if tell:
            # before the script: an entry without news is cleaned up, news without an entry would never be told
            await self._redis.sadd(self._keys.plain(_UNTOLD), seen.id)
        fields: dict[str, Any] = {
            "status": seen.status,
            "since": seen.since,
            "fetched_at": seen.fetched_at,
            "snapshot": json.dumps(seen.snapshot),
            "trouble": seen.trouble,
            "failures": seen.failures,
        }
        rows = [x for a in announcements for x in (a.id, a.model_dump_json())]
        args = [
            str(seen.version),
            transition.model_dump_json() if transition else "",
            len(announcements),
            *rows,
            *(x for pair in fields.items() for x in pair),
        ]
        keys = [self._at(seen.id, part) for part in ("doc", "transitions", "outbox")]
        recorded = bool(await _OBSERVE(self._redis, keys=keys, args=args))
        if recorded and tell:
            # and after it: `all_told` may have taken the entry off again before there were rows to be seen
            await self._redis.sadd(self._keys.plain(_UNTOLD), seen.id)
        return recorded

    async def untold(self) -> list[str]:
        """Registrations that have announcements waiting, or a card that shows something old."""
        return sorted(str(i) for i in await self._redis.smembers(self._keys.plain(_UNTOLD)))

    async def announcements(self, registration_id: str) -> list[Announcement]:
        """What has not been told yet, oldest first."""
        rows = await self._redis.hvals(self._at(registration_id, "outbox"))
        return sorted((Announcement.model_validate_json(r) for r in rows), key=lambda a: a.transition.id)

    async def told(self, registration_id: str, announcement: Announcement) -> None:
        """Take an announcement off the outbox."""
        await self._redis.hdel(self._at(registration_id, "outbox"), announcement.id)

    async def all_told(self, registration_id: str, drawn: int) -> None:
        """Take a registration, drawn at version `drawn`, off the list of those with something to tell.

        It stays on it when announcements or a newer version came in meanwhile.
        """
        await self._redis.srem(self._keys.plain(_UNTOLD), registration_id)
        newer = await self._redis.hget(self._at(registration_id, "doc"), "version") != str(drawn)
        if newer or await self._redis.hlen(self._at(registration_id, "outbox")):
            await self._redis.sadd(self._keys.plain(_UNTOLD), registration_id)

    async def transitions(self, registration_id: str) -> list[Transition]:
        """The log of a registration, oldest first."""
        rows = await self._redis.lrange(self._at(registration_id, "transitions"), 0, -1)
        return [Transition.model_validate_json(r) for r in rows]

    async def some(self, limit: int) -> list[Registration]:
        """Registrations that are followed, the next due first."""
        ids = await self._redis.zrange(self._keys.plain(_DUE), 0, limit - 1)
        loaded = [await self.load(str(i)) for i in ids]
        return [r for r in loaded if r]

    async def channels(self) -> dict[str, str]:
        """Channels that asked to hear about registrations, with who asked."""
        return {str(k): str(v) for k, v in (await self._redis.hgetall(self._keys.plain(_CHANNELS))).items()}

    async def subscribe(self, channel: str, user: str) -> None:
        """Let a channel hear about every registration."""
        await self._redis.hset(self._keys.plain(_CHANNELS), channel, user)

    async def unsubscribe(self, channel: str) -> bool:
        """Stop it; False when it did not hear about anything."""
        return bool(await self._redis.hdel(self._keys.plain(_CHANNELS), channel))

    def _at(self, registration_id: str, part: str) -> str:
        return self._keys.registration(*registration_parts(registration_id), part)
