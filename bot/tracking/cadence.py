"""How soon to look at a registration again: a pure function of its state and age."""

from bot.tracking.deadlines import next_reminder
from bot.tracking.registration import SETTLED, Registration
from bot.tracking.stuck import stuck_at
from bot.tracking.typical import Typical

HOUR, DAY = 3600.0, 86400.0
UNDER_REVIEW = frozenset({"", "PENDING", "IN_PROGRESS", "IN_REVIEW"})
IN_FLIGHT = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})
"""States of a message that is on its way."""


def next_look(seen: Registration, now: float, base: float, typical: Typical | None) -> float:
    """When to look again (epoch seconds): by the cadence, or as soon as something is to be reminded of."""
    cadence = now + seconds_until_next_look(seen.status, now - seen.since, base)
    reminders = (next_reminder(seen, now), stuck_at(seen, typical))
    return max(now + base, min([cadence, *(at for at in reminders if at is not None)]))


def seconds_until_next_look(status: str, age: float, base: float) -> float:
    """Seconds to wait. `age` is how long the status has stood; `base` is TENFOUR_POLL_SECONDS.

    Close to a submission verdicts come fast (field validation), then reviews take days; what is settled is looked at
    daily, anything else (refused, or a word we do not know) each quarter of an hour at the default base of a minute.
    """
    if status in UNDER_REVIEW | IN_FLIGHT:
        factor = 1 if age < HOUR else 5 if age < DAY else 15
    elif status in SETTLED:
        factor = 15 if age < HOUR else 1440
    else:
        factor = 15
    return min(DAY, base * factor)
