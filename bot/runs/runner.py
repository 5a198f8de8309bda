"""Runs an approved change, step by step, so that each approved call is sent at most once (design, section 6)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, assert_never

import structlog

from bot.catalog.form import parse
from bot.catalog.operation import CannotPlanError, Catalog, Context
from bot.changes.authority import Authority
from bot.changes.change import Change, StepRun
from bot.changes.freezes import Freezes
from bot.changes.store import ChangeStore
from bot.logs import bound
from bot.plans.difference import in_words
from bot.plans.finding import blocking
from bot.plans.step import ApprovalStep, CallStep, GivenStep, ManualStep, Step, WaitStep, Watch
from bot.ports import Notifier
from bot.redis.renewal import renewed
from bot.runs import pauses
from bot.runs.calls import perform
from bot.runs.ledger import FencedOutError, RunLedger
from bot.runs.patience import PATIENCE, Patience
from bot.runs.pauses import Waits, missed
from bot.runs.shares import Shares
from bot.runs.turn import Dozing, Later, Stop, Turn
from bot.twilio.faults import Refused, TwilioFault, UnknownAccount
from bot.twilio.gateway import Account
from bot.watching.observer import NOBODY, Observer

log = structlog.get_logger()


class Followers(Waits, Protocol):
    """Where a finished step's registrations go to be followed."""

    async def follow(self, change: Change, watch: Watch, results: dict[str, dict[str, Any]]) -> None:
        """Start (or revive) the watch of a registration; repeating it is harmless."""

    async def end(self, change: Change, watch: Watch) -> None:
        """A registration is over, as this change wanted; repeating it is harmless."""


