"""Event Streams of one account: notices what happens and sends it, as unreliably as wanted (reference: section 8)."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.event_data import brand_data, of_version
from bot.sandbox.twilio.event_subscriptions import SubscribedType, Subscription
from bot.sandbox.twilio.event_types import BRAND, MAIL_EVENTS, latest_version, schema_address
from bot.sandbox.twilio.happenings import between
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.pictures import Picture, moves_by_itself, taken
from bot.sandbox.twilio.posting import NOT_HERE, Posted, Poster
from bot.sandbox.twilio.sinks import STATUSES, TEST_EVENT, Sink
from bot.sandbox.twilio.wire import iso_8601

PATIENCE = 5.0
"""Seconds within which a receiver must answer."""
PAUSES = (0.1, 0.3, 1.0, 3.0, 8.0)
"""Seconds before each further try. Twilio goes on for four hours; whoever tries the sandbox does not."""
GATHERING = 0.02
"""Seconds for which events are gathered, so that one request holds those of one moment."""
KEPT = 500
BATCH = 50

Event = dict[str, Any]


@dataclass(slots=True)
class Switches:
    """What goes wrong on the way. Shares are from 0 to 1: of events that come twice, and that never come."""

    paused: bool = False
    duplicate: float = 0.0
    shuffle: bool = False
    drop: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to a sink: the `attempt`-th for these events, and what came of it. `last`: no more will follow."""

    at: float
    sink_sid: str
    events: tuple[Event, ...]
    attempt: int
    status: int
    error: str
    last: bool


@dataclass(frozen=True, slots=True)
class _Waiting:
    sink_sid: str
    event: Event


@dataclass(slots=True)
class _Seen:
    """What was last compared: the ledger's revision, the picture, and the test events that were asked for."""

    revision: int = -1
    picture: Picture | None = None
    tests: dict[str, int] | None = None


