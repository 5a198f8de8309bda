"""Why?: who must approve a change and by which rule, and what the person who asks may do about it."""

from bot.changes.change import Change
from bot.changes.reminders import next_reminder
from handlers.blocks.why import Why, loading_modal, refused_modal, why_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk


async def explain(desk: Desk, delivery: Delivery) -> Payload | None:
    """Open the window at once, and fill it when the groups are read."""
    number, _, _ = delivery.ticket()
    change = await desk.changes.known(number)
    desk.later(delivery, _explain(desk, delivery, change))
    return None


async def _explain(desk: Desk, delivery: Delivery, change: Change) -> None:
    # first: whoever asks about groups before may be too late for the trigger
    view_id = await desk.open(delivery, loading_modal(change.number))
    await desk.show(view_id, await _answer(desk, change, delivery.user), delivery.user)


async def _answer(desk: Desk, change: Change, user: str) -> Payload:
    authority = desk.changes.authority
    standing = await authority.standing(change, user, fresh=True)
    if standing.bar:
        return refused_modal(change.number, f"{standing.bar} Ask a full member of this workspace.")
    waits = change.state == "pending"
    needs = [need for need in change.requirement.groups if waits and change.missing(need)]
    why = Why(
        change=change,
        policy=authority.policy,
        standing=standing,
        able={need.group: await authority.roster.able(need, change) for need in needs},
        reminded_at=next_reminder(change, desk.clock(), authority.policy.pending),
        breaks_glass=waits and await authority.has(user, "break_glass", fresh=False),
        freeze=await desk.freezes.of(change.plan.account),
    )
    return why_modal(why)
