"""The life of a change until it is approved: asked for, decided, withdrawn, expired."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import structlog
from redis.exceptions import RedisError

from bot.changes.change import Change, Decision, Event, GroupNeed, Requirement, State, Verb
from bot.changes.people import Directory
from bot.changes.policy import EVERYONE, Group, Policy, Verdict, impossible, judge
from bot.changes.store import ChangeStore
from bot.plans.finding import blocking
from bot.plans.plan import Plan
from bot.plans.values import Value
from bot.ports import Engine, Notifier

PENDING_SECONDS = 7 * 86400.0
PART_PENDING_SECONDS = 30 * 86400.0
"""How long the next part of a change that is under way may wait for its approval."""
NAMED = 8
"""How many possible approvers a refusal names."""


log = structlog.get_logger()


class Refusal(Exception):
    """Something may not be done; the text tells the person why and what to do next."""


class Request(Value):
    """What somebody asks for: a previewed draft."""

    draft: str
    requester: str
    team: str
    channel: str
    operation: str
    token: str
    inputs: dict[str, Any]
    plan: Plan


class Changes:
    """Asks policy, stores changes, takes decisions. Every refusal is a `Refusal` with words for the person."""

    def __init__(
        self,
        store: ChangeStore,
        policy: Policy,
        directory: Directory,
        notifier: Notifier,
        engine: Engine,
        clock: Callable[[], float],
    ) -> None:
        self.store = store
        self._policy, self._directory, self._notifier = policy, directory, notifier
        self._engine, self._clock = engine, clock

    @property
    def asking_groups(self) -> dict[str, Group]:
        """The groups on which it depends who may ask for what, by name."""
        named = {name for rule in self._policy.rules for name in rule.requesters} - {EVERYONE}
        return {name: self._policy.groups[name] for name in sorted(named)}

    async def verdict(self, user: str, operation: str, *, fresh: bool = False) -> Verdict:
        """Whether this person may ask for this operation. Raises `Refusal` for guests and strangers."""
        person = await self._directory.person(user, fresh=fresh)
        if person.bar:
            raise Refusal(f"{person.bar} Ask a full member of this workspace to request it.")
        askers = self.asking_groups
        groups = {g for g in askers if user in await self._directory.members(askers[g], fresh=fresh)}
        return judge(self._policy, operation, groups | {EVERYONE})

    async def allowed(self, user: str, operations: Iterable[str]) -> dict[str, str]:
        """Operation name -> "" when this person may ask for it, or the rule or the reason that says no."""
        answers = {}
        for operation in operations:
            try:
                verdict = await self.verdict(user, operation)
                answers[operation] = "" if verdict.allowed else verdict.rule
            except Refusal as no:
                answers[operation] = str(no)
        return answers

    async def request(self, request: Request) -> Change:
        """Store what was asked for as a pending change; asking twice for one draft gives one change."""
        if request.plan.findings and (stops := blocking(request.plan.findings)):
            raise Refusal("This cannot be requested: " + "; ".join(f"{f.text} {f.fix}" for f in stops))
        verdict = await self.verdict(request.requester, request.operation, fresh=True)
        if not verdict.allowed or verdict.requirement is None:
            raise Refusal(f"You may not ask for {request.operation} (policy: {verdict.rule}).")
        await self._reachable(verdict.requirement, request.requester)
        now = self._clock()
        free = not verdict.requirement.groups
        number = await self.store.number_for(request.draft)
        change = Change(
            number=number,
            state="approved" if free else "pending",
            version=1,
            requester=request.requester,
            team=request.team,
            channel=request.channel,
            operation=request.operation,
            token=request.token,
            inputs=request.inputs,
            plan=request.plan,
            requirement=verdict.requirement,
            created_at=now,
            expires_at=now + PENDING_SECONDS,
            timeline=(Event(at=now, who=request.requester, what="asked", detail=f"rule: {verdict.rule}"),),
        )
        if not await self.store.create(change):
            change = await self._known(number)  # what this draft became when it was first requested
            if change.plan.digest != request.plan.digest:
                raise Refusal(
                    f"This form was requested already, as #{number}, with another plan. Withdraw #{number} if that is "
                    "not what you want, and fill in the form afresh."
                )
        await self._moved(number, change.state)
        return change

    async def decide(self, number: int, user: str, verb: Verb, digest: str, reason: str = "") -> State:
        """Take one person's decision. Returns the state after it; raises `Refusal`."""
        change = await self._known(number)
        if change.requester == user:
            raise Refusal(f"You asked for #{number}, so somebody else must decide. {await self._who_can(change)}")
        if verb == "reject" and not reason.strip():
            raise Refusal("A rejection needs a reason: it is what the requester has to go on.")
        groups = await self._spoken_for(change.requirement, user)
        decision = Decision(
            user=user, verb=verb, digest=digest, at=self._clock(), reason=reason.strip(), groups=tuple(groups)
        )
        outcome, state = await self.store.decide(number, decision)
        if outcome != "recorded" or state is None:
            raise Refusal(await self._why_not(outcome, number))
        await self._moved(number, state)
        return state

    async def cancel(self, number: int, user: str) -> None:
        """Withdraw a change that has not started. Only its requester may."""
        change = await self._known(number)
        if change.requester != user:
            raise Refusal(f"Only <@{change.requester}>, who asked for #{number}, can withdraw it. You can reject it.")
        event = Event(at=self._clock(), who=user, what="withdrew it")
        if not await self.store.move(number, ["pending", "stale"], "cancelled", event):
            raise Refusal(f"#{number} can no longer be withdrawn: it is {(await self._known(number)).called}.")
        await self._notifier.change_moved(number)

    async def ask_again(self, number: int, user: str) -> None:
        """Ask for approval of the new plan of a stale change."""
        change = await self._known(number)
        if change.requester != user:
            raise Refusal(f"Only <@{change.requester}>, who asked for #{number}, can ask again.")
        if bar := (await self._directory.person(user, fresh=True)).bar:
            raise Refusal(bar)
        await self._reachable(change.requirement, user)
        now = self._clock()
        event = Event(at=now, who=user, what="asked again for the new plan")
        to: State = "pending" if change.requirement.groups else "approved"
        if not await self.store.move(number, ["stale"], to, event, expires_at=now + PENDING_SECONDS, note=""):
            raise Refusal(f"#{number} is {(await self._known(number)).called}, not out of date.")
        await self._moved(number, to)

    async def expire(self, change: Change) -> bool:
        """End a change that nobody decided or settled in time; False when there is time, or it was moved meanwhile."""
        to = change.lapsed(self._clock())
        if to is None:
            return False
        event = Event(at=self._clock(), what=_LAPSED[to])
        # from the very state that was looked at: a stale change may be pending again, with new time, by now
        moved = await self.store.move(change.number, [change.state], to, event)
        if moved:
            await self._notifier.change_moved(change.number)
        return moved

    async def may_decide(self, change: Change, user: str, *, fresh: bool = False) -> bool:
        """Whether this person's approval would count for the change; may be some minutes old unless `fresh`."""
        if change.requester == user or (await self._directory.person(user, fresh=fresh)).bar:
            return False
        groups = [self._policy.groups[n.group] for n in change.requirement.groups if n.group in self._policy.groups]
        return any([user in await self._directory.members(group, fresh=fresh) for group in groups])

    async def approvers(self) -> set[str]:
        """Everybody whose approval some rule asks for; may be some minutes old."""
        named = {group for rule in self._policy.rules for group in rule.approvals}
        members = [await self._directory.members(self._policy.groups[group]) for group in named]
        return {user for group in members for user in group}

    async def concerns(self, number: int, user: str, *, requester: bool) -> bool:
        """Whether this person may approve the change, or (with `requester`) asked for it: they settle a stopped run.

        Freshly read, as a decision is: whoever has left the group, or has become a guest, moves nothing on.
        """
        change = await self._known(number)
        if requester and change.requester == user:
            return not (await self._directory.person(user, fresh=True)).bar
        return await self.may_decide(change, user, fresh=True)

    async def needs_approval(self, number: int) -> bool:
        """Whether it takes anybody's approval: where it takes none, its requester alone is answerable for it."""
        return bool((await self._known(number)).requirement.groups)

    async def who_settles(self, number: int, *, requester: bool) -> str:
        """To somebody whom it does not concern: who may settle it instead; with `requester` whoever asked may too."""
        change = await self._known(number)
        asker = f"<@{change.requester}>, who asked for it" if requester else ""
        groups = [f"{need.label} ({await self._names(change, need)})" for need in change.requirement.groups]
        who = " or ".join(filter(None, [asker, *groups]))
        which = "asked for it or may approve it" if requester else "may approve it"
        return f"Only people who {which} can settle #{number} this way: {who}."

    async def _moved(self, number: int, state: State) -> None:
        await self._notifier.change_moved(number)
        if state == "approved":
            try:
                await self._engine.start_run(number)
            except RedisError as error:  # what was decided stands; the sweep starts the run
                log.warning("start_left_to_sweep", change=number, why=type(error).__name__)

    async def _reachable(self, requirement: Requirement, requester: str) -> None:
        members = {
            need.group: await self._able(need.group, requester, need.need, fresh=True) for need in requirement.groups
        }
        if why := impossible(requirement, members, requester):
            raise Refusal(f"Nobody could approve this: {why}. Add somebody to the group, or change the policy.")

    async def _able(self, name: str, requester: str, enough: int, *, fresh: bool = False) -> list[str]:
        """People of a group whose approval would count, in order; at most `enough`, as each costs a look."""
        group = self._policy.groups.get(name)
        able: list[str] = []
        for user in sorted(await self._directory.members(group, fresh=fresh) - {requester}) if group else ():
            if not (await self._directory.person(user)).bar:
                able.append(user)
            if len(able) == enough:
                break
        return able

    async def _spoken_for(self, requirement: Requirement, user: str) -> list[str]:
        """The groups of the requirement that this person is in, freshly read; none for guests and strangers."""
        if (person := await self._directory.person(user, fresh=True)).bar:
            raise Refusal(f"{person.bar} Guests and people of other workspaces decide nothing here.")
        return [
            need.group
            for need in requirement.groups
            if need.group in self._policy.groups
            and user in await self._directory.members(self._policy.groups[need.group], fresh=True)
        ]

    async def _known(self, number: int) -> Change:
        change = await self.store.load(number)
        if change is None:
            raise Refusal(f"There is no change #{number}.")
        return change

    async def _who_can(self, change: Change) -> str:
        needs = change.requirement.groups
        names = [f"{need.need} of {need.label} ({await self._names(change, need)})" for need in needs]
        return f"It takes {' and '.join(names)} (rule “{change.requirement.rule}”)."

    async def _names(self, change: Change, need: GroupNeed) -> str:
        able = await self._able(need.group, change.requester, NAMED + 1)
        shown = ", ".join(f"<@{u}>" for u in able[:NAMED]) + (" and others" if len(able) > NAMED else "")
        return shown or "nobody at the moment"

    async def _why_not(self, outcome: str, number: int) -> str:
        change = await self._known(number)
        by = ", ".join(f"<@{d.user}>, {_when(d.at)}" for d in change.decisions) or "nobody"
        return {
            "settled": f"#{number} is already {change.called} (decided by {by}).",
            "expired": f"#{number} has expired. Ask <@{change.requester}> to request it again.",
            "outdated": f"This card shows an older plan of #{number}. Look at the new one, then decide.",
            "own": f"You asked for #{number}, so somebody else must decide.",
            "already": f"You have already decided on #{number}. {await self._who_can(change)}",
            "ineligible": f"You cannot decide on #{number}. {await self._who_can(change)}",
        }.get(outcome, f"#{number} could not be decided ({outcome}).")


def _when(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


_LAPSED: Mapping[State, str] = MappingProxyType(
    {
        "expired": "expired: nobody decided in time",
        "abandoned": "abandoned: nobody settled it in 30 days",
    }
)
