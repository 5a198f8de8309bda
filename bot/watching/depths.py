"""How much waits in Redis: read when Prometheus asks, in one round, at most once in a few seconds."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.asyncio import Redis
from redis.exceptions import RedisClusterException, RedisError

from bot.redis.keys import Keys
from bot.watching.words import known

FRESH_SECONDS = 3.0
"""How long a reading is shown again: several Prometheus servers may ask."""
ANSWER_SECONDS = 2.0
"""How long Redis may take; Prometheus itself gives up after ten by default."""
MOST_CHANGES = 500
"""Open changes whose state is read; of more than these, some that Redis chooses."""

_ByAccount = dict[str, float]
Queue = Callable[[], Awaitable[tuple[int, int]]]
"""Tells how many tasks wait for a worker, and how many for their time."""


@dataclass(frozen=True)
class Reading:
    """What was there. What is by account name: registrations, those that are due, for how many seconds the first of
    them is, and when the last event came (epoch seconds).
    """

    seconds: float
    waiting: int
    scheduled: int
    followed: Mapping[str, float]
    due: Mapping[str, float]
    overdue: Mapping[str, float]
    events: Mapping[str, float]
    untold: int
    acts: int
    changes: Mapping[str, int]
    open: int


class Depths(Collector):
    """Shows a reading; without one, as Redis is away, nothing but that it is away. `accounts` are names by SID."""

    def __init__(self, accounts: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._accounts, self._clock = accounts, clock
        self._source: tuple[Redis, Keys, Queue] | None = None
        self._reading: Reading | None = None
        self._read_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    def connect(self, redis: Redis, keys: Keys, queue: Queue) -> None:
        """Read from there from now on."""
        self._source = redis, keys, queue

    async def refresh(self) -> None:
        """Read, unless that was done a moment ago. Never raises for a Redis that does not answer."""
        async with self._one_at_a_time:
            if self._source is None or self._clock() - self._read_at < FRESH_SECONDS:
                return
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    self._reading = await self._read(*self._source)
                self._read_at = self._clock()
            except (RedisError, RedisClusterException, OSError, TimeoutError):
                self._reading = None  # it is asked again next time: that it is back shows at once
                self._read_at = float("-inf")

    async def _read(self, redis: Redis, keys: Keys, queue: Queue) -> Reading:
        loop, now = asyncio.get_running_loop(), self._clock()
        began = loop.time()
        await redis.ping()
        seconds = loop.time() - began
        async with redis.pipeline(transaction=False) as pipe:
            pipe.zcount(keys.plain("registrations:to_tell"), "-inf", now)
            pipe.hlen(keys.plain("acts"))
            pipe.scard(keys.plain("changes:open"))
            pipe.srandmember(keys.plain("changes:open"), MOST_CHANGES)
            untold, acts, opened, numbers = await pipe.execute()
        waiting, scheduled = await queue()
        changes = await _states(redis, keys, [int(n) for n in numbers or ()])
        followed, due, overdue, events = await self._by_account(redis, keys, now)
        return Reading(seconds, waiting, scheduled, followed, due, overdue, events, untold, acts, changes, int(opened))

    async def _by_account(
        self, redis: Redis, keys: Keys, now: float
    ) -> "tuple[_ByAccount, _ByAccount, _ByAccount, _ByAccount]":
        """Followed, due, overdue and events of a `Reading`."""
        async with redis.pipeline(transaction=False) as pipe:
            for sid in self._accounts:
                due = keys.plain(f"registrations:due:{sid}")
                pipe.zcard(due)
                pipe.zcount(due, "-inf", now)
                pipe.zrange(due, 0, 0, withscores=True)
                pipe.get(keys.plain(f"events:last:{sid}"))
            answers = await pipe.execute()
        rows = {name: answers[4 * i : 4 * i + 4] for i, name in enumerate(self._accounts.values())}
        return (
            {name: float(followed) for name, (followed, _, _, _) in rows.items()},
            {name: float(due) for name, (_, due, _, _) in rows.items()},
            {name: max(0.0, now - float(first[0][1])) if first else 0.0 for name, (_, _, first, _) in rows.items()},
            {name: float(at) for name, (_, _, _, at) in rows.items() if at},
        )

    def collect(self) -> Iterator[Metric]:
        """The reading as metrics."""
        seen = self._reading
        up = GaugeMetricFamily("tenfour_redis_up", "Whether Redis answers.")
        up.add_metric([], int(seen is not None))
        yield up
        for name, what, value in _SINGLE:
            family = GaugeMetricFamily(f"tenfour_{name}", what)
            if seen:
                family.add_metric([], value(seen))
            yield family
        for name, what, label, values in _LABELLED:
            family = GaugeMetricFamily(f"tenfour_{name}", what, labels=[label])
            for word, number in values(seen).items() if seen else ():
                family.add_metric([word], number)
            yield family


_SINGLE: tuple[tuple[str, str, Callable[[Reading], float]], ...] = (
    ("redis_ping_seconds", "How long Redis took to answer a ping.", lambda seen: seen.seconds),
    ("registrations_untold", "Registrations with alerts, or a card, to post by now.", lambda seen: seen.untold),
    ("acts_left", "What people did and is not carried out yet.", lambda seen: seen.acts),
    ("changes_open", "Changes that are not settled, or not told of.", lambda seen: seen.open),
    ("unknown_steps_open", "Unknown steps that wait for a person.", lambda seen: seen.changes.get("unknown", 0)),
)
_LABELLED: tuple[tuple[str, str, str, Callable[[Reading], Mapping[str, float]]], ...] = (
    (
        "queue_tasks",
        "Tasks that wait for a worker (ready) or for their time (scheduled).",
        "queue",
        lambda seen: {"ready": seen.waiting, "scheduled": seen.scheduled},
    ),
    ("changes", f"Open changes by state, of at most {MOST_CHANGES} of them.", "state", lambda seen: seen.changes),
    ("registrations", "Registrations that are looked at.", "account", lambda seen: seen.followed),
    ("registrations_due", "Those of them whose time has come.", "account", lambda seen: seen.due),
    ("registrations_overdue_seconds", "For how long the first of them is due.", "account", lambda seen: seen.overdue),
    ("events_last_timestamp_seconds", "When the last event came (epoch seconds).", "account", lambda s: s.events),
)


async def _states(redis: Redis, keys: Keys, numbers: list[int]) -> Mapping[str, int]:
    async with redis.pipeline(transaction=False) as pipe:
        for number in numbers:
            pipe.hget(keys.change(number, "doc"), "state")
        found = await pipe.execute() if numbers else []
    return Counter(known("change", str(state)) for state in found)
