"""What is legal in a policy, and probably not meant."""

import fnmatch
from collections.abc import Collection, Iterator
from itertools import combinations

from bot.policy.file import Surroundings
from bot.policy.policy import APPROVALS_CHANNEL, EVERYONE, FREE, Policy, Rule


def doubts(policy: Policy, around: Surroundings, *, doors: bool = True) -> list[str]:
    """Full sentences about what looks wrong in a policy; `around` is what rules can speak about, as far as known.

    `doors` whether to name the channels that must be private, for those who cannot ask Slack.
    """
    return [
        *_never_applying(policy, around),
        *_open_wallets(policy),
        *_unasked(policy, around),
        *_too_few(policy),
        *_one_click(policy),
        *_unused(policy),
        *_idle_prices(policy),
        *(_doors(policy) if doors else ()),
    ]


def _never_applying(policy: Policy, around: Surroundings) -> Iterator[str]:
    for n, rule in enumerate(policy.rules):
        if rule.effect == "deny":
            continue  # it wins wherever it stands
        before = [other for m, other in enumerate(policy.rules) if other.effect == "deny" or m < n]
        if taker := next((other for other in before if _takes_all(other, rule, around)), None):
            how = "denies" if taker.effect == "deny" else "comes first and takes"
            yield f"Rule “{rule.name}” can never apply: “{taker.name}” {how} all that it speaks about."


def _takes_all(taker: Rule, rule: Rule, around: Surroundings) -> bool:
    """Whether everything that the one rule speaks about is spoken about by the other as well."""
    everybody = EVERYONE in taker.requesters or not taker.requesters
    return (
        _covers(taker.operations, rule.operations, around.operations)
        and (everybody or (bool(rule.requesters) and set(rule.requesters) <= set(taker.requesters)))
        and (not taker.accounts or (bool(rule.accounts) and _covers(taker.accounts, rule.accounts, around.accounts)))
        and (not taker.channels or (bool(rule.channels) and _covers(taker.channels, rule.channels, ())))
        and (not taker.tiers or (bool(rule.tiers) and set(rule.tiers) <= set(taker.tiers)))
    )


def _covers(wide: Collection[str], narrow: Collection[str], known: Collection[str]) -> bool:
    """Whether what the narrow globs fit is fitted by the wide ones, as far as is known what there is."""
    if set(narrow) <= set(wide) or "*" in wide:
        return True
    fitting = {name for glob in narrow for name in (fnmatch.filter(known, glob) if known else [glob])}
    plain = known or not any(set("*?[") & set(glob) for glob in narrow)
    return bool(plain) and all(any(fnmatch.fnmatchcase(name, glob) for glob in wide) for name in fitting)


def _open_wallets(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        if rule.effect == "allow" and "*" in rule.operations and not (rule.tiers or rule.accounts):
            yield (
                f"Rule “{rule.name}” lets money be spent without anybody's approval. If only what costs nothing is "
                f'meant, add tiers = ["{FREE}"].'
            )


def _unasked(policy: Policy, around: Surroundings) -> Iterator[str]:
    globs = [glob for rule in policy.rules if rule.effect != "deny" for glob in rule.operations]
    lost = [name for name in around.operations if not any(fnmatch.fnmatchcase(name, glob) for glob in globs)]
    if lost:
        yield f"No rule lets anybody ask for {', '.join(lost)}."


def _too_few(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        for name, need in rule.approvals.items():
            group = policy.groups[name]
            if group.usergroup or group.channel:
                continue  # Slack knows how many there are
            if need > len(group.listed):
                yield (
                    f"Rule “{rule.name}” asks for {need} of {name}, and only {len(group.listed)} are listed: nobody "
                    "can ask for what it speaks about."
                )
            elif need == len(group.listed) and not rule.self_approval:
                yield (
                    f"Rule “{rule.name}” asks for all {need} of {name}: none of them can ask for what it speaks about, "
                    "and nobody may be away."
                )


def _one_click(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        for one, other in combinations(rule.approvals, 2):
            both = sorted(policy.groups[one].listed & policy.groups[other].listed)
            if both and rule.approvals[one] == rule.approvals[other] == 1:
                yield (
                    f"In rule “{rule.name}” one click of {both[0]} is enough for both {one} and {other}: they are of "
                    "both, and count once in each."
                )


def _unused(policy: Policy) -> Iterator[str]:
    rights = {name for _, names in policy.rights for name in names or ()}
    for name in policy.groups:
        if name not in policy.approving | policy.asking | rights:
            yield f"The group {name} is used by no rule and no right."


def _idle_prices(policy: Policy) -> Iterator[str]:
    if policy.caps and len(policy.tiers) == 1:
        yield "The caps raise nothing: they need a second [[tier]] above the first."
    named = {tier for rule in policy.rules for tier in rule.tiers}
    for tier in policy.tiers[1:]:
        if tier.name not in named:
            yield f"No rule names the tier {tier.name}: it changes nothing."


def _doors(policy: Policy) -> Iterator[str]:
    for name in sorted(policy.approving):
        channel = policy.groups[name].channel
        if channel:
            which = "the approvals channel" if channel == APPROVALS_CHANNEL else channel
            yield (
                f"Whoever joins {which} can approve (group {name}): it must be private, which cannot be seen from "
                "here. The bot says so in its log when it is not."
            )
