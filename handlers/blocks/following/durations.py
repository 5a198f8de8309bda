"""Lengths of time as reviews are counted: in days, however many there are."""

from handlers.blocks.kit import plural, span

DAY = 86400.0


def duration(seconds: float) -> str:
    """A length of time in words: `13 days`; below two days in the largest unit that fits."""
    return plural(int(seconds // DAY), "day") if seconds >= 2 * DAY else span(seconds)
