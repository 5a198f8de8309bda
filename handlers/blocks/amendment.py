"""Amending a change in Slack: what its new plan replaces, and who hears that their approval is void."""

from bot.changes.change import Change
from bot.plans.difference import lines, marked
from bot.plans.plan import Plan
from handlers.blocks import kit
from handlers.blocks.change_buttons import decide_buttons, details
from handlers.blocks.kit import Block, Message, person, plural, remark

DIFFERENCES = 12
"""Lines of difference that the preview of an amendment shows."""


def replaced(change: Change, plan: Plan, token: str) -> list[Block]:
    """What becomes of the plan before, above the preview of the one that is to take its place; `token` marks that."""
    new = marked(plan, token, change.token)
    given = len({d.user for d in change.decisions if d.verb == "approve"})
    void = f" {plural(given, 'approval')} given so far {'becomes' if given == 1 else 'become'} void." if given else ""
    blocks = kit.notice(f"This replaces the plan of #{change.number}.{void}", "warning")
    if change.plan.digest == new.digest:
        return [*blocks, kit.section(f"The calls are exactly those of #{change.number} as it stands.")]
    found = [change.plan.masked(new.masked(line)) for line in lines(change.plan, new)] or ["the order of the calls"]
    shown = [f"• {remark(line, 400)}" for line in found[:DIFFERENCES]]
    more = [f"… and {len(found) - DIFFERENCES} more."] if len(found) > DIFFERENCES else []
    return [*blocks, *kit.sections(["*What differs from the plan before*", *shown, *more])]


def void_now(change: Change) -> Message:
    """To somebody whose approval is void because the change was amended after it."""
    again = " Look at the new plan, then decide anew." if change.state == "pending" else ""
    said = (
        f"{person(change.requester)} has amended #{change.number} after you approved it, so your approval is "
        f"void: {remark(change.plan.title)}.{again}"
    )
    buttons = decide_buttons(change) if change.state == "pending" else []
    return kit.message(said, [kit.section(said), kit.actions(*buttons, details(change))])
