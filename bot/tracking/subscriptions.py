"""Which channel hears about what, and when: data and pure functions."""

from collections.abc import Iterable, Sequence

from bot.plans.values import Record
from bot.tracking.registration import Announcement, Registration, Severity, Transition


class Subscription(Record):
    """What one channel wants to hear; an empty list stands for everything. `by` is who asked for it.

    `accounts` and `brands` are SIDs. In quiet hours, from `quiet_from` to `quiet_until` (minutes after midnight in
    `zone`, an IANA name), nothing is posted: it is kept until they end. A `digest_only` channel hears of it all in its
    weekly digest, and `weekly` says whether there is one.
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

    def covers(self, registration: Registration) -> bool:
        """Whether this registration is among those that the channel wants to hear of."""
        return (
            (not self.accounts or registration.account in self.accounts)
            and (not self.brands or registration.brand_sid in self.brands)
            and (not self.kinds or registration.kind in self.kinds)
        )

    def hears(self, registration: Registration, transition: Transition) -> bool:
        """Whether this transition is posted in the channel."""
        wanted = not self.severities or transition.severity in self.severities
        return not self.digest_only and wanted and self.covers(registration)

    def opens_at(self, now: float) -> float:
        """When something may be posted: now, or when the quiet hours end (epoch seconds)."""
        return now


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
