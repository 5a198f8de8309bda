"""Runs an approved change, step by step, so that each approved call is sent at most once (design, section 6)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from bot.catalog.operation import CannotPlanError, Catalog, Context
from bot.changes.change import Change
from bot.changes.store import ChangeStore
from bot.plans.finding import blocking
from bot.plans.plan import Watch
from bot.plans.step import CallStep
from bot.ports import Notifier
from bot.redis.renewal import renewed
from bot.runs.calls import perform
from bot.runs.difference import in_words
from bot.runs.ledger import FencedOutError, RunLedger
from bot.runs.patience import PATIENCE, Patience
from bot.runs.turn import Later, Stop, Turn
from bot.twilio.faults import Refused, TwilioFault, UnknownAccount
from bot.twilio.gateway import Account

BROKEN_SECONDS = 60.0
"""How long a run rests after a failure that nobody foresaw."""

log = structlog.get_logger()


class Followers(Protocol):
    """Where a finished step's registrations go to be followed."""

    async def follow(self, change: Change, watch: Watch, results: dict[str, dict[str, Any]]) -> None:
        """Start (or revive) the watch of a registration; repeating it is harmless."""


class Runner:
    """Executes changes. Any number of workers may try the same one: the lease lets one through, the fence guards it."""

    def __init__(
        self,
        store: ChangeStore,
        ledger: RunLedger,
        account: Callable[[str], Account],
        catalog: Catalog,
        followers: Followers,
        notifier: Notifier,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: Patience = PATIENCE,
    ) -> None:
        self._store, self._ledger, self._account, self._catalog = store, ledger, account, catalog
        self._followers, self._notifier = followers, notifier
        self._clock, self._sleep, self._patience = clock, sleep, patience

    async def run(self, number: int) -> float | None:
        """Take the change as far as it goes now. Returns seconds after which to call again, or None when done here."""
        change = await self._store.load(number)
        fence = await self._ledger.take(number) if change else None
        if change is None or fence is None:
            return None
        resting = 0.0
        try:
            account = self._account(change.plan.account)
            turn = Turn(number, fence, account, self._store, self._ledger, self._clock, self._sleep, self._patience)
            # losing the lease ends the turn, as another worker goes on
            async with renewed(lambda: self._ledger.renew(number, fence), self._ledger.lease_seconds / 3, f"#{number}"):
                await self._take(turn)
        except Later as later:
            log.info("run_put_off", change=number, seconds=later.seconds, why=str(later))
            resting = later.seconds
        except (FencedOutError, Stop) as end:
            log.info("run_turn_ended", change=number, why=str(end))
        except Exception as error:
            # nobody foresaw it, so nothing is known but that the next step has not been sent: say so, and try again
            log.error("run_broke", change=number, error=type(error).__name__, exc_info=error)
            why = str(error) if isinstance(error, UnknownAccount) else f"{type(error).__name__}, see the log"
            note = f"The run was interrupted ({why}). Trying again by itself."
            await self._tell_of_trouble(number, fence, note)
            resting = BROKEN_SECONDS
        finally:
            await self._ledger.release(number, fence, resting)
            await self._notifier.change_moved(number)
        return resting or None

    async def _tell_of_trouble(self, number: int, fence: int, note: str) -> None:
        change = await self._store.load(number)
        if change:
            await self._store.move(number, [change.state], change.state, fence=fence, note=note)

    async def _take(self, turn: Turn) -> None:
        change = await turn.change()
        if not change.begun:
            await self._check_still_the_same(turn, change)
        await turn.move("running", "started" if change.state == "approved" else "")
        for step in change.plan.steps:
            change = await turn.change()
            if change.steps.get(step.id) is None or change.steps[step.id].state != "done":
                if not isinstance(step, CallStep):
                    await turn.end("failed", "failed", f"This version of Tenfour cannot run the step “{step.title}”.")
                await self._notifier.change_moved(turn.number)
                await perform(turn, change, step)
            await self._follow(turn, step.id)
        await turn.move("succeeded", "finished")

    async def _check_still_the_same(self, turn: Turn, change: Change) -> None:
        """What was approved must be what would be planned now; otherwise people are asked again."""
        operation = self._catalog[change.operation]
        context = Context(account=turn.account, token=change.token)
        try:
            fresh = await operation.plan(operation.form.model_validate(change.inputs), context)
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
            if watch.step == step_id:
                await self._followers.follow(change, watch, change.results)
