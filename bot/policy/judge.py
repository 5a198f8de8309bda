"""Judges what somebody asks for by the rules: pure functions."""

from collections.abc import Collection, Mapping

from bot.policy.policy import Policy
from bot.policy.verdict import Asked, GroupNeed, Requirement, Verdict

NO_RULE = "no rule allows it"
"""What is said instead of the name of a rule."""


def judge(policy: Policy, asked: Asked, requester_groups: Collection[str]) -> Verdict:
    """What the policy says about something asked for by a member of these groups."""
    tier, raised = policy.tier(asked)
    judged = [(rule, rule.applies(asked, tier, requester_groups)) for rule in policy.rules]
    denying = [(rule, sure) for rule, sure in judged if rule.effect == "deny" and sure is not False]
    if denied := next((rule for rule, sure in denying if sure), None):
        return Verdict(allowed=False, rule=denied.name)
    rule, sure = next(
        ((rule, sure) for rule, sure in judged if rule.effect != "deny" and sure is not False), (None, None)
    )
    if rule is None:
        return Verdict(allowed=False, rule=NO_RULE)
    if denying or not sure:
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
