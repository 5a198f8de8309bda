"""A form on its way: the draft behind a window, how the window is drawn, and what may go wrong with it."""

from collections.abc import Callable
from typing import Any

from bot.catalog.choices import StillLoading
from bot.catalog.form import Mistake, answer, mistakes
from bot.catalog.operation import CannotPlanError, Entry, Inquiry, Operation
from bot.changes.drafts import Draft
from bot.changes.refusal import Refusal
from bot.plans.masking import mask
from bot.plans.values import canonical_json
from bot.policy.verdict import Asked
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import Account
from handlers.accounts import account_of
from handlers.blocks.form import LABEL, form_modal, notice_modal, working_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.words import explained

INQUIRY_SECONDS = 3600
"""How long the answers to an inquiry are kept; nobody is offered them again."""

READING = "Reading what stands at Twilio…"
PLANNING = "Reading Twilio to see what would be done, what it costs and what could go wrong…"


async def of_view(desk: Desk, delivery: Delivery) -> tuple[Draft, Entry]:
    """The draft behind a window and what it asks for. Raises `Refusal`."""
    (draft_id,) = delivery.memo(d=str)
    gone = "This form is not yours or is older than two weeks. Close it and type the command again."
    return await loaded(desk, draft_id, delivery.user, gone)


async def loaded(desk: Desk, draft_id: str, user: str, gone: str) -> tuple[Draft, Entry]:
    """A draft of this person. Raises `Refusal` with these words when it is gone."""
    draft = await desk.drafts.load(draft_id, user)
    entry = desk.catalog.entry(draft.operation) if draft else None
    if draft is None or entry is None:
        raise Refusal(gone)
    return draft, entry


async def keep(desk: Desk, entry: Entry, draft: Draft, *, offer: bool = True, mark: str = "") -> None:
    """Keep a draft. That of an operation is offered for resuming, that of an inquiry is soon forgotten.

    Raises `CopyError` when it was kept for another copy of the delivery with this mark.
    """
    if isinstance(entry, Inquiry):
        await desk.drafts.save(draft, offer=False, seconds=INQUIRY_SECONDS, mark=mark)
    else:
        await desk.drafts.save(draft, offer=offer, mark=mark)


async def amend(desk: Desk, entry: Entry, draft: Draft, change: Callable[[Draft], Draft], mark: str) -> Draft:
    """Keep a change of a draft without undoing what another delivery keeps of it in the same moment.

    Raises `CopyError` when it was kept for another copy of the delivery with this mark.
    """
    if isinstance(entry, Inquiry):
        return await desk.drafts.amend(draft, change, offer=False, seconds=INQUIRY_SECONDS, mark=mark)
    return await desk.drafts.amend(draft, change, mark=mark)


def with_answers(draft: Draft, values: dict[str, Any]) -> Draft:
    """The draft with these answers; the plan of others is void."""
    return draft.model_copy(update={"values": draft.values | values, "plan": None})


def turned(draft: Draft) -> Draft:
    """The draft as another page of it is shown: answers that are still on their way from this one come late."""
    return draft.model_copy(update={"turn": draft.turn + 1})


async def may_as_known(desk: Desk, entry: Entry, draft: Draft) -> None:
    """The same as `may` where that needs nobody to be asked; else it is left to `refused`. Raises `Refusal`."""
    if desk.people.knows(draft.user, desk.changes.authority.asking_groups.values()):
        await may(desk, entry, draft)


async def may(desk: Desk, entry: Entry, draft: Draft) -> None:
    """Whether the person of a draft may ask for it on its account and in its channel, or look. Raises `Refusal`."""
    if isinstance(entry, Inquiry):
        if bar := (await desk.people.person(draft.user)).bar:
            raise Refusal(f"{bar} Ask a full member of this workspace.")
        return
    asked = Asked(operation=entry.name, account=account_of(desk, draft).name, channel=draft.channel)
    verdict = await desk.changes.authority.verdict(draft.user, asked)
    if not verdict.allowed:
        raise Refusal(f"You may not ask for {entry.name} (policy: {verdict.rule}). See `/a2p` for what you may.")


async def refused(desk: Desk, entry: Entry, draft: Draft, view_id: str) -> bool:
    """Show a refusal in an open window to somebody who may not use it.

    A person whom we had not met was shown it first, as asking Slack about them could have cost the trigger.
    """
    try:
        await may(desk, entry, draft)
    except Refusal as no:
        await desk.client.views_update(view_id=view_id, view=notice_modal(entry.title, str(no), level="error"))
        return True
    return False


