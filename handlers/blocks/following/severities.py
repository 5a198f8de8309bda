"""What the severities of news are called, everywhere alike."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.tracking.registration import Severity
from handlers.blocks.kit import plural

ONE: Mapping[Severity, str] = MappingProxyType(
    {"bad": "Bad news", "warn": "Warning", "good": "Good news", "info": "Progress"}
)
"""A single piece of it."""
SEVERAL: Mapping[Severity, str] = MappingProxyType(
    {"bad": "bad news", "warn": "warnings", "good": "good news", "info": "progress"}
)
"""All of a sort, within a sentence."""

_PIECE: Mapping[Severity, str] = MappingProxyType(
    {"bad": "{} of bad news", "warn": "{}", "good": "{} of good news", "info": "{} of progress"}
)


def counted(count: int, severity: Severity) -> str:
    """So many of a sort: `3 warnings`, `1 piece of good news`."""
    piece = {"warn": "warning", "info": "step"}.get(severity, "piece")
    return _PIECE[severity].format(plural(count, piece))
