"""What has happened at Twilio, call by call, and which approved step wanted it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.changes.change import Change
from bot.plans.call import UnresolvedRefError
from bot.plans.step import CallStep
from bot.sandbox.twilio.journal import LoggedCall

Identity = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""Method, product, path and every parameter: two calls that are alike in all of these are the same one done twice."""
NEVER = frozenset({"rejected", "cancelled", "expired", "pending", "stale"})
"""States of a change of whose calls none may have happened, if it has never been approved."""


@dataclass(frozen=True)
class Wanted:
    """A call that a change wants, with the title of its step."""

    change: Change
    title: str


def effects(calls: Iterable[LoggedCall]) -> Counter[Identity]:
    """How often each call has changed something at Twilio."""
    return Counter(_logged(call) for call in calls if call.effect and call.method != "GET")


def wanted(changes: Iterable[Change]) -> dict[Identity, list[Wanted]]:
    """The calls of all changes, as far as what they refer to is known; of each, everybody who wants it."""
    found: dict[Identity, list[Wanted]] = {}
    for change in changes:
        for step in change.plan.steps:
            if isinstance(step, CallStep) and step.call.method != "GET":
                try:
                    call = step.call.resolved(change.results)
                except UnresolvedRefError:
                    continue
                pairs = tuple(sorted((name, str(value)) for name, value in call.params.items()))
                identity = (call.method, call.product, call.path, pairs)
                found.setdefault(identity, []).append(Wanted(change, step.title))
    return found


def wrong_calls(calls: Iterable[LoggedCall], changes: Iterable[Change]) -> list[tuple[str, Change | None]]:
    """Calls that happened more than once, or that nobody has approved; with the change that they belong to."""
    known, broken = wanted(changes), list[tuple[str, Change | None]]()
    for identity, times in effects(calls).items():
        line = " ".join(identity[:3])
        if identity not in known:
            broken.append((f"no change wanted {line} {dict(identity[3])}, which has happened", None))
            continue
        approved = [want for want in known[identity] if _was_approved(want.change)]
        want = (approved or known[identity])[-1]
        if not approved:
            broken.append((f"#{want.change.number} was never approved, and {want.title} has happened", want.change))
        elif times > len(approved):
            broken.append((f"#{want.change.number}: {want.title} ({line}) has happened {times} times", want.change))
    return broken


def _was_approved(change: Change) -> bool:
    return change.state not in NEVER or any(event.to == "approved" for event in change.timeline)


def _logged(call: LoggedCall) -> Identity:
    pairs = ((name, str(tuple(v)) if isinstance(v, list) else v) for name, v in call.params.items())
    return call.method, call.product, call.path, tuple(sorted(pairs))
