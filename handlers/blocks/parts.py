"""The parts of a plan that people approve one by one, in words."""

from collections.abc import Sequence

from bot.changes.change import Change
from bot.plans.plan import Plan
from bot.plans.step import ApprovalStep, GivenStep, Step
from handlers.blocks.kit import inline, plural

LISTED = 25
"""Steps that are listed; Details shows the rest."""


def part_name(title: str) -> str:
    """What the approval of a part is called, without its price: `The brand` of `The brand: about $46.00 once`."""
    return inline(title.partition(": ")[0], 120)


def parts(plan: Plan) -> list[tuple[Step, ...]]:
    """The steps, in parts that are approved one by one: each but the first begins with its approval step."""
    found: list[list[Step]] = [[]]
    for step in plan.steps:
        if isinstance(step, ApprovalStep):
            found.append([])
        found[-1].append(step)
    return [tuple(part) for part in found]


def covered(change: Change) -> list[tuple[str, list[str]]]:
    """What the approval that is asked for covers, and what will be asked for later: titles with their lines."""
    steps, every = change.plan.steps, parts(change.plan)
    if len(every) == 1:
        return [("What it will do", _planned(steps, 1))]
    here = change.plan.part(change.gate)
    first = steps.index(here[0]) + 1 if here else 1
    after = [p for p in every[1:] if steps.index(p[0]) >= first]
    later = [f"• {inline(p[0].title)} ({plural(len(p) - 1, 'step')})" for p in after]
    return [
        ("What this approval covers", _planned(here, first)),
        ("Later, each with an approval of its own", later),
    ]


def _planned(steps: Sequence[Step], first: int) -> list[str]:
    there = " (there already)"
    lines = [f"{n}. {inline(s.title)}{there if isinstance(s, GivenStep) else ''}" for n, s in enumerate(steps, first)]
    if rest := lines[LISTED:]:
        lines[LISTED:] = [f"… and {plural(len(rest), 'more step')}. Details shows every step."]
    return lines
