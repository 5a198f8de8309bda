"""Looks at registrations at Twilio when their time has come, and records what changed."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import structlog
from redis.exceptions import RedisError

from bot.changes.change import Change
from bot.logs import bound
from bot.plans.call import Results, resolve
from bot.plans.step import Watch
from bot.ports import Notifier
from bot.tracking.history import History
from bot.tracking.kinds import KINDS, Kind
from bot.tracking.looking import Looks, kind_of
from bot.tracking.quiet import QuietLooks
from bot.tracking.registration import GONE, Registration, Transition
from bot.tracking.store import Novelty, RegistrationStore, Said
from bot.tracking.subscriptions import Subscription, hearers
from bot.tracking.sweeping import AT_ONCE, GiveWay, Sweeper
from bot.twilio.faults import UnknownAccount
from bot.twilio.gateway import Account
from bot.watching.observer import NOBODY, Observer

GATHERED = 1 / 12
"""For which part of the base hints are gathered before the first look; the next one follows after the whole of it."""
DRAWN_AT_ONCE = 8
"""Cards that are drawn at once after events; a storm of them must not hold up the answers to others."""
AWAITED_SECONDS = 4.0
"""How old the last look may be when a waiting change asks for the state."""

log = structlog.get_logger()

Wake = Callable[[int], Awaitable[None]]
"""Lets a change that waits go on looking; doing it twice is harmless."""

Projection = Callable[[Registration, Sequence[Transition]], Awaitable[None]]
"""Takes up what follows from a registration and its whole log, such as an index; doing it twice is harmless."""


class Tracker:
    """Follows registrations. Any number of replicas may sweep: what is due is claimed, each look is recorded once."""

    def __init__(
        self,
        store: RegistrationStore,
        account: Callable[[str], Account],
        notifier: Notifier,
        clock: Callable[[], float],
        base_seconds: float,
        alerts_channel: str,
        wake: Wake,
        kinds: Mapping[str, Kind] = KINDS,
        history: History | None = None,
        projections: Sequence[Projection] = (),
        observer: Observer = NOBODY,
        give_way: GiveWay | None = None,
    ) -> None:
        self._observer = observer
        self.store = store
        self._account, self._notifier, self._clock = account, notifier, clock
        self._base, self.alerts_channel, self._wake, self._kinds = base_seconds, alerts_channel, wake, kinds
        self._history, self._projections = history, projections
        self._sweeper = Sweeper(store, clock, self._looks, self._at_once, give_way)

    async def follow(self, change: Change, watch: Watch, results: dict[str, dict[str, Any]]) -> None:
        """Start or revive a registration that a change has made."""
        made = {"made_at": self._clock(), "tries": int(watch.again)}
        registration = self._registration(change, watch, results).model_copy(update=made)
        await self.store.begin(registration)
        await self.take_up(registration.id)

    async def adopt(self, registration: Registration) -> None:
        """Follow something that stands at Twilio already: what is known of it by now is no news."""
        await self.store.begin(registration)
        await self.take_up(registration.id)

    async def end(self, change: Change, watch: Watch) -> None:
        """A registration is over because a change has ended it: its card says so, and no channel is alarmed."""
        registration_id, recorded = self._registration(change, watch, change.results).id, False
        while not recorded:  # a look or an event may come in between
            known = await self.store.load(registration_id)
            if known is None or known.status == GONE:
                return
            now, left = self._clock(), self._kind(known).remembered(known.snapshot)
            end = Transition(
                id=known.version + 1, before=known.status, after=GONE, at=now, severity="info", snapshot=left
            )
            seen = known.model_copy(update={"status": GONE, "since": now, "fetched_at": now, "snapshot": left})
            recorded = await self.store.observe(seen, [end], tell=True)
        await self.store.forget(registration_id)
        await self.take_up(registration_id)
        await self.wake_waiters(registration_id)
        await self._notifier.registration_moved(registration_id)

    async def await_(self, change: Change, watch: Watch) -> Registration:
        """Follow a registration for a change that waits for it, and give what is known of it now.

        What was known of it stays, and so does its owner, when it is followed already.
        """
        registration = self._registration(change, watch, change.results)
        await self.store.await_(registration, change.number)
        seen = await self.store.load(registration.id) or registration
        # a verdict may come within a second: whoever waits looks more often than the cadence does
        if self._clock() - seen.fetched_at > AWAITED_SECONDS and seen.status not in self._kind(seen).over:
            await self.look(registration.id)
            seen = await self.store.load(registration.id) or registration
        return seen

    async def release(self, change: Change, watch: Watch) -> None:
        """This change waits for it no more."""
        await self.store.release(self._registration(change, watch, change.results).id, change.number)

    async def told(self, kind: str, account: str, key: str, status: str, words: str = "") -> None:
        """Take an event's word for the state of a registration that no API tells; followed from now on if it was not.

        What was said last counts: a share that was declined after it was accepted is declined.
        """
        now = self._clock()
        fresh = Registration(kind=kind, account=account, key=key, title=key, started_at=now)
        if await self.store.load(fresh.id) is None:
            await self.store.begin(fresh)
        recorded = False
        while not recorded and (known := await self.store.load(fresh.id)):
            said = {"status": status, "since": now, "fetched_at": now, "snapshot": {"said": words} if words else {}}
            recorded = await self.store.observe(known.model_copy(update=said))
        await self.wake_waiters(fresh.id)

    async def hear(self, said: Said) -> Novelty:
        """Take up what one event said: see `hear_all`."""
        (novelty,) = await self.hear_all([said])
        return novelty

    async def hear_all(self, said: Sequence[Said], *, quietly: bool = False) -> list[Novelty]:
        """Take up what events said of registrations, which are followed from now on if they were not before.

        With a `status` an event is what tells the state, since no API does. The latest by the event's own time counts,
        in whatever order they come; the same one twice is one. Gives of each what it was. `quietly`: they are many, and
        the next sweep draws their cards.
        """
        novelties = await self.store.hear_all(said)
        if unknown := [n for n, novelty in enumerate(novelties) if novelty == "unknown"]:
            await self.store.begin_all(list({said[n].registration.id: said[n].registration for n in unknown}.values()))
            for n, novelty in zip(unknown, await self.store.hear_all([said[n] for n in unknown]), strict=True):
                novelties[n] = novelty
        # also what is known: the process that took it up first may have died before it came this far
        taken = [one for one, novelty in zip(said, novelties, strict=True) if novelty in ("latest", "known")]
        await self._heard(
            {one.registration.id for one in taken if self._kind(one.registration).announced},
            {one.registration.id for one in taken if one.status},
            at_once=0 if quietly else DRAWN_AT_ONCE,
        )
        return novelties

    async def _heard(self, shown: Collection[str], stated: Collection[str], at_once: int) -> None:
        """Draw the cards that are `shown`, and bring up to date what follows from states that events have told."""
        if shown:
            # its card tells what was heard, whatever a look finds
            await self.store.redraw(*shown)
        for registration_id in [*shown][:at_once]:  # of more the next sweep draws the rest
            await self._notifier.registration_moved(registration_id)
        for registration_id in {*shown} & {*stated}:
            await self.take_up(registration_id)
        for number in await self.store.waiters_of(stated) if stated else ():
            await self._wake(number)

    async def hint(self, registrations: Iterable[Registration], *, gently: bool = False) -> None:
        """Something may have happened to these: they are looked at in the next sweep, and followed from now on.

        `gently`: there will be many such hints, so that those of a while are gathered into one look.
        """
        asked = {registration.id: registration for registration in registrations}
        last = await self.store.looked_last(asked)
        if new := [registration for registration in asked.values() if registration.id not in last]:
            await self.store.begin_all(new)
        if last:
            now = self._clock()
            when = {i: max(now + GATHERED * self._base, at + self._base) if gently else now for i, at in last.items()}
            await self.store.look_at_all(when, sooner=gently)

    async def take_up(self, registration_id: str) -> None:
        """Bring everything that follows from a registration up to date."""
        known, log_ = await self.store.with_log(registration_id) if self._projections else (None, [])
        if known is None:
            return
        for projection in self._projections:
            await projection(known, log_)

    async def show(self, registration_id: str) -> None:
        """Have its cards drawn, and its announcements told."""
        await self._notifier.registration_moved(registration_id)

    async def tell_left(self) -> None:
        """Announce what was left unannounced, or waited until now to be told."""
        queue = iter(await self.store.untold(self._clock()))
        await asyncio.gather(*(self._tell(queue) for _ in range(AT_ONCE)))

    async def _tell(self, queue: Iterator[str]) -> None:
        for registration_id in queue:
            try:
                await self.take_up(registration_id)
            except RedisError:
                raise
            except Exception as error:  # what is odd about one must keep neither it nor the others from being told
                log.error("not_taken_up", registration=registration_id, error=type(error).__name__)
            await self._notifier.registration_moved(registration_id)

    async def redraw(self, registration_id: str) -> None:
        """Something other than a look has changed what its cards show, such as who sees to it."""
        # first: a crash after it leaves the drawing to the next sweep
        await self.store.redraw(registration_id)
        await self.take_up(registration_id)
        await self._notifier.registration_moved(registration_id)

    async def subscriptions(self) -> dict[str, Subscription]:
        """Who hears about what, by channel. The alerts channel hears everything until somebody says otherwise."""
        return hearers(await self.store.subscriptions(), self.alerts_channel)

    def _kind(self, registration: Registration) -> Kind:
        return kind_of(self._kinds, registration)

    def _registration(self, change: Change, watch: Watch, results: Results) -> Registration:
        return Registration(
            kind=watch.kind,
            account=change.plan.account,
            account_name=change.plan.account_name,
            key=resolve(watch.key, results),
            title=watch.title,
            owner=change.requester,
            change=change.number,
            started_at=self._clock(),
        )

    async def wake_waiters(self, registration_id: str) -> None:
        """Let the changes that wait for it go on."""
        for number in await self.store.waiters(registration_id):
            await self._wake(number)

    async def sweep(self) -> int:
        """Look at everything that is due; returns how many were looked at."""
        return await self._sweeper.sweep()

    async def look(self, registration_id: str) -> None:
        """Look at one registration now, and say when to look next."""
        known, due = await self.store.load_due(registration_id)
        if known:
            looks = self._looks()
            with bound(registration=known.id, account=known.account):
                await looks.look(known, due)
            await looks.record()

    def _looks(self) -> Looks:
        return Looks(
            self.store,
            self._account,
            self._kinds,
            self._clock,
            self._base,
            self._history,
            self,
            self._observer,
            QuietLooks(self.store, self._clock),
        )

    def _at_once(self, account: str) -> int:
        try:
            return self._account(account).concurrency
        except (UnknownAccount, LookupError):
            return AT_ONCE  # there is no account that could be overtaxed
