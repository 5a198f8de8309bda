"""A policy in sentences, and what makes one other than another: for those who check a file or hear of a new one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from bot.policy.policy import EVERYONE, FREE, Group, Policy, Rule, Tier

MOST_DIFFERENCES = 20
"""How many differences a message lists."""


def policy_in_words(policy: Policy) -> list[tuple[str, list[str]]]:
    """Every part of a policy, each with its sentences; rules in their order."""
    return [
        ("Groups", [group_in_words(name, group) for name, group in policy.groups.items()] or ["There are none."]),
        ("Cost tiers", tiers_in_words(policy.tiers)),
        ("Caps", [_cap(glob, usd) for glob, usd in policy.caps.items()] or ["There are none."]),
        ("Rules, in order", [f"{n}. {rule_in_words(policy, rule)}" for n, rule in enumerate(policy.rules, start=1)]),
        ("Rights", rights_in_words(policy)),
        ("Waiting", [_pending(policy)]),
    ]


def group_in_words(name: str, group: Group) -> str:
    """Who is in a group."""
    of = [", ".join(group.users)] if group.users else []
    of += [f"the Slack user group {group.usergroup}"] if group.usergroup else []
    of += [f"the members of the channel {group.channel}"] if group.channel else []
    of += (
        [f"{', '.join(group.quiet)} who {'is' if len(group.quiet) == 1 else 'are'} never pinged"] if group.quiet else []
    )
    called = f" (“{group.label}”)" if group.label else ""
    return f"{name}{called}: {_and(of)}."


def tiers_in_words(tiers: Sequence[Tier]) -> list[str]:
    """What each tier is for."""
    ends = [f" and up to US${tier.over_usd}" for tier in tiers[1:]]
    paid = [f"{t.name}: more than US${t.over_usd}{end}." for t, end in zip(tiers, [*ends, ""], strict=True)]
    return [f"{FREE}: what costs nothing.", *paid]


def rule_in_words(policy: Policy, rule: Rule) -> str:
    """One rule as a sentence."""
    who = "whoever asks" if EVERYONE in rule.requesters or not rule.requesters else _people(policy, rule.requesters)
    what = "everything" if "*" in rule.operations else _and(rule.operations, "or")
    where = f" on {_and(rule.accounts, 'or')}" if rule.accounts else ""
    where += f" in {_and(rule.channels, 'or')}" if rule.channels else ""
    price = f", in the tier {_and(rule.tiers, 'or')}" if rule.tiers else ""
    own = "; requesters may be their own approvers" if rule.self_approval else ""
    says = {
        "deny": f"{what} is denied to {who}",
        "allow": f"{what} needs nobody's approval when asked for by {who}",
        "require": f"{what} asked for by {who} takes {approvals_in_words(policy, rule.approvals)}",
    }[rule.effect]
    return f"“{rule.name}”: {says}{where}{price}{own}."


def approvals_in_words(policy: Policy, approvals: Mapping[str, int]) -> str:
    """How many of whom must approve."""
    return _and([f"{need} of {policy.groups[name].label or name}" for name, need in approvals.items()])


def rights_in_words(policy: Policy) -> list[str]:
    """Who may do more than ask and approve."""
    return [
        f"Freeze and thaw: {_people(policy, sorted(policy.holders('freeze')))}.",
        f"Read the audit: {_people(policy, sorted(policy.holders('audit')))}.",
        f"Break glass: {_people(policy, sorted(policy.holders('break_glass')))}.",
        f"Stand in for an absent approver: {_people(policy, sorted(policy.holders('delegate_to')))}.",
    ]


def differences(before: Policy, after: Policy, most: int = MOST_DIFFERENCES) -> list[str]:
    """What a new policy says otherwise than the old one, in short; empty when they say the same."""
    old, new = {r.name: r for r in before.rules}, {r.name: r for r in after.rules}
    told = [f"Rule added: {rule_in_words(after, rule)}" for name, rule in new.items() if name not in old]
    told += [f"Rule removed: “{name}”." for name in old if name not in new]
    told += [f"Rule changed: {rule_in_words(after, new[n])}" for n in new if n in old and old[n] != new[n]]
    if not told and list(old) != list(new):
        told.append(f"Rules in another order: {_and([f'“{name}”' for name in new])}.")
    told += _each("Group", before.groups, after.groups, lambda name: group_in_words(name, after.groups[name]))
    if before.tiers != after.tiers:
        told.append(f"Cost tiers now: {' '.join(tiers_in_words(after.tiers))}")
    told += _each("Cap", before.caps, after.caps, lambda glob: _cap(glob, after.caps[glob]))
    if not told and list(before.caps) != list(after.caps):
        told.append(f"Caps in another order: {_and(list(after.caps))}.")
    if before.rights != after.rights:
        told.append(f"Rights now: {' '.join(rights_in_words(after))}")
    if before.pending != after.pending:
        told.append(_pending(after))
    more = len(told) - most
    return told if more <= 0 else [*told[:most], f"And {more} more."]


def _each(
    kind: str, before: Mapping[str, object], after: Mapping[str, object], said: Callable[[str], str]
) -> list[str]:
    told = [f"{kind} added: {said(name)}" for name in after if name not in before]
    told += [f"{kind} removed: {name}." for name in before if name not in after]
    return told + [f"{kind} changed: {said(n)}" for n in after if n in before and before[n] != after[n]]


def _cap(glob: str, usd: Decimal) -> str:
    return f"{glob}: what is asked for beyond US${usd} in a month is judged one tier higher."


def _pending(policy: Policy) -> str:
    pending = policy.pending
    return (
        f"A change waits {pending.expires_days:g} days for its approval, a later part {pending.part_expires_days:g} "
        f"days; the first reminder comes after {pending.remind_after_hours:g} hours."
    )


def _people(policy: Policy, names: Iterable[str]) -> str:
    labels = [EVERYONE if name == EVERYONE else policy.groups[name].label or name for name in names]
    return _and(labels, "or") or "nobody"


def _and(parts: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else ""
