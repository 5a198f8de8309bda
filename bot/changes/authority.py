"""Who may ask, decide and do what else, as policy and Slack say now: people and rules brought together."""

import asyncio
from collections.abc import Iterable

from pydantic import Field

from bot.changes.ballot import Ballot
from bot.changes.budget import Budget, price_of
from bot.changes.change import Change, Decision
from bot.changes.delegations import Delegations
from bot.changes.people import Directory
from bot.changes.refusal import Refusal
from bot.changes.roster import NAMED, Roster
from bot.plans.plan import Plan
from bot.plans.values import Value
from bot.policy.file import Rulebook
from bot.policy.judge import impossible, judge
from bot.policy.policy import EVERYONE, Group, Policy, Right
from bot.policy.verdict import Asked, GroupNeed, Requirement, Verdict


class Applicant(Value):
    """Who asks for a plan, and where."""

    user: str
    channel: str
    operation: str


def applicant_of(change: Change) -> Applicant:
    """Who asked for a change, and where."""
    return Applicant(user=change.requester, channel=change.channel, operation=change.operation)


class Standing(Value):
    """What one `user` is to a change that waits for approval.

    `bar` says why they take no part in anything ("" for full members), `own` that they asked for it and may not be
    their own approver. `seats` maps the groups that they speak for to whose seat it is; `decision` is what they have
    said already about the part that is to be decided.
    """

    user: str
    bar: str = ""
    own: bool = False
    seats: dict[str, str] = Field(default_factory=dict)
    decision: Decision | None = None

    @property
    def counts(self) -> bool:
        """Whether their approval would count, or does already."""
        return bool(self.seats) and not self.own and not self.bar


