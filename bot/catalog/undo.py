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
    stays = (*(s.title for s in done if s.id not in open_), *by_hand)
    return ChangeUndo(of=change.number, title=change.plan.title, steps=steps, stays=stays)


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
