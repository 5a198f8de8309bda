"""Forms that amend: what they ask for takes the place of what waits for approval, as long as it does wait."""

from bot.changes.change import Change
from bot.changes.drafts import Draft
from bot.changes.refusal import Refusal
from handlers.desk import Desk


async def amended_by(desk: Desk, draft: Draft) -> Change | None:
    """The change that a draft amends; None for a request of its own. Raises `Refusal` when it no longer can be."""
    if not draft.amends:
        return None
    change = await desk.changes.known(draft.amends)
    if change.token == draft.token:
        raise Refusal(f"This form has amended #{change.number} already. Ask for a new change instead.")
    desk.changes.may_amend(change)
    return change


async def going_on(desk: Desk, draft: Draft) -> tuple[Draft, str]:
    """The draft as it can go on, and what has to be said of that: what it was to amend may be past it."""
    try:
        change = await amended_by(desk, draft)
    except Refusal as no:
        return await desk.drafts.on_its_own(draft), f"{no} That is what this form does now."
    return draft, f"This form amends #{change.number}." if change else ""
