"""Why a change waits for approval: the rule, the price, whose word is missing, and what the viewer may do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.changes.authority import Standing
from bot.changes.budget import price_of
from bot.changes.change import Change
from bot.changes.freezes import Freeze
from bot.changes.roster import Candidate
from bot.policy.judge import NO_RULE
from bot.policy.policy import EVERYONE, FREE, Policy, Rule, Tier
from bot.policy.verdict import GroupNeed
from handlers.blocks import kit
from handlers.blocks.budget import raised, spent, tier_name
from handlers.blocks.change_buttons import break_glass_button, priced
from handlers.blocks.freeze import held, stage
from handlers.blocks.kit import Block, channel, code, date, inline, money, person, plural
from handlers.blocks.progress import approvals, decisions_on, denied, headline

NAMED = 8
"""Possible approvers that are named of each group."""


@dataclass(frozen=True)
class Why:
    """What is known about the approval of a change, for one viewer, whose `standing` it has.

    `policy` is the one in force. `able` has, by group, those whose approval would still count. `reminded_at` is when
    the next reminder comes, `breaks_glass` whether the viewer may let it run without its approvals, `freeze` what holds
    it back.
    """

    change: Change
    policy: Policy
    standing: Standing
    able: Mapping[str, Sequence[Candidate]] = field(default_factory=dict)
    reminded_at: float | None = None
    breaks_glass: bool = False
    freeze: Freeze | None = None


def loading_modal(number: int) -> dict[str, Any]:
    """The window while policy and groups are read."""
    return _modal(number, [kit.section("Reading the policy, and who is in its groups…")], callback_id="working")


def refused_modal(number: int, words: str) -> dict[str, Any]:
    """The window for somebody who takes no part."""
    return _modal(number, kit.notice(words, "error"))


def why_modal(why: Why) -> dict[str, Any]:
    """Which rule asks for what, who has approved and who could, and what the viewer may do about it."""
    change = why.change
    blocks = [kit.header(headline(change)), kit.section(f"*{stage(change, why.freeze)}*{_until(why)}")]
    blocks += kit.sections(filter(None, [held(change, why.freeze)]))
    blocks += _titled("You", _you(why) if change.state == "pending" else _you_later(why))
    blocks += [kit.actions(break_glass_button(change))] if why.breaks_glass and not denied(change) else []
    blocks += _titled("Who must approve", _groups(why))
    blocks += _titled("Which rule asks for it", _rule(why))
    blocks += _titled("What it costs", _costs(why))
    blocks += _titled("Who decided", decisions_on(change, change.gate))
    return _modal(change.number, blocks)


def seats_words(change: Change, standing: Standing) -> str:
    """For which groups somebody decides, and in whose place: `the approvers, and legal in the place of @Leo`."""
    labels = {need.group: inline(need.label, 80) for need in change.requirement.groups}
    seats = [(labels[group], seat) for group, seat in standing.seats.items() if group in labels]
    own = [label for label, seat in seats if seat == standing.user]
    others = [f"{label} in the place of {person(seat)}" for label, seat in seats if seat != standing.user]
    return " and ".join([*own, *others])


def _until(why: Why) -> str:
    change = why.change
    if change.state not in ("pending", "stale"):
        return ""
    ends = f" · expires {date(change.expires_at)}"
    if change.state == "stale":
        return ends
    return f"{ends} · " + (f"next reminder {date(why.reminded_at)}" if why.reminded_at else "no further reminder")


# The viewer


def _you(why: Why) -> list[str]:
    """Whether the viewer may decide, exactly why not, and what they can do instead."""
    change, standing = why.change, why.standing
    if denied(change):
        withdraw = " You asked for it: you can withdraw it, on its card or on App Home."
        return [
            "Nobody can decide it now, and breaking glass does not pass over that. It waits until the policy is "
            f"changed, it is withdrawn, or it expires.{withdraw if standing.user == change.requester else ''}"
        ]
    glass = (
        "By policy you may also let it run without these approvals (break glass), with a reason. It is then reviewed."
    )
    more = [glass] if why.breaks_glass else []
    if decision := standing.decision:
        said = "approved" if decision.verb == "approve" else "rejected"
        return [
            f"You have {said} it, {date(decision.at)}, and nobody decides twice. Nothing is left for you to do.",
            *more,
        ]
    if standing.own:
        ways = "amend or withdraw it" if change.amendable else "withdraw it"
        return [
            "You asked for it, so somebody else must decide. "
            f"You can {ways}, on its card or on App Home, and ask one of those named here to look.",
            *more,
        ]
    if standing.counts:
        own = (
            " You asked for it, and as it costs nothing the rule lets you." if standing.user == change.requester else ""
        )
        return [f"You may decide: your approval counts for {seats_words(change, standing)}.{own}", *more]
    groups = "this group" if len(change.requirement.groups) == 1 else "any of these groups"
    return [
        f"You may not decide, as you are not in {groups} and stand in for nobody who may. "
        "You can ask one of those named here, or ask whoever keeps the policy to add you.",
        *more,
    ]


def _you_later(why: Why) -> list[str]:
    change = why.change
    if change.state == "stale":
        again = "You can ask for approval again, or withdraw it." if change.requester == why.standing.user else ""
        return [
            again or f"{person(change.requester)} can ask for approval again. Until then there is nothing to decide."
        ]
    return ["There is nothing to decide now."]


# Groups


def _groups(why: Why) -> list[str]:
    change = why.change
    needs = change.requirement.groups
    lines = []
    for need, line in zip(needs, approvals(change), strict=False):
        lines.append(line + (_open(why, need) if change.state == "pending" and need.group else ""))
    return lines or ["Nobody: the rule lets it run without an approval."]


def _open(why: Why, need: GroupNeed) -> str:
    """How many of a group are missing, and who they could be."""
    missing = why.change.missing(need)
    if not missing:
        return ". Nobody is missing."
    able = why.able.get(need.group, ())
    names = ", ".join(c.named for c in able[:NAMED]) + (" and others" if len(able) > NAMED else "")
    could = f"It could be {names}." if names else "Nobody could give it at the moment: the group has to change."
    return f". {plural(missing, 'approval')} {'is' if missing == 1 else 'are'} missing. {could}"


# The rule


def _rule(why: Why) -> list[str]:
    requirement = why.change.requirement
    name = f"“{inline(requirement.rule, 150)}”"
    rule = next((r for r in why.policy.rules if r.name == requirement.rule), None)
    if requirement.policy != why.policy.fingerprint:
        again = " As it still waits, it is judged anew within moments." if why.change.state == "pending" else ""
        return [f"The rule {name}, of a policy that was changed since.{again}"]
    if rule is None:
        return ["No rule of the policy allows it now." if requirement.rule == NO_RULE else f"The rule {name}."]
    return [f"The rule {name} {_effect(why.policy, rule)}", *_speaks_about(why.policy, rule)]


def _effect(policy: Policy, rule: Rule) -> str:
    if rule.effect == "deny":
        return "denies it now: nobody can approve it until the policy is changed."
    if rule.effect == "allow":
        return "lets it run without anybody's approval."
    wants = " and ".join(f"{n} of {inline(policy.groups[g].label or g, 80)}" for g, n in rule.approvals.items())
    own = " Whoever asks may be one of them." if rule.self_approval else " Whoever asks is never one of them."
    return f"wants the approval of {wants}.{own}"


def _speaks_about(policy: Policy, rule: Rule) -> list[str]:
    """What a rule is for, a line for each thing that it names."""
    every = rule.operations == ("*",)
    labels = {name: group.label or name for name, group in policy.groups.items()} | {EVERYONE: "everybody"}
    named = (
        ("Operations", () if every else map(code, rule.operations)),
        ("Accounts", map(code, rule.accounts)),
        ("Asked for in", map(channel, rule.channels)),
        ("Cost tiers", (_tier(policy, name) for name in rule.tiers)),
        ("Asked for by", (inline(labels.get(name, name), 80) for name in rule.requesters)),
    )
    lines = [f"• {title}: {', '.join(shown)}" for title, things in named if (shown := list(things))]
    return lines or ["• It is for everything that no rule before it speaks about."]


def _tier(policy: Policy, name: str) -> str:
    """A cost tier with what it holds: `*large* (more than $100.00)`."""
    if name == FREE:
        return f"*{FREE}* (costs nothing)"
    at = next((n for n, tier in enumerate(policy.tiers) if tier.name == name), None)
    if at is None:
        return f"*{inline(name, 40)}*"
    above: Iterable[Tier] = policy.tiers[at + 1 : at + 2]
    upto = "".join(f", up to {money(tier.over_usd)}" for tier in above)
    return f"*{inline(name, 40)}* (more than {money(policy.tiers[at].over_usd)}{upto})"


def _costs(why: Why) -> list[str]:
    change = why.change
    lines = [f"Price: {priced(change)}."]
    if change.requirement.tier:
        counted = f"{money(price_of(change.plan, change.gate))} counts: what is paid once, and the first month"
        # what the cap has raised does not cost what its tier is for
        known = change.requirement.policy == why.policy.fingerprint and not change.requirement.raised
        tier = _tier(why.policy, change.requirement.tier) if known else tier_name(change)
        lines.append(f"{counted}. Cost tier: {tier}.")
    if words := raised(change):
        lines.append(words)
    elif line := spent(change):
        lines.append(f"Budget of {inline(change.plan.account_name, 40)}: {line}.")
    return lines


def _titled(title: str, lines: Sequence[str]) -> list[Block]:
    return kit.sections([f"*{title}*", *lines]) if lines else []


def _modal(number: int, blocks: Sequence[Block], callback_id: str = "notice") -> dict[str, Any]:
    return kit.modal(f"Why #{number}?", blocks, callback_id=callback_id)