class Authority:
    """Answers from the policy in force and from Slack, some minutes old at most unless `fresh`.

    Every refusal is a `Refusal` with words for the person; every answer names the rule that gave it.
    """

    def __init__(self, rulebook: Rulebook, directory: Directory, delegations: Delegations, budget: Budget) -> None:
        self.rulebook = rulebook
        self._directory, self._delegations, self._budget = directory, delegations, budget
        self.roster = Roster(rulebook, directory, delegations)

    @property
    def policy(self) -> Policy:
        """The rules in force."""
        return self.rulebook.policy

    @property
    def asking_groups(self) -> dict[str, Group]:
        """The groups on which it depends who may ask for what, by name."""
        return {name: self.policy.groups[name] for name in sorted(self.policy.asking)}

    # --- who may ask

    async def verdict(self, user: str, asked: Asked, *, fresh: bool = False) -> Verdict:
        """Whether this person may ask for this. Raises `Refusal` for guests and strangers."""
        person = await self._directory.person(user, fresh=fresh)
        if person.bar:
            raise Refusal(f"{person.bar} Ask a full member of this workspace to request it.")
        return await self._by_the_rules(user, asked, fresh=fresh)

    async def allowed(self, user: str, operations: Iterable[str]) -> dict[str, str]:
        """Operation name -> "" when this person may ask for it, or the rule or the reason that says no."""
        answers = {}
        for operation in operations:
            try:
                verdict = await self.verdict(user, Asked(operation=operation))
                answers[operation] = "" if verdict.allowed else verdict.rule
            except Refusal as no:
                answers[operation] = str(no)
        return answers

    async def required(self, number: int, applicant: Applicant, plan: Plan) -> Requirement:
        """What the first part of a change takes, freshly judged; its price counts from now on.

        Raises `Refusal` when it may not be asked for, or when nobody could approve it.
        """
        verdict = await self.verdict(applicant.user, await self._asked(number, applicant, plan, ""), fresh=True)
        if not verdict.allowed or verdict.requirement is None:
            raise Refusal(f"You may not ask for {applicant.operation} (policy: {verdict.rule}).")
        await self._reachable(verdict.requirement, applicant.user)
        return verdict.requirement

    async def required_now(self, change: Change, gate: str) -> Requirement:
        """What a part of a change that was asked for already takes by the policy in force; its price counts with it.

        What is denied by now takes an approval that nobody can give, until the policy is another one.
        """
        asked = await self._asked(change.number, applicant_of(change), change.plan, gate)
        left = (await self._directory.person(change.requester)).bar
        if left and gate == change.gate:  # what they asked for is judged as it was when they might
            return change.requirement.model_copy(update={"policy": self.policy.fingerprint})
        # not fresh: one new policy would ask Slack anew for each change that waits, and decisions are read freshly
        verdict = await self._by_the_rules(change.requester, asked, fresh=False)
        required = verdict.requirement
        if required is not None and (required.groups or not left):
            return required
        # nothing goes on without approval in the name of somebody who may not ask for it any more
        why = "whoever asked for it may not ask for anything now" if left else "the policy denies it now"
        nobody = GroupNeed(group="", label=f"nobody ({why})", need=1)
        return Requirement(rule=verdict.rule, groups=(nobody,), policy=self.policy.fingerprint)

    # --- who may decide

    async def seats(self, change: Change | Ballot, user: str) -> dict[str, str]:
        """The groups that this person speaks for on a change, freshly read, and whose seat it is in each.

        Empty for those who may not decide. Raises `Refusal` for guests and people of other workspaces.
        """
        # together: each is a round trip to Slack, and a click waits for all of them
        person, seats = await asyncio.gather(
            self._directory.person(user, fresh=True), self._seats(change, user, fresh=True)
        )
        if person.bar:
            raise Refusal(f"{person.bar} Guests and people of other workspaces decide nothing here.")
        return seats

    async def bar(self, user: str) -> str:
        """Why this person takes no part, freshly read; "" for full members."""
        return (await self._directory.person(user, fresh=True)).bar

    async def may_decide(self, change: Change, user: str, *, fresh: bool = False) -> bool:
        """Whether this person's approval would count for the change; may be some minutes old unless `fresh`."""
        return (await self.standing(change, user, fresh=fresh)).counts

    async def standing(self, change: Change, user: str, *, fresh: bool = False) -> Standing:
        """What this person may do about the change, and what speaks against it; some minutes old unless `fresh`."""
        own = change.requester == user and not change.requirement.self_approval
        said = (d for d in change.decisions if d.user == user and d.digest == change.digest and d.verb != "break_glass")
        decision = next(said, None)
        if bar := (await self._directory.person(user, fresh=fresh)).bar:
            return Standing(user=user, bar=bar, own=own, decision=decision)
        seats = {} if own else await self._seats(change, user, fresh=fresh)
        return Standing(user=user, own=own, seats=seats, decision=decision)

    async def concerns(self, change: Change, user: str, *, requester: bool) -> bool:
        """Whether this person may approve the change, or (with `requester`) asked for it: they settle a stopped run.

        Freshly read, as a decision is: whoever has left the group, or has become a guest, moves nothing on.
        """
        if requester and change.requester == user:
            return not await self.bar(user)
        return await self.may_decide(change, user, fresh=True)

    async def who_settles(self, change: Change, *, requester: bool) -> str:
        """To somebody whom it does not concern: who may settle it instead; with `requester` whoever asked may too."""
        asker = f"<@{change.requester}>, who asked for it" if requester else ""
        approvers = [f"<@{user}>" for user in await self.roster.concerned(change, NAMED)]
        who = " or ".join(filter(None, [asker, ", ".join(approvers)])) or "nobody at the moment"
        which = "asked for it or may approve it" if requester else "may approve it"
        return f"Only people who {which} can settle #{change.number} this way: {who}."

    async def has(self, user: str, right: Right, *, fresh: bool = True) -> bool:
        """Whether this person is a full member who has a right by policy."""
        if (await self._directory.person(user, fresh=fresh)).bar:
            return False
        holders = self.policy.holders(right)
        if EVERYONE in holders:
            return True
        return any([user in await self._directory.members(self.policy.groups[g], fresh=fresh) for g in sorted(holders)])

    async def holders(self, right: Right) -> str:
        """Who has a right, in words: for those who have it not."""
        names = [self.policy.groups[g].label or g for g in sorted(self.policy.holders(right)) if g != EVERYONE]
        return " or ".join(names) or "nobody"

    # --- how it is found out

    async def _asked(self, number: int, applicant: Applicant, plan: Plan, gate: str) -> Asked:
        return Asked(
            operation=applicant.operation,
            account=plan.account_name,
            channel=applicant.channel,
            usd=price_of(plan, gate),
            committed=await self._budget.hold(number, gate, plan),
        )

    async def _by_the_rules(self, user: str, asked: Asked, *, fresh: bool) -> Verdict:
        # one and the same policy, also when another comes into force while Slack is asked: a deny for a group that is
        # new in it must not be passed over
        policy, groups = self.policy, {EVERYONE}
        for name in sorted(policy.asking):
            if user in await self._directory.members(policy.groups[name], fresh=fresh):
                groups.add(name)
        return judge(policy, asked, groups)

    async def _seats(self, change: Change | Ballot, user: str, *, fresh: bool) -> dict[str, str]:
        own = change.requirement.self_approval
        standing, members = await asyncio.gather(
            self._delegations.standing(), self._members_of(change.requirement, fresh=fresh)
        )
        away = [d.user for d in standing if d.to == user]
        if away and not await self.has(user, "delegate_to", fresh=fresh):
            away = []  # the policy has let them when they were asked to stand in, and does not any more
        # nobody approves their own change by sending somebody else to their seat, and a seat goes with who has left
        absent = [a for a in away if own or a != change.requester]
        candidates = [user, *[a for a in absent if not (await self._directory.person(a, fresh=fresh)).bar]]
        seats = {}
        for need in change.requirement.groups:
            able = [c for c in candidates if c in members[need.group]]
            # of several absent members the one who has not been spoken for yet: a seat counts once
            taken = {d.seat(need.group) for d in change.approvals(need.group)}
            if seat := next((c for c in able if c == user or c not in taken), next(iter(able), None)):
                seats[need.group] = seat
        return seats

    async def _members_of(self, requirement: Requirement, *, fresh: bool) -> dict[str, frozenset[str]]:
        """Who is in each of the groups whose approval it takes; a group that the policy has no more has nobody."""
        names = [need.group for need in requirement.groups]
        return dict(zip(names, await asyncio.gather(*(self._members(n, fresh=fresh) for n in names)), strict=True))

    async def _members(self, name: str, *, fresh: bool) -> frozenset[str]:
        group = self.policy.groups.get(name)
        return await self._directory.members(group, fresh=fresh) if group else frozenset()

    async def _reachable(self, requirement: Requirement, requester: str) -> None:
        but = None if requirement.self_approval else requester
        members = {n.group: await self._able(n.group, but, n.need, fresh=True) for n in requirement.groups}
        if why := impossible(requirement, members, requester):
            raise Refusal(f"Nobody could approve this: {why}. Add somebody to the group, or change the policy.")

    async def _able(self, name: str, but: str | None, enough: int, *, fresh: bool = False) -> list[str]:
        able: list[str] = []
        for member in sorted(await self._members(name, fresh=fresh) - {but}):
            if not (await self._directory.person(member)).bar:
                able.append(member)
            if len(able) == enough:
                break
        return able
