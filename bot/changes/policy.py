"""Who may ask for what, and who must approve it: rules as data, judged by pure functions."""

import fnmatch
import hashlib
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from bot.changes.change import GroupNeed, Requirement
from bot.plans.values import Value, canonical_json

EVERYONE = "everyone"
APPROVALS_CHANNEL = "$approvals"
PENDING_SECONDS = 7 * 86400.0
"""How long a change waits for its approval, where a policy says nothing else, and a stale one to be asked for again."""
FREE = "free"
"""The tier of what costs nothing: built in, below all others."""

Right = Literal["freeze", "audit", "break_glass", "delegate_to"]


class Group(Value):
    """People, named by listing them, by a Slack user group, or by being members of a channel.

    Those of `quiet` may decide like the others, and are never pinged. `channel = "$approvals"` means the channel of
    TENFOUR_APPROVALS_CHANNEL.
    """

    label: str = ""
    users: tuple[str, ...] = ()
    usergroup: str = ""
    channel: str = ""
    quiet: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_somebody(self) -> "Group":
        if not (self.users or self.usergroup or self.channel or self.quiet):
            raise ValueError("a group needs users, usergroup, channel or quiet")
        return self

    @property
    def listed(self) -> frozenset[str]:
        """Those whom the file names one by one."""
        return frozenset((*self.users, *self.quiet))


class Tier(Value):
    """Changes that cost more than `over_usd` (US dollars, one-off and first month) and no more than the next tier."""

    name: str
    over_usd: Decimal = Field(ge=0)


class Rights(Value):
    """Groups whose members may do more than ask and approve. None: whoever may approve anything."""

    freeze: tuple[str, ...] | None = None
    audit: tuple[str, ...] | None = None
    break_glass: tuple[str, ...] = ()
    delegate_to: tuple[str, ...] = (EVERYONE,)


class Pending(Value):
    """How long changes wait for their approval: days until they expire, hours until the first reminder.

    Each further reminder comes after twice the time. `part_expires_days` is for the later parts of a chain that is
    under way.
    """

    expires_days: float = Field(default=PENDING_SECONDS / 86400, ge=0.01, le=90)
    part_expires_days: float = Field(default=30, ge=0.01, le=90)
    remind_after_hours: float = Field(default=4, ge=0.1, le=720)


class Asked(Value):
    """What is judged. None: not known yet, as while a form is filled in.

    `usd` is the price of the part that is asked for, one-off and first month; `committed` what others have asked for on
    this account in this month (US dollars). `account` is its name, `channel` where it is asked for.
    """

    operation: str
    account: str | None = None
    channel: str | None = None
    usd: Decimal | None = None
    committed: Decimal = Decimal(0)


class Rule(Value):
    """One rule. It applies when all that it names fits; what it leaves out fits always.

    `operations` and `accounts` are globs, `tiers` names of cost tiers, `channels` Slack ids, `requesters` groups (or
    the built-in `everyone`). With `self_approval` requesters may be their own approvers, where it costs nothing.
    """

    name: str
    operations: tuple[str, ...] = ("*",)
    accounts: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    requesters: tuple[str, ...] = ()
    effect: Literal["allow", "deny", "require"] = "require"
    approvals: dict[str, int] = Field(default_factory=dict)
    self_approval: bool = False

    @model_validator(mode="after")
    def _approvals_fit(self) -> "Rule":
        if (self.effect == "require") != bool(self.approvals):
            raise ValueError("approvals belong to effect = 'require', and only there")
        if any(n < 1 for n in self.approvals.values()):
            raise ValueError("each number of approvals is at least 1")
        if self.self_approval and (self.tiers != (FREE,) or self.effect != "require"):
            raise ValueError(
                f"self_approval is for effect = 'require' and tiers = ['{FREE}'] alone: it spends no money"
            )
        return self

    def applies(self, asked: Asked, tier: str | None, groups: Collection[str]) -> bool | None:
        """Whether the rule speaks about this; None when that rests on something that is not known yet."""
        fits = (
            any(fnmatch.fnmatchcase(asked.operation, glob) for glob in self.operations),
            not self.requesters or bool(set(self.requesters) & set(groups)),
            _fits(asked.account, self.accounts),
            _fits(asked.channel, self.channels),
            _fits(tier, self.tiers),
        )
        return False if False in fits else None if None in fits else True


