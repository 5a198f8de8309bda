"""How long a stage usually takes: from this team's own history, and from what Twilio says until there is one."""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import Final

HOUR, DAY = 3600.0, 86400.0
ENOUGH = 20
"""Own cases from which on they alone decide."""
SHORTEST = 1.0
"""Seconds that a stage takes at least."""
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
"""Seconds in which half of all cases, and nine of ten, leave a stage (twilio.md 4.6, 5.4, 7 and 10).

Twilio speaks of business days here and there. They count as days of the calendar with a margin, since no more than the
order of size is known: a stage that spans holidays may be called late a day or two early.
"""
_OURS: Final = (2 * DAY, 7 * DAY)
"""What waits for the team itself: nobody says how long that takes, but after a week somebody should know."""
_NOBODY_KNOWS: Final = (7 * DAY, 14 * DAY)
"""A state that we do not know. A guess, so that nothing that hangs is forgotten."""
_FOLLOWED: Final = frozenset({"brand", "campaign", "external", "vetting", "bundle"})
_ENDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "brand": frozenset({"APPROVED"}),
        "campaign": frozenset({"READY", "VERIFIED"}),
        "external": frozenset({"READY", "VERIFIED"}),
        "vetting": frozenset({"SUCCESS", "FAILED"}),
        "bundle": frozenset({"TWILIO-APPROVED", "DRAFT"}),
    }
)
"""Where each kind's way ends: nobody waits for what comes after it."""
_TOP: Final = NormalDist().inv_cdf(0.9)
_LONGEST: Final = 2.0
"""How often the prior's nine-of-ten time a made-up case takes at most."""
_STEPS: Final = 60


@dataclass(frozen=True)
class Typical:
    """Seconds in which half of the cases, and nine of ten, have left a stage; `own` says how many were this team's."""

    p50: float
    p90: float
    own: int


def prior(stage: str) -> tuple[float, float] | None:
    """What is said of a stage before there is any history (seconds); None where nobody waits for its end."""
    kind, _, status = stage.partition(":")
    if known := PRIORS.get(stage):
        return known
    if kind not in _FOLLOWED or status in ("", "GONE") or status.upper() in _ENDS[kind]:
        return None
    return _OURS if status in ("FAILED", "SUSPENDED", "twilio-rejected") else _NOBODY_KNOWS


def typical(stage: str, durations: Sequence[float]) -> Typical | None:
    """What is typical of a stage, given how long it took so far (seconds); None where nobody waits for its end.

    Twenty cases speak at least. As long as the team has fewer of its own, the rest are made up from the prior: they lie
    as a log-normal distribution with its two quantiles does, and none takes more than twice the time of its nine of
    ten. So each own case takes the place of a made-up one, none weighs more than a twentieth, and a single one of
    whatever length cannot lift the nine of ten above the made-up cases and the other own ones.
    """
    said = prior(stage)
    if said is None:
        return None
    own = sorted(max(SHORTEST, d) for d in durations if math.isfinite(d))
    if not own:
        return Typical(*said, 0)
    below = _mixture(own, *said)
    p50 = _quantile(below, 0.5, own, said)
    return Typical(p50, max(p50, _quantile(below, 0.9, own, said)), len(own))


def _mixture(own: Sequence[float], half: float, most: float) -> Callable[[float], float]:
    """Which share of the cases, own and made-up, took at most so long."""
    made_up = max(0, ENOUGH - len(own))
    normal, width = NormalDist(), math.log(most / half) / _TOP

    def below(seconds: float) -> float:
        expected = 1.0 if seconds >= _LONGEST * most else normal.cdf(math.log(seconds / half) / width)
        return (made_up * expected + bisect_right(own, seconds)) / (made_up + len(own))

    return below


def _quantile(below: Callable[[float], float], share: float, own: Sequence[float], said: tuple[float, float]) -> float:
    """The shortest time that so great a share of the cases did not exceed, found by halving its logarithm."""
    if len(own) >= ENOUGH:
        return own[math.ceil(share * len(own)) - 1]
    low, high = math.log(SHORTEST), math.log(max(own[-1], _LONGEST * said[1]))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if below(math.exp(middle)) >= share:
            high = middle
        else:
            low = middle
    return math.exp(high)
