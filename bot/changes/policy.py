"""Who may ask for what, and who must approve it: rules as data, judged by pure functions."""

import fnmatch
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from bot.changes.change import GroupNeed, Requirement
from bot.plans.values import Value

EVERYONE = "everyone"
APPROVALS_CHANNEL = "$approvals"


class PolicyProblem(ValueError):
    """A policy file cannot be used; the text says where and why."""


class Group(Value):
    """People, named by listing them, by a Slack user group, or by being members of a channel.

    `channel = "$approvals"` means the channel of TENFOUR_APPROVALS_CHANNEL.
    """

    label: str = ""
    users: tuple[str, ...] = ()
    usergroup: str = ""
    channel: str = ""

    @model_validator(mode="after")
    def _names_somebody(self) -> "Group":
        if not (self.users or self.usergroup or self.channel):
            raise ValueError("a group needs users, usergroup or channel")
        return self


class Rule(Value):
    """One rule. It applies when an operation glob matches and the requester is in one of the groups.

    No groups means anyone, and so does the built-in group `everyone`.
    """

    name: str
    operations: tuple[str, ...] = ("*",)
    requesters: tuple[str, ...] = ()
    effect: Literal["allow", "deny", "require"] = "require"
    approvals: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _approvals_fit(self) -> "Rule":
        if (self.effect == "require") != bool(self.approvals):
            raise ValueError("approvals belong to effect = 'require', and only there")
        if any(n < 1 for n in self.approvals.values()):
            raise ValueError("each number of approvals is at least 1")
        return self

    def applies(self, operation: str, groups: Collection[str]) -> bool:
        """Whether the rule speaks about this operation and this requester."""
        return any(fnmatch.fnmatchcase(operation, glob) for glob in self.operations) and (
            not self.requesters or bool(set(self.requesters) & set(groups))
        )


class Policy(Value):
    """Ordered rules. An explicit deny wins wherever it stands; else the first rule that applies."""

    groups: dict[str, Group] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _groups_exist(self) -> "Policy":
        if EVERYONE in self.groups:
            # everybody would count as a member, whoever is listed
            raise ValueError(f"the group {EVERYONE!r} is built in: give yours another name")
        for rule in self.rules:
            for group in (*rule.requesters, *rule.approvals):
                if group not in self.groups and (group != EVERYONE or group in rule.approvals):
                    raise ValueError(f"rule {rule.name!r} names the group {group!r}, which is not defined")
        return self


class Verdict(Value):
    """The answer to "may this person ask for this?"; always names the rule that gave it."""

    allowed: bool
    rule: str
    requirement: Requirement | None = None


def judge(policy: Policy, operation: str, requester_groups: Collection[str]) -> Verdict:
    """What the policy says about one operation asked for by a member of these groups."""
    applying = [rule for rule in policy.rules if rule.applies(operation, requester_groups)]
    for rule in applying:
        if rule.effect == "deny":
            return Verdict(allowed=False, rule=rule.name)
    if not applying:
        return Verdict(allowed=False, rule="no rule allows it")
    rule = applying[0]
    needs = tuple(
        GroupNeed(group=group, label=policy.groups[group].label or group, need=need)
        for group, need in rule.approvals.items()
    )
    return Verdict(allowed=True, rule=rule.name, requirement=Requirement(rule=rule.name, groups=needs))


def impossible(requirement: Requirement, members: Mapping[str, Collection[str]], requester: str) -> str:
    """Why nobody could ever complete this requirement, or "" when it can be met."""
    for need in requirement.groups:
        able = set(members.get(need.group, ())) - {requester}
        if len(able) < need.need:
            return (
                f"{need.need} of {need.label} must approve (rule “{requirement.rule}”), "
                f"and only {len(able)} besides you could"
            )
    return ""


def load_policy(path: Path | None) -> Policy:
    """The policy of a file, or the built-in one. Raises `PolicyProblem` with the place and the reason."""
    source = path or Path(__file__).with_name("default_policy.toml")
    try:
        return Policy.model_validate(_shaped(tomllib.loads(source.read_text())))
    except OSError as error:
        raise PolicyProblem(f"{source}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyProblem(f"{source}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f"{source}: {place}" if place else f"{source}"
        raise PolicyProblem(f"{where}: {first['msg'].removeprefix('Value error, ')}") from error


def _shaped(data: dict[str, object]) -> dict[str, object]:
    """The file says `[[rule]]` and `[group.name]`, in the singular, as TOML files do."""
    return {"rules": data.pop("rule", []), "groups": data.pop("group", {}), **data}
