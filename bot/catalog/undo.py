"""Undo: a change that takes back what another one did at Twilio, step by step in the opposite order."""

from bot.catalog.form import Form
from bot.catalog.operation import Context, Operation
from bot.changes.change import FINAL, Change
from bot.plans.call import Results, resolve
from bot.plans.finding import Finding, note
from bot.plans.plan import Plan
from bot.plans.step import CallStep, ManualStep, Step, Undo

NAME = "change.undo"


class ChangeUndo(Form):
    """What is taken back: the change's number and title, and the calls that do it. Nobody types it."""

    of: int
    title: str
    steps: tuple[Step, ...]
    stays: tuple[str, ...] = ()


def undo_of(change: Change) -> ChangeUndo | None:
    """What would take back what a change's calls did; None where nothing can be, or the change may still go on."""
    if change.state not in FINAL | {"failed"}:
        return None
    done = [s for s in change.plan.steps if isinstance(s, CallStep) and s.id in change.effects]
    open_ = {s.id: s.undo for s in done if s.undo and s.undo.until not in change.results}
    if not open_:
        return None
    known = change.results | change.effects
    steps = tuple(_taking_back(s, open_[s.id], known) for s in reversed(done) if s.id in open_)
    by_hand = [s.title for s in change.plan.steps if isinstance(s, ManualStep) and s.id in change.results]
    # what lies in something that is taken back goes with it, such as the name of a service
    gone = {s.id for s in done if not s.lasting and s.call.needs & open_.keys()}
    stays = (*(s.title for s in done if s.id not in open_ and s.id not in gone), *by_hand)
    return ChangeUndo(of=change.number, title=change.plan.title, steps=steps, stays=stays)


def takes_back(change: Change) -> int | None:
    """The number of the change that this one takes back; None for one that takes none back."""
    return int(change.inputs["of"]) if change.operation == NAME else None


def lasting(change: Change) -> tuple[str, ...]:
    """What a change did at Twilio that no other one takes back, and why, a sentence each."""
    done = [s for s in change.plan.steps if isinstance(s, CallStep) and s.id in change.effects]
    reasons = [_lasts(s, change) for s in done]
    by_hand = [s for s in change.plan.steps if isinstance(s, ManualStep) and s.id in change.results]
    hands = [f"“{s.title}” was done by hand, and is taken back by hand." for s in by_hand]
    return tuple(dict.fromkeys([r for r in reasons if r] + hands))


def _lasts(step: CallStep, change: Change) -> str:
    """Why what a step did cannot be taken back; "" where it can be, or where it lies in what another step made."""
    if step.undo is None:
        within = bool(step.call.needs & change.effects.keys())
        return step.lasting or ("" if within else f"“{step.title}” cannot be taken back.")
    if step.undo.until not in change.results:
        return ""
    last = next(s for s in change.plan.steps if s.id == step.undo.until)
    own = last.lasting if isinstance(last, CallStep) else ""
    return own or f"“{step.title}” cannot be taken back any more: “{last.title}” is done."


def _taking_back(step: CallStep, undo: Undo, results: Results) -> CallStep:
    adopt = undo.adopt and undo.adopt.model_copy(
        update={
            "read": undo.adopt.read.bound(results),
            "match": undo.adopt.read.model_copy(update={"params": undo.adopt.match}).bound(results).params,
        }
    )
    return CallStep(
        id=f"undo_{step.id}",
        title=undo.title,
        call=undo.call.bound(results),
        adopt=adopt,
        already_done=undo.already_done,
        lane=step.lane,
        settle_seconds=undo.settle_seconds,
        ends=undo.ends
        and undo.ends.model_copy(update={"step": f"undo_{step.id}", "key": resolve(undo.ends.key, results)}),
    )


async def _plan(form: ChangeUndo, context: Context) -> Plan:
    return Plan(
        operation=NAME,
        account=context.account.sid,
        title=f"Undo #{form.of}: {form.title}",
        steps=form.steps,
        findings=tuple(_stays(form)),
    )


def _stays(form: ChangeUndo) -> list[Finding]:
    return [note("stays", f"Not taken back: {title}", "It stays at Twilio as it is.") for title in form.stays[:20]]


OPERATIONS = (
    Operation(
        name=NAME,
        title="Undo a change",
        summary="Takes back what a change did at Twilio, as far as that can be taken back.",
        command="",
        word="",
        form=ChangeUndo,
        plan=_plan,
    ),
)