class Runner:
    """Executes changes. Any number of workers may try the same one: the lease lets one through, the fence guards it."""

    def __init__(
        self,
        store: ChangeStore,
        ledger: RunLedger,
        account: Callable[[str], Account],
        catalog: Catalog,
        authority: Authority,
        freezes: Freezes,
        followers: Followers,
        notifier: Notifier,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: Patience = PATIENCE,
        shares: Shares | None = None,
        observer: Observer = NOBODY,
    ) -> None:
        self._observer = observer
        self._shares = shares or Shares()
        self._store, self._ledger, self._account, self._catalog = store, ledger, account, catalog
        self._authority, self._freezes = authority, freezes
        self._followers, self._notifier = followers, notifier
        self._clock, self._sleep, self._patience = clock, sleep, patience

    async def run(self, number: int) -> float | None:
        """Take the change as far as it goes now. Returns seconds after which to call again, or None when done here.

        One for which there is no place now is left: whoever gives the next place back starts it (`next_waiting`).
        """
        change = None if self._shares.waits(number) else await self._store.load(number)
        if change is None:
            return None
        async with self._shares.place(change.plan.account, number) as ours:
            with bound(change=number, account=change.plan.account):
                return await self._take_turn(change) if ours else None

    def next_waiting(self) -> int | None:
        """A change whose run was left for want of a place, and has one now; to be started by whoever ends a run."""
        return self._shares.next()

    async def _take_turn(self, change: Change) -> float | None:
        number = change.number
        fence = await self._ledger.take(number)
        if fence is None:
            return None
        resting, outcome = 0.0, "broke"
        try:
            account = self._account(change.plan.account)
            turn = Turn(
                number,
                fence,
                account,
                self._store,
                self._ledger,
                self._clock,
                self._sleep,
                self._freezes,
                self._patience,
                change.plan.masked,
            )
            # losing the lease ends the turn, as another worker goes on
            async with renewed(lambda: self._ledger.renew(number, fence), self._ledger.lease_seconds / 3, f"#{number}"):
                await self._take(turn)
            outcome = "succeeded"
        except Later as later:
            outcome = "put_off"
            log.info("run_put_off", change=number, seconds=later.seconds, why=str(later))
            resting = later.seconds
        except Dozing as dozing:
            outcome = "dozing"
            # without the lease: what is waited for, or a person, may wake it at any time
            return dozing.seconds
        except (FencedOutError, Stop) as end:
            outcome = "fenced_out" if isinstance(end, FencedOutError) else str(end)
            log.info("run_turn_ended", change=number, why=str(end))
        except Exception as error:
            # nobody foresaw it, so nothing is known but that the next step has not been sent: say so, and try again
            log.error("run_broke", change=number, error=type(error).__name__, exc_info=error)
            why = str(error) if isinstance(error, UnknownAccount) else f"{type(error).__name__}, see the log"
            note = f"The run was interrupted ({why}). Trying again by itself."
            await self._tell_of_trouble(number, fence, note)
            resting = self._patience.broken_after
        finally:
            self._observer.ran(outcome)
            log.info("run_turn", change=number, outcome=outcome)
            await self._ledger.release(number, fence, resting)
            await self._notifier.change_moved(number)
        return resting or None

    async def _tell_of_trouble(self, number: int, fence: int, note: str) -> None:
        change = await self._store.load(number)
        if change:
            await self._store.move(number, [change.state], change.state, fence=fence, note=note)

    async def _take(self, turn: Turn) -> None:
        change = await turn.change()
        checked = change.begun
        if change.state == "approved":
            await self._thawed(turn)
        if change.state == "approved" and not checked:
            await self._check_still_the_same(turn, change)
            checked = True
        if change.state == "approved" or (change.state == "running" and change.note):
            # one that runs and has nothing to say is left as it is: its card would be drawn again for nothing
            await turn.move("running", "started" if change.state == "approved" else "")
            if done := [s.id for s in change.plan.steps if s.id in change.results]:
                # a crash may have come between the end of the last one and this
                await self._follow(turn, done[-1])
        while (step := (change := await turn.change()).at) is not None:
            if isinstance(step, CallStep) and not change.begun and not checked:
                # it may have waited for weeks before its first call
                await self._check_still_the_same(turn, change)
                checked = True
            await self._notifier.change_moved(turn.number)
            await self._do(turn, change, step)
            await self._follow(turn, step.id)
        skipped = sum(1 for run in change.steps.values() if run.state == "skipped")
        await turn.move("succeeded", f"finished, {skipped} skipped" if skipped else "finished")

    async def _do(self, turn: Turn, change: Change, step: Step) -> None:
        """Bring one step to its end, or end the turn."""
        if missing := missed(step, change):
            run = StepRun(state="skipped", attempt=0, at=turn.clock())
            await turn.record(step.id, run, "skipped", f"{step.title}: there is nothing without “{missing[0]}”")
            return
        match step:
            case CallStep():
                if step.call.method != "GET" and not _in_flight(change, step):
                    await self._thawed(turn)
                if (left := _settles_at(change) - turn.clock()) > 0:
                    await turn.sleep(left)
                await perform(turn, change, step)
            case WaitStep():
                await pauses.wait(turn, self._followers, change, step)
            case ManualStep():
                await pauses.manual(turn, change, step)
            case ApprovalStep():
                await pauses.approval(turn, self._authority, change, step)
            case GivenStep():
                await pauses.given(turn, step)
            case _:
                assert_never(step)

    async def _thawed(self, turn: Turn) -> None:
        """Go on only where nobody has stopped the calls to this account: else end the turn."""
        if freeze := await turn.frozen():
            await turn.hold(freeze)

    async def _check_still_the_same(self, turn: Turn, change: Change) -> None:
        """What was approved must be what would be planned now; otherwise people are asked again."""
        operation = self._catalog[change.operation]
        context = Context(account=turn.account, token=change.token)
        try:
            fresh = await operation.planned(parse(operation.form, change.inputs), context)
        except CannotPlanError as error:
            await turn.end("failed", "failed", f"It can no longer be done: {error}")
        except Refused as fault:
            await turn.end("failed", "refused by Twilio", str(fault))
        except TwilioFault as fault:
            await turn.put_off(fault)
        if stops := blocking(fresh.findings):
            await turn.end("failed", "failed", "; ".join(f"{f.text} {f.fix}" for f in stops))
        if fresh.digest != change.plan.digest:
            await turn.stale(fresh, in_words(change.plan, fresh))

    async def _follow(self, turn: Turn, step_id: str) -> None:
        change = await turn.change()
        for watch in change.plan.watches:
            if watch.step == step_id and step_id in change.results:
                await self._followers.follow(change, watch, change.results)
        step = next(s for s in change.plan.steps if s.id == step_id)
        if isinstance(step, CallStep) and step.ends and step_id in change.results:
            await self._followers.end(change, step.ends)


def _in_flight(change: Change, step: CallStep) -> bool:
    """Whether a call of this step may have reached Twilio: what became of it is found out also in a freeze."""
    run = change.steps.get(step.id)
    return run is not None and run.state in ("attempting", "unknown")


def _settles_at(change: Change) -> float:
    """When the calls that were done have settled at Twilio (epoch seconds)."""
    steps = (s for s in change.plan.steps if isinstance(s, CallStep) and s.settle_seconds and s.id in change.results)
    return max((change.steps[s.id].at + s.settle_seconds for s in steps), default=0.0)
