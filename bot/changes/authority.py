"""Who may ask, decide and do what else, as policy and Slack say now: people and rules brought together."""

from collections.abc import Iterable

from pydantic import Field

from bot.changes.budget import Budget, price_of
from bot.changes.change import Change, Decision, GroupNeed, Requirement
from bot.changes.delegations import Delegations
from bot.changes.people import Directory
from bot.changes.policy import EVERYONE, Asked, Group, Policy, Right, Verdict, impossible, judge
from bot.changes.policy_file import Rulebook
from bot.changes.refusal import Refusal
from bot.plans.plan import Plan
from bot.plans.values import Value

NAMED = 8
"""How many possible approvers a refusal names."""
PINGED = 15
"""How many people one message pings by name."""


class Applicant(Value):
    """Who asks for a plan, and where."""

    user: str
    channel: str
    operation: str


def applicant_of(change: Change) -> Applicant:
    """Who asked for a change, and where."""
    return Applicant(user=change.requester, channel=change.channel, operation=change.operation)


class Candidate(Value):
    """Somebody whose approval would count; `seat` is the absent member in whose place, or they themselves."""

    user: str
    seat: str

    @property
    def named(self) -> str:
        """As people read it: `@Bob for @Ann`; people are named as Slack mentions them."""
        return f"<@{self.user}>" if self.user == self.seat else f"<@{self.user}> for <@{self.seat}>"


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


class Pinged(Value):
    """Whom to call to a change that waits for them: Slack user groups, and people."""

    usergroups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


