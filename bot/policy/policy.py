"""Who may ask for what, and who must approve it: rules as data."""

import fnmatch
import hashlib
import re
from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bot.plans.values import Value, canonical_json
from bot.policy.verdict import Asked

EVERYONE = "everyone"
APPROVALS_CHANNEL = "$approvals"
PENDING_SECONDS = 7 * 86400.0
"""How long a change waits for its approval, where a policy says nothing else, and a stale one to be asked for again."""
FREE = "free"
"""The tier of what costs nothing: built in, below all others."""

_IDS = {
    "users": (r"[UW][A-Z0-9]+", "a member id such as U024BE7LH (in Slack: the person's profile, ⋮, Copy member ID)"),
    "quiet": (r"[UW][A-Z0-9]+", "a member id such as U024BE7LH (in Slack: the person's profile, ⋮, Copy member ID)"),
    "usergroup": (
        r"S[A-Z0-9]+",
        "the id of a user group such as S0615G0KT (in Slack: People, User groups, ⋮, Copy group ID)",
    ),
    "channel": (
        r"[CG][A-Z0-9]+|\$approvals",
        "a channel id such as C0123ABCD (in Slack: the channel's details, at the end)",
    ),
}
"""What people are named by: a name that is no id would be looked for in vain, and nobody would hear of it."""

Right = Literal["freeze", "audit", "break_glass", "delegate_to"]


class Misplaced(ValueError):
    """Something that is wrong between parts of a policy; `loc` is the part at fault, as pydantic names places."""

    def __init__(self, why: str, *loc: str | int) -> None:
        super().__init__(why)
        self.loc = loc


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

    @field_validator("users", "quiet", "usergroup", "channel")
    @classmethod
    def _are_ids(cls, given: str | tuple[str, ...], info: ValidationInfo) -> str | tuple[str, ...]:
        shape, wanted = _IDS[info.field_name or ""]
        for one in filter(None, (given,) if isinstance(given, str) else given):
            if not re.fullmatch(shape, one):
                raise ValueError(f"{one!r} is not {wanted}")
        return given

    @property
    def listed(self) -> frozenset[str]:
        """Those whom the file names one by one."""
        return frozenset((*self.users, *self.quiet))


class Tier(Value):
    """Changes that cost more than `over_usd` (US dollars, one-off and first month) and no more than the next tier."""

    name: str = Field(min_length=1)
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


_Named = Annotated[tuple[str, ...], Field(min_length=1)]
"""What is left out fits always, so an empty list, which reads as "none", is refused."""


class Rule(Value):
    """One rule. It applies when all that it names fits; what it leaves out fits always.

    `operations` and `accounts` are globs, `tiers` names of cost tiers, `channels` Slack ids, `requesters` groups (or
    the built-in `everyone`). With `self_approval` requesters may be their own approvers, where it costs nothing.
    """

    name: str = Field(min_length=1)
    operations: _Named = ("*",)
    accounts: _Named = ()
    channels: _Named = ()
    tiers: _Named = ()
    requesters: _Named = ()
    effect: Literal["allow", "deny", "require"] = "require"
    approvals: dict[str, int] = Field(default_factory=dict)
    self_approval: bool = False

    @model_validator(mode="after")
    def _approvals_fit(self) -> "Rule":
        if self.effect == "require" and not self.approvals:
            raise ValueError("effect = 'require', which is the default, needs approvals, such as { approvers = 1 }")
        if self.approvals and self.effect != "require":
            raise ValueError(f"approvals belong to effect = 'require', and this rule has effect = {self.effect!r}")
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
        if not self.tiers or self.tiers[0].over_usd != 0:
            raise Misplaced(
                "the first tier must begin over_usd = 0: what costs nothing is the built-in tier 'free'", "tiers", 0
            )
        for n, tier in enumerate(self.tiers):
            if tier.name in names[: n + 1]:
                why = f"each tier needs a name of its own, and {FREE!r} is built in for what costs nothing"
                raise Misplaced(why, "tiers", n, "name")
            if n and tier.over_usd <= self.tiers[n - 1].over_usd:
                why = "the tiers must stand in order, each over_usd higher than the one before"
                raise Misplaced(why, "tiers", n, "over_usd")
        for n, rule in enumerate(self.rules):
            if unknown := set(rule.tiers) - set(names):
                why = f"rule {rule.name!r} names the tier {min(unknown)!r}, which is not defined"
                raise Misplaced(why, "rules", n, "tiers")
        if below := next((glob for glob, usd in self.caps.items() if usd < 0), None):
            raise Misplaced("a cap is at least 0", "caps", below)
        return self

    @model_validator(mode="after")
    def _names_differ(self) -> "Policy":
        names = [rule.name for rule in self.rules]
        for n, name in enumerate(names):
            if name in names[:n]:
                why = f"two rules are called {name!r}: each answer names its rule, so give them different names"
                raise Misplaced(why, "rules", n, "name")
        return self

    @model_validator(mode="after")
    def _groups_exist(self) -> "Policy":
        if EVERYONE in self.groups:
            # everybody would count as a member, whoever is listed
            raise Misplaced(f"the group {EVERYONE!r} is built in: give yours another name", "groups", EVERYONE)
        for n, rule in enumerate(self.rules):
            for key, groups, built_in in (
                ("requesters", rule.requesters, {EVERYONE}),
                ("approvals", rule.approvals, set()),
            ):
                if unknown := set(groups) - set(self.groups) - built_in:
                    why = f"rule {rule.name!r} names the group {min(unknown)!r}, which is not defined"
                    if min(unknown) == EVERYONE:
                        why = (
                            f"rule {rule.name!r} asks for approvals of {EVERYONE!r}: name a group of your own for that"
                        )
                    raise Misplaced(why, "rules", n, key)
        for right, groups in self.rights:
            everybody = {EVERYONE} if right == "delegate_to" else set()
            if unknown := set(groups or ()) - set(self.groups) - everybody:
                why = f"rights.{right} names the group {min(unknown)!r}, which is not defined"
                raise Misplaced(why, "rights", right)
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
        # the order of caps says which one counts, and canonical JSON does not keep it
        whole = [self.model_dump(mode="json"), list(self.caps)]
        return hashlib.sha256(canonical_json(whole).encode()).hexdigest()[:16]

    def cap(self, account: str) -> Decimal | None:
        """How much may be asked for in a month on an account of this name; None: no cap."""
        return next((usd for glob, usd in self.caps.items() if fnmatch.fnmatchcase(account, glob)), None)

    def tier(self, asked: Asked) -> tuple[str | None, bool]:
        """The cost tier of what is asked for (None: not known yet), and whether the cap raised it by one.

        Nothing is raised that is free or in the highest tier.
        """
        if asked.usd is None:
            return None, False
        if asked.usd <= 0:
            return FREE, False
        at = max(n for n, tier in enumerate(self.tiers) if tier.over_usd < asked.usd)
        if at == len(self.tiers) - 1:
            return self.tiers[at].name, False
        if asked.account is None and self.caps:
            return None, False
        cap = self.cap(asked.account or "")
        raised = cap is not None and asked.committed + asked.usd > cap
        return self.tiers[at + raised].name, raised


def _fits(value: str | None, globs: Collection[str]) -> bool | None:
    if not globs:
        return True
    return None if value is None else any(fnmatch.fnmatchcase(value, glob) for glob in globs)
