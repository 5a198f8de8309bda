"""How long a stage usually takes: from this team's own history, and from what Twilio says until there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

HOUR, DAY = 3600.0, 86400.0
ENOUGH = 8
"""Own cases from which on they alone decide."""
PRIORS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "brand:PENDING": (10 * 60.0, 7 * DAY),
        "brand:IN_REVIEW": (7 * DAY, 14 * DAY),
        "campaign:PENDING": (HOUR, DAY),
        "campaign:IN_PROGRESS": (15 * DAY, 28 * DAY),
        "campaign:NUMBERS": (2 * DAY, 14 * DAY),
        "external:PENDING": (7 * DAY, 28 * DAY),
        "external:IN_PROGRESS": (7 * DAY, 28 * DAY),
        "external:NUMBERS": (2 * DAY, 14 * DAY),
        "vetting:PENDING": (DAY, 7 * DAY),
        "vetting:IN_PROGRESS": (DAY, 7 * DAY),
    }
)
"""Seconds in which half of all cases, and nine of ten, leave a stage (twilio.md 4.6, 5.4, 7 and 10)."""


@dataclass(frozen=True)
class Typical:
    """Seconds in which half of the cases, and nine of ten, have left a stage; `own` says how many were this team's."""

    p50: float
    p90: float
    own: int


def typical(stage: str, durations: Sequence[float]) -> Typical | None:
    """What is typical of a stage, given how long it took so far (seconds); None where nothing is known of it."""
    own = sorted(durations)
    prior = PRIORS.get(stage)
    if len(own) >= ENOUGH or (own and prior is None):
        return Typical(_quantile(own, 0.5), _quantile(own, 0.9), len(own))
    return Typical(*prior, len(own)) if prior else None


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)
