"""What comes after a form: the preview of a plan with its request for approval, or what an inquiry found."""

from redis.exceptions import RedisError

from bot.catalog.form import parse
from bot.catalog.operation import Context, Entry, Inquiry, Operation
from bot.changes.change import Change
from bot.changes.drafts import Draft
from bot.changes.freezes import Freeze
from bot.changes.refusal import Refusal
from bot.changes.request import Request
from bot.plans.plan import Plan
from handlers import amending, drafting
from handlers.accounts import account_of
from handlers.acts import Act
from handlers.blocks import kit
from handlers.blocks.amendment import replaced
from handlers.blocks.form import notice_modal
from handlers.blocks.freeze import held
from handlers.blocks.plan import preview_modal
from handlers.blocks.report import report_modal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.drafting import page_view, plain, update, working
from handlers.posts import passing
from handlers.words import explained


async def outcome(desk: Desk, entry: Entry, draft: Draft) -> Payload:
    """What a form leads to, as a view: the preview, the report, or the form again with what stands in the way."""
    moved_on = ""
    try:
        await drafting.may(desk, entry, draft)
        if isinstance(entry, Inquiry):
            account = account_of(desk, draft)
            report = await entry.answered(parse(entry.form, plain(draft.values)), account, desk.known)
            return report_modal(entry, report, account, draft.id)
        draft, moved_on = await _before_it_is_planned(desk, draft)
        plan = await planned(desk, entry, draft)
        draft = draft.model_copy(update={"plan": plan})
        amended = await amending.amended_by(desk, draft)
    except Exception as error:  # whatever it is, the window must not go on saying that it reads Twilio
        wrong = [drafting.as_mistake(error, f"{entry.name} for a form", entry, draft)]
        return page_view(desk, entry, draft, drafting.page_of(entry, draft, wrong), wrong=wrong, note=moved_on)
    await desk.drafts.save(draft)
    if amended:
        return preview_modal(entry, draft, replaced(amended, plan, draft.token), f"Amend #{amended.number}")
    return preview_modal(entry, draft, kit.notice(moved_on, "warning") if moved_on else ())


async def _before_it_is_planned(desk: Desk, draft: Draft) -> tuple[Draft, str]:
    """The draft, and what has to be said when it asks for a change of its own now instead of amending another."""
    own, said = await amending.going_on(desk, draft)
    return own, said if own.id != draft.id else ""


async def planned(desk: Desk, operation: Operation, draft: Draft) -> Plan:
    """The plan for a draft's answers as things stand now. Raises `CannotPlanError`, `TwilioFault` or ValueError."""
    form = parse(operation.form, plain(draft.values))
    return await operation.planned(form, Context(account=account_of(desk, draft), token=draft.token))


async def request_approval(desk: Desk, delivery: Delivery) -> Payload | None:
    """The preview was submitted: ask for approval of exactly what it showed."""
    draft, entry = await drafting.of_view(desk, delivery)
    (shown,) = delivery.memo(g=str)
    _the_plan_shown(draft, shown)
    await desk.do(delivery, "request", draft=draft.id, digest=shown, view=delivery.view["id"])
    return update(working(entry, draft, "Asking for approval…"))


async def request(desk: Desk, act: Act) -> None:
    """Ask for approval of a previewed draft, and say in its window what became of that."""
    gone = "This form is gone. Type the command again."
    draft, operation = await drafting.loaded(desk, act.what["draft"], act.user, gone)
    plan = _the_plan_shown(draft, act.what["digest"])
    form = parse(operation.form, plain(draft.values))
    wanted = Request(
        draft=draft.id,
        requester=act.user,
        team=act.team,
        channel=draft.channel,
        operation=operation.name,
        token=draft.token,
        # a question that was not asked has no value, where its field may need one
        inputs=form.model_dump(mode="json", warnings=False),
        plan=plan,
        amends=draft.amends,
    )
    try:
        change = await desk.changes.request(wanted)
    except Exception as error:
        if isinstance(error, RedisError) or passing(error):
            raise  # the act stays written down, and the sweep asks once they answer (decision 007)
        await desk.note_refused(act, error)
        words = drafting.unsaid(operation, draft.values, explained(error, f"request of {operation.name}"))
        if draft.amends and operation.command:
            words += f" What you gave is kept: `{operation.command} {operation.word}` offers it."
        await desk.settle(act.what["view"], notice_modal(operation.title, words, level="error"), act.user)
        return
    await desk.drafts.finished(draft)
    title = f"{'Amended' if draft.amends else 'Requested'} #{change.number}"
    freeze = await desk.freezes.of(change.plan.account)
    await desk.settle(act.what["view"], notice_modal(title, _requested(desk, change, freeze)), act.user)


def _the_plan_shown(draft: Draft, digest: str) -> Plan:
    """The plan of the preview in front of the person; another window may have changed the form since."""
    if draft.plan is None or draft.plan.digest != digest:
        raise Refusal("The form was changed after this preview. Go back and look at the new preview first.")
    return draft.plan


def _requested(desk: Desk, change: Change, freeze: Freeze | None) -> str:
    where = kit.channel(desk.approvals_channel)
    if change.state != "pending":
        runs = f"See {where}. {held(change, freeze)}" if freeze else f"It is being run: see {where}."
        return f"#{change.number} needs no approval (rule “{change.requirement.rule}”). {runs}"
    told = "You will get a direct message when it is decided and when it has run."
    return f"#{change.number} waits for approval in {where}. {told}"
