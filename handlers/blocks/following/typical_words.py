"""How long a stage usually takes, in words, and whose history says so."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.tracking.typical import ENOUGH, PRIORS, Typical
from handlers.blocks.following.durations import duration
from handlers.blocks.kit import inline, plural

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "campaign": "campaign",
        "external": "external campaign",
        "brand": "brand",
        "vetting": "vetting",
        "bundle": "bundle",
    }
)
_LEFT: Mapping[str, str] = MappingProxyType(
    {
        "PENDING": "were taken in",
        "IN_PROGRESS": "left review",
        "IN_REVIEW": "left manual review",
        "NUMBERS": "had their numbers registered",
    }
)
_STAGES: Mapping[str, str] = MappingProxyType(
    {
        "PENDING": "waiting to be taken in",
        "IN_PROGRESS": "under review",
        "IN_REVIEW": "under manual review",
        "NUMBERS": "having its numbers registered",
    }
)


def typical_line(typical: Typical, stage: str) -> str:
    """How long a stage takes, for a card; "" where neither Twilio nor a history says so."""
    whose, noun = by_whom(typical, stage), _KINDS.get(stage.partition(":")[0], "registration")
    if not whose:
        return ""
    left, half, most = (
        _LEFT.get(stage.partition(":")[2], "moved on"),
        duration(typical.p50),
        duration(typical.p90),
    )
    took = f"{left} within {half}, nine of ten within {most}"
    if typical.own >= ENOUGH:
        return f"Half of your {plural(typical.own, noun)} {took}."
    if typical.own:
        return f"Half of all {noun}s {took}, {whose}."
    return f"Twilio says that half of all {noun}s {took}; none of yours has come that far yet."


def by_whom(typical: Typical, stage: str) -> str:
    """Who says how long a stage takes; "" where it is our own guess."""
    if typical.own >= ENOUGH:
        return "going by your own cases"
    if stage not in PRIORS:
        return ""
    return f"going by what Twilio says{f' and {typical.own} of your own' if typical.own else ''}"


def stage_words(stage: str) -> str:
    """A stage within a sentence; one that is not known as Twilio calls it."""
    status = stage.partition(":")[2]
    return _STAGES.get(status) or f"in the state “{inline(status, 60)}”"
