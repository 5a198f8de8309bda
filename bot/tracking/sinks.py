"""The sinks of Event Streams: whether events still come, of which Twilio's own word for a sink says nothing.

A sink that is active and brings no event of what a look saw moving has fallen silent. That is told apart here from an
account in which nothing happens.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.registration import GONE, SILENT, Registration, Transition, registration_id
from bot.tracking.store import RegistrationStore
from bot.twilio import reads_events
from bot.twilio.gateway import Account
from bot.twilio.reads_events import Sink, Subscription
from bot.twilio.times import moment

ACTIVE: Final = "active"
BEFORE_SECONDS: Final = 3600.0
"""How long before a look sees something move its event may have come: events are heard first, and looked up then."""
AFTER_SECONDS: Final = 1800.0
"""How long after a look its event may still be on its way."""
TELLING: Final = frozenset({"APPROVED", "VERIFIED", "FAILED"})
"""States of brands and campaigns whose coming Twilio always has an event for (twilio.md 8.1)."""
NUMBERS: Final = "com.twilio.messaging.compliance.number-registration."
"""How the types begin that tell how far carriers are with a number."""


def status_of(said: str, subscribed_at: float, last_event: float | None, last_move: float | None, now: float) -> str:
    """Twilio's word for a sink, or `SILENT`: the last thing that was seen to move has brought no event.

    All times in epoch seconds: since when something is subscribed (0 when nothing is), when an event of the account
    last came, and when a look last saw something move that Twilio has an event for.
    """
    if said != ACTIVE or last_move is None or not 0 < subscribed_at < last_move or now < last_move + AFTER_SECONDS:
        return said
    return said if (last_event or 0.0) >= last_move - BEFORE_SECONDS else SILENT


class Sinks:
    """Looks at sinks, and remembers what moved: one sorted set of accounts by the time of their last move.

    Which sinks an account has stands in one set for each; whether they work stands in their registrations alone.
    """

    def __init__(self, redis: Redis, keys: Keys, clock: Callable[[], float]) -> None:
        self._redis, self._keys, self._clock = redis, keys, clock
        self._store = RegistrationStore(redis, keys)

    async def look(self, account: Account, sink_sid: str) -> tuple[str, dict[str, Any]]:
        """A sink's state, and what it is about. Its address without what opens it."""
        sink = await reads_events.sink(account, sink_sid)
        if sink is None:
            return GONE, {}
        subscriptions = await reads_events.subscriptions(account, sink_sid)
        held = await asyncio.gather(*(reads_events.subscribed(account, s.sid) for s in subscriptions))
        types = sorted({t.type for types in held for t in types})
        event, move = await last_event(self._redis, self._keys, account.sid), await self._last_move(account.sid)
        since = _since(sink, subscriptions) if types else 0.0
        snapshot = {
            "status": sink.status,
            "last_event": event,
            "last_move": move,
            "description": sink.description or "",
            "host": sink.host,
            "ours": sink.goes_to(account.events_url),
            "types": types,
        }
        return status_of(sink.status, since, event, move, self._clock()), snapshot

    async def learn(self, registration: Registration, transitions: Sequence[Transition]) -> None:
        """Take up that a brand or a campaign moved, or that a sink is followed; doing it twice is harmless."""
        if registration.kind == "sink":
            await self._redis.sadd(self._known(registration.account), registration.key)
        elif moves := [t.at for t in transitions if _has_an_event(registration, t)]:
            # only ever later: an old log may be taken up again at any time
            await self._redis.zadd(self._moves, {registration.account: max(moves)}, gt=True)

    async def follows(self, account_sid: str) -> bool:
        """Whether a sink of ours works and brings the states of numbers, so that silence about one means something."""
        sids = sorted(map(str, await self._redis.smembers(self._known(account_sid))))
        followed = await self._store.many(registration_id("sink", account_sid, sid) for sid in sids)
        return any(_brings_numbers(sink) for sink in followed.values())

    async def _last_move(self, account_sid: str) -> float | None:
        at = await self._redis.zscore(self._moves, account_sid)
        return None if at is None else float(at)

    @property
    def _moves(self) -> str:
        return self._keys.plain("moved:last")

    def _known(self, account_sid: str) -> str:
        return self._keys.plain(f"sinks:{account_sid}")


async def last_event(redis: Redis, keys: Keys, account_sid: str) -> float | None:
    """When an event of this account last came in (epoch seconds); None when none ever did."""
    at = await redis.get(keys.plain(f"events:last:{account_sid}"))
    return None if at is None else float(str(at))


def _has_an_event(registration: Registration, transition: Transition) -> bool:
    """Whether Twilio tells what moved here by an event; what is a mock, or registered elsewhere, may have none.

    A first look is no move: it may have happened long before.
    """
    return (
        registration.kind in ("brand", "campaign")
        and transition.about == "state"
        and bool(transition.before)
        and transition.before != transition.after
        and transition.after in TELLING
        and not transition.snapshot.get("mock")
        and not transition.snapshot.get("is_externally_registered")
    )


def _since(sink: Sink, subscriptions: Sequence[Subscription]) -> float:
    """Since when a sink gets anything: the first of its subscriptions, and not before the sink itself."""
    begun = [at for s in subscriptions if (at := moment(s.date_created))]
    return max(sink.created_at, min(begun, default=0.0))


def _brings_numbers(sink: Registration) -> bool:
    types = sink.snapshot.get("types") or ()
    return sink.status == ACTIVE and bool(sink.snapshot.get("ours")) and any(str(t).startswith(NUMBERS) for t in types)
