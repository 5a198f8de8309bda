"""Reads what deliveries of Event Streams say, and has it recorded: what is odd about one event keeps no other."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.accounts_file import AccountSettings
from bot.intake.event_types import opened, read_event
from bot.intake.journal import Delivery
from bot.intake.right_of_way import RightOfWay
from bot.intake.taking import Taking, Told
from bot.watching.observer import NOBODY, Observer

MOST_EVENTS = 5000
"""In one body. Twilio's are some hundred bytes each, so that a body of the size that is taken holds fewer."""
MOST_TYPES_LOGGED, MOST_LOGGED = 20, 200
"""Unknown types that are logged at a time, and characters of each."""
AT_ONCE = 50
"""Events that are read and recorded in one go: it takes the process a few milliseconds, in which it answers nobody."""
WAIT_SECONDS = 0.1
"""How long the next ones wait for deliveries that are being answered."""

log = structlog.get_logger()


@dataclass
class _Count:
    """How the events of one account were read; `unread` are types and field names of those that nobody knows."""

    outcomes: Counter[str] = field(default_factory=Counter)
    unread: Counter[tuple[str, str]] = field(default_factory=Counter)


class Reading:
    """Takes up the events of every account."""

    def __init__(
        self,
        accounts: Iterable[AccountSettings],
        taking: Taking,
        clock: Callable[[], float],
        way: RightOfWay,
        observer: Observer = NOBODY,
    ) -> None:
        self._accounts = {account.sid: account for account in accounts}
        self._taking, self._clock, self._way, self._observer = taking, clock, way, observer

    async def take(self, account: AccountSettings, events: Sequence[Any]) -> None:
        """Record what these say. Raises what Redis raises: then they are to be taken once more."""
        await self._take([(account, event) for event in events], quietly=False)

    async def take_all(self, deliveries: Sequence[Delivery]) -> None:
        """The same for whole deliveries; those of an account that is not here any more are dropped."""
        found: list[tuple[AccountSettings, Any]] = []
        for delivery in deliveries:
            account, events = self._accounts.get(delivery.account), events_in(delivery.body)
            if account is None or events is None:
                log.warning("events_dropped", account=delivery.account, why="the account is not here any more")
            else:
                found += [(account, event) for event in events]
        for start in range(0, len(found), AT_ONCE):
            await self._take(found[start : start + AT_ONCE], quietly=len(found) > AT_ONCE)
            await self._way.give(WAIT_SECONDS)

    async def _take(self, items: Sequence[tuple[AccountSettings, Any]], *, quietly: bool) -> None:
        counts, told = defaultdict[str, _Count](_Count), list[Told]()
        names = {account.sid: account.name for account, _ in items}
        for account, item in items:
            count = counts[account.sid]
            try:
                self._read(account, item, count, told)
            except Exception as error:  # what is odd about one must not make all the others wait for ever
                count.outcomes["broke_off"] += 1
                log.error("event_broke_off", account=account.sid, error=type(error).__name__)
        if told:
            await self._taking.take(told, quietly=quietly)
        for sid, count in counts.items():
            self._tell(sid, names[sid], count.outcomes, count.unread)

    def _read(self, account: AccountSettings, item: Any, count: _Count, told: list[Told]) -> None:
        if not isinstance(item, dict):
            count.outcomes["no_object"] += 1
            return
        event = opened(item, self._clock())
        if event.account and event.account != account.sid:
            count.outcomes["foreign"] += 1
            return
        count.outcomes["own"] += 1
        told.append(Told(account, heard := read_event(event)))
        if heard is None:
            # the names of its fields, never what they hold: an unknown event may be about a message
            count.unread[event.type, ",".join(sorted(event.data))[:MOST_LOGGED]] += 1

    def _tell(self, account: str, name: str, counts: Mapping[str, int], unread: Mapping[tuple[str, str], int]) -> None:
        unknown = sum(unread.values())
        for (kind, fields), n in list(unread.items())[:MOST_TYPES_LOGGED]:
            log.warning("event_not_read", account=account, type=kind[:MOST_LOGGED], fields=fields, times=n)
        if foreign := counts.get("foreign"):
            log.warning("foreign_events_dropped", account=account, times=foreign)
        if shapeless := counts.get("no_object"):
            log.warning("events_without_shape_dropped", account=account, times=shapeless)
        read = counts.get("own", 0) - counts.get("broke_off", 0) - unknown
        for outcome, number in {**counts, "own": 0, "read": max(0, read), "unknown": unknown}.items():
            if number:
                self._observer.took_events(name, outcome, number)
        log.info("events_taken", account=account, **counts, unread=unknown)


def events_in(body: str) -> list[Any] | None:
    """The events in a body: one, or an array of them. None for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    events = [found] if isinstance(found, dict) else found
    return events if isinstance(events, list) and len(events) <= MOST_EVENTS else None
