"""Weeks as a channel counts them, in its own time zone, and when its digest is due: pure functions."""

from datetime import datetime, timedelta
from itertools import pairwise

from bot.tracking.statistics import Span
from bot.tracking.subscriptions import Subscription, zone_of

HOUR_DUE = 9
"""Mondays, by the channel's clock."""
DAYS_LATE = 3
"""Until the end of Wednesday: news of a week that is half over is no news."""
COMPARED = 8
"""Weeks that a digest looks back on."""


def week_due(subscription: Subscription, now: float) -> str:
    """The week in which a digest is due now (`2026-W47`); "" when none is.

    What was missed on Monday, or fell into quiet hours, is due until Wednesday.
    """
    local = datetime.fromtimestamp(now, zone_of(subscription.zone))
    late = local.weekday() >= DAYS_LATE or (local.weekday() == 0 and local.hour < HOUR_DUE)
    if not subscription.weekly or late or subscription.opens_at(now) > now:
        return ""
    return f"{local.isocalendar().year}-W{local.isocalendar().week:02}"


def weeks_before(zone: str, now: float, count: int = COMPARED) -> list[Span]:
    """The last whole weeks, the oldest first."""
    monday = _monday(zone, now)
    starts = [(monday - timedelta(weeks=back)).timestamp() for back in range(count, -1, -1)]
    return list(pairwise(starts))


def weeks_so_far(zone: str, now: float, count: int = COMPARED) -> list[Span]:
    """The same, and the week that is not over yet."""
    return [*weeks_before(zone, now, count - 1), (_monday(zone, now).timestamp(), now)]


def _monday(zone: str, now: float) -> datetime:
    local = datetime.fromtimestamp(now, zone_of(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return local - timedelta(days=local.weekday())
