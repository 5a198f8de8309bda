"""Forms on their way: open, page by page, kept as a draft, previewed, and asked for."""

from typing import Any

from redis.exceptions import RedisError

from bot.catalog.choices import StillLoading
from bot.catalog.form import Mistake, mistakes, parse
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.changes.change import Change
from bot.changes.changes import Refusal, Request
from bot.changes.drafts import Draft
from bot.plans.plan import Plan
from bot.plans.values import canonical_json
from bot.twilio.faults import TwilioFault
from handlers.acts import Act
from handlers.blocks import kit
from handlers.blocks.form import LABEL, form_modal, notice_modal, read_values, working_modal
from handlers.blocks.plan import preview_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.words import explained, in_words


async def open_form(desk: Desk, delivery: Delivery, operation: Operation, values: dict[str, Any]) -> None:
    """Open an operation's form. Nothing at Twilio or Slack is asked before the modal is open."""
    if desk.people.knows(delivery.user):
        await _may(desk, delivery.user, operation)
    draft = desk.drafts.begin(delivery.user, operation.name, values, delivery.channel)
    await desk.drafts.save(draft, offer=False)
    left = await desk.drafts.unfinished(delivery.user, operation.name)
    if operation.prefill and values:
        desk.later(delivery, _open_filled(desk, delivery, operation, draft))
        return
    wrong = [m for m in mistakes(operation.form, values) if m.field in values]
    view = form_modal(operation, draft, 1, resume=left, mistakes=wrong)
    desk.later(delivery, _open(desk, delivery, operation, view))


async def submit_page(desk: Desk, delivery: Delivery) -> Payload | None:
    """A page was submitted: mistakes on their fields, the next page, or the preview."""
    draft, operation = await _draft(desk, delivery)
    (page,) = delivery.memo(p=int)
    if not 1 <= page <= operation.form.pages():
        raise Refusal("This window was changed on its way here. Close it and start again.")
    draft = draft.model_copy(update={"values": draft.values | read_values(operation, delivery.view), "plan": None})
    await desk.drafts.save(draft)
    if wrong := mistakes(operation.form, plain(draft.values), page):
        return {"response_action": "errors", "errors": {m.field: _sentence(m.text) for m in wrong}}
    if page == 1 and operation.prefill and draft.filled_for != _filling(operation, draft):
        desk.later(delivery, _fill(desk, delivery, operation, draft, delivery.view["id"], page=2))
        return _update(_working(operation, draft))
    if page < operation.form.pages():
        _look_ahead(desk, operation, draft, page + 1)
        return _update(form_modal(operation, draft, page + 1))
    if wrong := mistakes(operation.form, plain(draft.values)):
        return _update(form_modal(operation, draft, _page_of(operation, wrong), mistakes=wrong))
    desk.later(delivery, _preview(desk, delivery, operation, draft))
    text = "Reading Twilio to see what would be done, what it costs and what could go wrong…"
    return _update(_working(operation, draft, text))


async def request_approval(desk: Desk, delivery: Delivery) -> Payload | None:
    """The preview was submitted: ask for approval of exactly what it showed."""
    draft, operation = await _draft(desk, delivery)
    (shown,) = delivery.memo(g=str)
    _the_plan_shown(draft, shown)
    await desk.do(delivery, "request", draft=draft.id, digest=shown, view=delivery.view["id"])
    return _update(_working(operation, draft, "Asking for approval…"))


async def request(desk: Desk, act: Act) -> None:
    """Ask for approval of a previewed draft, and say in its window what became of that."""
    draft, operation = await _loaded(desk, act.what["draft"], act.user, "This form is gone. Type the command again.")
    plan = _the_plan_shown(draft, act.what["digest"])
    wanted = Request(
        draft=draft.id,
        requester=act.user,
        team=act.team,
        channel=draft.channel,
        operation=operation.name,
        token=draft.token,
        inputs=parse(operation.form, plain(draft.values)).model_dump(mode="json"),
        plan=plan,
    )
    try:
        change = await desk.changes.request(wanted)
    except RedisError:
        raise  # the act stays written down, and the sweep asks once Redis is back (decision 007)
    except Exception as error:
        words = explained(error, f"request of {operation.name}")
        await desk.settle(act.what["view"], notice_modal(operation.title, words, level="error"), act.user)
        return
    await desk.drafts.finished(draft)
    await desk.settle(act.what["view"], notice_modal(f"Requested #{change.number}", _requested(desk, change)), act.user)