class EventStreams:
    """One account's events. `sent` are its requests, `lost` the events dropped on purpose, both oldest first."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        ledger: Ledger,
        clock: Callable[[], float],
        changed: Callable[[], None],
        poster: Poster,
    ) -> None:
        self._account_sid, self._token, self._ledger = account_sid, auth_token, ledger
        self._clock, self._changed, self._poster = clock, changed, poster
        self.switches = Switches()
        self.pauses: Sequence[float] = PAUSES
        self.sent: deque[Delivery] = deque(maxlen=KEPT)
        self.lost: deque[Event] = deque(maxlen=KEPT)
        self._random = random.Random(account_sid)
        self._seen = _Seen()
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._trying: set[asyncio.Task[None]] = set()

    def pause(self) -> None:
        """Hold events back: they are noticed, and sent after `resume`."""
        self.switches.paused = True

    def resume(self) -> None:
        """Send what was held back, and go on."""
        self.switches.paused = False
        self._wake.set()

    @property
    def waiting(self) -> list[Event]:
        """The events that are held back now."""
        return [each.event for each in self._waiting]

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting or on its way."""
        return not self._waiting and not self._trying

    def look(self) -> None:
        """Notice what has happened since the last look, the first one telling nothing.

        Costs next to nothing while nobody has subscribed.
        """
        revision = self._ledger.revision
        if revision == self._seen.revision and not (self._seen.picture and moves_by_itself(self._ledger)):
            return
        self._seen.revision = revision
        self._notice_tests()
        if not len(self._ledger.table(Subscription)):
            self._seen.picture = None
            return
        at = self._clock()
        now, before = taken(self._ledger, at), self._seen.picture
        self._seen.picture = now
        for happening in between(self._account_sid, before, now, at) if before else ():
            self.publish(happening.type, happening.data)

    def mail(self, brand_sid: str, event: str) -> None:
        """Tell what became of the mail to the brand's contact. LookupError for no brand, ValueError for no event."""
        brand = self._ledger.table(Brand).get(brand_sid)
        if brand is None:
            raise LookupError(f"there is no brand {brand_sid[:40]}")
        if event not in MAIL_EVENTS:
            raise ValueError(f"event {event[:40]!r} is not one of {', '.join(MAIL_EVENTS)}")
        self.publish(f"{BRAND}{event}", brand_data(self._account_sid, brand, event))

    def publish(self, name: str, data: dict[str, Any]) -> None:
        """Send an event to every active sink that has its type subscribed; gives it one id for all of them."""
        versions = self._subscribed(name)
        if not versions:
            return
        event_id = self._mint()
        for sink_sid, version in versions.items():
            self._queue(sink_sid, self.event(name, of_version(name, data, version), version, event_id))

    def event(self, name: str, data: Any, version: int = 0, event_id: str = "") -> Event:
        """An event in its envelope, which may be of a type and with data that nobody has heard of."""
        return {
            "specversion": "1.0",
            "type": name,
            "source": f"/accounts/{self._account_sid}/a2p",
            "id": event_id or self._mint(),
            "dataschema": schema_address(name, version or latest_version(name) or 1),
            "datacontenttype": "application/json",
            "time": iso_8601(self._clock()),
            "data": data,
        }

    async def deliver(self, *events: Event) -> list[Posted]:
        """Send just these to every active sink, in this order, each once and in a request of its own."""
        pairs = [(event, sink) for event in events for sink in self._active()]
        return [await self._post(sink, [event], attempt=1, last=True) for event, sink in pairs]

    def set_sink(self, sink_sid: str, status: str) -> None:
        """A sink has this status from now on. LookupError for no sink, ValueError for no status."""
        if self._ledger.table(Sink).get(sink_sid) is None:
            raise LookupError(f"there is no sink {sink_sid[:40]}")
        if status not in STATUSES:
            raise ValueError(f"status {status[:40]!r} is not one of {', '.join(STATUSES)}")
        self._ledger.table(Sink).change(sink_sid, self._clock(), status=status)
        self._changed()

    async def run(self) -> None:
        """Send what is waiting, until cancelled."""
        self._wake.set()
        try:
            while True:
                await self._wake.wait()
                await asyncio.sleep(GATHERING)
                self._wake.clear()
                if not self.switches.paused:
                    self._send_waiting()
        finally:
            for task in self._trying:
                task.cancel()
            await asyncio.gather(*self._trying, return_exceptions=True)

    def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self.switches.shuffle:
            self._random.shuffle(waiting)
        by_sink: dict[str, list[Event]] = {}
        for each in waiting:
            by_sink.setdefault(each.sink_sid, []).append(each.event)
        for sink_sid, events in by_sink.items():
            sink = self._ledger.table(Sink).get(sink_sid)
            size = BATCH if sink is not None and sink.batch_events else 1
            batches = [events[at : at + size] for at in range(0, len(events), size)]
            if sink is not None:
                task = asyncio.create_task(self._try_in_turn(sink, batches))
                self._trying.add(task)
                task.add_done_callback(self._trying.discard)

    async def _try_in_turn(self, sink: Sink, batches: list[list[Event]]) -> None:
        """The first try of each batch in order; what nobody takes is tried again beside what follows."""
        again = [
            asyncio.create_task(self._try_again(sink, batch))
            for batch in batches
            if not self._settled(await self._post(sink, batch, attempt=1, last=not self.pauses))
        ]
        try:
            await asyncio.gather(*again)
        finally:
            for task in again:
                task.cancel()

    async def _try_again(self, sink: Sink, batch: list[Event]) -> None:
        for attempt, pause in enumerate(self.pauses, start=2):
            await asyncio.sleep(pause)
            if self._settled(await self._post(sink, batch, attempt=attempt, last=attempt > len(self.pauses))):
                return

    async def _post(self, sink: Sink, events: list[Event], *, attempt: int, last: bool) -> Posted:
        posted = await self._poster.events(sink.destination, self._token, events, PATIENCE)
        over = last or self._settled(posted)
        self.sent.append(
            Delivery(self._clock(), sink.sid, tuple(events), attempt, posted.status, posted.error, last=over)
        )
        return posted

    @staticmethod
    def _settled(posted: Posted) -> bool:
        return posted.ok or posted.error == NOT_HERE

    def _queue(self, sink_sid: str, event: Event) -> None:
        if self._random.random() < self.switches.drop:
            self.lost.append(event)
            return
        times = 2 if self._random.random() < self.switches.duplicate else 1
        self._waiting += [_Waiting(sink_sid, event)] * times
        self._wake.set()

    def _subscribed(self, name: str) -> dict[str, int]:
        """The newest version of a type that each active sink has subscribed to, by sink."""
        active = {sink.sid for sink in self._active()}
        homes = {row.sid: row.sink_sid for row in self._ledger.table(Subscription) if row.sink_sid in active}
        versions: dict[str, int] = {}
        for row in self._ledger.table(SubscribedType):
            if row.type == name and (sink_sid := homes.get(row.subscription_sid)) is not None:
                versions[sink_sid] = max(row.schema_version, versions.get(sink_sid, 0))
        return versions

    def _active(self) -> list[Sink]:
        at = self._clock()
        return [sink for sink in self._ledger.table(Sink) if sink.observed(at) == "active"]

    def _notice_tests(self) -> None:
        known, tests = self._seen.tests, {sink.sid: sink.tests for sink in self._ledger.table(Sink)}
        self._seen.tests = tests
        for sid, asked in tests.items() if known is not None else ():
            for _ in range(asked - (known or {}).get(sid, 0)):
                self._queue(sid, self.event(TEST_EVENT, {"testResult": "ok"}))

    def _mint(self) -> str:
        # Not of the ledger's SIDs: telling of a change must not be one. Random, as a restart counts anew.
        return f"NO{random.getrandbits(128):032x}"
