"""Everything with which registrations are followed, and what others tell us about them over HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiohttp.web import RouteDef
from redis.asyncio import Redis

from bot.intake.callbacks import Callbacks
from bot.intake.events import Events
from bot.intake.journal import Journal
from bot.intake.reading import Reading
from bot.intake.receipts import Receipts
from bot.intake.right_of_way import RightOfWay
from bot.intake.soon import Soon, Start
from bot.intake.taking import Taking
from bot.intake.tcr import Campaigns, TcrIntake
from bot.intake.tcr_index import TcrIndex
from bot.intake.uptake import Uptake
from bot.ports import Engine, Notifier
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.settings import Settings
from bot.tracking.bundles import look_at_bundle
from bot.tracking.history import History
from bot.tracking.kinds import kinds
from bot.tracking.known import HeardAndSeen
from bot.tracking.memory import Memory
from bot.tracking.portfolio import Portfolio
from bot.tracking.readiness import Lately, Readiness
from bot.tracking.sinks import Sinks
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.tracking.traffic import Traffic
from bot.twilio.accounts import Accounts
from bot.vault import Vault
from bot.watching.observer import NOBODY, Observer


@dataclass(frozen=True)
class Following:
    """What is remembered of registrations; each part made once."""

    redis: Redis
    keys: Keys
    clock: Callable[[], float]
    registrations: RegistrationStore
    history: History
    memory: Memory
    sinks: Sinks
    known: HeardAndSeen
    portfolio: Portfolio
    traffic: Traffic
    index: TcrIndex
    way: RightOfWay
    observer: Observer = NOBODY

    @classmethod
    def of(cls, redis: Redis, keys: Keys, clock: Callable[[], float], observer: Observer = NOBODY) -> Self:
        """All of it over one Redis."""
        registrations, sinks = RegistrationStore(redis, keys, observer), Sinks(redis, keys, clock)
        return cls(
            redis,
            keys,
            clock,
            registrations,
            History(redis, keys, clock),
            Memory(redis, keys),
            sinks,
            HeardAndSeen(redis, keys, registrations, sinks.follows),
            Portfolio(redis, keys, registrations, clock),
            Traffic(redis, keys, registrations, clock),
            TcrIndex(redis, keys),
            RightOfWay(),
            observer,
        )

    def tracker(self, settings: Settings, accounts: Accounts, notifier: Notifier, engine: Engine) -> Tracker:
        """The one that looks, and brings all that follows from a look up to date."""
        readiness = Readiness(self.registrations, Lately(self.sinks.follows, self.clock).follows)
        return Tracker(
            self.registrations,
            accounts.__getitem__,
            notifier,
            self.clock,
            settings.poll_seconds,
            settings.alerts_channel,
            engine.start_run,
            history=self.history,
            kinds=kinds(
                {"campaign": readiness.again, "traffic": self.traffic.again},
                campaign=readiness.look,
                sink=self.sinks.look,
                bundle=look_at_bundle,
                traffic=self.traffic.look,
            ),
            projections=(
                self.history.learn,
                self.memory.learn,
                self.portfolio.learn,
                self.sinks.learn,
                self.index.learn,
                self.traffic.learn,
            ),
            observer=self.observer,
            give_way=self.way.give_in_turn,
        )

    def uptake(
        self,
        settings: Settings,
        tracker: Tracker,
        vault: Vault,
        leases: Leases,
        look: Callable[[], Awaitable[Any]],
        start: Start,
    ) -> Uptake:
        """What takes up the events that wait in the journal.

        What they hint at is looked at soon after, by `look`; `start` runs it.
        """
        receipts = Receipts(self.traffic, tracker, self.clock)
        soon = Soon(look, start)
        taking = Taking(self.redis, self.keys, tracker, receipts, self.index, soon, self.clock)
        reading = Reading(settings.accounts, taking, self.clock, self.way, self.observer)
        journal, lease = Journal(self.redis, self.keys, vault), self.keys.events("uptake")
        return Uptake(journal, reading, leases, lease, start)

    def intake(
        self,
        settings: Settings,
        tracker: Tracker,
        vault: Vault,
        look: Callable[[], Awaitable[Any]],
        start: Start,
        written: Callable[[], None],
    ) -> Sequence[RouteDef]:
        """Where others than Slack tell us things, as far as the settings want them.

        What they hint at is looked at soon after, by `look`; `start` runs it. `written` hears of events in the journal.
        """
        routes: list[RouteDef] = []
        if settings.tcr_secret:
            sids = tuple(account.sid for account in settings.accounts)
            campaigns = Campaigns(self.index, Soon(look, start), self.clock)
            secret = settings.tcr_secret.get_secret_value()
            routes += TcrIntake(self.redis, self.keys, tracker, sids, secret, campaigns).routes()
        if settings.public_url and settings.events_secret:
            known, url, secret = settings.accounts, settings.public_url, settings.events_secret.get_secret_value()
            events = Events(Journal(self.redis, self.keys, vault), known, url, secret, written, self.way)
            callbacks = Callbacks(known, url, Receipts(self.traffic, tracker, self.clock))
            routes += [*events.routes(), *callbacks.routes()]
        return routes
