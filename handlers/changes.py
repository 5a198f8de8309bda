"""Clicks on the cards of changes: decide, withdraw, look, and settle a run that stopped."""

from itertools import count

from bot.audit.row import act_row
from bot.catalog.operation import Context
from bot.catalog.undo import NAME as UNDO
from bot.catalog.undo import undo_of
from bot.changes.change import CAME_TO_NOTHING, Change, called, place
from bot.changes.refusal import Refusal
from bot.changes.request import Request
from bot.policy.verdict import Asked
from handlers import glass
from handlers.acts import Act
from handlers.blocks.change import happened_modal, reject_modal
from handlers.blocks.plan import details_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.windows import made, open_for_member


async def approve(desk: Desk, delivery: Delivery) -> Payload | None:
    """Approve exactly what the card showed."""
    number, digest, _ = delivery.ticket()
    await desk.do(delivery, "decide", number=number, digest=digest, verb="approve")
    return None


async def open_reject(desk: Desk, delivery: Delivery) -> Payload | None:
    """Ask for the reason of a rejection."""
    change = await _change(desk, delivery)
    if change.state != "pending":
        raise Refusal(f"#{change.number} is already {change.called}.")
    if change.requester == delivery.user:
        raise Refusal(f"You asked for #{change.number}: withdraw it instead of rejecting it.")
    desk.later(delivery, open_for_member(desk, delivery, f"Reject #{change.number}", made(reject_modal(change))))
    return None


async def reject(desk: Desk, delivery: Delivery) -> Payload | None:
    """Reject, with the reason given."""
    number, digest = delivery.memo(n=int, g=str)
    reason = delivery.typed("reason")
    if not reason:
        return {"response_action": "errors", "errors": {"reason": "Say why: it is what the requester has to go on."}}
    await desk.do(delivery, "decide", number=number, digest=digest, verb="reject", reason=reason)
    return None


async def open_details(desk: Desk, delivery: Delivery) -> Payload | None:
    """The exact calls, decisions, steps and timeline."""
    change = await _change(desk, delivery)
    desk.later(delivery, _show_details(desk, delivery, change))
    return None


async def cancel(desk: Desk, delivery: Delivery) -> Payload | None:
    """The requester withdraws."""
    number, _, _ = delivery.ticket()
    await desk.do(delivery, "withdraw", number=number)
    return None


async def ask_again(desk: Desk, delivery: Delivery) -> Payload | None:
    """The requester asks for approval of the new plan of a stale change."""
    number, digest, _ = delivery.ticket()
    await desk.do(delivery, "ask_again", number=number, digest=digest)
    return None


async def retry(desk: Desk, delivery: Delivery) -> Payload | None:
    """Go on with a failed change from the step that failed."""
    number, _, _ = delivery.ticket()
    await desk.do(delivery, "settle", number=number, how="retry")
    return None


async def abandon(desk: Desk, delivery: Delivery) -> Payload | None:
    """Let a stopped change go."""
    number, _, _ = delivery.ticket()
    await desk.do(delivery, "settle", number=number, how="abandon")
    return None


async def did_not_happen(desk: Desk, delivery: Delivery) -> Payload | None:
    """The unknown step surely did not take place."""
    number, _, step = delivery.ticket()
    await desk.do(delivery, "settle", number=number, how="did_not", step=step)
    return None


async def skip(desk: Desk, delivery: Delivery) -> Payload | None:
    """Go on without the step that failed."""
    number, _, step = delivery.ticket()
    await desk.do(delivery, "settle", number=number, how="skip", step=step)
    return None


async def done(desk: Desk, delivery: Delivery) -> Payload | None:
    """The step that waits for a person is done."""
    number, _, step = delivery.ticket()
    await desk.do(delivery, "settle", number=number, how="done", step=step)
    return None


async def undo(desk: Desk, delivery: Delivery) -> Payload | None:
    """Ask for a change that takes this one back."""
    number, _, _ = delivery.ticket()
    await desk.do(delivery, "undo", number=number)
    return None


async def open_happened(desk: Desk, delivery: Delivery) -> Payload | None:
    """Ask for the SID of what the unknown step made."""
    change = await _change(desk, delivery)
    title = f"#{change.number}: it happened"
    desk.later(delivery, open_for_member(desk, delivery, title, made(happened_modal(change))))
    return None


async def happened(desk: Desk, delivery: Delivery) -> Payload | None:
    """The unknown step took place and made this SID."""
    number, step = delivery.memo(n=int, s=str)
    await desk.do(delivery, "settle", number=number, how="happened", step=step, sid=delivery.typed("sid"))
    return None


async def outdated_button(desk: Desk, delivery: Delivery) -> Payload | None:
    """A button of an older Tenfour, or a link button that only opens a page."""
    if delivery.action.get("url") or delivery.action_id.startswith("link"):
        return None
    raise Refusal("This button belongs to an older message. Use `/a2p-approvals` or App Home for what stands now.")


# Acts: what the clicks above wrote down, carried out


