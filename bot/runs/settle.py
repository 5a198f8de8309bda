"""What people may do with a run that stopped: try again, settle an unknown outcome, or let it go."""

import re
from collections.abc import Callable

from bot.changes.change import Change, Event, State, StepRun
from bot.changes.changes import Engine, Notifier, Refusal
from bot.changes.store import ChangeStore
from bot.plans.step import CallStep
from bot.runs.ledger import RunLedger

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


class Settlement:
    """Moves *failed* and *unknown* changes on a person's word. Every refusal is a `Refusal` with words for them.

    Who may is the caller's to check. The person's word is recorded with their name.
    """

    def __init__(
        self,
        store: ChangeStore,
        ledger: RunLedger,
        notifier: Notifier,
        engine: Engine,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._ledger, self._notifier = store, ledger, notifier
        self._engine, self._clock = engine, clock

    async def retry(self, number: int, user: str) -> None:
        """Go on with a failed change from the step that failed."""
        await self._move(number, user, "failed", "approved", "tried again")
        await self._engine.start_run(number)

    async def abandon(self, number: int, user: str) -> None:
        """Let a failed or unknown change go; what was done at Twilio stays there."""
        change = await self._change(number)
        state: State = "unknown" if change.state == "unknown" else "failed"
        await self._move(number, user, state, "abandoned", "abandoned it")

    async def happened(self, number: int, user: str, sid: str) -> None:
        """A person has seen at Twilio that the unknown step took place, and what it made."""
        step = self._unknown_step(await self._change(number))
        if not _SID.fullmatch(sid):
            raise Refusal(
                f"{sid[:40]!r} is not a SID: it has two capital letters, then 32 digits and letters from a to f."
            )
        run = StepRun(state="done", attempt=1, at=self._clock(), result={"sid": sid}, adopted=True)
        await self._settle(number, user, step, run, "said that it happened", f"{step.title} ({sid})")

    async def did_not_happen(self, number: int, user: str) -> None:
        """A person has seen at Twilio that the unknown step did not take place: it is sent again."""
        step = self._unknown_step(await self._change(number))
        run = StepRun(state="waiting", attempt=0, at=self._clock())
        await self._settle(number, user, step, run, "said that it did not happen", step.title)

    async def _settle(self, number: int, user: str, step: CallStep, run: StepRun, said: str, of: str) -> None:
        sealer = self._store.sealer
        event = sealer.event(Event(at=self._clock(), who=user, what=said, detail=of, to="approved"))
        if not await self._ledger.settle(number, step.id, sealer.run(run), event):
            raise Refusal(f"#{number} is no longer waiting for this: {(await self._change(number)).state}.")
        await self._notifier.change_moved(number)
        await self._engine.start_run(number)

    async def _move(self, number: int, user: str, before: State, after: State, said: str) -> None:
        event = Event(at=self._clock(), who=user, what=said)
        if not await self._store.move(number, [before], after, event, note=""):
            raise Refusal(f"#{number} is {(await self._change(number)).state}: there is nothing to do here any more.")
        await self._notifier.change_moved(number)

    async def _change(self, number: int) -> Change:
        change = await self._store.load(number)
        if change is None:
            raise Refusal(f"There is no change #{number}.")
        return change

    def _unknown_step(self, change: Change) -> CallStep:
        for step in change.plan.steps:
            run = change.steps.get(step.id)
            if isinstance(step, CallStep) and run and run.state == "unknown":
                return step
        raise Refusal(f"#{change.number} is {change.state}: no step of it is unknown.")
