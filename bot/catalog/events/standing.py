"""What stands of Event Streams in an account: its sinks, what is subscribed for them, and which are ours."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.twilio import reads_events
from bot.twilio.gateway import EVENTS_PATH, Account
from bot.twilio.reads_events import Sink, password, place

_HIDDEN = re.compile(r"[*x•.]+", re.IGNORECASE)
"""How a password looks that is not shown."""


@dataclass(frozen=True)
class Held:
    """A sink with what it gets: by subscription SID the types, each with the version of its schema.

    `ours`: its events come to this Tenfour. `astray`: they go to a Tenfour, but to another address than today's.
    """

    sink: Sink
    ours: bool
    astray: bool
    subscriptions: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)

    @property
    def types(self) -> frozenset[str]:
        """Everything it gets."""
        return frozenset(name for types in self.subscriptions.values() for name in types)

    @property
    def shown(self) -> str:
        """What people know it by."""
        where = f"webhook at {self.sink.host}" if self.sink.host else self.sink.sink_type or "sink"
        return f"{self.sink.sid} ({where})"


async def held(account: Account) -> list[Held]:
    """Every sink of an account, the oldest first. Raises `TwilioFault`."""
    sinks = sorted(await reads_events.sinks(account), key=lambda s: (s.created_at, s.sid))
    return list(await asyncio.gather(*(_held(account, sink) for sink in sinks)))


def chosen(ours: Sequence[Held], events_url: str) -> Held | None:
    """Which sink of ours goes on: one that works, else one that may come to; None when each has to go.

    One that has failed never recovers, and one with a password of before brings events that are not let in.
    """
    usable = [h for h in ours if h.sink.status != "failed" and _opens(h.sink.destination, events_url)]
    return min(usable, key=lambda h: (h.sink.status != "active", h.sink.created_at, h.sink.sid), default=None)


def _opens(destination: str, events_url: str) -> bool:
    shown = password(destination)
    return not shown or bool(_HIDDEN.fullmatch(shown)) or shown == password(events_url)


async def _held(account: Account, sink: Sink) -> Held:
    like_ours = place(sink.destination)[1].endswith(f"{EVENTS_PATH}/{account.sid}")
    # without an address of today there is only the path to go by
    ours = sink.goes_to(account.events_url) if account.events_url else like_ours
    found = sorted(await reads_events.subscriptions(account, sink.sid), key=lambda s: s.sid)
    types = await asyncio.gather(*(reads_events.subscribed(account, s.sid) for s in found))
    subscriptions = {s.sid: {t.type: t.schema_version for t in mine} for s, mine in zip(found, types, strict=True)}
    return Held(sink, ours, like_ours and not ours, subscriptions)
