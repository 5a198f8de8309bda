"""What people may do with a run that stopped: try again, settle an unknown outcome, or let it go."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.changes.change import Change, Event, State, StepRun
from bot.changes.changes import Refusal
from bot.changes.store import ChangeStore
from bot.plans.step import CallStep
from bot.ports import Engine, Notifier
from bot.runs.ledger import RunLedger
from bot.runs.look import shown
from bot.twilio.gateway import Account

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
    ) -> None:
        self._store, self._ledger, self._account = store, ledger, account
        self._notifier, self._engine, self._clock = notifier, engine, clock

    async def retry(self, number: int, user: str) -> None:
        """Go on with a failed change from the step that failed."""
        await self._move(number, user, "failed", "approved", "tried again")
        await self._engine.start_run(number)

    async def abandon(self, number: int, user: str) -> None:
        """Let a failed or unknown change go; what was done at Twilio stays there."""
        change = await self._change(number)
        state: State = "unknown" if change.state == "unknown" else "failed"
        await self._move(number, user, state, "abandoned", "abandoned it")

    async def happened(self, number: int, user: str, sid: str, step_id: str) -> None:
        """A person has seen at Twilio that this unknown step took place, and what it made. Raises `TwilioFault`."""
        change, step, before = await self._unknown(number, step_id)
        if not _SID.fullmatch(sid):
            raise Refusal(
                f"{sid[:40]!r} is not a SID: it has two capital letters, then 32 digits and letters from a to f."
            )
        items = await self._shown(change, step)
        made = next((item for item in items if item.get("sid") == sid), None)
        if made is None:
            # the run would go on with it, and change what belongs to somebody else
            raise Refusal(f"{sid} is not what this step makes. {_looked_for(change, step, items)}")
        result = step.kept(made) | {"sid": sid}
        run = StepRun(state="done", attempt=before.attempt, at=self._clock(), result=result, adopted=True)
        await self._settle(number, user, step, run, "said that it happened", f"{step.title} ({sid})")

    async def did_not_happen(self, number: int, user: str, step_id: str) -> None:
        """A person has seen at Twilio that this unknown step did not take place: it is sent again.

        Raises `TwilioFault`.
        """
        change, step, before = await self._unknown(number, step_id)
        if items := await self._shown(change, step):
            raise Refusal(f"It has happened, as far as Twilio shows. {_looked_for(change, step, items)}")
        run = StepRun(state="waiting", attempt=before.attempt, at=self._clock())
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

    async def _unknown(self, number: int, step_id: str) -> tuple[Change, CallStep, StepRun]:
        """The change and the step of it that a person speaks of, which must be the unknown one."""
        change = await self._change(number)
        unknown = change.unknown_step
        step = next((s for s in change.plan.steps if s.id == unknown), None)
        if change.state != "unknown" or not isinstance(step, CallStep):
            raise Refusal(f"#{number} is {change.state}: no step of it is unknown.")
        if unknown != step_id:
            raise Refusal(
                f"That was about an earlier step of #{number}. What is unknown now is “{step.title}”: "
                "look at the card again, and say there what became of it."
            )
        return change, step, change.steps[unknown]

    async def _shown(self, change: Change, step: CallStep) -> list[dict[str, Any]]:
        if step.adopt is None:
            return []
        return await shown(self._account(change.plan.account), step.adopt, change.results)


def _looked_for(change: Change, step: CallStep, items: Sequence[Mapping[str, Any]]) -> str:
    """What was looked for at Twilio, and what is there."""
    if step.adopt is None:
        return "Tenfour cannot look for it at Twilio, so the run cannot go on with it."
    look = step.adopt.read.model_copy(update={"params": step.adopt.match}).resolved(change.results)
    wanted = " and ".join(f"{name} “{_short(value)}”" for name, value in look.params.items())
    there = ", ".join(str(item.get("sid")) for item in items) or "nothing"
    return f"Looked for: {look.path}{f' with {wanted}' if wanted else ''}. There is: {there}."


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