async def keep_answer(desk: Desk, delivery: Delivery) -> Payload | None:
    """An answer was typed or chosen: keep it in the draft, so that closing the window loses nothing."""
    draft, operation = await _draft(desk, delivery)
    values = read_values(operation, delivery.view)
    if values != {k: draft.values.get(k) for k in values}:
        await desk.drafts.save(draft.model_copy(update={"values": draft.values | values, "plan": None}))
    return None


async def go_back(desk: Desk, delivery: Delivery) -> Payload | None:
    """Back, to the page before; from the preview, to the last page."""
    draft, operation = await _draft(desk, delivery)
    if delivery.view.get("callback_id") == "form":
        (shown,) = delivery.memo(p=int)
        values = read_values(operation, delivery.view)
        draft = draft.model_copy(update={"values": draft.values | values, "plan": None})
        await desk.drafts.save(draft)
        page = max(1, shown - 1)
    else:
        page = operation.form.pages()
    desk.later(delivery, desk.show(delivery.view["id"], form_modal(operation, draft, page), delivery.user))
    return None


async def resume(desk: Desk, delivery: Delivery) -> Payload | None:
    """Go on with the draft that was left behind."""
    gone = "That draft is gone: drafts are kept for two weeks. Fill in the form afresh."
    draft, operation = await _loaded(desk, delivery.value, delivery.user, gone)
    _look_ahead(desk, operation, draft, 1)
    desk.later(delivery, _resume(desk, delivery, operation, draft))
    return None


async def closed(desk: Desk, delivery: Delivery) -> Payload | None:
    """The window was closed; the draft stands as it was last kept, and is offered next time."""
    return None


async def choices(desk: Desk, delivery: Delivery) -> Payload | None:
    """The choices of a lookup, live from Twilio through a warm cache."""
    draft, operation = await _draft(desk, delivery)
    source = delivery.action_id.partition(":")[2]
    given = plain(draft.values | read_values(operation, delivery.view))
    if desk.people.bars(delivery.user):
        return {"options": []}
    try:
        found = await desk.choices.find(source, delivery.body.get("value") or "", given)
    except StillLoading:
        return {"options": [kit.option("…", "Still asking Twilio: type a letter to look again")]}
    except TwilioFault as fault:
        return {"options": [kit.option("!", in_words(fault))]}
    if not found and not delivery.body.get("value"):
        return {"options": [kit.option("!", "Nothing found for what you gave: go back and change it")]}
    return {"options": [kit.option(o.value, o.label, o.description) for o in found[:100]]}


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values without the labels that are kept beside them for redrawing."""
    return {name: value for name, value in values.items() if not name.endswith(LABEL)}


async def _draft(desk: Desk, delivery: Delivery) -> tuple[Draft, Operation]:
    (draft_id,) = delivery.memo(d=str)
    gone = "This form is not yours or is older than two weeks. Close it and type the command again."
    return await _loaded(desk, draft_id, delivery.user, gone)


async def _loaded(desk: Desk, draft_id: str, user: str, gone: str) -> tuple[Draft, Operation]:
    draft = await desk.drafts.load(draft_id, user)
    operation = desk.catalog.get(draft.operation) if draft else None
    if draft is None or operation is None:
        raise Refusal(gone)
    return draft, operation


async def _may(desk: Desk, user: str, operation: Operation) -> None:
    verdict = await desk.changes.verdict(user, operation.name)
    if not verdict.allowed:
        raise Refusal(f"You may not ask for {operation.name} (policy: {verdict.rule}). See `/a2p` for what you may.")


async def _open(desk: Desk, delivery: Delivery, operation: Operation, view: Payload) -> None:
    opened = await desk.client.views_open(trigger_id=delivery.trigger, view=view)
    await _refuse_if_barred(desk, delivery, operation, opened["view"]["id"])


async def _resume(desk: Desk, delivery: Delivery, operation: Operation, draft: Draft) -> None:
    view_id = delivery.view["id"]
    # Slack keeps what an input holds as long as its block stays: without a view in between, the empty form would win
    await desk.show(view_id, _working(operation, draft), delivery.user)
    await desk.settle(view_id, form_modal(operation, draft, 1), delivery.user)


async def _refuse_if_barred(desk: Desk, delivery: Delivery, operation: Operation, view_id: str) -> bool:
    # a person we had not met was shown the form first, as asking Slack about them could have cost the trigger
    try:
        await _may(desk, delivery.user, operation)
    except Refusal as no:
        await desk.client.views_update(view_id=view_id, view=notice_modal(operation.title, str(no), level="error"))
        return True
    return False


async def _open_filled(desk: Desk, delivery: Delivery, operation: Operation, draft: Draft) -> None:
    opened = await desk.client.views_open(trigger_id=delivery.trigger, view=_working(operation, draft))
    view_id = opened["view"]["id"]
    if not await _refuse_if_barred(desk, delivery, operation, view_id):
        # what the first page asks may be known already, as from the button of a rejection
        complete = not mistakes(operation.form, plain(draft.values), 1) and operation.form.pages() > 1
        await _fill(desk, delivery, operation, draft, view_id, page=2 if complete else 1)


async def _fill(desk: Desk, delivery: Delivery, operation: Operation, draft: Draft, view_id: str, *, page: int) -> None:
    """Fill in the answers from what stands at Twilio, and show a page. What was typed before the first time stays."""
    assert operation.prefill  # noqa: S101  # both callers have looked
    chosen = _first_page(operation, draft)
    try:
        found = await operation.prefill(chosen, desk.account)
    except Exception as error:
        view = form_modal(operation, draft, 1, mistakes=[_as_mistake(error, f"filling in {operation.name}")])
    else:
        values = draft.values | found if draft.filled_for else found | draft.values
        draft = draft.model_copy(update={"values": values, "filled_for": _filling(operation, draft)})
        await desk.drafts.save(draft, offer=page > 1)
        view = form_modal(operation, draft, page)
    await desk.settle(view_id, view, delivery.user)


def _filling(operation: Operation, draft: Draft) -> str:
    """What the first page's answers choose to be filled in from."""
    return canonical_json(_first_page(operation, draft))


