"""Forms: open, page by page, kept as a draft. What comes after the last page is in `handlers.previews`."""

from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.catalog.choices import StillLoading
from bot.catalog.form import Mistake, mistakes
from bot.catalog.operation import Entry, Inquiry, Operation
from bot.changes.drafts import Draft
from bot.changes.refusal import Refusal
from bot.plans.finding import blocking
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import Account
from handlers import amending, drafting, patience
from handlers.accounts import account_for, account_of
from handlers.blocks import kit
from handlers.blocks.form import asked_on, drawn_fields, offered, read_values, shape
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.drafting import page_view, plain, turned, update, with_answers, working
from handlers.posts import why
from handlers.previews import outcome
from handlers.words import in_words

MORE = "There is more to answer here than was shown a moment ago."
GOES_ON = "Your draft goes on here. What you gave before it stands: Back leads there."

log = structlog.get_logger()


async def open_form(
    desk: Desk, delivery: Delivery, entry: Entry, values: dict[str, Any], account: Account | None = None
) -> None:
    """Open a form, for this account or else the channel's.

    Nothing at Twilio or Slack is asked before the modal is open.
    """
    account = account or await account_for(desk, delivery.channel)
    draft = desk.drafts.begin(delivery.user, entry.name, values, delivery.channel, account.sid)
    await drafting.may_as_known(desk, entry, draft)
    await drafting.keep(desk, entry, draft, offer=False)
    left = await desk.drafts.unfinished(delivery.user, entry.name)
    if isinstance(entry, Operation) and entry.prefill and values:
        desk.later(delivery, _open_filled(desk, delivery, entry, draft))
        return
    desk.later(delivery, _open(desk, delivery, entry, draft, page_view(desk, entry, draft, 1, resume=left)))


async def submit_page(desk: Desk, delivery: Delivery) -> Payload | None:
    """A page was submitted: mistakes on their fields, the next page, or what comes after the last one."""
    draft, entry = await drafting.of_view(desk, delivery)
    (page,) = delivery.memo(p=int)
    if not 1 <= page <= max(entry.form.pages(), 1):
        raise Refusal("This window was changed on its way here. Close it and start again.")
    draft = with_answers(draft, read_values(entry, delivery.view))
    values = plain(draft.values)
    wrong = mistakes(entry.form, values, page)
    # submitted in the moment between an answer and the questions that follow from it
    more = not asked_on(entry.form, values, page).keys() <= drawn_fields(delivery.view)
    draft = _without_wrong_secrets(entry, draft, {m.field for m in wrong})
    draft = draft if wrong and not more else turned(draft)
    await drafting.keep(desk, entry, draft, mark=delivery.mark)
    if more:
        return update(page_view(desk, entry, draft, page, wrong=wrong, note=MORE))
    if wrong:
        return {"response_action": "errors", "errors": {m.field: _sentence(m.text) for m in wrong}}
    if page == 1 and isinstance(entry, Operation) and drafting.to_fill(entry, draft):
        desk.later(delivery, _fill(desk, delivery, entry, draft, delivery.view["id"], page=2))
        return update(working(entry, draft))
    following = [p for p in entry.form.open_pages(values) if p > page]
    if following:
        _look_ahead(desk, entry, draft, following[0])
        return update(page_view(desk, entry, draft, following[0]))
    if wrong := mistakes(entry.form, values):
        return update(page_view(desk, entry, draft, drafting.page_of(entry, draft, wrong), wrong=wrong))
    desk.later(delivery, _show_outcome(desk, delivery, entry, draft))
    return update(working(entry, draft, drafting.PLANNING if isinstance(entry, Operation) else drafting.READING))


async def keep_answer(desk: Desk, delivery: Delivery) -> Payload | None:
    """An answer was typed or chosen: keep it, so that closing the window loses nothing, and ask what follows from it.

    Sensitive answers wait for the page to be submitted: half of one would pass for one that was given before.
    """
    draft, entry = await drafting.of_view(desk, delivery)
    page, drawn, turn = delivery.memo(p=int, s=str, t=int)
    values = read_values(entry, delivery.view, sensitive=False)

    def answered(standing: Draft) -> Draft:
        # Slack sends letter by letter, and the submission after them: what comes late must not go back behind it
        news = standing.turn == turn and values != {k: standing.values.get(k) for k in values}
        return with_answers(standing, values) if news else standing

    if answered(draft) != draft:
        draft = await drafting.amend(desk, entry, draft, answered, delivery.mark)
    if draft.turn == turn and shape(entry.form, plain(draft.values), page) != drawn:
        desk.later(delivery, _redraw(desk, delivery, entry, draft, page))
    return None


