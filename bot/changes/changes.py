"""The life of a change until it is approved: asked for, amended, decided, withdrawn, expired."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import structlog
from redis.exceptions import RedisError

from bot.changes.authority import Authority, applicant_of
from bot.changes.ballot import Ballot
from bot.changes.change import AMENDED, Change, Decision, Event, State, Verb
from bot.changes.freezes import ALL
from bot.changes.refusal import Refusal, when
from bot.changes.request import Request, amended, asking
from bot.changes.reviews import Reviews
from bot.changes.store import ChangeStore
from bot.logs import bound
from bot.plans.finding import blocking
from bot.ports import Engine, Notifier
from bot.watching.observer import NOBODY, Observer

log = structlog.get_logger()


async def _alone() -> bool:
    """Whether this process has the policy in force, where there is no other process."""
    return True


class Changes:
    """Asks the authority, stores changes, takes decisions. Every refusal is a `Refusal` with words for the person.

    `in_force` says whether this process has the policy that came into force last: while a new file reaches one replica
    after the other, those that are behind judge and decide nothing, or what waits would be judged to and fro.
    """

    def __init__(
        self,
        store: ChangeStore,
        authority: Authority,
        notifier: Notifier,
        engine: Engine,
        clock: Callable[[], float],
        in_force: Callable[[], Awaitable[bool]] = _alone,
        observer: Observer = NOBODY,
    ) -> None:
        self._observer = observer
        self.store, self.authority = store, authority
        self._notifier, self._engine, self._clock, self._in_force = notifier, engine, clock, in_force
        self.reviews = Reviews(store, authority, notifier, clock)

    async def request(self, request: Request) -> Change:
        """Store what was asked for as a pending change; asking twice for one draft gives one change."""
        if stops := blocking(request.plan.findings):
            raise Refusal("This cannot be requested: " + "; ".join(f"{f.text} {f.fix}" for f in stops))
        if request.amends:
            return await self._amend(request)
        number = await self.store.number_for(request.draft)
        if before := await self.store.load(number):
            # not judged anew: neither is it refused by now, nor does its price count as that of another plan or month
            return await self._asked_before(before, request)
        requirement = await self.authority.required(number, request.applicant, request.plan)
        now = self._clock()
        change = Change(
            number=number,
            state="pending" if requirement.groups else "approved",
            version=1,
            requester=request.requester,
            team=request.team,
            channel=request.channel,
            operation=request.operation,
            token=request.token,
            inputs=request.inputs,
            plan=request.plan,
            requirement=requirement,
            created_at=now,
            expires_at=now + self._pending_seconds,
            timeline=(asking("asked", request, requirement, now),),
        )
        if not await self.store.create(change):
            return await self._asked_before(await self.known(number), request)
        await self._moved(number, change.state)
        return change

    async def decide(
        self, number: int, user: str, verb: Verb, digest: str, reason: str = "", *, where: str = ""
    ) -> State:
        """Take one person's decision, by the policy in force. Returns the state after it; raises `Refusal`."""
        outcome = ""
        with bound(change=number):
            try:
                outcome = state = await self._decide(number, user, verb, digest, reason, where)
            except Refusal:
                outcome = "refused"
                raise
            finally:
                self._observer.decided(verb, outcome)
        return state

    async def _decide(self, number: int, user: str, verb: Verb, digest: str, reason: str, where: str) -> State:
        ballot = await self.store.ballot(number)
        while self._outdated(ballot):
            if not await self.judge_again(await self.known(number)) and not await self._in_force():
                raise Refusal(
                    f"The policy is being changed, so nothing was decided about #{number}. Try again in some seconds."
                )
            ballot = await self.store.ballot(number)  # also when somebody else was faster
        if verb == "break_glass":
            await self._may_break_glass(number, user)
        elif ballot.requester == user and not ballot.requirement.self_approval:
            who = await self.authority.roster.who_can(await self.known(number))
            raise Refusal(f"You asked for #{number}, so somebody else must decide. {who}")
        if verb != "approve" and not reason.strip():
            raise Refusal(_NEEDS_REASON[verb])
        seats = await self.authority.seats(ballot, user) if verb != "break_glass" else {}
        decision = Decision(
            user=user,
            verb=verb,
            digest=digest,
            at=self._clock(),
            reason=reason.strip(),
            groups=tuple(seats),
            seats={group: seat for group, seat in seats.items() if seat != user},
        )
        outcome, state = await self.store.decide(number, decision, ballot.requirement.rule, where)
        if outcome != "recorded" or state is None:
            raise Refusal(await self._why_not(outcome, number))
        await self._moved(number, state)
        return state

    async def cancel(self, number: int, user: str, *, where: str = "") -> None:
        """Withdraw a change that has not started. Only its requester may."""
        change = await self.known(number)
        if change.requester != user:
            raise Refusal(f"Only <@{change.requester}>, who asked for #{number}, can withdraw it. You can reject it.")
        event = Event(at=self._clock(), who=user, what="withdrew it", where=where)
        # an approved one may wait for the end of a freeze; one that has begun is not simply let go
        withdrawable: list[State] = ["pending", "stale"] if change.begun else ["pending", "stale", "approved"]
        if not await self.store.move(number, withdrawable, "cancelled", event, seen=change.version):
            now = await self.known(number)
            again = "changed in this moment. Look again, then withdraw it" if now.state in withdrawable else ""
            raise Refusal(f"#{number} {again or f'can no longer be withdrawn: it is {now.called}'}.")
        await self._notifier.change_moved(number)

    async def ask_again(self, number: int, user: str, digest: str = "", *, where: str = "") -> None:
        """Ask for approval of the new plan of a stale change; with `digest` only of that one, which they have seen."""
        change = await self.known(number)
        if change.requester != user:
            raise Refusal(f"Only <@{change.requester}>, who asked for #{number}, can ask again.")
        if change.state == "stale" and digest not in ("", change.digest):
            raise Refusal(f"This card shows an older plan of #{number}. Look at the new one, then ask again.")
        requirement = await self.authority.required(number, applicant_of(change), change.plan)
        now = self._clock()
        event = Event(
            at=now,
            who=user,
            what="asked again for the new plan",
            digest=change.plan.digest,
            rule=requirement.rule,
            where=where,
        )
        to: State = "pending" if requirement.groups else "approved"
        moved = await self.store.move(
            number,
            ["stale"],
            to,
            event,
            seen=change.version,
            expires_at=now + self._pending_seconds,
            note="",
            requirement=requirement.model_dump_json(),
        )
        if not moved:
            now_called = (await self.known(number)).called
            if change.state == "stale":
                raise Refusal(f"#{number} has moved in this moment, and is {now_called}. Look at its card again.")
            raise Refusal(f"#{number} is {now_called}, not out of date.")
        await self._moved(number, to)

    async def expire(self, change: Change) -> bool:
        """End a change that nobody decided or settled in time; False when there is time, or it was moved meanwhile."""
        to = change.lapsed(self._clock())
        if to is None:
            return False
        event = Event(at=self._clock(), what=_LAPSED[to])
        # as it was looked at: it may have been amended, or have come to its next part, and have new time by now
        moved = await self.store.move(change.number, [change.state], to, event, seen=change.version)
        if moved:
            await self._notifier.change_moved(change.number)
        return moved

    async def freeze_moved(self, account: str) -> None:
        """A freeze of this account (or of `ALL`) began or was lifted: draw what it concerns anew, and let it run."""
        async for change in self.store.unsettled():
            if account in (ALL, change.plan.account):
                await self._moved(change.number, "approved" if change.state == "running" else change.state)

    async def judge_again(self, change: Change) -> bool:
        """Hold a change that waits for approval against the policy in force, where that is another one by now.

        Approvals that were given count on. Returns whether anything about it has moved.
        """
        if not self._outdated(change) or not await self._in_force():
            return False
        new = await self.authority.required_now(change, change.gate)
        judged = change.model_copy(update={"requirement": new})
        other = new.asks != change.requirement.asks
        enough = other and not any(judged.missing(need) for need in new.groups)
        event = Event(
            at=self._clock(), what="judged anew: the policy was changed", detail=f"rule: {new.rule}", rule=new.rule
        )
        moved = await self.store.move(
            change.number,
            ["pending"],
            "approved" if enough else "pending",
            event if other else None,
            seen=change.version,
            requirement=new.model_dump_json(),
        )
        if moved:
            await self._moved(change.number, "approved" if enough else "pending")
        return moved

    def may_amend(self, change: Change) -> None:
        """Whether another plan may still take the place of its own. Raises `Refusal`."""
        if not change.amendable:
            begun = change.state in ("pending", "stale")
            now = "a part of it was let go on already" if begun else f"it is {change.called}"
            raise Refusal(f"#{change.number} can no longer be amended: {now}. Ask for a new change instead.")

    async def known(self, number: int) -> Change:
        """A change as it stands. Raises `Refusal` when there is none."""
        return await self.store.known(number)

    @property
    def _pending_seconds(self) -> float:
        return self.authority.policy.pending.expires_days * 86400

    async def _asked_before(self, change: Change, request: Request) -> Change:
        """What a draft became when it was first requested: before a crash, or by the first of two clicks."""
        if change.plan.digest != request.plan.digest:
            raise Refusal(
                f"This form was requested already, as #{change.number}, with another plan. Withdraw #{change.number} "
                "if that is not what you want, and fill in the form afresh."
            )
        await self._moved(change.number, change.state)
        return change

    def _outdated(self, change: Change | Ballot) -> bool:
        """Whether it waits for what another policy asks for."""
        return change.state == "pending" and change.requirement.policy != self.authority.policy.fingerprint

    async def _amend(self, request: Request) -> Change:
        """Put another plan in the place of one that waits: its decisions are void, and it keeps its number."""
        number = request.amends
        change = await self.known(number)
        if change.requester != request.requester:
            raise Refusal(f"Only <@{change.requester}>, who asked for #{number}, can amend it.")
        if change.operation != request.operation:
            raise Refusal(f"#{number} is about something else ({change.operation}). Ask for a new change instead.")
        if change.token == request.token:
            if change.plan.digest != request.plan.digest:
                raise Refusal(f"#{number} was amended with this form already, with another plan. Amend it once more.")
            # by this very draft, before a crash or by a second click
            await self._moved(number, change.state)
            return change
        self.may_amend(change)
        try:
            requirement = await self.authority.required(number, request.applicant, request.plan)
        except Refusal:
            await self.authority.required_now(change, "")  # its own price counts, not that of the amendment
            raise
        now = self._clock()
        moved = await self.store.amend(
            change,
            plan=request.plan,
            inputs=request.inputs,
            token=request.token,
            requirement=requirement,
            event=asking(AMENDED, request, requirement, now),
            note=amended(change, request),
            expires_at=now + self._pending_seconds,
        )
        if not moved:  # what somebody said of it in this moment is void too, as long as it has not let it go on
            change = await self.known(number)
            await self.authority.required_now(change, "")  # the first part's price, though it may be at its next by now
            return await self._amend(request)
        change = await self.known(number)
        await self._moved(number, change.state)
        return change

    async def _may_break_glass(self, number: int, user: str) -> None:
        if bar := await self.authority.bar(user):
            raise Refusal(f"{bar} Guests and people of other workspaces break no glass here.")
        if not await self.authority.has(user, "break_glass"):
            raise Refusal(
                f"You may not break glass: by policy that is for {await self.authority.holders('break_glass')}. "
                f"{await self.authority.roster.who_can(await self.known(number))}"
            )

    async def _moved(self, number: int, state: State) -> None:
        await self._notifier.change_moved(number)
        if state == "approved":
            try:
                await self._engine.start_run(number)
            except RedisError as error:  # what was decided stands; the sweep starts the run
                log.warning("start_left_to_sweep", change=number, why=type(error).__name__)

    async def _why_not(self, outcome: str, number: int) -> str:
        change = await self.known(number)
        by = ", ".join(f"<@{d.user}>, {when(d.at)}" for d in change.decisions) or "nobody"
        who = await self.authority.roster.who_can(change)
        return {
            "settled": f"#{number} is already {change.called} (decided by {by}).",
            "expired": f"#{number} has expired. Ask <@{change.requester}> to request it again.",
            "outdated": f"This card shows an older plan of #{number}. Look at the new one, then decide.",
            "own": f"You asked for #{number}, so somebody else must decide.",
            "already": f"You have already decided on #{number}. {who}",
            "ineligible": f"You cannot decide on #{number}. {who}",
            "denied": f"{who} Breaking glass passes over approvals, not over a rule that denies.",
        }.get(outcome, f"#{number} could not be decided ({outcome}).")


_NEEDS_REASON: Mapping[Verb, str] = MappingProxyType(
    {
        "reject": "A rejection needs a reason: it is what the requester has to go on.",
        "break_glass": "Breaking glass needs a reason: it is what those who review it have to go on.",
    }
)

_LAPSED: Mapping[State, str] = MappingProxyType(
    {
        "expired": "expired: nobody decided in time",
        "abandoned": "abandoned: nobody settled it in 30 days",
    }
)
