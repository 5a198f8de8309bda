"""Clicks on the cards of changes: decide, withdraw, look, and settle a run that stopped."""

from collections.abc import Awaitable, Callable

from bot.changes.change import Change
from bot.changes.changes import Refusal
from handlers.blocks.change import happened_modal, reject_modal
from handlers.blocks.plan import details_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk


async def approve(desk: Desk, delivery: Delivery) -> Payload | None:
    """Approve exactly what the card showed."""
    number, digest = delivery.ref()
    desk.later(delivery, _decide(desk, number, delivery.user, digest))
    return None


async def open_reject(desk: Desk, delivery: Delivery) -> Payload | None:
    """Ask for the reason of a rejection."""
    change = await _change(desk, delivery)
    if change.state != "pending":
        raise Refusal(f"#{change.number} is already {change.state}.")
    if change.requester == delivery.user:
        raise Refusal(f"You asked for #{change.number}: withdraw it instead of rejecting it.")
    desk.later(delivery, _open(desk, delivery, reject_modal(change)))
    return None


async def reject(desk: Desk, delivery: Delivery) -> Payload | None:
    """Reject, with the reason given."""
    number, digest = delivery.memo("n", "g")
    reason = _answer(delivery, "reason")
    if not reason:
        return {"response_action": "errors", "errors": {"reason": "Say why: it is what the requester has to go on."}}
    desk.later(delivery, _reject(desk, int(number), delivery.user, str(digest), reason))
    return None


async def open_details(desk: Desk, delivery: Delivery) -> Payload | None:
    """The exact calls, decisions, steps and timeline."""
    change = await _change(desk, delivery)
    desk.later(delivery, _open(desk, delivery, details_modal(change)))
    return None


async def cancel(desk: Desk, delivery: Delivery) -> Payload | None:
    """The requester withdraws."""
    number, _ = delivery.ref()
    await desk.changes.cancel(number, delivery.user)
    return None


async def ask_again(desk: Desk, delivery: Delivery) -> Payload | None:
    """The requester asks for approval of the new plan of a stale change."""
    number, _ = delivery.ref()
    await desk.changes.ask_again(number, delivery.user)
    return None


async def retry(desk: Desk, delivery: Delivery) -> Payload | None:
    """Go on with a failed change from the step that failed."""
    return await _settle(desk, delivery, desk.settlement.retry)


async def abandon(desk: Desk, delivery: Delivery) -> Payload | None:
    """Let a stopped change go."""
    return await _settle(desk, delivery, desk.settlement.abandon)


async def did_not_happen(desk: Desk, delivery: Delivery) -> Payload | None:
    """The unknown step surely did not take place."""
    return await _settle(desk, delivery, desk.settlement.did_not_happen)


async def open_happened(desk: Desk, delivery: Delivery) -> Payload | None:
    """Ask for the SID of what the unknown step made."""
    change = await _change(desk, delivery)
    desk.later(delivery, _open(desk, delivery, happened_modal(change)))
    return None


async def happened(desk: Desk, delivery: Delivery) -> Payload | None:
    """The unknown step took place and made this SID."""
    (number,) = delivery.memo("n")
    sid = _answer(delivery, "sid")

    async def settle() -> None:
        await _may_settle(desk, int(number), delivery.user)
        await desk.settlement.happened(int(number), delivery.user, sid)

    desk.later(delivery, settle())
    return None


async def outdated_button(desk: Desk, delivery: Delivery) -> Payload | None:
    """A button of an older Tenfour, or a link button that only opens a page."""
    if delivery.action.get("url") or delivery.action_id.startswith("link"):
        return None
    raise Refusal("This button belongs to an older message. Use `/a2p-approvals` or App Home for what stands now.")


async def _decide(desk: Desk, number: int, user: str, digest: str) -> None:
    await desk.changes.decide(number, user, "approve", digest)


async def _reject(desk: Desk, number: int, user: str, digest: str, reason: str) -> None:
    await desk.changes.decide(number, user, "reject", digest, reason)


async def _settle(desk: Desk, delivery: Delivery, act: Callable[[int, str], Awaitable[None]]) -> Payload | None:
    number, _ = delivery.ref()

    async def settle() -> None:
        await _may_settle(desk, number, delivery.user)
        await act(number, delivery.user)

    desk.later(delivery, settle())
    return None


async def _may_settle(desk: Desk, number: int, user: str) -> None:
    if not await desk.changes.concerns(number, user):
        raise Refusal(f"Only those who asked for #{number} or may approve it can settle it.")


async def _change(desk: Desk, delivery: Delivery) -> Change:
    number, _ = delivery.ref()
    change = await desk.changes.store.load(number)
    if change is None:
        raise Refusal(f"There is no change #{number}.")
    return change


async def _open(desk: Desk, delivery: Delivery, view: Payload) -> None:
    over_modal = delivery.view.get("type") == "modal"
    call = desk.client.views_push if over_modal else desk.client.views_open
    await call(trigger_id=delivery.trigger, view=view)


def _answer(delivery: Delivery, block: str) -> str:
    fields = delivery.view.get("state", {}).get("values", {}).get(block, {})
    return str(next((f.get("value") for f in fields.values()), "") or "").strip()
