"""One worker's turn at one change: everything it writes down carries its fencing token."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from bot.changes.change import Change, Event, State, StepRun
from bot.changes.freezes import HELD, Freeze, Freezes, frozen_words
from bot.changes.store import ChangeStore
from bot.plans.plan import Plan
from bot.plans.step import Lane
from bot.policy.policy import PENDING_SECONDS
from bot.runs.ledger import RunLedger
from bot.runs.patience import PATIENCE, Patience
from bot.twilio.faults import Throttled, TwilioFault
from bot.twilio.gateway import Account

LONGEST_PAUSE = 30.0
"""How long a turn may hold on, in seconds; when Twilio asks for more, the run is put off instead."""


class Later(Exception):
    """The run cannot go on now and must be tried again after `seconds`; nothing is wrong with the change."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


class Dozing(Exception):
    """The change waits; it is to be looked at after `seconds`, or (None) when somebody wakes it."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__("waits")
        self.seconds = seconds


class Stop(Exception):
    """The turn ends in a state that people must see; the state was recorded."""


@dataclass(frozen=True)
class Turn:
    """What a worker that holds the lease of a change may do to it; `record` raises `FencedOutError` once it lost it."""

    number: int
    fence: int
    account: Account
    store: ChangeStore
    ledger: RunLedger
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    freezes: Freezes
    patience: Patience = PATIENCE
    masked: Callable[[str], str] = str
    """Hides the secrets of the plan in words of Twilio's that repeat them."""

    async def change(self) -> Change:
        """The change as it stands."""
        change = await self.store.load(self.number)
        if change is None:
            raise Stop(f"#{self.number} is gone")
        return change

    async def record(self, step: str, run: StepRun, what: str = "", detail: str = "") -> None:
        """Write down how far a step is."""
        event = self._event(step, what, detail) if what else None
        await self.ledger.record(self.number, self.fence, step, self._sealed(run), event)

    async def end_step(
        self, step: str, run: StepRun, to: State, what: str, note: str, **fields: str | float
    ) -> NoReturn:
        """Write down how a step ended and move the change with it, in one script, and end the turn.

        A worker that died between the two would leave a running change behind, whose next turn sent the call again.
        """
        await self._record(step, run, to, what, note, note, **fields)
        raise Stop(to)

    async def pause_step(self, step: str, run: StepRun, what: str, detail: str, note: str) -> None:
        """Write down that the change waits at a step."""
        await self._record(step, run, "waiting", what, detail, note)

    async def resume_step(self, step: str, run: StepRun, what: str, detail: str) -> None:
        """Write down that the step is over at which the change waited, and that it runs again, in one script.

        A worker that died between the two would leave a change that seems to wait, and may be abandoned, as it sends.
        """
        await self._record(step, run, "running", what, detail, "")

    async def _record(
        self, step: str, run: StepRun, to: State, what: str, detail: str, note: str, **fields: str | float
    ) -> None:
        event, said = self._event(step, what, detail, to), self.store.sealer.text(self.masked(note))
        await self.ledger.record(self.number, self.fence, step, self._sealed(run), event, to=to, note=said, **fields)

    def _event(self, step: str, what: str, detail: str, to: str = "") -> Event:
        event = Event(at=self.clock(), what=what, detail=self.masked(detail), to=to, step=step)
        return self.store.sealer.event(event)

    def _sealed(self, run: StepRun) -> StepRun:
        return self.store.sealer.run(run.model_copy(update={"error": self.masked(run.error)}))

    async def move(self, to: State, what: str = "", note: str = "", *, step: str = "") -> None:
        """Move the change on; a no-op when it is elsewhere by now. `step` is the one that it is about."""
        note = self.masked(note)
        event = Event(at=self.clock(), what=what, detail=note, step=step) if what else None
        expected: list[State] = ["approved", "running", "waiting"]
        await self.store.move(self.number, expected, to, event, fence=self.fence, note=note)

    async def end(self, to: State, what: str, note: str) -> NoReturn:
        """Move the change to a state that people must see, and end the turn."""
        await self.move(to, what, note)
        raise Stop(to)

    async def stale(self, plan: Plan, note: str) -> NoReturn:
        """The world has moved since the approval: show the new plan, with the full time to ask, and end the turn."""
        now = self.clock()
        event = Event(at=now, what="became stale", detail=note)
        await self.store.restate(self.number, plan, event, note, self.fence, expires_at=now + PENDING_SECONDS)
        raise Stop("stale")

    async def admitted(self, lane: Lane) -> None:
        """Wait until the next call of this lane may be sent; when that takes long, the turn ends until then."""
        if left := await self.account.admitted(lane, self.sleep, LONGEST_PAUSE):
            why = "Twilio takes only so many calls of this account at a time."
            await self.rest(left, "the account is paced", f"{why} Going on by itself in about {round(left)} seconds.")

    async def frozen(self) -> Freeze | None:
        """What stops the calls to this account now, or None."""
        return await self.freezes.of(self.account.sid)

    async def hold(self, freeze: Freeze) -> NoReturn:
        """End the turn until the freeze is over: lifting it wakes the run, and each sweep looks.

        The timeline tells of it once; what is said of it now is drawn from the freeze itself.
        """
        change, why = await self.change(), frozen_words(freeze)
        told = next((e for e in reversed(change.timeline) if e.what == HELD), None)
        if told is None or told.detail != why:
            event = Event(at=self.clock(), what=HELD, detail=why)
            states: list[State] = ["approved", "running"]
            await self.store.move(self.number, states, change.state, event, fence=self.fence)
        raise Dozing(None)

    async def put_off(self, fault: TwilioFault) -> NoReturn:
        """Say why the run waits, and end the turn until later."""
        seconds = fault.retry_after if isinstance(fault, Throttled) and fault.retry_after else self.patience.retry_after
        await self.rest(seconds, str(fault), f"{fault}. Trying again by itself.")

    async def rest(self, seconds: float, why: str, note: str) -> NoReturn:
        """End the turn for `seconds`. People read `note`; `why` is logged. Neither holds a secret of the plan."""
        change = await self.change()
        if change.note != self.masked(note):  # what says the same is no news: its card would be drawn again for nothing
            await self.move(change.state, note=note)
        raise Later(seconds, self.masked(why))
