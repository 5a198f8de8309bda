"""What runs out by itself, and the reminders of it: pure functions of a registration and the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.tracking.registration import GONE, Registration, Severity, Transition
from bot.twilio.times import moment

HOUR, DAY = 3600.0, 86400.0
MAIL = "mail_2fa"
"""The fact that tells what became of the mail to a brand's contact since."""
RUNNING: Final = frozenset({"sent", "opened", "clicked"})
"""What is said of a mail that waits to be confirmed. It is over with completed or timeout; other words tell no time."""
MAIL_SENT = "mail_2fa_sent"
"""The fact that tells when that mail was sent: opening it later gives no more time."""
EARLY: Final = HOUR
"""How long before a registration is known to be made its events may come: Twilio is faster than we write it down."""
REMIND_AT: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "passcode": (12 * HOUR, 3 * HOUR),
        "mail_2fa": (4 * DAY, DAY, 3 * HOUR),
        "mock_removal": (14 * DAY, 7 * DAY, 2 * DAY, DAY),
        "suspended_removal": (14 * DAY, 7 * DAY, 2 * DAY, DAY),
    }
)
"""How long before the end each reminder is given (seconds), the earliest first; a last word follows at the end."""
LASTS: Mapping[str, float] = MappingProxyType(
    {"passcode": 24 * HOUR, "mail_2fa": 7 * DAY, "mock_removal": 30 * DAY, "suspended_removal": 30 * DAY}
)
"""Seconds from the beginning of each to its end (twilio.md 4.5, 4.6 and 5.4)."""


@dataclass(frozen=True)
class Deadline:
    """Something that happens at `at` (epoch seconds) unless somebody acts: it began at `begun`; `name` is one word."""

    name: str
    begun: float
    at: float

    @property
    def points(self) -> tuple[float, ...]:
        """When it is to be spoken of (epoch seconds), in order: the reminders, then the end itself."""
        return (*(self.at - left for left in REMIND_AT[self.name]), self.at)


def deadlines(registration: Registration) -> list[Deadline]:
    """Everything that runs out, or ran out, for a registration as it stands; the nearest first."""
    if registration.status == GONE:
        return []
    found = [_passcode(registration), _mail(registration), _mock(registration), _suspended(registration)]
    return sorted((d for d in found if d), key=lambda d: d.at)


def deadline_news(old: Registration, seen: Registration, now: float) -> list[Transition]:
    """The reminders that are due and were not given; of several of one deadline the latest."""
    return [_reminder(old, seen, d, nth, now) for d in deadlines(seen) if (nth := _due(seen, d, now)) is not None]


def next_reminder(registration: Registration, now: float) -> float | None:
    """When the next reminder is due, or None; `now` for one that should have been given before."""
    ahead = [
        max(now, at)
        for deadline in deadlines(registration)
        for nth, at in enumerate(deadline.points)
        if nth > _told(registration, deadline)
    ]
    return min(ahead, default=None)


def _passcode(registration: Registration) -> Deadline | None:
    """The owner of a sole proprietor's mobile replies to a text that was sent when the brand was made, or again."""
    waits = registration.kind == "brand" and registration.status == "PENDING"
    if not waits or registration.snapshot.get("brand_type") != "SOLE_PROPRIETOR" or not registration.made_at:
        return None
    return _lasting("passcode", registration.made_at)


def _mail(registration: Registration) -> Deadline | None:
    """The contact of a public company's brand confirms a mail; only events tell that there is one."""
    if registration.kind != "brand" or registration.status == "FAILED":
        return None
    sent = registration.heard.get(MAIL_SENT)
    facts = [fact for fact in (sent, registration.heard.get(MAIL)) if fact]
    mail = max(facts, key=lambda f: (f.at, f.event), default=None)
    if mail is None:
        return None
    if mail.at <= 0 or mail.at < registration.made_at - EARLY:  # at an unknown time, or of a try before
        return None
    if mail.value == "timeout":
        return Deadline("mail_2fa", mail.at - LASTS["mail_2fa"], mail.at)
    if mail.value not in RUNNING:
        return None
    known = sent is not None and mail.at - LASTS["mail_2fa"] <= sent.at <= mail.at
    return _lasting("mail_2fa", sent.at if sent and known else mail.at)


def _mock(registration: Registration) -> Deadline | None:
    if registration.kind != "brand" or not registration.snapshot.get("mock"):
        return None
    made = moment(registration.snapshot.get("date_created")) or registration.made_at
    return _lasting("mock_removal", made) if made else None


def _suspended(registration: Registration) -> Deadline | None:
    """Twilio removes a campaign that stays suspended; of a suspended brand nobody says so."""
    if registration.kind != "campaign" or registration.status != "SUSPENDED" or not registration.since:
        return None
    return _lasting("suspended_removal", registration.since)


def _lasting(name: str, begun: float) -> Deadline:
    return Deadline(name, begun, begun + LASTS[name])


def _due(seen: Registration, deadline: Deadline, now: float) -> int | None:
    """Which of its points has come last, unless it, or a later one, was told already."""
    came = sum(at <= now for at in deadline.points) - 1
    return came if came > _told(seen, deadline) else None


def _told(seen: Registration, deadline: Deadline) -> int:
    """The latest of its points that was told, -1 for none. What was told before it began was about another one."""
    marks = [_mark(deadline, nth) for nth in range(len(deadline.points))]
    return max((nth for nth, mark in enumerate(marks) if seen.told.get(mark, -1.0) >= deadline.begun), default=-1)


def _mark(deadline: Deadline, nth: int) -> str:
    # without the beginning, which the time of telling decides: so their number in a document stays bounded
    return f"deadline:{deadline.name}:{nth}"


def _reminder(old: Registration, seen: Registration, deadline: Deadline, nth: int, now: float) -> Transition:
    left = max(0.0, deadline.at - now)
    severity: Severity = "bad" if left < (deadline.at - deadline.begun) / 10 else "warn"
    return Transition(
        id=old.version + 1,
        before=seen.status,
        after=seen.status,
        at=now,
        severity=severity,
        snapshot=seen.snapshot,
        about="deadline",
        facts={"name": deadline.name, "at": deadline.at, "begun": deadline.begun, "left": left},
        mark=_mark(deadline, nth),
    )
