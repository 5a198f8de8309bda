"""What runs out by itself, and the reminders of it."""

from dataclasses import dataclass

from bot.tracking.registration import Registration, Transition


@dataclass(frozen=True)
class Deadline:
    """Something that happens at `at` (epoch seconds) unless somebody acts: it began at `begun`; `name` is one word."""

    name: str
    begun: float
    at: float


def deadlines(registration: Registration) -> list[Deadline]:
    """Everything that runs out for a registration as it stands, the nearest first."""
    return []


def deadline_news(old: Registration, seen: Registration, now: float) -> list[Transition]:
    """The reminders that are due and were not given; of several of one deadline the latest."""
    return []


def next_reminder(registration: Registration, now: float) -> float | None:
    """When the next reminder is due, or None."""
    return None
