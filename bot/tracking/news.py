"""What a look brings, and what of it is news: pure functions of what was known, what is seen, and the time."""

from collections.abc import Mapping
from typing import Any, Final

from bot.tracking.deadlines import deadline_news
from bot.tracking.ready import ready_news
from bot.tracking.registration import GONE, Registration, Severity, Transition, states_of
from bot.tracking.stuck import stuck_news
from bot.tracking.typical import Typical

NOT_YET_SECONDS: Final = 600.0
"""How long something new may be missing from Twilio's answers before that counts as gone."""


def as_seen(
    known: Registration, status: str, snapshot: dict[str, Any], remembered: Mapping[str, Any], now: float
) -> Registration:
    """A registration after a look that found this; of what is gone only `remembered` is known."""
    if status == GONE and not known.status and now - known.started_at < NOT_YET_SECONDS:
        status = ""  # made a moment ago, and Twilio does not list it yet
    seen = known.model_copy(
        update={
            "title": _called(known, snapshot),
            "status": status,
            "since": now if status != known.status else known.since,
            "fetched_at": now,
            "snapshot": dict(remembered) if status == GONE else snapshot,
            "trouble": "",
            "failures": 0,
        }
    )
    return seen if seen.stage == known.stage else seen.model_copy(update={"stage_since": now})


def _called(known: Registration, snapshot: Mapping[str, Any]) -> str:
    """What people call it: what an event began is named by its SID until a look has seen the name of its service."""
    readiness = snapshot.get("readiness")
    name = snapshot.get("service") or (readiness.get("service") if isinstance(readiness, Mapping) else "")
    return known.title.replace(known.key, f"“{name}”") if name and isinstance(name, str) else known.title


def what_is_new(old: Registration, seen: Registration, now: float, typical: Typical | None) -> list[Transition]:
    """All that `seen` tells beside `old`, in the order in which it is to be read. Empty when nothing is worth a word.

    `typical` is how long the stage usually takes, None where nobody knows.
    """
    moved = state_news(old, seen, now)
    told = [*([moved] if moved else []), *ready_news(old, seen, now), *deadline_news(old, seen, now)]
    # what has just moved is not stuck
    return told if moved else [*told, *stuck_news(old, seen, now, typical)]


def state_news(old: Registration, seen: Registration, now: float) -> Transition | None:
    """Another state, or other errors. The first look announces only a verdict: the rest is no news."""
    status, errors = seen.status, seen.snapshot.get("errors")
    errors_came = bool(errors) and errors != old.snapshot.get("errors")
    if status == old.status and not errors_came:
        return None
    states = states_of(old.kind)
    told_at_first = {GONE} | states.good | states.bad
    if not old.status and (status not in told_at_first or status in states.usual) and not errors_came:
        return None
    if {old.status, status} <= states.lull:
        return None
    severity = _severity(old.kind, status, errors_came=errors_came)
    return Transition(
        id=old.version + 1, before=old.status, after=status, at=now, severity=severity, snapshot=seen.snapshot
    )


def _severity(kind: str, status: str, *, errors_came: bool) -> Severity:
    states = states_of(kind)
    if status in states.bad or status == GONE or errors_came:
        return "bad"
    return "good" if status in states.good else "info"