def page_view(
    desk: Desk,
    entry: Entry,
    draft: Draft,
    page: int,
    *,
    resume: Draft | None = None,
    wrong: list[Mistake] | None = None,
    note: str = "",
) -> Payload:
    """One page of the form. `wrong` stands on top, `resume` is an older draft to offer."""
    return form_modal(entry, draft, page, resume=resume, mistakes=wrong or [], note=note, accounts=desk.accounts.all)


def working(entry: Entry, draft: Draft, text: str = READING) -> Payload:
    """The window of a form while something is read or done."""
    return working_modal(entry.title, text, external_id=f"form-{draft.id}")


def update(view: Payload) -> Payload:
    """The ack that replaces the window."""
    return {"response_action": "update", "view": view}


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values without the labels that are kept beside them for redrawing."""
    return {name: value for name, value in values.items() if not name.endswith(LABEL)}


def page_of(entry: Entry, draft: Draft, wrong: list[Mistake]) -> int:
    """The page of the first mistake; the last one when no question is at fault."""
    asked, pages = entry.form.asked(draft.values), entry.form.open_pages(draft.values)
    return min((asked[m.field].page for m in wrong if m.field in asked), default=pages[-1])


def as_mistake(error: Exception, during: str, entry: Entry, draft: Draft) -> Mistake:
    """A failure as a form shows it: on the field at fault when there is one, else on top; no sensitive answer in it."""
    field = error.field if isinstance(error, CannotPlanError) else ""
    return Mistake(field, unsaid(entry, draft.values, explained(error, during)))


def unsaid(entry: Entry, values: dict[str, Any], words: str) -> str:
    """`words` with the sensitive answers masked: an error may repeat what was sent."""
    hidden = {str(values[n]) for n, ask in entry.form.asks().items() if ask.sensitive and values.get(n)}
    for value in sorted((v for v in hidden if len(v) > 1), key=len, reverse=True):
        words = words.replace(value, mask(value))
    return words


async def filled(desk: Desk, operation: Operation, draft: Draft) -> Draft:
    """The draft with what stands at Twilio filled in. What was given before the first time stays.

    Raises `CannotPlanError` or `TwilioFault`.
    """
    assert operation.prefill  # noqa: S101  # callers have looked
    account = account_of(desk, draft)
    found = await operation.prefill(_first_page(operation, draft), account)
    found |= await labels(desk, operation, account, found)
    values = draft.values | found if draft.filled_for else found | draft.values
    return draft.model_copy(update={"values": values, "filled_for": filling(operation, draft)})


async def labels(desk: Desk, operation: Operation, account: Account, found: dict[str, Any]) -> dict[str, Any]:
    """What people call the things that are filled in, as far as the lists know them; beside their fields."""
    named: dict[str, Any] = {}
    for name, ask in operation.form.asks().items():
        value = found.get(name)
        if not ask.source or not value:
            continue
        chosen = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
        called = [await _called(desk, account, ask.source, sid, found) for sid in chosen]
        named[name + LABEL] = called if ask.control == "lookups" else called[0]
    return named


async def _called(desk: Desk, account: Account, source: str, value: str, given: dict[str, Any]) -> str:
    try:
        options = await desk.choices.find(account, source, value, given)
    except (StillLoading, TwilioFault):
        return value
    return next((o.label for o in options if o.value == value), value)


def to_fill(entry: Entry, draft: Draft) -> bool:
    """Whether the first page is answered, and chooses something else to fill the form in from than before."""
    if not isinstance(entry, Operation) or entry.prefill is None:
        return False
    return not mistakes(entry.form, plain(draft.values), 1) and draft.filled_for != filling(entry, draft)


def filling(operation: Operation, draft: Draft) -> str:
    """What the first page's answers choose to be filled in from, equal for equal answers."""
    chosen = {name: answer(operation.form, name, draft.values) for name in _first_page(operation, draft)}
    return canonical_json({n: v for n, v in chosen.items() if v is not None})


def _first_page(entry: Entry, draft: Draft) -> dict[str, Any]:
    asks = entry.form.asks()
    return {n: v for n, v in plain(draft.values).items() if n in asks and asks[n].page == 1}
