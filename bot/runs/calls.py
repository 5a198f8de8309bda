"""Sends the call of one step at most once, and finds out what became of it when the answer is lost."""

from typing import Any, NoReturn

from bot.changes.change import Change, StepRun
from bot.plans.step import Adopt, CallStep, found
from bot.runs.turn import Turn
from bot.twilio.faults import Refused, Throttled, TwilioFault, Uncertain, Unreachable

LOOK_AFTER_SECONDS = 2.0
"""How long a call whose answer was lost may still be on its way before its adopt read counts."""
TRIES = 5
"""How often a call that Twilio surely did not process is sent again within one turn."""
LONGEST_PAUSE = 30.0
"""How long a turn may hold on, in seconds; when Twilio asks for more, the run is put off instead."""
MAX_ATTEMPTS = 3
"""How many attempts of one step may have reached Twilio before people must look."""


async def perform(turn: Turn, change: Change, step: CallStep) -> None:
    """Bring a step to *done*, or end the turn with what people must know (raises `Stop` or `Later`)."""
    run = change.steps.get(step.id)
    attempts = run.attempt if run else 0
    if run and run.state == "unknown":
        await _unknown(turn, step, attempts)
    if run and run.state == "attempting" and await _settled(turn, change, step, attempts):
        return  # the attempt before a crash had happened
    for _ in range(MAX_ATTEMPTS):
        attempts += 1
        fault = await _attempt(turn, change, step, attempts)
        if fault is None:
            return
        await turn.move("running", note=f"{fault}. Looking at Twilio for what became of it.")
        if await _settled(turn, change, step, attempts):
            return
    await _unknown(turn, step, attempts)


async def _attempt(turn: Turn, change: Change, step: CallStep, attempt: int) -> Uncertain | None:
    """Send the call until it was surely processed or nobody can tell. Returns the fault of the latter case."""
    call = step.call.resolved(change.results)
    # of a streak of calls that Twilio put off, the timeline tells the first: an outage may last for days
    before = change.steps.get(step.id)
    waits = before is not None and before.state == "waiting" and bool(before.error)
    for patience in range(1, TRIES + 1):
        if wait := await turn.ledger.wait_for_lane(turn.account.sid, step.lane):
            await turn.sleep(wait)
        # written down before the call: a worker that dies after this line leaves word that it may have happened
        sent = "" if waits else "sent"
        await turn.record(step.id, StepRun(state="attempting", attempt=attempt, at=turn.clock()), sent, step.title)
        try:
            answer = await turn.account.send(call)
        except Uncertain as fault:
            return fault
        except (Throttled, Unreachable) as fault:
            waiting = StepRun(state="waiting", attempt=attempt - 1, at=turn.clock(), error=str(fault))
            await turn.record(step.id, waiting, "" if waits else "put off", str(fault))
            waits = True
            pause = _pause(fault, patience)
            if patience == TRIES or pause > LONGEST_PAUSE:
                await turn.put_off(fault)
            await turn.sleep(pause)
        except Refused as fault:
            # an attempt before this one may have happened after all, and be the reason of the refusal
            perhaps = fault.code in step.already_done or attempt > 1
            if not (perhaps and await _adopted(turn, change, step, attempt)):
                await _refused(turn, step, attempt, fault)
            return None
        else:
            await _done(turn, step, attempt, answer, adopted=False)
            return None
    return None


async def _settled(turn: Turn, change: Change, step: CallStep, attempts: int) -> bool:
    """Whether an attempt without an answer has happened; False means surely not, so that it may be sent again."""
    if await _adopted(turn, change, step, attempts):
        return True
    if step.adopt is None or not step.adopt.repeatable or attempts >= MAX_ATTEMPTS:
        await _unknown(turn, step, attempts)
    return False


async def _adopted(turn: Turn, change: Change, step: CallStep, attempts: int) -> bool:
    """Look at Twilio for the call's effect, and take what is found as the step's result."""
    if step.adopt is None:
        return False
    await turn.sleep(LOOK_AFTER_SECONDS)
    try:
        answer = await _look(turn, change, step.adopt)
    except TwilioFault as fault:
        await turn.put_off(fault)
    # an empty answer is a 404, which no match may take for the thing itself
    items = found(step.adopt, answer, change.results) if answer else []
    if len(items) > 1:
        await _unknown(turn, step, attempts)
    if items:
        await _done(turn, step, attempts, items[0], adopted=True)
    return bool(items)


async def _look(turn: Turn, change: Change, adopt: Adopt) -> dict[str, Any]:
    read = adopt.read.resolved(change.results)
    try:
        if adopt.items:
            return {adopt.items: await turn.account.pages(read, adopt.items)}
        return await turn.account.read(read)
    except Refused as fault:
        if fault.absent:
            return {}
        raise


async def _done(turn: Turn, step: CallStep, attempt: int, answer: dict[str, Any], *, adopted: bool) -> None:
    kept = {name: answer[name] for name in step.keep if name in answer}
    run = StepRun(state="done", attempt=attempt, at=turn.clock(), result=kept, adopted=adopted)
    shown = f"{step.title} ({kept['sid']})" if "sid" in kept else step.title
    await turn.record(step.id, run, "found done at Twilio" if adopted else "done", shown)
    if step.settle_seconds:
        await turn.sleep(step.settle_seconds)


async def _refused(turn: Turn, step: CallStep, attempt: int, fault: Refused) -> NoReturn:
    run = StepRun(
        state="failed", attempt=attempt, at=turn.clock(), error=fault.message, code=fault.code, link=fault.link
    )
    await turn.end_step(step.id, run, "failed", "refused by Twilio", str(fault))


async def _unknown(turn: Turn, step: CallStep, attempts: int) -> NoReturn:
    why = "Twilio gave no clear answer, and what it shows now does not settle whether this happened"
    run = StepRun(state="unknown", attempt=attempts, at=turn.clock(), error=why)
    await turn.end_step(step.id, run, "unknown", "outcome unknown", f"{step.title}: {why}.")


def _pause(fault: TwilioFault, patience: int) -> float:
    asked = fault.retry_after if isinstance(fault, Throttled) else None
    return asked if asked is not None else 0.5 * 2**patience
