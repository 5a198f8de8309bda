"""Whether a campaign is ready to send, as its snapshot says, and what of that is news.

The snapshot of a verified campaign holds `ready` and `readiness` (see `bot/tracking/readiness.py`). Its `told` is the
verdict that people know: a look that could not see everything changes nothing about it.
"""

from collections.abc import Mapping
from typing import Any, Final

from bot.checks.ready_to_send import REGISTERED
from bot.tracking.registration import Registration, Severity, Transition

STEPS: Final = 8
"""Words of how far the carriers are with a pool, at most, however many numbers it has."""


def ready_news(old: Registration, seen: Registration, now: float) -> list[Transition]:
    """Word of a campaign that became ready, or is no longer, and of single numbers that failed."""
    if "ready" not in seen.snapshot:
        return []
    verdict = _verdict(old, seen, now)
    # a campaign that became ready says that all of its numbers are registered
    quiet = bool(verdict) and seen.snapshot["ready"] == "ready"
    return [*verdict, *_numbers(old, seen, now, quiet=quiet)]


def told(before: str, ready: str, *, complete: bool) -> str:
    """The verdict that people know after a look, if `before` is what they knew ("" for nothing).

    What is ready stays so in their eyes when it cannot be told for certain any more: that alone stops no message.
    """
    if not complete or (before == "ready" and ready == "unsure"):
        return before
    return ready


def known_verdict(registration: Registration) -> str:
    """The verdict that people know of a campaign: that of another status counts no more."""
    if registration.status != "VERIFIED":
        return ""
    return str(_readiness(registration).get("told", registration.snapshot.get("ready", "")))


def _verdict(old: Registration, seen: Registration, now: float) -> list[Transition]:
    before, after, ready = known_verdict(old), known_verdict(seen), seen.snapshot["ready"]
    if after == before or after != ready or not _fresh(old):
        return []
    readiness = _readiness(seen)
    facts = {"ready": ready, "total": readiness.get("total", 0), "service": readiness.get("service", "")}
    if ready == "not":
        reasons = [r for r in readiness.get("reasons", []) if r.get("severity") == "block"]
        return [_transition(old, seen, now, "bad", "ready", facts | {"reasons": reasons})] if before else []
    if ready == "unsure":
        why = " ".join(str(r["text"]) for r in readiness.get("reasons", []) if r.get("severity") == "warn")
        facts |= {"why": why}
    return [_transition(old, seen, now, "good", "ready", facts)]


def _fresh(old: Registration) -> bool:
    """Whether a verdict is news: not where the first look finds what has long been so."""
    if old.status == "VERIFIED":
        return "ready" in old.snapshot
    return bool(old.status or old.made_at)


def _numbers(old: Registration, seen: Registration, now: float, *, quiet: bool) -> list[Transition]:
    before, after = _readiness(old), _readiness(seen)
    failed = [f for f in after.get("failed", []) if f not in before.get("failed", [])]
    registered, total = _registered(after), after.get("total", 0)
    found = []
    if failed:
        facts = {"failed": failed, "registered": registered, "total": total}
        found.append(_transition(old, seen, now, "bad", "numbers", facts))
    if _steps(registered, total) > _steps(_registered(before), total) and "numbers" in before and not quiet:
        facts = {"registered": registered, "total": total, "waiting": total - registered - len(after.get("failed", []))}
        # the outbox tells two of one look apart by their mark
        mark = "numbers-registered" if failed else ""
        found.append(_transition(old, seen, now, "info", "numbers", facts).model_copy(update={"mark": mark}))
    return found


def _readiness(registration: Registration) -> Mapping[str, Any]:
    found = registration.snapshot.get("readiness")
    return found if isinstance(found, Mapping) else {}


def _registered(readiness: Mapping[str, Any]) -> int:
    return int(readiness.get("numbers", {}).get(REGISTERED, 0))


def _steps(registered: int, total: int) -> int:
    """How far that is: each number of a small pool is worth a word, of a large one each eighth."""
    return registered if total <= STEPS else registered * STEPS // total


def _transition(
    old: Registration, seen: Registration, now: float, severity: Severity, about: Any, facts: dict[str, Any]
) -> Transition:
    return Transition(
        id=old.version + 1,
        before=old.status,
        after=seen.status,
        at=now,
        severity=severity,
        snapshot=seen.snapshot,
        about=about,
        facts=facts,
    )
