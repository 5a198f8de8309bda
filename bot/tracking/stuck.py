"""What takes longer than nine of ten cases before it: told once, then weekly."""

from dataclasses import asdict

from bot.tracking.registration import Registration, Transition
from bot.tracking.typical import Typical

MARK = "stuck"
AGAIN_SECONDS = 7 * 86400.0


def stuck_news(old: Registration, seen: Registration, now: float, typical: Typical | None) -> list[Transition]:
    """Word of a stage that lasts beyond its usual time."""
    when = stuck_at(seen, typical)
    if typical is None or when is None or now < when:
        return []
    facts = {"stage": seen.stage, "stood": now - seen.since, **asdict(typical)}
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
            mark=MARK,
        )
    ]


def stuck_at(seen: Registration, typical: Typical | None) -> float | None:
    """When it is to be said (again) that this is stuck; None when that is not known."""
    if typical is None or not seen.since:
        return None
    told = seen.told.get(MARK, 0.0)
    return seen.since + typical.p90 if told < seen.since else told + AGAIN_SECONDS
