"""Sends the call of one step at most once, and finds out what became of it when the answer is lost."""

from datetime import UTC, datetime
from typing import Any, NoReturn

from bot.changes.change import Change, StepRun
from bot.checks import evaluation
from bot.plans.step import Adopt, CallStep
from bot.runs.look import shown
from bot.runs.turn import LONGEST_PAUSE, Turn
from bot.twilio.faults import Refused, Throttled, TwilioFault, Uncertain, Unreachable

TRIES = 5
"""How often a call that Twilio surely did not process is sent again within one turn."""
MAX_ATTEMPTS = 3
"""How many attempts of one step may have reached Twilio before people must look."""
UNCLEAR = "Twilio gave no clear answer, and what it shows now does not settle whether this happened"


async def perform(turn: Turn, change: Change, step: CallStep) -> None:
    """Bring a step to *done*, or end the turn with what people must know (raises `Stop` or `Later`)."""
    if step.call.method == "GET":
        await _checked(turn, change, step)
        return
    run = change.steps.get(step.id)
    if run and run.state == "unknown":
        await _unknown(turn, step, run.attempt)
    if run and run.state == "failed" and run.result and await _looked_at_again(turn, change, step, run):
        return
    attempts = run.attempt if run else 0
    # what a worker left behind that crashed, or that rests until a look is sure
    lost = run if run and run.state == "attempting" else await _attempt(turn, change, step, attempts + 1)
    while lost and not await _settled(turn, change, step, lost):
        lost = await _attempt(turn, change, step, lost.attempt + 1)


async def _checked(turn: Turn, change: Change, step: CallStep) -> None:
    """A step that only looks: it may be repeated as often as it takes."""
    try:
        answer = await turn.account.read(step.call.resolved(change.results))
    except Refused as fault:
        await _refused(turn, step, 0, fault)
    except TwilioFault as fault:
        await turn.put_off(fault)
    await _answered(turn, step, 0, answer)


async def _looked_at_again(turn: Turn, change: Change, step: CallStep, run: StepRun) -> bool:
    """Judge anew what a call has made that was not as it must be: it is not made twice. False when it is not there."""
    if step.adopt is None or step.adopt.gone:
        return False
    found = await _adopted(turn, change, step, run)
    if not found and not step.adopt.repeatable:
        await _unknown(turn, step, run.attempt)
    return found


async def _attempt(turn: Turn, change: Change, step: CallStep, attempt: int) -> StepRun | None:
    """Send the call until it was surely processed or nobody can tell. Returns the attempt of the latter case."""
    call = step.call.resolved(change.results)
    # of a streak of calls that Twilio put off, the timeline tells the first: an outage may last for days
    before = change.steps.get(step.id)
    waits = before is not None and before.state == "waiting" and bool(before.error)
    for tried in range(1, TRIES + 1):
        await turn.admitted(step.lane)
        await _thawed(turn, step, attempt, before)
        sent = await _written_down(turn, step, attempt, "" if waits else "sent")
        try:
            answer = await turn.account.send(call)
        except Uncertain as fault:
            note = f"{fault}. Looking at Twilio for what became of it."
            await turn.move("running", "no clear answer", note, step=step.id)
            return sent
        except (Throttled, Unreachable) as fault:
            waiting = StepRun(state="waiting", attempt=attempt - 1, at=turn.clock(), error=str(fault))
            await turn.record(step.id, waiting, "" if waits else "put off", str(fault))
            waits = True
            pause = _pause(fault, tried)
            if tried == TRIES or pause > LONGEST_PAUSE:
                await turn.put_off(fault)
            await turn.sleep(pause)
        except Refused as fault:
            # an attempt before this one may have happened after all, and be the reason of the refusal
            # what is absent cannot be written to: only for a deletion is that the end that was wanted
            gone = step.call.method == "DELETE" and step.adopt is not None and step.adopt.gone and fault.absent
            perhaps = fault.code in step.already_done or attempt > 1 or gone
            if not (perhaps and await _adopted(turn, change, step, sent)):
                await _refused(turn, step, attempt, fault)
            return None
        else:
            if attempt > 1 and step.adopt and not step.adopt.gone:
                await _alone(turn, change, step, step.adopt, sent, answer)
            await _answered(turn, step, attempt, answer)
            return None
    return None


async def _thawed(turn: Turn, step: CallStep, attempt: int, before: StepRun | None) -> None:
    """Send nothing where somebody has stopped the calls to this account: the turn ends until that is over.

    Looked at last of all, as pauses lie before it.
    """
    if freeze := await turn.frozen():
        if before and before.state == "attempting":
            # what became of it is known by now: it is not looked for again as long as the freeze lasts
            absent = StepRun(state="waiting", attempt=attempt - 1, at=turn.clock())
            await turn.record(step.id, absent, "surely did not happen", step.title)
        await turn.hold(freeze)


