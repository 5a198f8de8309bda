"""What people may do with a run that stopped: try again, settle an unknown outcome, or let it go."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.changes.change import Change, Event, State, StepRun, StepState
from bot.changes.refusal import Refusal
from bot.changes.store import ChangeStore
from bot.plans.step import Adopt, CallStep, ManualStep, WaitStep, needs
from bot.ports import Engine, Notifier
from bot.runs.ledger import RunLedger
from bot.runs.look import shown
from bot.runs.pauses import Waits, release
from bot.twilio.gateway import Account

SKIPPED = "skipped"
"""What the timeline calls it that a person goes on without a step; what that means stands beside it."""
SHOWN = 80
"""Letters of a value that a refusal repeats."""
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


class Settlement:
    """Moves *failed* and *unknown* changes on a person's word. Every refusal is a `Refusal` with words for them.

    Who may is the caller's to check. The person's word is recorded with their name.
    """

    def __init__(
        self,
        store: ChangeStore,
        ledger: RunLedger,
        account: Callable[[str], Account],
        notifier: Notifier,
        engine: Engine,
        clock: Callable[[], float],
        waits: Waits,
    ) -> None:
        self._store, self._ledger, self._account = store, ledger, account
        self._notifier, self._engine, self._clock, self._waits = notifier, engine, clock, waits

    async def retry(self, number: int, user: str, *, where: str = "") -> None:
        """Go on with a failed change from the step that failed."""
        await self._move(number, user, "failed", "approved", "tried again", where)
        await self._engine.start_run(number)

    async def abandon(self, number: int, user: str, *, where: str = "") -> None:
        """Let a change go that failed, is unknown, or waits; what was done at Twilio stays there."""
        change = await self._store.known(number)
        state: State = change.state if change.state in ("unknown", "waiting") else "failed"
        await self._move(number, user, state, "abandoned", "gave it up", where)
        await self._released(change)

    async def give_way(self, number: int, user: str, undoing: int, *, where: str = "") -> None:
        """Write down which change takes this one back, before that one is asked for; one that had failed ends with it.

        In one script: somebody who tries it again in this moment must not have it run on while it is undone.
        """
        change = await self._store.known(number)
        if change.undoing and change.undoing.number == undoing:
            return  # written down already, by this very act before a crash or by a second click
        if change.state != "failed":
            said = f"asked to undo it with #{undoing}"
            await self._move(number, user, change.state, change.state, said, where, undoing=undoing)
            return
        await self._move(
            number, user, "failed", "abandoned", f"gave it up, to undo it with #{undoing}", where, undoing=undoing
        )
        await self._released(change)

    async def skip(self, number: int, user: str, step_id: str, *, where: str = "") -> None:
        """Go on without the step that failed, where that is harmless."""
        change = await self._store.known(number)
        step, before = change.at, change.steps.get(step_id)
        if change.state != "failed" or step is None or step.id != step_id:
            raise Refusal(f"#{number} is {change.called}: that step is not what it stands at any more.")
        if before is None or before.state != "failed":
            raise Refusal(f"“{step.title}” has not failed, so there is nothing to skip. Try again from there.")
        if not isinstance(step, CallStep | WaitStep) or not step.skippable:
            raise Refusal(f"“{step.title}” cannot be skipped: what comes after it stands on it.")
        run = StepRun(state="skipped", attempt=before.attempt, at=self._clock(), result=before.result)
        await self._settle(change, user, step.id, "failed", run, SKIPPED, f"“{step.title}”, so {step.skippable}", where)

    async def done(self, number: int, user: str, step_id: str, *, where: str = "") -> None:
        """A person says that the step which waits for them is done. Raises `TwilioFault`."""
        change = await self._store.known(number)
        step = change.at
        if change.state != "waiting" or step is None or step.id != step_id:
            raise Refusal(f"#{number} is {change.called}: that step is not what it waits for any more.")
        result: dict[str, Any] = {}
        match step:
            case ManualStep():
                if step.check and not self._satisfied(step.check, await self._seen(change, step.check)):
                    raise Refusal(f"It does not show at Twilio yet. {_looked_for(change, step.check, [])} {step.where}")
            case WaitStep() if step.word:
                result = {"status": step.until[0]}
            case _:
                raise Refusal(f"“{step.title}” goes on by itself: nobody's word can close it.")
        run = StepRun(state="done", attempt=0, at=self._clock(), result=result)
        await self._settle(change, user, step.id, "waiting", run, "said that it is done", step.title, where)

    async def happened(self, number: int, user: str, sid: str, step_id: str, *, where: str = "") -> None:
        """A person has seen at Twilio that this unknown step took place, and what it made. Raises `TwilioFault`."""
        change, step, before = await self._unknown(number, step_id)
        if step.nameless:
            if items := await self._shown(change, step):
                raise Refusal(f"It is still there. {_looked_for(change, step.adopt, items)}")
            if step.adopt is None and any(step.id in needs(later) for later in change.plan.steps):
                raise Refusal("Tenfour cannot look for it at Twilio, and what comes after it needs what it made.")
            run = StepRun(state="done", attempt=before.attempt, at=self._clock(), adopted=True)
            await self._settle(change, user, step.id, "unknown", run, "said that it happened", step.title, where)
            return
        if not _SID.fullmatch(sid):
            raise Refusal(
                f"{sid[:40]!r} is not a SID: it has two capital letters, then 32 digits and letters from a to f."
            )
        items = await self._shown(change, step)
        made = next((item for item in items if item.get(step.named_by) == sid), None)
        if made is None:
            # the run would go on with it, and change what belongs to somebody else
            raise Refusal(f"{sid} is not what this step makes. {_looked_for(change, step.adopt, items)}")
        if unmet := step.unmet(made):
            shown = ", ".join(f"{name} is {value or 'not set'}" for name, value in unmet.items())
            raise Refusal(f"{sid} is there, but not as it must be: {shown}. Mend it, then say so again, or abandon it.")
        result = step.kept(made) | {step.named_by: sid}
        run = StepRun(state="done", attempt=before.attempt, at=self._clock(), result=result, adopted=True)
        await self._settle(
            change, user, step.id, "unknown", run, "said that it happened", f"{step.title} ({sid})", where
        )

    async def did_not_happen(self, number: int, user: str, step_id: str, *, where: str = "") -> None:
        """A person has seen at Twilio that this unknown step did not take place: it is sent again.

        Raises `TwilioFault`.
        """
        change, step, before = await self._unknown(number, step_id)
        items = await self._shown(change, step)
        if step.adopt and self._satisfied(step.adopt, items):
            raise Refusal(f"It has happened, as far as Twilio shows. {_looked_for(change, step.adopt, items)}")
        run = StepRun(state="waiting", attempt=before.attempt, at=self._clock())
        await self._settle(change, user, step.id, "unknown", run, "said that it did not happen", step.title, where)

    async def _settle(
        self, change: Change, user: str, step: str, state: StepState, run: StepRun, said: str, of: str, where: str
    ) -> None:
        number = change.number
        sealer = self._store.sealer
        event = sealer.event(
            Event(at=self._clock(), who=user, what=said, detail=of, to="approved", step=step, where=where)
        )
        if not await self._ledger.settle(number, step, state, sealer.run(run), event):
            raise Refusal(f"#{number} is no longer waiting for this: {(await self._store.known(number)).called}.")
        # before it runs on: it may come to wait for the same registration again
        await self._released(change)
        await self._notifier.change_moved(number)
        await self._engine.start_run(number)

    async def _released(self, before: Change) -> None:
        """The wait at which the change stood is over; should we die before this, it is woken for nothing."""
        if isinstance(step := before.at, WaitStep) and step.id in before.steps:
            await release(self._waits, before, step)

    async def _move(
        self, number: int, user: str, before: State, after: State, said: str, where: str, *, undoing: int | None = None
    ) -> None:
        event = Event(at=self._clock(), who=user, what=said, where=where)
        fields: dict[str, Any] = {"undoing": undoing} if undoing else {}
        if not await self._store.move(number, [before], after, event, note="", **fields):
            raise Refusal(
                f"#{number} is {(await self._store.known(number)).called}: there is nothing to do here any more."
            )
        await self._notifier.change_moved(number)

    async def _unknown(self, number: int, step_id: str) -> tuple[Change, CallStep, StepRun]:
        """The change and the step of it that a person speaks of, which must be the unknown one."""
        change = await self._store.known(number)
        unknown = change.unknown_step
        step = next((s for s in change.plan.steps if s.id == unknown), None)
        if change.state != "unknown" or not isinstance(step, CallStep):
            raise Refusal(f"#{number} is {change.called}: no step of it is unknown.")
        if unknown != step_id:
            raise Refusal(
                f"That was about an earlier step of #{number}. What is unknown now is “{step.title}”: "
                "look at the card again, and say there what became of it."
            )
        return change, step, change.steps[unknown]

    async def _shown(self, change: Change, step: CallStep) -> list[dict[str, Any]]:
        return await self._seen(change, step.adopt) if step.adopt else []

    async def _seen(self, change: Change, adopt: Adopt) -> list[dict[str, Any]]:
        return await shown(self._account(change.plan.account), adopt, change.results)

    @staticmethod
    def _satisfied(adopt: Adopt, items: Sequence[Mapping[str, Any]]) -> bool:
        return bool(items) != adopt.gone


def _looked_for(change: Change, adopt: Adopt | None, items: Sequence[Mapping[str, Any]]) -> str:
    """What was looked for at Twilio, and what is there."""
    if adopt is None:
        return "Tenfour cannot look for it at Twilio."
    look = adopt.read.model_copy(update={"params": adopt.match}).bound(change.results)
    wanted = " and ".join(f"{name} “{_short(value)}”" for name, value in look.params.items())
    there = ", ".join(str(item.get("sid")) for item in items) or "nothing"
    return f"Looked for: {look.path}{f' with {wanted}' if wanted else ''}. There is: {there}."


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
