"""Inquiries: answered privately where they were typed, or in a window when something is left to ask."""

from functools import partial

from bot.catalog import typed
from bot.catalog.form import mistakes, parse
from bot.catalog.operation import Inquiry
from bot.changes.refusal import Refusal
from bot.twilio.gateway import Account
from handlers import drafting, forms, patience
from handlers.blocks.help import incomplete
from handlers.blocks.report import report_message
from handlers.delivery import Delivery
from handlers.desk import Desk
from handlers.typed import open_typed


async def inquire(desk: Desk, delivery: Delivery, inquiry: Inquiry, values: dict[str, str], account: Account) -> None:
    """`/a2p-service show service="Acme support"`: the answer, or a window that asks for what is missing."""
    if not {m.field for m in mistakes(inquiry.form, values)} - values.keys():
        work = partial(_answer, desk, delivery, inquiry, values, account)
        desk.later(delivery, patience.answered(desk, delivery, work), members_only=True)
    elif values:
        await open_typed(desk, delivery, inquiry, values, account)
    else:
        await forms.open_form(desk, delivery, inquiry, {}, account)


async def _answer(desk: Desk, delivery: Delivery, inquiry: Inquiry, values: dict[str, str], account: Account) -> None:
    found = await typed.read(inquiry.form, values, partial(desk.choices.find, account))
    judged = typed.judged(inquiry.form, found, found.values)
    if not judged.complete:
        await desk.answer(delivery, incomplete(inquiry, [*judged.wrong, *judged.missing]))
        return
    try:
        report = await inquiry.answered(parse(inquiry.form, found.values), account, desk.known)
    except Exception as error:
        # what was typed may be sensitive, and an error may repeat it
        draft = desk.drafts.begin(delivery.user, inquiry.name, found.values)
        raise Refusal(drafting.as_mistake(error, f"answer to {inquiry.name}", inquiry, draft).text) from error
    await desk.answer(delivery, report_message(inquiry, report, account))
