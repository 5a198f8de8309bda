"""Steps at which a run pauses: for a registration, for a person's hand, for the approval of the next part."""

from typing import NoReturn, Protocol

from bot.changes.authority import Authority
from bot.changes.change import Change, StepRun
from bot.plans.call import Ref
from bot.plans.step import ApprovalStep, GivenStep, ManualStep, Step, WaitStep, Watch, needs
from bot.runs.turn import Dozing, Stop, Turn
from bot.tracking.registration import Registration

FIRST_LOOK, LONGEST_REST = 5.0, 600.0
"""Seconds between two looks of a waiting run: soon after it began to wait, and at most."""
UNSEEN = "not seen yet"
"""What a registration is called of which nothing was heard since the wait began."""
GROWTH = 0.25
"""How much longer the next rest is, for each second waited: a verdict of the first minute is seen at once."""


class Waits(Protocol):
    """What a run needs to know about the registrations that it waits for."""

    async def await_(self, change: Change, watch: Watch) -> Registration:
        """Follow a registration for this change, look at it if that was long ago, and give what is known of it."""

    async def release(self, change: Change, watch: Watch) -> None:
        """This change waits for it no more."""


def missed(step: Step, change: Change) -> list[str]:
    """The skipped steps without which there is nothing to do here; a wait does without some of what it waits for."""
    if isinstance(step, WaitStep) and not all(_lost(w, change) for w in step.watches):
        return []
    return [s for s in sorted(needs(step)) if s in change.steps and change.steps[s].state == "skipped"]


async def given(turn: Turn, step: GivenStep) -> None:
    """What stands at Twilio already counts as done."""
    run = StepRun(state="done", attempt=0, at=turn.clock(), result=dict(step.result))
    await turn.record(step.id, run, "there already", step.title)


async def approval(turn: Turn, authority: Authority, change: Change, step: ApprovalStep) -> None:
    """Ask for approval of the next part; gone through when the change comes back here as an approved one."""
    required = change.requirement if step.id in change.steps else await authority.required_now(change, step.id)
    if step.id in change.steps or not required.groups:
        # nothing but a quorum brings a change from here to where it runs
        run = StepRun(state="done", attempt=0, at=turn.clock())
        await turn.record(step.id, run, "approved, goes on", step.title)
        return
    now = turn.clock()
    await turn.end_step(
        step.id,
        StepRun(state="waiting", attempt=0, at=now),
        "pending",
        "asks for the next approval",
        step.title,
        digest=change.plan.digest_at(step.id),
        expires_at=now + authority.policy.pending.part_expires_days * 86400,
        requirement=required.model_dump_json(),
    )


async def manual(turn: Turn, change: Change, step: ManualStep) -> NoReturn:
    """Wait until a person says that it is done."""
    await _wait(turn, change, step.id, "", f"{step.title}: {step.where}", rest=None)


async def wait(turn: Turn, waits: Waits, change: Change, step: WaitStep) -> None:
    """Wait until every registration of the step is where it must be."""
    watches = [w for w in step.watches if not _lost(w, change)]
    seen = [await waits.await_(change, watch) for watch in watches]
    now = turn.clock()
    asked = change.steps[step.newer_than].at if step.newer_than in change.steps else 0.0
    if bad := next((r for r in seen if r.since >= asked and r.status in step.fails), None):
        try:
            await _ended_badly(turn, step, bad)
        except Stop:
            await release(waits, change, step)
            raise
    if all(r.since >= asked and _through(step, r, now) for r in seen):
        result = {"status": ", ".join(sorted({r.status for r in seen}))}
        run = StepRun(state="done", attempt=0, at=now, result=result)
        await turn.resume_step(step.id, run, "done", f"{step.title} ({result['status']})")
        await release(waits, change, step)
        return
    since = change.steps[step.id].at if step.id in change.steps else now
    rest = min(LONGEST_REST, FIRST_LOOK + GROWTH * (now - since))
    statuses = ", ".join(dict.fromkeys((r.since >= asked and r.status) or UNSEEN for r in seen))
    said = " ".join(str(r.snapshot["said"]) for r in seen if r.since >= asked and r.snapshot.get("said"))
    note = f"What was said of it: “{said}” {step.meanwhile}" if said else step.meanwhile
    await _wait(turn, change, step.id, statuses, note, rest=rest)


async def release(waits: Waits, change: Change, step: WaitStep) -> None:
    """A wait is over: nothing that it waited for wakes the change any more.

    Always after that was written down: a leftover wakes for nothing, a missing entry would let it sleep on.
    """
    for watch in step.watches:
        if not _lost(watch, change):
            await waits.release(change, watch)


def _lost(watch: Watch, change: Change) -> bool:
    """Whether the step that would have made this was skipped."""
    made_by = change.steps.get(watch.key.step) if isinstance(watch.key, Ref) else None
    return made_by is not None and made_by.state == "skipped"


def _through(step: WaitStep, seen: Registration, now: float) -> bool:
    late = step.counts_after.get(seen.status)
    return seen.status in step.until or (late is not None and now - seen.since >= late)


async def _ended_badly(turn: Turn, step: WaitStep, bad: Registration) -> NoReturn:
    code, said = bad.snapshot.get("error_code"), bad.snapshot.get("explained") or bad.snapshot.get("error_message")
    run = StepRun(state="failed", attempt=0, at=turn.clock(), error=str(said or bad.status), code=_number(code))
    shown = f" Error {code}." if code else ""
    await turn.end_step(
        step.id, run, "failed", "ended badly", f"{step.title}: {bad.status}.{shown} {said or ''}".strip()
    )


async def _wait(turn: Turn, change: Change, step: str, status: str, note: str, rest: float | None) -> NoReturn:
    """Write down that the step waits, once for each status that people should see, and end the turn."""
    before = change.steps.get(step)
    if before is None or before.state != "waiting" or before.result.get("status", "") != status:
        at = before.at if before and before.state == "waiting" else turn.clock()
        run = StepRun(state="waiting", attempt=0, at=at, result={"status": status} if status else {})
        what = "waits" if before is None else "still waits"
        await turn.pause_step(step, run, what, status or note, note)
    elif change.note != turn.masked(note):
        # such as the word of a trouble that is over, or a second refusal with other reasons
        await turn.move("waiting", note=note)
    raise Dozing(rest)


def _number(code: object) -> int | None:
    return int(str(code)) if str(code).isdecimal() else None
