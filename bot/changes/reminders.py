"""When people are reminded of a change that waits for them: ever more seldom, and once before it expires."""

from bot.changes.change import Change
from bot.changes.policy import Pending

LAST_CALL_SECONDS = 86400.0
"""How long before its end a change that waits is brought up once more, and shown as about to expire."""


def reminders_due(change: Change, now: float, pending: Pending) -> int:
    """How many reminders are due since the change began to wait; pure. 0 when it does not wait for approval."""
    if change.state != "pending" or now >= change.expires_at:
        return 0
    waited, until = now - change.entered_at, change.expires_at - change.entered_at
    moments = []
    after = pending.remind_after_hours * 3600
    while after < until:
        moments.append(after)
        after *= 2
    last = until - LAST_CALL_SECONDS
    # not twice within hours, when the last of the row comes shortly before it
    if moments and last > moments[0]:
        moments = [*(m for m in moments if m < last - LAST_CALL_SECONDS / 2), last]
    return sum(1 for moment in moments if waited >= moment)


def about_to_expire(change: Change, now: float) -> bool:
    """Whether it ends within a day unless somebody decides or asks again."""
    return change.state in ("pending", "stale") and change.expires_at - now < LAST_CALL_SECONDS
