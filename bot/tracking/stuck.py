"""What takes longer than nine of ten cases before it: told once, then weekly."""

from collections.abc import Mapping
from dataclasses import asdict

from bot.tracking.deadlines import deadlines
from bot.tracking.registration import Registration, Transition, states_of
from bot.tracking.typical import Typical

MARK = "stuck"
"""The mark of the first word; those that follow bear their number too, up to `COUNTED`."""
AGAIN_SECONDS = 7 * 86400.0
SOONEST = 3600.0
"""What stands for less is not stuck, however fast the others were."""
COUNTED = 52
"""How many words of one stage are counted: a year of them. So a registration bears no more marks than these."""
_SPOKEN_OF = frozenset({"suspended_removal"})
"""Deadlines that stand for the whole stage: their reminders say all that a word about it could."""
READY, UNSURE = "ready", "unsure"
"""What a campaign's snapshot says of its readiness; *unsure* where nothing tells whether its numbers are registered."""


def stuck_news(old: Registration, seen: Registration, now: float, typical: Typical | None) -> list[Transition]:
    """Word of a stage that lasts beyond its usual time. `times` among its facts counts the words of this stage."""
    when = stuck_at(seen, typical)
    if typical is None or when is None or now < when:
        return []
    times = min(COUNTED, len(_told(seen)) + 1)
    facts = {"stage": seen.stage, "stood": now - seen.stood_since, **asdict(typical), "times": times}
    return [
        Transition(
            id=old.version + 1,
            before=seen.status,
            after=seen.status,
            at=now,
            severity="warn",
            snapshot=seen.snapshot,
            about="stuck",
            facts=facts,
            mark=MARK if times == 1 else f"{MARK}:{times}",
        )
    ]


def stuck_at(seen: Registration, typical: Typical | None) -> float | None:
    """When it is to be said (again) that this is stuck; None when that is not known, or for nobody to mend."""
    if typical is None or not seen.stood_since or any(d.name in _SPOKEN_OF for d in deadlines(seen)):
        return None
    told = _told(seen)
    if seen.stage.endswith(":NUMBERS") and not _numbers_can_be_stuck(seen, told):
        return None
    if told:
        return max(told) + AGAIN_SECONDS
    # who begins to follow hundreds that have long stood so must not be told of all of them at once; a review that
    # hangs is worth a word at once
    begun = seen.stood_since if _under_review(seen) else max(seen.stood_since, seen.started_at)
    return begun + max(SOONEST, typical.p90)


def _under_review(seen: Registration) -> bool:
    return seen.status not in states_of(seen.kind).good | states_of(seen.kind).bad


def _numbers_can_be_stuck(seen: Registration, told: list[float]) -> bool:
    ready, readiness = seen.snapshot.get("ready"), seen.snapshot.get("readiness")
    if ready != UNSURE:
        return bool(ready)
    # without number events a campaign stays unsure for good: that is worth a word, but not one each week, and none at
    # all where people know that it was ready, or where we did not see it being verified
    was_ready = isinstance(readiness, Mapping) and readiness.get("told") == READY
    return bool(seen.stage_since) and not told and not was_ready


def _told(seen: Registration) -> list[float]:
    """When it was said of the stage as it stands (epoch seconds)."""
    marks = [at for mark, at in seen.told.items() if mark == MARK or mark.startswith(f"{MARK}:")]
    return [at for at in marks if at >= seen.stood_since]