async def go_back(desk: Desk, delivery: Delivery) -> Payload | None:
    """Back, to the page before; from what came after the last page, to that one, or to what stops the request."""
    draft, entry = await drafting.of_view(desk, delivery)
    page, wrong = entry.form.pages(), _stopping(entry, draft)
    if wrong:
        page = drafting.page_of(entry, draft, wrong)
    if delivery.view.get("callback_id") == "form":
        (shown,) = delivery.memo(p=int)
        draft = turned(with_answers(draft, read_values(entry, delivery.view)))
        await drafting.keep(desk, entry, draft)
        page, wrong = max(1, shown - 1), []
    # the page itself, or the last one before it on which anything is asked
    view = page_view(desk, entry, draft, page, wrong=wrong)
    desk.later(delivery, desk.show(delivery.view["id"], view, delivery.user))
    return None


async def resume(desk: Desk, delivery: Delivery) -> Payload | None:
    """Go on with the draft that was left behind, where it was left."""
    gone = "That draft is gone: drafts are kept for two weeks. Fill in the form afresh."
    draft, entry = await drafting.loaded(desk, delivery.value, delivery.user, gone)
    draft, amends = await amending.going_on(desk, draft)
    # where it was left: at the first thing that is missing, not at the beginning of eleven pages
    missing = mistakes(entry.form, plain(draft.values))
    page = 1 if drafting.to_fill(entry, draft) else drafting.page_of(entry, draft, missing)
    goes_on = GOES_ON if page > entry.form.open_pages(draft.values)[0] else ""
    note = " ".join(filter(None, [amends, goes_on]))
    _look_ahead(desk, entry, draft, page)
    desk.later(delivery, _show_anew(desk, delivery, entry, draft, page, note))
    return None


async def switch_account(desk: Desk, delivery: Delivery) -> Payload | None:
    """Another account was chosen: what was chosen from the first one's lists is not there, so it is asked again."""
    draft, entry = await drafting.of_view(desk, delivery)
    sid = str((delivery.action.get("selected_option") or {}).get("value") or "")
    if sid not in desk.accounts:
        raise Refusal("Tenfour has no credentials for that Twilio account any more. Choose another one.")
    if sid == (draft.account or desk.accounts.default.sid):
        return None
    draft = turned(with_answers(draft, read_values(entry, delivery.view)))
    draft = draft.model_copy(update={"account": sid, "values": _portable(entry, draft), "filled_for": ""})
    await drafting.keep(desk, entry, draft)
    _look_ahead(desk, entry, draft, 1)
    desk.later(delivery, _show_anew(desk, delivery, entry, draft, 1))
    return None


async def closed(desk: Desk, delivery: Delivery) -> Payload | None:
    """The window was closed: an operation's draft stands as it was last kept, an inquiry's is forgotten."""
    (draft_id,) = delivery.memo(d=str)
    draft = await desk.drafts.load(draft_id, delivery.user)
    if draft and isinstance(desk.catalog.entry(draft.operation), Inquiry):
        await desk.drafts.forget(draft)
    return None


async def choices(desk: Desk, delivery: Delivery) -> Payload | None:
    """The choices of a lookup, live from Twilio through a warm cache."""
    draft, entry = await drafting.of_view(desk, delivery)
    source = delivery.action_id.partition(":")[2]
    given = plain(draft.values | read_values(entry, delivery.view))
    if (await desk.people.person(delivery.user)).bar:
        return {"options": []}
    try:
        found = await desk.choices.find(account_of(desk, draft), source, delivery.body.get("value") or "", given)
    except StillLoading:
        return {"options": [kit.option("…", "Still asking Twilio: type a letter to look again")]}
    except TwilioFault as fault:
        return {"options": [kit.option("!", in_words(fault))]}
    if not found and not delivery.body.get("value"):
        return {"options": [kit.option("!", "Nothing found for what you gave: go back and change it")]}
    return {"options": [kit.option(o.value, o.label, o.description) for o in found[:100]]}


async def _open(desk: Desk, delivery: Delivery, entry: Entry, draft: Draft, view: Payload) -> None:
    view_id = await desk.open(delivery, view)
    await drafting.refused(desk, entry, draft, view_id)


