"""Who the people are whom a change waits for: named, counted and called."""

from collections.abc import Iterable

from bot.changes.change import Change
from bot.changes.delegations import Delegations
from bot.changes.people import Directory
from bot.plans.values import Value
from bot.policy.file import Rulebook
from bot.policy.policy import Group
from bot.policy.verdict import GroupNeed

NAMED = 8
"""How many possible approvers a refusal names."""
PINGED = 15
"""How many people one message pings by name."""


class Candidate(Value):
    """Somebody whose approval would count; `seat` is the absent member in whose place, or they themselves."""

    user: str
    seat: str

    @property
    def named(self) -> str:
        """As people read it: `@Bob for @Ann`; people are named as Slack mentions them."""
        return f"<@{self.user}>" if self.user == self.seat else f"<@{self.user}> for <@{self.seat}>"


class Pinged(Value):
    """Whom to call to a change that waits for them: Slack user groups, and people."""

    usergroups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


class Roster:
    """The people of the policy's groups, some minutes old at most unless `fresh`."""

    def __init__(self, rulebook: Rulebook, directory: Directory, delegations: Delegations) -> None:
        self._rulebook, self._directory, self._delegations = rulebook, directory, delegations

    async def approvers(self, *, fresh: bool = False) -> set[str]:
        """Everybody whose approval some rule asks for; may be some minutes old unless `fresh`."""
        policy = self._rulebook.policy
        groups = [policy.groups[group] for group in sorted(policy.approving)]
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
        group = self._rulebook.policy.groups.get(need.group)
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
        if not all(need.group for need in change.requirement.groups):  # see `Authority.required_now`
            who = " and ".join(need.label for need in change.requirement.groups)
            return f"It can be approved by {who} (rule “{change.requirement.rule}”)."
        needs = [f"{n.need} of {n.label} ({await self.names(n, change)})" for n in change.requirement.groups]
        return f"It takes {' and '.join(needs)} (rule “{change.requirement.rule}”)."

    async def concerned(self, change: Change, most: int) -> list[str]:
        """Those of the groups whose approval a change takes, also the quiet ones, in order; at most `most`.

        Without those who take no part, and without whoever asked for it.
        """
        groups = self._groups_of(change.requirement.groups)
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
        groups = self._groups_of(n for n in change.requirement.groups if change.missing(n))
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

    def _groups_of(self, needs: Iterable[GroupNeed]) -> list[Group]:
        """The groups as the policy in force knows them; one that it has no more has no people."""
        groups = self._rulebook.policy.groups
        return [groups[need.group] for need in needs if need.group in groups]

    async def _barred(self, user: str) -> bool:
        return bool((await self._directory.person(user)).bar)