async def decide(desk: Desk, act: Act) -> None:
    """Approve, reject or break glass."""
    what = act.what
    reason = what.get("reason", "")
    await desk.changes.decide(what["number"], act.user, what["verb"], what["digest"], reason, where=act.where)


async def withdraw(desk: Desk, act: Act) -> None:
    """Withdraw one's own change."""
    await desk.changes.cancel(act.what["number"], act.user, where=act.where)


async def request_again(desk: Desk, act: Act) -> None:
    """Ask for approval of a stale change's new plan."""
    await _as_it_was_seen(desk, act)
    await desk.changes.ask_again(act.what["number"], act.user, act.what.get("digest", ""), where=act.where)


async def settle(desk: Desk, act: Act) -> None:
    """Try a stopped run again, let it go, or say what became of its unknown step."""
    number, how = act.what["number"], act.what["how"]
    await _as_it_was_seen(desk, act)
    change = await desk.changes.known(number)
    # what became of a call that may have cost money is for somebody other than the one who wants it
    others = how in ("happened", "did_not") and bool(change.requirement.groups)
    if not await desk.changes.authority.concerns(change, act.user, requester=not others):
        raise Refusal(await desk.changes.authority.who_settles(change, requester=not others))
    match how:
        case "retry":
            await desk.settlement.retry(number, act.user, where=act.where)
        case "abandon":
            await desk.settlement.abandon(number, act.user, where=act.where)
        case "skip":
            await desk.settlement.skip(number, act.user, act.what["step"], where=act.where)
        case "done":
            await desk.settlement.done(number, act.user, act.what["step"], where=act.where)
        case "happened":
            await desk.settlement.happened(number, act.user, act.what["sid"], act.what["step"], where=act.where)
        case "did_not":
            await desk.settlement.did_not_happen(number, act.user, act.what["step"], where=act.where)


async def request_undo(desk: Desk, act: Act) -> None:
    """Ask for a change that takes another one back; one that had stopped is let go for it."""
    number = act.what["number"]
    change = await desk.changes.store.load(number)
    if change is None or not await desk.changes.authority.concerns(change, act.user, requester=True):
        raise Refusal(f"Only people who asked for #{number} or may approve it can ask for its undoing.")
    if change.state != "abandoned":  # what was given up, perhaps by this very act before a crash, is as it was
        await _as_it_was_seen(desk, act)
    form = undo_of(change)
    if form is None:
        raise Refusal(f"#{number} is {change.called}: there is nothing of it that could be taken back.")
    operation = desk.catalog[UNDO]
    plan = await operation.planned(form, Context(account=desk.accounts[change.plan.account], token=change.token))
    draft = await _undoing(desk, act, change)
    if not (verdict := await desk.changes.authority.verdict(act.user, Asked(operation=UNDO))).allowed:
        raise Refusal(f"You may not ask for {UNDO} (policy: {verdict.rule}).")
    await desk.settlement.give_way(number, act.user, await desk.changes.store.number_for(draft), where=act.where)
    await desk.changes.request(
        Request(
            draft=draft,
            requester=act.user,
            team=act.team,
            channel=change.channel,
            operation=UNDO,
            token=change.token,
            inputs=form.model_dump(mode="json"),
            plan=plan,
        )
    )


async def _undoing(desk: Desk, act: Act, change: Change) -> str:
    """The draft of an undoing: one for all clicks, and another once it has come to nothing.

    Raises `Refusal` when one was asked for before this click.
    """
    number = act.what["number"]
    for again in count(1):
        draft = f"undo-{number}-{again}"
        known = await desk.changes.store.of_draft(draft)
        if known is None or known.created_at >= act.at:
            break
        if known.state not in CAME_TO_NOTHING:
            raise Refusal(f"#{known.number} takes #{number} back already, and is {known.called}.")
    if known is None and change.undoing and change.undoing.state and change.undoing.stands:  # drafts are forgotten
        raise Refusal(f"#{change.undoing.number} takes #{number} back already, and is {called(change.undoing.state)}.")
    return draft


async def _as_it_was_seen(desk: Desk, act: Act) -> None:
    """An act that is carried out late, after a crash, must not settle what came about after it."""
    change = await desk.changes.store.load(act.what["number"])
    if change and change.entered_at > act.at:
        raise Refusal(f"#{change.number} is {change.called} anew since you clicked. Look at its card again.")


async def _change(desk: Desk, delivery: Delivery) -> Change:
    number, _, _ = delivery.ticket()
    return await desk.changes.known(number)


async def _show_details(desk: Desk, delivery: Delivery, change: Change) -> None:
    freeze = await desk.freezes.of(change.plan.account)

    async def view() -> Payload:
        # first: nobody looks without it being known
        where = place(delivery.team, delivery.channel)
        row = act_row("looked at", "looked at the details", delivery.user, desk.clock(), change, where=where)
        await desk.trail.note(f"looked:{delivery.once}", row)
        return details_modal(change, freeze=freeze)

    async def with_glass() -> Payload | None:
        buttons = await glass.offered(desk, change, delivery.user)
        return details_modal(change, buttons, freeze) if buttons else None

    await open_for_member(desk, delivery, f"Change #{change.number}", view, with_glass)