def _first_page(operation: Operation, draft: Draft) -> dict[str, Any]:
    asks = operation.form.asks()
    return {n: v for n, v in plain(draft.values).items() if n in asks and asks[n].page == 1}


def _working(operation: Operation, draft: Draft, text: str = "Reading what stands at Twilio…") -> Payload:
    return working_modal(operation.title, text, external_id=f"form-{draft.id}")


def _look_ahead(desk: Desk, operation: Operation, draft: Draft, page: int) -> None:
    """Ask Twilio for a page's choices while the person still reads it."""
    sources = {a.source for a in operation.form.asks().values() if a.page == page and a.source}

    async def look() -> None:
        for source in sources:
            try:
                await desk.choices.find(source, "", plain(draft.values))
            except (StillLoading, TwilioFault):
                continue  # the person's own search will say so

    desk.background.start(look(), "look ahead")


async def _preview(desk: Desk, delivery: Delivery, operation: Operation, draft: Draft) -> None:
    try:
        await _may(desk, delivery.user, operation)
        form = parse(operation.form, plain(draft.values))
        plan = await operation.plan(form, Context(account=desk.account, token=draft.token))
    except Exception as error:  # whatever it is, the window must not go on saying that it reads Twilio
        wrong = [_as_mistake(error, f"preview of {operation.name}")]
        view = form_modal(operation, draft, _page_of(operation, wrong), mistakes=wrong)
    else:
        draft = draft.model_copy(update={"plan": plan})
        await desk.drafts.save(draft)
        view = preview_modal(operation, draft)
    await desk.settle(delivery.view["id"], view, delivery.user)


def _the_plan_shown(draft: Draft, digest: str) -> Plan:
    """The plan of the preview in front of the person; another window may have changed the form since."""
    if draft.plan is None or draft.plan.digest != digest:
        raise Refusal("The form was changed after this preview. Go back and look at the new preview first.")
    return draft.plan


def _requested(desk: Desk, change: Change) -> str:
    where = kit.channel(desk.approvals_channel)
    if change.state != "pending":
        return f"#{change.number} needs no approval (rule “{change.requirement.rule}”) and is being run: see {where}."
    told = "You will get a direct message when it is decided and when it has run."
    return f"#{change.number} waits for approval in {where}. {told}"


def _as_mistake(error: Exception, during: str) -> Mistake:
    """A failure as a form shows it: on the field at fault when there is one, else on top."""
    return Mistake(error.field if isinstance(error, CannotPlanError) else "", explained(error, during))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:140]


def _page_of(operation: Operation, wrong: list[Mistake]) -> int:
    asks = operation.form.asks()
    pages = [asks[m.field].page for m in wrong if m.field in asks]
    return min(pages, default=operation.form.pages())


def _update(view: Payload) -> Payload:
    return {"response_action": "update", "view": view}
