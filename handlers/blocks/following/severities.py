"""What the severities of news are called, everywhere alike."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.tracking.registration import Severity

ONE: Mapping[Severity, str] = MappingProxyType(
    {"bad": "Bad news", "warn": "Warning", "good": "Good news", "info": "Progress"}
)
"""A single piece of it."""
SEVERAL: Mapping[Severity, str] = MappingProxyType(
    {"bad": "bad news", "warn": "warnings", "good": "good news", "info": "progress"}
)
"""All of a sort, within a sentence."""


def counted(count: int, severity: Severity) -> str:
    """So many of a sort: `3 warnings`."""
    return f"{count} {ONE[severity].lower() if count == 1 else SEVERAL[severity]}"
