"""Which channel hears about what, and when: data and pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.plans.values import Record
from bot.tracking.registration import Announcement, Registration, Severity, Transition

KINDS_HEARD = ("campaign", "brand", "bundle", "sink", "traffic")
"""What a channel can choose among."""
LONGEST_QUIET = 22 * 60
"""Minutes a day that may be quiet. More would let what happens wait for more than a day where a clock is put back."""
DAY = 24 * 60

_OF_KIND: Mapping[str, str] = MappingProxyType({"number": "campaign", "share": "campaign", "vetting": "brand"})
"""Kinds that a channel does not choose by themselves: they are news of another."""


class Subscription(Record):
    """What one channel wants to hear; an empty list stands for everything. `by` is who asked for it.

    `accounts` and `brands` are SIDs. In quiet hours, from `quiet_from` to `quiet_until` (minutes after midnight in
    `zone`, an IANA name), nothing is posted: it is kept until they end. A `digest_only` channel hears of it all in its
    weekly digest, and `weekly` says whether there is one. `off`: it was said there that it hears nothing at all. `at`
    is when it was said (epoch seconds).
    """

    channel: str
    by: str = ""
    accounts: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    quiet_from: int | None = None
    quiet_until: int | None = None
    zone: str = "UTC"
    digest_only: bool = False
    weekly: bool = True
    off: bool = False
    at: float = 0.0

    def covers(self, registration: Registration) -> bool:
        """Whether this registration is among those that the channel wants to hear of."""
        return (
            not self.off
            and (not self.accounts or registration.account in self.accounts)
            and (not self.brands or registration.brand_sid in self.brands)
            and (not self.kinds or _OF_KIND.get(registration.kind, registration.kind) in self.kinds)
        )

    def hears(self, registration: Registration, transition: Transition) -> bool:
        """Whether this transition is posted in the channel."""
        return self._posts(transition.severity) and self.covers(registration)

    def follows(self, registration: Registration) -> bool:
        """Whether the channel wants to see this registration on its way, before there is a verdict on it."""
        return self._posts("info") and self.covers(registration)

    @property
    def quiet(self) -> tuple[int, int] | None:
        """The quiet hours, in minutes after midnight; None where there are none."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return (self.quiet_from, self.quiet_until) if 0 < quiet_minutes(self) <= LONGEST_QUIET else None

    def opens_at(self, now: float) -> float:
        """When something may be posted: now, or when the quiet hours end (epoch seconds), less than a day away."""
        quiet = self.quiet
        if quiet is None or not self._is_quiet(now):
            return now
        zone, (_, until) = zone_of(self.zone), quiet
        midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        # both readings of a time that the clock shows twice; on a day that skips it, it is as if it had come
        ends = [
            (midnight + timedelta(days=days, minutes=until)).replace(fold=fold).timestamp()
            for days in (0, 1, 2)
            for fold in (0, 1)
        ]
        return min((end for end in ends if end > now and not self._is_quiet(end)), default=now)

    def _is_quiet(self, at: float) -> bool:
        if self.quiet is None:
            return False
        begins, ends = self.quiet
        local = datetime.fromtimestamp(at, zone_of(self.zone))
        minute = local.hour * 60 + local.minute
        return begins <= minute < ends if begins < ends else minute >= begins or minute < ends

    def _posts(self, severity: Severity) -> bool:
        return not self.off and not self.digest_only and (not self.severities or severity in self.severities)


def quiet_minutes(subscription: Subscription) -> int:
    """How long the quiet hours last, 0 where there are none; equal ends are none."""
    begins, ends = subscription.quiet_from, subscription.quiet_until
    return 0 if begins is None or ends is None else (ends - begins) % DAY


def known_zone(name: str) -> bool:
    """Whether this is a time zone that this machine knows, by its IANA name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # not a name, a folder of names, or not there
        return False
    return True


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name; one that this machine does not know is UTC."""
    return ZoneInfo(name) if known_zone(name) else UTC


def hearers(stored: Mapping[str, Subscription], alerts_channel: str) -> dict[str, Subscription]:
    """Who hears, by channel. The alerts channel hears everything until somebody says otherwise in it."""
    every = {alerts_channel: Subscription(channel=alerts_channel), **stored}
    return {channel: subscription for channel, subscription in every.items() if not subscription.off}


def addressed(
    transitions: Sequence[Transition], registration: Registration, subscriptions: Iterable[Subscription], now: float
) -> list[Announcement]:
    """The rows of the outbox for what was seen."""
    return [
        Announcement(channel=s.channel, transition=t, not_before=s.opens_at(now))
        for s in subscriptions
        if s.channel not in registration.muted
        for t in transitions
        if s.hears(registration, t)
    ]
