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


def wanted(changes: Iterable[Change]) -> dict[Identity, Wanted]:
    """The calls of all changes, as far as what they refer to is known."""
    found: dict[Identity, Wanted] = {}
    for change in changes:
        for step in change.plan.steps:
            if isinstance(step, CallStep) and step.call.method != "GET":
                try:
                    call = step.call.resolved(change.results)
                except UnresolvedRefError:
                    continue
                pairs = tuple(sorted((name, str(value)) for name, value in call.params.items()))
                found[call.method, call.product, call.path, pairs] = Wanted(change, step.title)
    return found


def wrong_calls(calls: Iterable[LoggedCall], changes: Iterable[Change]) -> list[tuple[str, Change | None]]:
    """Calls that happened more than once, or that nobody has approved; with the change that they belong to."""
    known, broken = wanted(changes), list[tuple[str, Change | None]]()
    for identity, times in effects(calls).items():
        line = " ".join(identity[:3])
        if identity not in known:
            broken.append((f"no change wanted {line} {dict(identity[3])}, which has happened", None))
            continue
        want = known[identity]
        if times > 1:
            broken.append((f"#{want.change.number}: {want.title} ({line}) has happened {times} times", want.change))
        if want.change.state in NEVER and not any(event.to == "approved" for event in want.change.timeline):
            broken.append((f"#{want.change.number} was never approved, and {want.title} has happened", want.change))
    return broken


def _logged(call: LoggedCall) -> Identity:
    pairs = ((name, str(tuple(v)) if isinstance(v, list) else v) for name, v in call.params.items())
    return call.method, call.product, call.path, tuple(sorted(pairs))