async def _written_down(turn: Turn, step: CallStep, attempt: int, what: str) -> StepRun:
    """Leave word that a call may have happened, before it is sent: a worker that dies after this line cannot say.

    Repeated when that has taken long, as in a process that was frozen: another worker may have the run by now, in which
    case this raises `FencedOutError`.
    """
    while True:
        sent = StepRun(state="attempting", attempt=attempt, at=turn.clock())
        await turn.record(step.id, sent, what, step.title)
        if turn.clock() - sent.at < turn.ledger.lease_seconds / 2:
            return sent
        what = ""


async def _settled(turn: Turn, change: Change, step: CallStep, lost: StepRun) -> bool:
    """Whether an attempt without an answer has happened; False means surely not, so that it may be sent again."""
    if await _adopted(turn, change, step, lost):
        return True
    sure_at = lost.at + turn.patience.sure_after
    if step.adopt and (left := sure_at - turn.clock()) > 0:
        # the younger the attempt, the sooner its effect may be expected
        rest = max(turn.clock() - lost.at, turn.patience.look_after)
        when = f"{datetime.fromtimestamp(sure_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
        note = f"Twilio gave no answer to: {step.title}. It may still take effect. Looking again until {when}."
        await turn.rest(min(left, rest), f"no answer to step {step.id}", note)
    if step.adopt is None or not step.adopt.repeatable or lost.attempt >= MAX_ATTEMPTS:
        await _unknown(turn, step, lost.attempt)
    return False


async def _adopted(turn: Turn, change: Change, step: CallStep, sent: StepRun) -> bool:
    """Look at Twilio for the call's effect, and take what is found as the step's result."""
    if step.adopt is None:
        return False
    items = await _look(turn, change, step.adopt, sent)
    if step.adopt.gone:
        if not items:
            await _done(turn, step, sent.attempt, {}, adopted=True)
        return not items
    if len(items) > 1:
        await _unknown(turn, step, sent.attempt, _several([str(item.get("sid")) for item in items]))
    if items:
        await _answered(turn, step, sent.attempt, items[0], adopted=True)
    return bool(items)


async def _alone(
    turn: Turn, change: Change, step: CallStep, adopt: Adopt, sent: StepRun, answer: dict[str, Any]
) -> None:
    """Make sure that a call sent again made nothing double: the lost one may have taken effect beyond all patience."""
    items = await _look(turn, change, adopt, sent)
    sids = {str(item["sid"]) for item in (*items, answer) if "sid" in item}
    if len(sids) > 1:
        await _unknown(turn, step, sent.attempt, _several(sorted(sids)))


async def _look(turn: Turn, change: Change, adopt: Adopt, sent: StepRun) -> list[dict[str, Any]]:
    """What Twilio shows of an attempt, not before it can show it; a look that fails puts the run off."""
    early = sent.at + turn.patience.look_after - turn.clock()
    if early > 0:
        await turn.sleep(early)
    try:
        return await shown(turn.account, adopt, change.results)
    except TwilioFault as fault:
        await turn.put_off(fault)


async def _answered(turn: Turn, step: CallStep, attempt: int, answer: dict[str, Any], *, adopted: bool = False) -> None:
    """Take an answer, or what a look found in its place, as the step's result, if it shows what the plan stands on."""
    if unmet := step.unmet(answer):
        found = evaluation.in_words(answer) or [f"{name} is {value or 'not set'}" for name, value in unmet.items()]
        kept = {} if step.call.method == "GET" else step.kept(answer)
        run = StepRun(state="failed", attempt=attempt, at=turn.clock(), result=kept, error="; ".join(found))
        note = f"{step.title}: not as it must be. {' '.join(f'{line}.' for line in found)}"
        await turn.end_step(step.id, run, "failed", "not as it must be", note)
    await _done(turn, step, attempt, answer, adopted=adopted)


async def _done(turn: Turn, step: CallStep, attempt: int, answer: dict[str, Any], *, adopted: bool) -> None:
    kept = step.kept(answer)
    run = StepRun(state="done", attempt=attempt, at=turn.clock(), result=kept, adopted=adopted)
    title = f"{step.title} ({kept['sid']})" if "sid" in kept else step.title
    await turn.record(step.id, run, "found done at Twilio" if adopted else "done", title)


async def _refused(turn: Turn, step: CallStep, attempt: int, fault: Refused) -> NoReturn:
    run = StepRun(
        state="failed", attempt=attempt, at=turn.clock(), error=fault.message, code=fault.code, link=fault.link
    )
    advice = step.advice.get(fault.code or 0) or step.advice.get(fault.status)
    note = f"{str(fault).rstrip('.')}. {advice}" if advice else str(fault)
    await turn.end_step(step.id, run, "failed", "refused by Twilio", note)


async def _unknown(turn: Turn, step: CallStep, attempt: int, why: str = UNCLEAR) -> NoReturn:
    run = StepRun(state="unknown", attempt=attempt, at=turn.clock(), error=why)
    await turn.end_step(step.id, run, "unknown", "outcome unknown", f"{step.title}: {why}.")


def _several(sids: list[str]) -> str:
    return f"Twilio shows more than one of what this makes ({', '.join(sids)}): remove the others, then say which stays"


def _pause(fault: TwilioFault, tried: int) -> float:
    asked = fault.retry_after if isinstance(fault, Throttled) else None
    return asked if asked is not None else 0.5 * 2**tried
