"""Whether a campaign is ready to send, as its snapshot says, and what of that is news."""

from bot.tracking.registration import Registration, Transition


def ready_news(old: Registration, seen: Registration, now: float) -> list[Transition]:
    """Word of a campaign that became ready, or is no longer, and of single numbers that failed."""
    return []
