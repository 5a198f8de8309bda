"""How soon to look at a registration again: a pure function of its state and age."""

import zlib

from bot.tracking.deadlines import next_reminder
from bot.tracking.registration import GONE, QUIET, Registration, states_of
from bot.tracking.stuck import stuck_at
from bot.tracking.typical import Typical

HOUR, DAY = 3600.0, 86400.0
UNDER_REVIEW = frozenset({"", "PENDING", "IN_PROGRESS", "IN_REVIEW", "pending-review", "in-review"})
IN_FLIGHT = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})
"""States of a message that is on its way."""
NUMBERS, READY = "NUMBERS", "READY"
"""Where a verified campaign is (`Registration.stage`)."""
UNSUBMITTED = "draft"
"""A bundle that nobody has submitted: it waits for the team, as what was refused does."""
VETTED = frozenset({"SUCCESS", "FAILED"})
"""States in which a vetting is over."""


def next_look(seen: Registration, now: float, base: float, typical: Typical | None) -> float:
    """When to look again (epoch seconds): by the cadence, or as soon as something is to be reminded of."""
    # what Twilio does not list yet stands in no state: it counts from when it was made
    began = seen.stood_since if seen.status else seen.started_at
    _, _, state = seen.stage.partition(":")
    wait = seconds_until_next_look(state, max(0.0, now - began), base, seen.kind)
    reminders = (next_reminder(seen, now), stuck_at(seen, typical))
    return max(now + base, min([now + spread(seen.id, wait, base), *(at for at in reminders if at is not None)]))


def seconds_until_next_look(state: str, age: float, base: float, kind: str = "") -> float:
    """Seconds to wait. `age` is how long the state has stood; `base` is TENFOUR_POLL_SECONDS, a minute by default.

    `state` is Twilio's word, or for a verified campaign NUMBERS as long as it is not ready to send, then READY.
    Close to a submission verdicts come fast (field validation), then reviews take days; numbers are registered within
    days, too, but events tell of them first. What is settled is looked at daily. What was refused waits for people, who
    are quick or slow; a word that we do not know is looked at each quarter of an hour. A sink is looked at each quarter
    of an hour, and each minute in the first hour in which it does not work. A service's messages are looked at every
    ten minutes while there are any; the first one after a quiet time asks for a look by itself.
    """
    if kind == "sink" and state != GONE:
        factor = 1 if age < HOUR and state != "active" else 15
    elif kind == "traffic":
        factor = 1440 if state == QUIET else 10
    elif state in UNDER_REVIEW | IN_FLIGHT:
        factor = 1 if age < HOUR else 5 if age < DAY else 15
    elif state == NUMBERS:
        factor = 15 if age < HOUR else 60 if age < 28 * DAY else 240
    elif state in (GONE, READY) or state in states_of(kind).good or (kind == "vetting" and state in VETTED):
        factor = 15 if age < HOUR else 1440
    elif state in states_of(kind).bad or state == UNSUBMITTED:
        factor = 15 if age < DAY else 60 if age < 28 * DAY else 240
    else:
        factor = 15
    return min(DAY, base * factor)


def spread(registration_id: str, wait: float, base: float) -> float:
    """A wait that is up to a tenth shorter, always the same for one registration.

    So thousands that were first seen together do not fall due together for ever. Short waits are for the few.
    """
    if wait <= 15 * base:
        return wait
    share = zlib.crc32(registration_id.encode()) / 2**32
    return wait * (1 - share / 10)
