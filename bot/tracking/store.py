"""Registrations in Redis: one hash slot each, with an outbox of announcements beside each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import structlog

from bot.plans.values import canonical_json
from bot.redis.scripts import Script
from bot.tracking.documents import LOOKED, begun_fields, loaded, looked_fields
from bot.tracking.outboxes import Outboxes
from bot.tracking.registration import Announcement, Fact, Mute, Registration, Transition
from bot.tracking.subscriptions import Subscription

_BEGIN = Script.beside(__file__, "begin.lua")
_OBSERVE = Script.beside(__file__, "observe.lua")
_HEAR = Script.beside(__file__, "hear.lua")
_LOOKED = Script.beside(__file__, "looked.lua")

_CHANNELS = "subscriptions"
EVENTS_KEPT = 500
"""Events of one registration that are kept."""

Novelty = Literal["unknown", "known", "older", "latest"]
"""What an event was: of something that nobody follows, here already, overtaken by a later one, or the latest."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Said:
    """What an event said of a registration; with a `status` that is its state, and `snapshot` what goes with it."""

    registration: Registration
    fact: Fact
    status: str = ""
    snapshot: Mapping[str, Any] | None = None


class RegistrationStore(Outboxes):
    """Reads and moves registrations, and the channels that hear about them."""

    async def begin(self, registration: Registration) -> None:
        """Start to follow a registration, or look at it again at once; what is known of it stays."""
        await self.begin_all([registration])

    async def begin_all(self, registrations: Sequence[Registration]) -> None:
        """The same for several."""
        due = {registration.id: registration.started_at for registration in registrations}
        # due first: a due time without a document is skipped, a document without a due time would be forgotten
        await self.look_at_all(due)
        calls = [([self._at(registration.id, "doc")], begun_fields(registration)) for registration in registrations]
        await _BEGIN.together(self._redis, calls)
        # again, as a sweep may have taken it in between, and would look again only much later
        await self.look_at_all(due)

    async def looked_last(self, ids: Iterable[str]) -> dict[str, float]:
        """When each of these that is followed was looked at last (epoch seconds, 0 for never)."""
        asked = list(ids)
        async with self._redis.pipeline(transaction=False) as pipe:
            for registration_id in asked:
                pipe.hget(self._at(registration_id, "doc"), "fetched_at")
            found = await pipe.execute()
        return {i: float(at) for i, at in zip(asked, found, strict=True) if at is not None}

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

    async def waiters_of(self, ids: Iterable[str]) -> list[int]:
        """The changes that wait for any of these registrations."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for registration_id in ids:
                pipe.smembers(self._at(registration_id, "waiters"))
            found = await pipe.execute()
        return sorted({int(str(n)) for numbers in found for n in numbers})

    async def load(self, registration_id: str) -> Registration | None:
        """One registration, or None."""
        return loaded(await self._redis.hgetall(self._at(registration_id, "doc")))

    async def load_due(self, registration_id: str) -> tuple[Registration | None, float | None]:
        """One registration, and when it is to be looked at next (epoch seconds); None for what there is not."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._at(registration_id, "doc"))
            pipe.zscore(self._of(registration_id), registration_id)
            found, due = await pipe.execute()
        return loaded(found), None if due is None else float(due)

    async def many(self, ids: Iterable[str]) -> dict[str, Registration]:
        """Several registrations by id, in one go; those that are not followed, or cannot be read, are left out."""
        asked = list(ids)
        async with self._redis.pipeline(transaction=False) as pipe:
            for registration_id in asked:
                pipe.hgetall(self._at(registration_id, "doc"))
            found = await pipe.execute()
        return {i: r for i, doc in zip(asked, found, strict=True) if (r := _readable(i, doc))}

    async def hear_all(self, said: Sequence[Said]) -> list[Novelty]:
        """Take up what events said, each by itself, in one go."""
        calls = [([self._at(one.registration.id, part) for part in ("doc", "events")], _heard(one)) for one in said]
        return [cast("Novelty", str(novelty)) for novelty in await _HEAR.together(self._redis, calls)]

    async def events(self, registration_id: str) -> list[Fact]:
        """What events said, in the order in which it happened, whatever the order in which it came."""
        rows = map(str, await self._redis.zrange(self._at(registration_id, "events"), 0, -1))
        return sorted((Fact.model_validate_json(r) for r in rows), key=lambda f: (f.at, f.event))

    async def mute(self, registration_id: str, channel: str, mute: Mute | None) -> None:
        """Let a channel hear no more of a registration, or (None) hear of it again."""
        at, field = self._at(registration_id, "doc"), f"muted:{channel}"
        if await self._redis.exists(at):
            async with self._redis.pipeline(transaction=True) as pipe:
                if mute is None:
                    pipe.hdel(at, field)
                else:
                    pipe.hset(at, field, mute.model_dump_json())
                # a card that is being drawn from what was before is drawn once more
                pipe.hincrby(at, "version", 1)
                await pipe.execute()

    async def assign(self, registration_id: str, owner: str) -> None:
        """Say who sees to a registration, until somebody else is named: no later change takes it from them."""
        await self._write(registration_id, {"owner": owner, "assigned": "1"})

    async def call(self, registration_id: str, title: str) -> None:
        """Say what a registration is called."""
        await self._write(registration_id, {"title": title})

    async def _write(self, registration_id: str, fields: Mapping[str, str]) -> None:
        at = self._at(registration_id, "doc")
        if await self._redis.exists(at):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(at, items=[x for pair in fields.items() for x in pair])
                pipe.hincrby(at, "version", 1)  # as above
                await pipe.execute()

    async def observe(
        self,
        seen: Registration,
        transitions: Sequence[Transition] = (),
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
            await self._to_tell(seen.id)
        fields = looked_fields(seen) | {f"told:{t.mark}": t.at for t in transitions if t.mark}
        rows = [x for a in announcements for x in (a.id, a.model_dump_json())]
        args = [
            str(seen.version),
            len(transitions),
            *(t.model_dump_json() for t in transitions),
            len(announcements),
            *rows,
            *(x for pair in fields.items() for x in pair),
        ]
        keys = [self._at(seen.id, part) for part in ("doc", "transitions", "outbox")]
        recorded = bool(await _OBSERVE(self._redis, keys=keys, args=args))
        if recorded and tell:
            # and after it: `all_told` may have taken the entry off again before there were rows to be seen
            await self._to_tell(seen.id)
        return recorded

    async def observe_quietly(self, looks: Sequence[tuple[Registration, Registration]]) -> list[bool]:
        """Record looks of which nobody has to hear: what was known, and what was seen. Only what differs is written.

        Gives for each whether it was recorded, as `observe` does.
        """
        calls: list[tuple[Sequence[str], Sequence[str | int | float]]] = []
        for known, seen in looks:
            names = [name for name in LOOKED if getattr(known, name) != getattr(seen, name)]
            differing = [x for name, now in looked_fields(seen, names or ["fetched_at"]).items() for x in (name, now)]
            calls.append(([self._at(seen.id, "doc")], [str(seen.version), *differing]))
        return [bool(recorded) for recorded in await _LOOKED.together(self._redis, calls)]

    async def transitions(self, registration_id: str) -> list[Transition]:
        """The log of a registration, oldest first."""
        rows = await self._redis.lrange(self._at(registration_id, "transitions"), 0, -1)
        return [Transition.model_validate_json(r) for r in rows]

    async def with_log(self, registration_id: str) -> tuple[Registration | None, list[Transition]]:
        """One registration, or None, and its log, oldest first."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._at(registration_id, "doc"))
            pipe.lrange(self._at(registration_id, "transitions"), 0, -1)
            found, rows = await pipe.execute()
        return loaded(found), [Transition.model_validate_json(r) for r in rows]

    async def logs(self, ids: Iterable[str]) -> dict[str, list[Transition]]:
        """The logs of several registrations by id, in one go."""
        asked = list(ids)
        async with self._redis.pipeline(transaction=False) as pipe:
            for registration_id in asked:
                pipe.lrange(self._at(registration_id, "transitions"), 0, -1)
            found = await pipe.execute()
        return {i: [Transition.model_validate_json(r) for r in rows] for i, rows in zip(asked, found, strict=True)}

    async def subscriptions(self) -> dict[str, Subscription]:
        """Channels that asked to hear about registrations, with what they want to hear."""
        found = {str(k): str(v) for k, v in (await self._redis.hgetall(self._keys.plain(_CHANNELS))).items()}
        return {channel: _subscription(channel, raw) for channel, raw in found.items()}

    async def subscribe(self, subscription: Subscription) -> None:
        """Let a channel hear about registrations, as it says."""
        await self._redis.hset(self._keys.plain(_CHANNELS), subscription.channel, subscription.model_dump_json())

    async def unsubscribe(self, channel: str) -> bool:
        """Stop it; False when it did not hear about anything."""
        return bool(await self._redis.hdel(self._keys.plain(_CHANNELS), channel))


def _heard(said: Said) -> list[str | int | float]:
    """The arguments of `hear.lua`."""
    fact = said.fact
    state: dict[str, str | float] = {
        "status": said.status,
        "since": fact.at,
        "fetched_at": fact.at,
        "snapshot": json.dumps(said.snapshot or {}),
    }
    fields = [x for pair in state.items() for x in pair] if said.status else []
    return [fact.name, canonical_json(fact.model_dump()), fact.at, fact.event, EVENTS_KEPT, *fields]


def _subscription(channel: str, raw: str) -> Subscription:
    # before there was more to choose, who asked was all that was kept
    return Subscription.model_validate_json(raw) if raw.startswith("{") else Subscription(channel=channel, by=raw)


def _readable(registration_id: str, doc: Mapping[Any, Any]) -> Registration | None:
    """A registration among others, none of which it must hold up by being odd."""
    try:
        return loaded(doc)
    except (LookupError, TypeError, ValueError) as error:
        log.error("registration_unreadable", registration=registration_id, error=type(error).__name__)
        return None
