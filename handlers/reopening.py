"""Back to the form, from the answers that a change was asked for with: to ask anew, or to amend what waits."""

from bot.catalog.operation import Operation
from bot.changes.change import Change
from bot.changes.drafts import Draft
from bot.changes.refusal import Refusal
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import Account
from handlers import drafting
from handlers.accounts import account_of
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.drafting import page_view, working


async def reopen(desk: Desk, delivery: Delivery) -> Payload | None:
    """Open the form of a change, filled in as its requester had left it; nobody else sees their answers."""
    change, operation = await _asked_with(desk, delivery)
    number = change.number
    if change.begun:
        raise Refusal(f"#{number} has done something at Twilio. Undo that or let it go on, instead of asking anew.")
    stays = "" if change.settled else f" #{number} stays as it is until somebody withdraws or abandons it."
    note = f"#{number} was asked for with these answers. Change what has to be changed, and ask anew.{stays}"
    await _fill_in(desk, delivery, operation, _draft(desk, change, operation), note)
    return None


async def amend(desk: Desk, delivery: Delivery) -> Payload | None:
    """Open the form of a change that waits, filled in: what it asks for then takes the place of what waits."""
    change, operation = await _asked_with(desk, delivery)
    desk.changes.may_amend(change)
    note = (
        f"#{change.number} was asked for with these answers. Change what has to be changed. The preview shows what "
        "differs then, and nothing is amended before you say so there."
    )
    draft = _draft(desk, change, operation).model_copy(update={"amends": change.number})
    await _fill_in(desk, delivery, operation, draft, note)
    return None


async def _asked_with(desk: Desk, delivery: Delivery) -> tuple[Change, Operation]:
    """The change of a click and what its form is of. Raises `Refusal` for all but its requester."""
    number, _, _ = delivery.ticket()
    change = await desk.changes.store.load(number)
    operation = desk.catalog.get(change.operation) if change else None
    if change is None or operation is None or not operation.command:
        raise Refusal(f"#{number} has no form that could be opened again. `/a2p` shows what there is.")
    if change.requester != delivery.user:
        raise Refusal(
            f"Only <@{change.requester}>, who asked for #{number}, can open its form: it holds their answers."
        )
    return change, operation


async def _fill_in(desk: Desk, delivery: Delivery, operation: Operation, draft: Draft, note: str) -> None:
    await drafting.may_as_known(desk, operation, draft)
    account = account_of(desk, draft)
    # without an offer to resume it, as long as nothing is changed: an older draft of the form may be worth more
    await drafting.keep(desk, operation, draft, offer=False)
    desk.later(delivery, _open(desk, delivery, operation, draft, account, note))


def _draft(desk: Desk, change: Change, operation: Operation) -> Draft:
    """What was asked for, as a draft of its own: a new plan needs a new token."""
    given = {n: v for n, v in change.inputs.items() if n in operation.form.asks() and v is not None}
    draft = desk.drafts.begin(change.requester, operation.name, given, change.channel, change.plan.account)
    if operation.prefill:  # these answers stand for what would be filled in from Twilio
        draft = draft.model_copy(update={"filled_for": drafting.filling(operation, draft)})
    return draft


async def _open(
    desk: Desk, delivery: Delivery, operation: Operation, draft: Draft, account: Account, note: str
) -> None:
    opened = await desk.client.views_open(trigger_id=delivery.trigger, view=working(operation, draft))
    view_id = opened["view"]["id"]
    if await drafting.refused(desk, operation, draft, view_id):
        return
    try:
        named = await drafting.labels(desk, operation, account, draft.values)
    except TwilioFault:
        named = {}  # SIDs and codes say it too
    draft = draft.model_copy(update={"values": draft.values | named})
    await drafting.keep(desk, operation, draft, offer=False)
    await desk.settle(view_id, page_view(desk, operation, draft, 1, note=note), delivery.user)