async def _open_filled(desk: Desk, delivery: Delivery, operation: Operation, draft: Draft) -> None:
    view_id = await desk.open(delivery, working(operation, draft))
    if not await drafting.refused(desk, operation, draft, view_id):
        # what the first page asks may be known already, as from the button of a rejection
        complete = not mistakes(operation.form, plain(draft.values), 1)
        await _fill(desk, delivery, operation, draft, view_id, page=2 if complete else 1)


async def _fill(desk: Desk, delivery: Delivery, operation: Operation, draft: Draft, view_id: str, *, page: int) -> None:
    """Fill in the answers from what stands at Twilio, and show a page, or what comes after the only one."""
    view = await patience.viewed(desk, operation, draft, view_id, _filled(desk, operation, draft, page))
    await desk.settle(view_id, view, delivery.user)


async def _filled(desk: Desk, operation: Operation, draft: Draft, page: int) -> Payload:
    try:
        await drafting.may(desk, operation, draft)  # nobody else is shown what stands there
        draft = await drafting.filled(desk, operation, draft)
    except Exception as error:
        wrong = [drafting.as_mistake(error, f"filling in {operation.name}", operation, draft)]
        return page_view(desk, operation, draft, 1, wrong=wrong)
    await desk.drafts.save(draft, offer=page > 1)
    pages = [p for p in operation.form.open_pages(plain(draft.values)) if p >= page]
    return page_view(desk, operation, draft, pages[0] if pages else page)


async def _show_outcome(desk: Desk, delivery: Delivery, entry: Entry, draft: Draft) -> None:
    view_id = delivery.view["id"]
    view = await patience.viewed(desk, entry, draft, view_id, outcome(desk, entry, draft))
    await desk.settle(view_id, view, delivery.user)


async def _show_anew(desk: Desk, delivery: Delivery, entry: Entry, draft: Draft, page: int, note: str = "") -> None:
    view_id = delivery.view["id"]
    # Slack keeps what an input holds as long as its block stays: without a view in between, what stands there would win
    await desk.show(view_id, working(entry, draft), delivery.user)
    await desk.settle(view_id, page_view(desk, entry, draft, page, note=note), delivery.user)


async def _redraw(desk: Desk, delivery: Delivery, entry: Entry, draft: Draft, page: int) -> None:
    """Draw a page anew with the questions that its answers ask for. Inputs that stay keep what is typed in them."""
    older = offered(delivery.view)
    left = await desk.drafts.load(older, delivery.user) if older else None
    view = page_view(desk, entry, draft, page, resume=left)
    try:
        await desk.client.views_update(view_id=delivery.view["id"], hash=delivery.view["hash"], view=view)
    except SlackApiError as error:
        # a newer view has won, or the window is closed; the next answer compares again
        if why(error) not in ("hash_conflict", "not_found"):
            raise
        log.info("page_not_redrawn", why=why(error))


def _stopping(entry: Entry, draft: Draft) -> list[Mistake]:
    """What stopped the plan of a draft, as mistakes of the questions that it is about."""
    found = blocking(draft.plan.findings) if draft.plan else ()
    return [Mistake(f.field, f"{f.text} {f.fix}".strip()) for f in found if f.field in entry.form.asks()]


def _without_wrong_secrets(entry: Entry, draft: Draft, wrong: set[str]) -> Draft:
    """The draft without sensitive answers that were refused: as they are not shown, they would seem to be right."""
    asks = entry.form.asks()
    dropped = {n for n in wrong if n in asks and asks[n].sensitive}
    return draft.model_copy(update={"values": {n: v for n, v in draft.values.items() if n not in dropped}})


def _portable(entry: Entry, draft: Draft) -> dict[str, Any]:
    """The answers that hold in another account too: nothing chosen there, and nothing filled in from there."""
    asks = entry.form.asks()
    first_page_only = bool(draft.filled_for)
    return {
        name: value
        for name, value in plain(draft.values).items()
        if name in asks and not asks[name].source and (asks[name].page == 1 or not first_page_only)
    }


def _look_ahead(desk: Desk, entry: Entry, draft: Draft, page: int) -> None:
    """Ask Twilio for a page's choices while the person still reads it."""
    values = plain(draft.values)
    sources = {ask.source for ask in asked_on(entry.form, values, page).values() if ask.source}
    account = account_of(desk, draft)

    async def look() -> None:
        for source in sources:
            try:
                await desk.choices.find(account, source, "", values)
            except (StillLoading, TwilioFault):
                continue  # the person's own search will say so

    desk.background.start(look(), "look ahead")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:140]
