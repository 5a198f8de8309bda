"""Commands with values typed after them: straight to the preview when nothing is missing, else to the form."""

from functools import partial

from bot.catalog import typed
from bot.catalog.operation import Entry, Operation
from bot.catalog.typed import Judged
from bot.changes.drafts import Draft
from bot.changes.refusal import Refusal
from bot.twilio.gateway import Account
from handlers import drafting, patience
from handlers.accounts import account_of
from handlers.blocks.form import LABEL
from handlers.blocks.help import incomplete
from handlers.blocks.plan import plan_message
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.drafting import page_view, plain, working
from handlers.previews import outcome, planned

NEEDED = 12
"""How many open questions a note names."""


async def open_typed(desk: Desk, delivery: Delivery, entry: Entry, values: dict[str, str], account: Account) -> None:
    """Open a window for typed values. Nothing at Twilio or Slack is asked before it is open."""
    draft = desk.drafts.begin(delivery.user, entry.name, {}, delivery.channel, account.sid)
    await drafting.may_as_known(desk, entry, draft)
    await drafting.keep(desk, entry, draft, offer=False)
    left = await desk.drafts.unfinished(delivery.user, entry.name)
    desk.later(delivery, _open(desk, delivery, entry, draft, values, left))


def answer_plan(desk: Desk, delivery: Delivery, operation: Operation, values: dict[str, str], account: Account) -> None:
    """`--plan`: say privately what would be done. Nothing is asked for and nothing is kept."""
    draft = desk.drafts.begin(delivery.user, operation.name, {}, delivery.channel, account.sid)
    work = partial(_answer_plan, desk, delivery, operation, draft, values)
    desk.later(delivery, patience.answered(desk, delivery, work))


async def read(desk: Desk, entry: Entry, draft: Draft, values: dict[str, str]) -> tuple[Draft, Judged]:
    """What was typed, in the draft as its form takes it, and what is wrong or missing.

    What stands at Twilio is filled in as well, where the entry does that. Raises `CannotPlanError` or `TwilioFault`.
    """
    found = await typed.read(entry.form, values, partial(desk.choices.find, account_of(desk, draft)))
    labels = {name + LABEL: label for name, label in found.labels.items()}
    draft = draft.model_copy(update={"values": found.values | labels})
    asks = entry.form.asks()
    chosen = not any(asks[m.field].page == 1 for m in found.unread)
    # also when an answer of a later page is wrong: its form would otherwise show defaults for what stands at Twilio
    if isinstance(entry, Operation) and chosen and drafting.to_fill(entry, draft):
        draft = await drafting.filled(desk, entry, draft)
    return draft, typed.judged(entry.form, found, plain(draft.values))


async def _open(
    desk: Desk, delivery: Delivery, entry: Entry, draft: Draft, values: dict[str, str], left: Draft | None
) -> None:
    if not typed.needs_lookup(entry.form, values) and not _prefills(entry):
        draft, found = await read(desk, entry, draft, values)  # asks nobody
        if not found.complete:
            await drafting.keep(desk, entry, draft, offer=False)
            view = _form(desk, entry, draft, found, left)
            opened = await desk.client.views_open(trigger_id=delivery.trigger, view=view)
            await drafting.refused(desk, entry, draft, opened["view"]["id"])
            return
    view = working(entry, draft, drafting.PLANNING if isinstance(entry, Operation) else drafting.READING)
    opened = await desk.client.views_open(trigger_id=delivery.trigger, view=view)
    view_id = opened["view"]["id"]
    if not await drafting.refused(desk, entry, draft, view_id):
        following = _next(desk, delivery, entry, draft, values, left)
        await desk.show(view_id, await patience.viewed(desk, entry, draft, view_id, following), delivery.user)


async def _next(
    desk: Desk, delivery: Delivery, entry: Entry, draft: Draft, values: dict[str, str], left: Draft | None
) -> Payload:
    """What follows the working window: what the form leads to, or the form with what is wrong."""
    try:
        draft, found = await read(desk, entry, draft, values)
    except Exception as error:
        wrong = [drafting.as_mistake(error, f"reading what was typed for {entry.name}", entry, draft)]
        return page_view(desk, entry, draft, 1, resume=left, wrong=wrong)
    await drafting.keep(desk, entry, draft, offer=False)
    if found.complete and _says_enough(entry, values):
        return await outcome(desk, entry, draft)
    return _form(desk, entry, draft, found, left)


def _says_enough(entry: Entry, values: dict[str, str]) -> bool:
    """Whether more was typed than what to fill the form in from: that alone is an invitation to change it."""
    asks = entry.form.asks()
    return not _prefills(entry) or entry.form.pages() == 1 or any(asks[name].page > 1 for name in values)


def _prefills(entry: Entry) -> bool:
    return isinstance(entry, Operation) and entry.prefill is not None


def _form(desk: Desk, entry: Entry, draft: Draft, found: Judged, left: Draft | None) -> Payload:
    """The form on the page of its first mistake, or of the first question that is open."""
    asks = entry.form.asks()
    open_ = [asks[m.field].label for m in found.missing if m.field in asks]
    note = f"Still needed: {', '.join(open_[:NEEDED])}{' and more' if len(open_) > NEEDED else ''}." if open_ else ""
    # when nothing is left to ask, the form is filled in from Twilio: what can be changed comes after what to change
    page = 2 if found.complete else drafting.page_of(entry, draft, found.wrong or found.missing)
    return page_view(desk, entry, draft, page, resume=left, wrong=found.wrong, note=note)


async def _answer_plan(
    desk: Desk, delivery: Delivery, operation: Operation, draft: Draft, values: dict[str, str]
) -> None:
    await drafting.may(desk, operation, draft)
    try:
        draft, found = await read(desk, operation, draft, values)
        if not found.complete:
            await desk.answer(delivery, incomplete(operation, [*found.wrong, *found.missing]))
            return
        plan = await planned(desk, operation, draft)
    except Exception as error:
        # what was typed may be sensitive, and an error may repeat it
        raise Refusal(drafting.as_mistake(error, f"plan of {operation.name}", operation, draft).text) from error
    await desk.answer(delivery, plan_message(operation, plan))
