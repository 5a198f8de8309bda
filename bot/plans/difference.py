"""How a plan differs from the one before it, in words."""

from bot.plans.call import Call
from bot.plans.plan import Plan
from bot.plans.step import CallStep, GivenStep


def in_words(old: Plan, new: Plan) -> str:
    """What would be sent now and was not approved, or was approved and would not be sent any more."""
    return "; ".join(lines(old, new)) or "the order of the calls"


def lines(old: Plan, new: Plan) -> list[str]:
    """The same, one by one; none where at most the order of the calls differs."""
    before = {s.id: s for s in old.steps if isinstance(s, CallStep)}
    after = {s.id: s for s in new.steps if isinstance(s, CallStep)}
    found = [f"no longer: {s.title}" for s in before.values() if s.id not in after]
    found += [f"new: {s.title}" for s in after.values() if s.id not in before]
    for step_id in (i for i in before if i in after):
        found += _differing(step_id, before[step_id].call, after[step_id].call)
    return found + _standing(old, new)


def marked(plan: Plan, token: str, instead: str) -> Plan:
    """The plan as if what it makes were marked with another token: between two requests that says nothing."""
    return Plan.model_validate_json(plan.model_dump_json().replace(token, instead))


def _standing(old: Plan, new: Plan) -> list[str]:
    """What stood at Twilio already and stands there differently now."""
    before = {s.id: s.result for s in old.steps if isinstance(s, GivenStep)}
    after = {s.id: (s.title, s.result) for s in new.steps if isinstance(s, GivenStep)}
    return [
        f"{title}: {name} was {before[step_id].get(name, 'not there')}, is {result.get(name, 'not there')}"
        for step_id, (title, result) in after.items()
        if step_id in before
        for name in sorted(before[step_id].keys() | result.keys())
        if before[step_id].get(name) != result.get(name)
    ]


def _differing(step_id: str, old: Call, new: Call) -> list[str]:
    moved = [f"{step_id}: {new.method} {new.path}"] if (old.method, old.path) != (new.method, new.path) else []
    return moved + [
        f"{step_id}: {name} was {old.params.get(name, 'not sent')}, would be {new.params.get(name, 'not sent')}"
        for name in sorted(old.params.keys() | new.params.keys())
        if old.params.get(name) != new.params.get(name)
    ]
