"""One look at a registration: what Twilio shows of it now, what of that is news, and when to look next."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog
from pydantic import ValidationError

from bot.tracking.cadence import next_look
from bot.tracking.history import History
from bot.tracking.kinds import Kind
from bot.tracking.news import as_seen, what_is_new
from bot.tracking.quiet import QuietLook, QuietLooks
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription, addressed
from bot.tracking.sweeping import LOOK_SECONDS
from bot.twilio.faults import TwilioFault, Uncertain, UnknownAccount
from bot.twilio.gateway import Account
from bot.watching.observer import Observer

LOCKED_OUT_SECONDS = 3600.0
"""How soon to look again where there are no credentials: only a bot that is started again has some."""
UNKNOWN = Kind(None, announced=False)
"""A kind that only a newer version knows."""

log = structlog.get_logger()


class Consequences(Protocol):
    """What follows from a look that found something new."""

    async def subscriptions(self) -> Mapping[str, Subscription]:
        """Who hears about what, by channel."""

    async def take_up(self, registration_id: str) -> None:
        """Bring everything that follows from a registration up to date."""

    async def wake_waiters(self, registration_id: str) -> None:
        """Let the changes that wait for it go on."""

    async def show(self, registration_id: str) -> None:
        """Have its cards drawn, and its announcements told."""


@dataclass(frozen=True)
class Looks:
    """The looks of one pool of workers, or a single one. `base` is TENFOUR_POLL_SECONDS."""

    store: RegistrationStore
    account: Callable[[str], Account]
    kinds: Mapping[str, Kind]
    clock: Callable[[], float]
    base: float
    history: History | None
    consequences: Consequences
    observer: Observer
    quiet: QuietLooks

    async def look(self, known: Registration, due: float | None) -> TwilioFault | None:
        """Look at a registration; gives why Twilio did not let it. `due` is when it was to be looked at."""
        kind, now = kind_of(self.kinds, known), self.clock()
        if kind is UNKNOWN:
            return None  # a replica that knows it looks at it when the claim has ended
        if kind.look is None or known.status in kind.over:
            await self.store.forget(known.id)
            return None
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                status, snapshot = await kind.seen(self.account(known.account), known)
        except TimeoutError:
            fault = Uncertain(f"the look at {known.key}", f"not done after {LOOK_SECONDS:.0f} seconds")
            await self._failed(known, due, str(fault))
            return fault
        except TwilioFault as fault:
            wait = LOCKED_OUT_SECONDS if isinstance(fault, UnknownAccount) else 0.0
            await self._failed(known, due, str(fault), wait)
            return fault
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            log.error("answer_not_read", registration=known.id, error=type(error).__name__)
            await self._failed(known, due, _unreadable(error))
            return None
        seen = as_seen(known, status, snapshot, kind.remembered(known.snapshot), now)
        await self._record(known, due, seen, now)
        return None

    async def put_off(self, known: Registration, due: float, why: str) -> None:
        """Have a registration looked at later, and say why."""
        await self._failed(known, due, why)

    async def record(self) -> None:
        """Write down what has been left to be written down together."""
        await self.quiet.record()

    async def _record(self, known: Registration, due: float | None, seen: Registration, now: float) -> None:
        """Write down what a look found, unless it was overtaken, and let everybody know."""
        kind, moved = kind_of(self.kinds, known), seen.status != known.status
        typical = await self.history.typical(seen.stage) if self.history else None
        news = what_is_new(known, seen, now, typical)
        # a card shows more than the state: a score that comes later must not be missing from it
        changed = (moved or known.out_of_sight or seen.snapshot != known.snapshot) and seen.status not in kind.unshown
        tell = kind.announced and (bool(news) or changed)
        if not (moved or news or tell):
            self.quiet.put(QuietLook(known, seen, due, next_look(seen, now, self.base, typical)))
            self.observer.looked(seen.kind, "same")
            return
        hearers = (await self.consequences.subscriptions()).values() if news and kind.announced else ()
        rows = addressed(news, seen, hearers, now)
        if not await self.store.observe(seen, news, rows, tell=tell):
            # what changed it meanwhile may be no look: what was seen here must not wait until the claim has ended
            await self.store.look_again(seen.id, now)
            self.observer.looked(seen.kind, "overtaken")
            return
        self.observer.looked(seen.kind, "moved" if moved else "same")
        for transition in news:
            self.observer.moved(seen.kind, transition.after)
        after = seen.model_copy(update={"told": {**seen.told, **{t.mark: t.at for t in news if t.mark}}})
        await self.store.look_next(seen.id, next_look(after, now, self.base, typical), due)
        if moved or tell:
            await self.consequences.take_up(seen.id)
        if moved:
            await self.consequences.wake_waiters(seen.id)
        if tell:
            await self.consequences.show(seen.id)

    async def _failed(self, known: Registration, due: float | None, why: str, wait: float = 0.0) -> None:
        """Look again later; when looks have failed for long, the card says so once."""
        log.warning("look_failed", registration=known.id, why=why)
        self.observer.looked(known.kind, "failed")
        seen = known.model_copy(update={"trouble": why, "failures": known.failures + 1})
        kind, when = kind_of(self.kinds, known), self.clock() + max(5 * self.base, wait)
        shown = kind.announced and known.status not in kind.unshown
        if not (shown and seen.out_of_sight and not known.out_of_sight):
            self.quiet.put(QuietLook(known, seen, due, when))
            return
        recorded = await self.store.observe(seen, tell=True)
        await self.store.look_next(known.id, when, due)
        if recorded:
            await self.consequences.take_up(known.id)
            await self.consequences.show(known.id)


def kind_of(kinds: Mapping[str, Kind], registration: Registration) -> Kind:
    """How a registration is looked at."""
    return kinds.get(registration.kind, UNKNOWN)


def _unreadable(error: Exception) -> str:
    """That an answer has another shape than it should; the error's own words would quote it."""
    what = f"{error.error_count()} fields" if isinstance(error, ValidationError) else "a shape"
    return f"Twilio's answer has {what} that Tenfour cannot read"
