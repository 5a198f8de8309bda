"""What people are told when something may not be done."""

from datetime import UTC, datetime


class Refusal(Exception):
    """Something may not be done; the text tells the person why and what to do next."""


def when(at: float) -> str:
    """A moment (epoch seconds) as a refusal names it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
