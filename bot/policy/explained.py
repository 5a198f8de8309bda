"""Why a policy answers as it does: what each rule said to one question."""

import fnmatch
from collections.abc import Collection, Iterator
from typing import Literal

from bot.plans.values import Value
from bot.policy.judge import judge
from bot.policy.policy import Policy, Rule
from bot.policy.verdict import Asked, Verdict

Said = Literal["fires", "denies", "comes after", "depends", "passed over"]


class Word(Value):
    """What one rule has to say to a question, and why."""

    rule: str
    said: Said
    why: str = ""


def explained(policy: Policy, asked: Asked, groups: Collection[str]) -> tuple[Verdict, list[Word]]:
    """The answer, and what every rule has to do with it, in their order."""
    verdict = judge(policy, asked, groups)
    return verdict, [_word(policy, rule, asked, groups, verdict) for rule in policy.rules]


def tier_explained(policy: Policy, asked: Asked) -> str:
    """Which cost tier something is judged in, and why, in a sentence."""
    tier, raised = policy.tier(asked)
    if asked.usd is None:
        return "The price is not known, so neither is the tier."
    if tier is None:
        return "The account is not known, so it is not known either whether its cap raises the tier."
    cap = policy.cap(asked.account or "")
    why = f"US${asked.usd} is in this tier by itself"
    if raised:
        why = f"US${asked.committed} asked for already and US${asked.usd} are more than the cap of US${cap}"
        return f"Tier {tier}: {why}, so it is one tier higher."
    within = f", and the cap of US${cap} does not raise it" if cap is not None and asked.usd > 0 else ""
    return f"Tier {tier}: {why}{within}."


def _word(policy: Policy, rule: Rule, asked: Asked, groups: Collection[str], verdict: Verdict) -> Word:
    tier, _ = policy.tier(asked)
    applies = rule.applies(asked, tier, groups)
    if applies is False:
        return Word(rule=rule.name, said="passed over", why=", ".join(_mismatches(rule, asked, tier, groups)))
    if applies is None:
        return Word(rule=rule.name, said="depends", why=f"on {' and '.join(_open(rule, asked, tier))}")
    if rule.name == verdict.rule:
        return Word(rule=rule.name, said="fires" if verdict.allowed else "denies")
    if not verdict.allowed:
        why = f"“{verdict.rule}” denies it"
    else:
        why = f"“{verdict.rule}” {'decides' if verdict.requirement else 'may decide'}"
    return Word(rule=rule.name, said="comes after", why=why)


def _mismatches(rule: Rule, asked: Asked, tier: str | None, groups: Collection[str]) -> Iterator[str]:
    if not any(fnmatch.fnmatchcase(asked.operation, glob) for glob in rule.operations):
        yield f"it is about {', '.join(rule.operations)}"
    if rule.requesters and not set(rule.requesters) & set(groups):
        yield f"it is for members of {', '.join(rule.requesters)}"
    for given, globs, what in (
        (asked.account, rule.accounts, "on the account"),
        (asked.channel, rule.channels, "in the channel"),
        (tier, rule.tiers, "in the tier"),
    ):
        if given is not None and globs and not any(fnmatch.fnmatchcase(given, glob) for glob in globs):
            yield f"it is for what is {what} {', '.join(globs)}"


def _open(rule: Rule, asked: Asked, tier: str | None) -> Iterator[str]:
    if rule.accounts and asked.account is None:
        yield "the account"
    if rule.channels and asked.channel is None:
        yield "the channel"
    if rule.tiers and tier is None:
        # with a price it is the account that is missing: its cap may raise the tier
        yield "the price" if asked.usd is None else "the account, whose cap may raise the tier"
