"""When people are reminded of a change that waits for them: ever more seldom, and once before it expires."""

from bot.changes.change import Change
from bot.policy.policy import Pending

LAST_CALL_SECONDS = 86400.0
"""How long before its end a change that waits is brought up once more, and shown as about to expire."""
REVIEW_SECONDS = 86400.0
"""How often a change is brought up that ran without its approvals, until somebody signs it off."""


def reminders_due(change: Change, now: float, pending: Pending) -> int:
    """How many reminders are due since approval was asked for; pure. 0 when it does not wait for approval."""
    if change.state != "pending" or now >= change.expires_at:
        return 0
    return sum(1 for moment in _moments(change, pending) if now >= moment)


def next_reminder(change: Change, now: float, pending: Pending) -> float | None:
    """When the next reminder is due (epoch seconds); None when none comes any more."""
    if change.state != "pending":
        return None
    return next((moment for moment in _moments(change, pending) if moment > now), None)


def reviews_due(change: Change, now: float) -> int:
    """How many reminders of an open review are due since glass was broken last; pure. 0 when there is none to do."""
    if change.review != "open" or not change.glass:
        return 0
    return max(0, int((now - change.glass[-1].at) // REVIEW_SECONDS))


def about_to_expire(change: Change, now: float) -> bool:
    """Whether it ends within a day unless somebody decides or asks again."""
    return change.state in ("pending", "stale") and change.expires_at - now <= LAST_CALL_SECONDS


def _moments(change: Change, pending: Pending) -> list[float]:
    """Every reminder between the asking and the end: after once, twice, four times … the time, and the last call."""
    start, end = change.waits_since, change.expires_at
    moments = []
    after = pending.remind_after_hours * 3600
    while start + after < end:
        moments.append(start + after)
        after *= 2
    last = end - LAST_CALL_SECONDS
    # not twice within hours, when the last of the row comes shortly before it or after it
    if moments and last > moments[0]:
        moments = [*(m for m in moments if m < last - LAST_CALL_SECONDS / 2), last]
    return moments