class Authority:
    """Answers from the policy in force and from Slack, some minutes old at most unless `fresh`.

    Every refusal is a `Refusal` with words for the person; every answer names the rule that gave it.
    """

    def __init__(self, rulebook: Rulebook, directory: Directory, delegations: Delegations, budget: Budget) -> None:
        self.rulebook = rulebook
        self._directory, self._delegations, self._budget = directory, delegations, budget

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
        askers = self.asking_groups
        groups = {g for g in askers if user in await self._directory.members(askers[g], fresh=fresh)}
        return judge(self.policy, asked, groups | {EVERYONE})

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
        verdict = await self._judged(number, applicant, plan, "", fresh=True)
        if not verdict.allowed or verdict.requirement is None:
            raise Refusal(f"You may not ask for {applicant.operation} (policy: {verdict.rule}).")
        await self._reachable(verdict.requirement, applicant.user)
        return verdict.requirement

    async def required_now(self, change: Change, gate: str) -> Requirement:
        """What a part of a change that was asked for already takes by the policy in force; its price counts with it.

        What is denied by now takes an approval that nobody can give, until the policy is another one.
        """
        try:
            # not fresh: one new policy would ask Slack anew for each change that waits, and decisions are read freshly
            verdict = await self._judged(change.number, applicant_of(change), change.plan, gate, fresh=False)
        except Refusal:  # whoever asked has left: what they asked for is judged as it was
            return change.requirement.model_copy(update={"policy": self.policy.fingerprint})
        if verdict.requirement is not None:
            return verdict.requirement
        nobody = GroupNeed(group="", label="nobody (the policy denies it now)", need=1)
        return Requirement(rule=verdict.rule, groups=(nobody,), policy=self.policy.fingerprint)

    # --- who may decide

    async def seats(self, change: Change, user: str) -> dict[str, str]:
        """The groups that this person speaks for on a change, freshly read, and whose seat it is in each.

        Empty for those who may not decide. Raises `Refusal` for guests and people of other workspaces.
        """
        if (person := await self._directory.person(user, fresh=True)).bar:
            raise Refusal(f"{person.bar} Guests and people of other workspaces decide nothing here.")
        return await self._seats(change, user, fresh=True)

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

    async def approvers(self, *, fresh: bool = False) -> set[str]:
        """Everybody whose approval some rule asks for; may be some minutes old unless `fresh`."""
        groups = [self.policy.groups[group] for group in sorted(self.policy.approving)]
        members = [await self._directory.members(group, fresh=fresh) for group in groups]
        return {user for group in members for user in group}

    async def able(self, need: GroupNeed, change: Change, enough: int = NAMED + 1) -> list[Candidate]:
        """People whose approval is still open and would count for one group, in order; at most `enough`.

        Whoever stands in for an absent member is named in their place.
        """
        but = {d.user for d in change.decisions if d.digest == change.digest}
        but |= {d.seat(need.group) for d in change.approvals(need.group)}
        if not change.requirement.self_approval:
            but |= {change.requester}
        group = self.policy.groups.get(need.group)
        members = await self._directory.members(group) if group else frozenset()
        away = {d.user: d.to for d in await self._delegations.standing()}
        found: dict[str, Candidate] = {}
        for member in sorted(members - but):
            if len(found) == enough:
                break
            deputy = away.get(member, member)
            # a deputy who is of the group themselves has their own seat, and nobody sits in for their own change
            candidate = member if deputy in members | but or await self._barred(deputy) else deputy
            if candidate not in found and not await self._barred(member):
                found[candidate] = Candidate(user=candidate, seat=member)
        return list(found.values())

    async def who_can(self, change: Change) -> str:
        """Whose approval it takes, in a sentence."""
        needs = [f"{n.need} of {n.label} ({await self.names(n, change)})" for n in change.requirement.groups]
        return f"It takes {' and '.join(needs)} (rule “{change.requirement.rule}”)."

    async def concerned(self, change: Change, most: int) -> list[str]:
        """Those of the groups whose approval a change takes, also the quiet ones, in order; at most `most`.

        Without those who take no part, and without whoever asked for it.
        """
        groups = [self.policy.groups[n.group] for n in change.requirement.groups if n.group in self.policy.groups]
        members = {user for group in groups for user in await self._directory.members(group)}
        found: list[str] = []
        for user in sorted(members - {change.requester}):
            if len(found) < most and not (await self._directory.person(user)).bar:
                found.append(user)
        return found

    async def names(self, need: GroupNeed, change: Change) -> str:
        """Who could approve for one group, with those who stand in for somebody."""
        able = await self.able(need, change)
        shown = ", ".join(c.named for c in able[:NAMED]) + (" and others" if len(able) > NAMED else "")
        return shown or "nobody at the moment"

    async def pinged(self, change: Change) -> Pinged:
        """Whom to call: those of the groups that are still short, but nobody who has decided, asked, or is quiet.

        Members of a channel are called by the card that stands in it, and never one by one.
        """
        short = [n for n in change.requirement.groups if change.missing(n) and n.group in self.policy.groups]
        groups = [self.policy.groups[n.group] for n in short]
        said = [d for d in change.decisions if d.digest == change.digest]
        spared = {user for group in groups for user in group.quiet}
        spared |= {d.user for d in said} | {seat for d in said for seat in d.seats.values()}
        own = set() if change.requirement.self_approval else {change.requester}
        away = {d.user: d.to for d in await self._delegations.standing()}
        usergroups, called = [], [away.get(u, u) for group in groups for u in group.users if u not in spared | own]
        for group in groups:
            if group.usergroup and not (spared or away):
                usergroups.append(group.usergroup)
            elif group.usergroup:
                members = await self._directory.members(Group(usergroup=group.usergroup))
                if members & spared:  # a mention of all would call them too
                    called += [away.get(user, user) for user in sorted(members - spared - own)]
                else:
                    usergroups.append(group.usergroup)
                    called += [to for user, to in away.items() if user in members - own and to not in members]
            if group.channel and away:  # whoever stands in for one of its members may not see the card in it
                present = await self._directory.members(Group(channel=group.channel))
                called += [to for user, to in away.items() if user in present - spared - own and to not in present]
        users = [user for user in dict.fromkeys(called) if user not in spared | own]
        return Pinged(usergroups=tuple(dict.fromkeys(usergroups)), users=tuple(users[:PINGED]))

    # --- how it is found out

    async def _judged(self, number: int, applicant: Applicant, plan: Plan, gate: str, *, fresh: bool) -> Verdict:
        asked = Asked(
            operation=applicant.operation,
            account=plan.account_name,
            channel=applicant.channel,
            usd=price_of(plan, gate),
            committed=await self._budget.hold(number, gate, plan),
        )
        return await self.verdict(applicant.user, asked, fresh=fresh)

    async def _seats(self, change: Change, user: str, *, fresh: bool) -> dict[str, str]:
        own = change.requirement.self_approval
        away = [d.user for d in await self._delegations.standing() if d.to == user]
        if away and not await self.has(user, "delegate_to", fresh=fresh):
            away = []  # the policy has let them when they were asked to stand in, and does not any more
        # nobody approves their own change by sending somebody else to their seat, and a seat goes with who has left
        absent = [a for a in away if own or a != change.requester]
        candidates = [user, *[a for a in absent if not (await self._directory.person(a, fresh=fresh)).bar]]
        seats = {}
        for need in change.requirement.groups:
            group = self.policy.groups.get(need.group)
            members = await self._directory.members(group, fresh=fresh) if group else frozenset()
            if seat := next((c for c in candidates if c in members), None):
                seats[need.group] = seat
        return seats

    async def _barred(self, user: str) -> bool:
        return bool((await self._directory.person(user)).bar)

    async def _reachable(self, requirement: Requirement, requester: str) -> None:
        but = None if requirement.self_approval else requester
        members = {n.group: await self._able(n.group, but, n.need, fresh=True) for n in requirement.groups}
        if why := impossible(requirement, members, requester):
            raise Refusal(f"Nobody could approve this: {why}. Add somebody to the group, or change the policy.")

    async def _able(self, name: str, but: str | None, enough: int, *, fresh: bool = False) -> list[str]:
        group = self.policy.groups.get(name)
        members = await self._directory.members(group, fresh=fresh) if group else frozenset()
        able: list[str] = []
        for member in sorted(members - {but}):
            if not (await self._directory.person(member)).bar:
                able.append(member)
            if len(able) == enough:
                break
        return able