class Policy(Value):
    """Ordered rules. An explicit deny wins wherever it stands; else the first rule that applies.

    `caps` maps account globs, the first that fits counts, to US dollars a month: what is asked for beyond it is judged
    one tier higher.
    """

    groups: dict[str, Group] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    tiers: tuple[Tier, ...] = (Tier(name="paid", over_usd=Decimal(0)),)
    caps: dict[str, Decimal] = Field(default_factory=dict)
    rights: Rights = Rights()
    pending: Pending = Pending()

    @model_validator(mode="after")
    def _tiers_rise(self) -> "Policy":
        names = [FREE, *(tier.name for tier in self.tiers)]
        if len(set(names)) < len(names):
            raise ValueError(f"each tier needs a name of its own, and {FREE!r} is built in for what costs nothing")
        if not self.tiers or self.tiers[0].over_usd != 0:
            raise ValueError("the first tier must begin over_usd = 0: what costs nothing is the built-in tier 'free'")
        if any(lower.over_usd >= higher.over_usd for lower, higher in pairwise(self.tiers)):
            raise ValueError("the tiers must stand in order, each over_usd higher than the one before")
        for rule in self.rules:
            if unknown := set(rule.tiers) - set(names):
                raise ValueError(f"rule {rule.name!r} names the tier {min(unknown)!r}, which is not defined")
        if any(usd < 0 for usd in self.caps.values()):
            raise ValueError("a cap is at least 0")
        return self

    @model_validator(mode="after")
    def _groups_exist(self) -> "Policy":
        if EVERYONE in self.groups:
            # everybody would count as a member, whoever is listed
            raise ValueError(f"the group {EVERYONE!r} is built in: give yours another name")
        for rule in self.rules:
            for group in (*rule.requesters, *rule.approvals):
                if group not in self.groups and (group != EVERYONE or group in rule.approvals):
                    raise ValueError(f"rule {rule.name!r} names the group {group!r}, which is not defined")
        for right, groups in self.rights:
            everybody = {EVERYONE} if right == "delegate_to" else set()
            if unknown := set(groups or ()) - set(self.groups) - everybody:
                raise ValueError(f"rights.{right} names the group {min(unknown)!r}, which is not defined")
        return self

    @property
    def approving(self) -> frozenset[str]:
        """The groups whose approval some rule asks for."""
        return frozenset(group for rule in self.rules for group in rule.approvals)

    @property
    def asking(self) -> frozenset[str]:
        """The groups on which it depends who may ask for what."""
        return frozenset(name for rule in self.rules for name in rule.requesters) - {EVERYONE}

    def holders(self, right: Right) -> frozenset[str]:
        """The groups that have a right."""
        named: tuple[str, ...] | None = getattr(self.rights, right)
        return self.approving if named is None else frozenset(named)

    @property
    def fingerprint(self) -> str:
        """Tells one policy from another, however their files are laid out."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json")).encode()).hexdigest()[:16]

    def cap(self, account: str) -> Decimal | None:
        """How much may be asked for in a month on an account of this name; None: no cap."""
        return next((usd for glob, usd in self.caps.items() if fnmatch.fnmatchcase(account, glob)), None)

    def tier(self, asked: Asked) -> tuple[str | None, bool]:
        """The cost tier of what is asked for (None: not known yet), and whether the cap raises it by one."""
        if asked.usd is None:
            return None, False
        if asked.usd <= 0:
            return FREE, False
        at = max(n for n, tier in enumerate(self.tiers) if tier.over_usd < asked.usd)
        cap = self.cap(asked.account or "")
        raised = cap is not None and asked.committed + asked.usd > cap
        return self.tiers[min(at + raised, len(self.tiers) - 1)].name, raised


class Verdict(Value):
    """The answer to "may this person ask for this?"; always names the rule that gave it.

    Without a requirement it rests on something that is not known yet.
    """

    allowed: bool
    rule: str
    requirement: Requirement | None = None


def judge(policy: Policy, asked: Asked, requester_groups: Collection[str]) -> Verdict:
    """What the policy says about something asked for by a member of these groups."""
    tier, raised = policy.tier(asked)
    judged = [(rule, rule.applies(asked, tier, requester_groups)) for rule in policy.rules]
    applying = [(rule, sure) for rule, sure in judged if sure is not False]
    for rule, sure in applying:
        if rule.effect == "deny" and sure:
            return Verdict(allowed=False, rule=rule.name)
    allowing = [(rule, sure) for rule, sure in applying if rule.effect != "deny"]
    if not allowing:
        return Verdict(allowed=False, rule="no rule allows it")
    rule, sure = allowing[0]
    if not sure:
        return Verdict(allowed=True, rule=rule.name)
    needs = tuple(
        GroupNeed(group=group, label=policy.groups[group].label or group, need=need)
        for group, need in rule.approvals.items()
    )
    requirement = Requirement(
        rule=rule.name,
        groups=needs,
        self_approval=rule.self_approval,
        tier=tier or "",
        raised=raised,
        cap_usd=policy.cap(asked.account or ""),
        committed_usd=asked.committed,
        policy=policy.fingerprint,
    )
    return Verdict(allowed=True, rule=rule.name, requirement=requirement)


def impossible(requirement: Requirement, members: Mapping[str, Collection[str]], requester: str) -> str:
    """Why nobody could ever complete this requirement, or "" when it can be met."""
    for need in requirement.groups:
        able = set(members.get(need.group, ())) - (set() if requirement.self_approval else {requester})
        if len(able) < need.need:
            return (
                f"{need.need} of {need.label} must approve (rule “{requirement.rule}”), "
                f"and only {len(able)} besides you could"
            )
    return ""


def pointless(policy: Policy, operations: Iterable[str], accounts: Iterable[str]) -> tuple[str, str] | None:
    """A glob of a rule or cap that fits nothing there is, and what holds it: probably a typing error.

    A deny that is misspelt would not deny.
    """
    operations, accounts = list(operations), list(accounts)
    for rule in policy.rules:
        for kind, globs, known in (("operation", rule.operations, operations), ("account", rule.accounts, accounts)):
            for glob in globs:
                if not fnmatch.filter(known, glob):
                    return glob, f"rule {rule.name!r} names the {kind} {glob!r}, which fits none that there is"
    for glob in policy.caps:
        if not fnmatch.filter(accounts, glob):
            return glob, f"the cap of {glob!r} fits no account that there is ({', '.join(accounts)})"
    return None


def _fits(value: str | None, globs: Collection[str]) -> bool | None:
    if not globs:
        return True
    return None if value is None else any(fnmatch.fnmatchcase(value, glob) for glob in globs)
