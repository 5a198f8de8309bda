"""Breaking glass, and signing off afterwards what ran without its approvals."""

from collections.abc import Sequence

from slack_sdk.errors import SlackApiError

from bot.changes.change import Change
from bot.changes.freezes import Freeze
from bot.changes.refusal import Refusal
from handlers.acts import Act
from handlers.blocks.change_buttons import break_glass_button
from handlers.blocks.form import notice_modal
from handlers.blocks.glass import break_glass_modal, reviews_list, reviews_section, sign_off_modal
from handlers.blocks.kit import Block
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.windows import made, open_for_member


async def open_break_glass(desk: Desk, delivery: Delivery) -> Payload | None:
    """Ask why it cannot wait for its approvals, and say what comes of it."""
    number, digest, _ = delivery.ticket()
    change = await desk.changes.known(number)
    if change.state != "pending":
        raise Refusal(f"#{number} is already {change.called}.")
    if change.digest != digest:
        raise Refusal(f"This window shows an older plan of #{number}. Look at the new one first.")
    desk.later(delivery, _ask(desk, delivery, change))
    return None


async def break_glass(desk: Desk, delivery: Delivery) -> Payload | None:
    """Let it run without its approvals, with the reason given."""
    number, digest = delivery.memo(n=int, g=str)
    reason = delivery.typed("reason")
    if not reason:
        return {"response_action": "errors", "errors": {"reason": "Say why: those who review it have to go on this."}}
    await desk.do(delivery, "decide", number=number, digest=digest, verb="break_glass", reason=reason)
    return {"response_action": "clear"}  # what is shown below it is old now


async def open_sign_off(desk: Desk, delivery: Delivery) -> Payload | None:
    """Show what ran without its approvals to somebody who may sign it off."""
    number, _, _ = delivery.ticket()
    change = await desk.changes.known(number)
    if change.review != "open":
        by = f": <@{change.signed_off.who}> has done it" if change.signed_off else ""
        raise Refusal(f"#{number} does not wait to be signed off{by}.")
    window = sign_off_modal(change, await desk.freezes.of(change.plan.account))
    desk.later(delivery, open_for_member(desk, delivery, f"Sign off #{number}", made(window)))
    return None


async def sign_off(desk: Desk, delivery: Delivery) -> Payload | None:
    """Sign off what the window showed."""
    number, breaks = delivery.memo(n=int, k=int)
    await desk.do(delivery, "sign_off", number=number, breaks=breaks, note=delivery.typed("note"))
    return None


async def signed_off(desk: Desk, act: Act) -> None:
    """The act: end the review of a change."""
    number = act.what["number"]
    if (await desk.changes.known(number)).breaks != act.what["breaks"]:
        raise Refusal(f"Glass was broken for #{number} once more since you looked. Look again, then sign it off.")
    await desk.changes.reviews.sign_off(number, act.user, act.what["note"], where=act.where)


async def offered(desk: Desk, change: Change, user: str) -> list[Block]:
    """The button for those who may break glass, as far as is known; the right is read freshly when it is used."""
    if change.state != "pending":
        return []
    try:
        may = await desk.changes.authority.has(user, "break_glass", fresh=False)
    except (Refusal, SlackApiError):  # who may cannot be read now: the window is worth more than the button
        return []
    return [break_glass_button(change)] if may else []


async def to_sign_off(desk: Desk, user: str) -> list[Change]:
    """What this person may sign off, oldest first; some minutes old at most."""
    return [c async for c in desk.changes.store.reviews() if await desk.changes.reviews.may_sign_off(c, user)]


async def section(desk: Desk, user: str, frozen: Sequence[Freeze]) -> list[Block]:
    """What this person may sign off, for a list."""
    return reviews_section(await to_sign_off(desk, user), frozen)


async def show_reviews(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-approvals reviews`: everything that waits to be signed off."""
    desk.later(delivery, _send_reviews(desk, delivery), members_only=True)
    return None


async def _send_reviews(desk: Desk, delivery: Delivery) -> None:
    waiting = [change async for change in desk.changes.store.reviews()]
    mine = frozenset([c.number for c in waiting if await desk.changes.reviews.may_sign_off(c, delivery.user)])
    await desk.answer(delivery, reviews_list(waiting, mine, await desk.freezes.standing()))


async def _ask(desk: Desk, delivery: Delivery, change: Change) -> None:
    title = f"Break glass for #{change.number}"

    async def ask() -> Payload:
        if not await desk.changes.authority.has(delivery.user, "break_glass", fresh=False):
            holders = await desk.changes.authority.holders("break_glass")
            raise Refusal(f"You may not break glass: by policy that is for {holders}.")
        return break_glass_modal(change)

    reading = notice_modal(title, "One moment: reading who may break glass…")
    await open_for_member(desk, delivery, title, made(reading), ask)
