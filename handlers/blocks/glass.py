"""Broken glass in Slack: the question before it, the news of it, and its review until somebody signs it off."""

from collections.abc import Sequence
from typing import Any

from bot.changes.change import Change, Decision
from bot.changes.freezes import Freeze
from handlers.blocks import kit
from handlers.blocks.change_buttons import details, priced, sign_off_button
from handlers.blocks.freeze import freeze_of, stage
from handlers.blocks.kit import Block, Message, date, inline, person, plural, remark
from handlers.blocks.parts import part_name
from handlers.blocks.progress import headline, needs, results
from handlers.blocks.tokens import memo

LISTED, ABOVE, BRIEF = 15, 5, 200
"""Reviews in a list of their own, and above another one; characters of a reason there. A message has fifty blocks."""


def break_glass_modal(change: Change) -> dict[str, Any]:
    """What breaking glass does, and why somebody wants it."""
    part = _part(change)
    blocks = [
        kit.section(f"*{inline(headline(change))}*\nAsked by {person(change.requester)}. Price: {priced(change)}."),
        *kit.notice(
            f"{'This part of it runs' if part else 'It runs'} at once, without the approvals it takes.", "warning"
        ),
        *kit.sections(
            [
                f"• What is passed over: {_passed_over(change)}",
                *([f"• Only “{part}” is let through. Later parts ask for their approval as before."] if part else []),
                "• Your name and your reason are told in the approvals channel, and to each person whose approval is "
                "passed over.",
                "• Somebody who had no part in it has to sign it off afterwards.",
                "• A freeze still holds: where one stops this account, it runs when that is over or lifted.",
            ]
        ),
        kit.input_block(
            "reason",
            "Why can this not wait?",
            kit.text_input("reason", multiline=True, most=1000),
            hint="Everybody who could have approved reads this, and whoever signs it off.",
        ),
    ]
    return kit.modal(
        f"Break glass for #{change.number}"[:24],
        blocks,
        callback_id="break_glass",
        submit="Break glass",
        close="Cancel",
        private_metadata=memo(n=change.number, g=change.digest),
    )


def sign_off_modal(change: Change, freeze: Freeze | None = None) -> dict[str, Any]:
    """What ran without its approvals, for somebody who has looked at it."""
    blocks = [
        kit.section(f"*{inline(headline(change))}*\n*{stage(change, freeze)}* · Price: {priced(change)}"),
        *kit.sections(review(change)),
        *kit.sections(f"• {line}" for line in results(change)),
        kit.input_block(
            "note",
            "What do you make of it?",
            kit.text_input("note", multiline=True, most=1000),
            hint="It is shown on the card. With your sign-off, your name stands for having looked at this.",
            optional=True,
        ),
    ]
    return kit.modal(
        f"Sign off #{change.number}",
        blocks,
        callback_id="sign_off",
        submit="Sign off",
        close="Cancel",
        private_metadata=memo(n=change.number, k=change.breaks),
    )


def review(change: Change) -> list[str]:
    """That it ran without its approvals, who wanted that and why, and whether somebody has looked at it; mrkdwn."""
    if not change.glass:
        return []
    how = "Ran" if ran(change) else "Let through"
    lines = [f"*{how} without its approvals*: {_broken(change, d)}" for d in change.glass]
    if signed := change.signed_off:
        note = f": “{inline(signed.detail, 600)}”" if signed.detail else "."
        return [*lines, f"✓ Signed off by {person(signed.who)}, {date(signed.at)}{note}"]
    return (
        [*lines, "It waits to be signed off by somebody who had no part in it."] if change.review == "open" else lines
    )


def ran(change: Change) -> bool:
    """Whether anything came of its being let through."""
    return change.begun or change.state == "succeeded"


def glass_broken(change: Change) -> Message:
    """The news in the approvals channel."""
    broken = change.glass[-1]
    said = (
        f"{person(broken.user)} broke glass: #{change.number} {remark(change.plan.title)} is let through without its "
        "approvals."
    )
    return kit.message(said, [*kit.sections([f"*{said}*", *_facts(change, broken)]), _buttons(change)])


def glass_mended(change: Change) -> Message:
    """The same news once it is signed off: there is nothing to press."""
    said = f"{person(change.glass_broken_by)} broke glass for #{change.number} {remark(change.plan.title)}."
    return kit.message(said, [*kit.sections([f"*{said}*", *review(change)]), kit.actions(details(change))])


def passed_over(change: Change) -> Message:
    """To somebody whose approval it took."""
    broken = change.glass[-1]
    said = (
        f"{person(broken.user)} broke glass: #{change.number} {remark(change.plan.title)} is let through without the "
        "approvals that it takes, and yours is one of those."
    )
    return kit.message(said, [*kit.sections([f"*{said}*", *_facts(change, broken)]), _buttons(change)])


def review_over(change: Change) -> Message:
    """To whoever broke the glass, when somebody has signed it off."""
    signed = change.signed_off
    note = f" “{inline(signed.detail, 600)}”" if signed and signed.detail else ""
    who = person(signed.who) if signed else "Somebody"
    said = f"{who} signed off #{change.number}, for which you broke glass: {remark(change.plan.title)}.{note}"
    return kit.message(said, [kit.section(said), kit.actions(details(change))])


def reviews_section(changes: Sequence[Change], frozen: Sequence[Freeze] = ()) -> list[Block]:
    """What the viewer may sign off, above other lists; nothing when there is nothing. `frozen`: what stands."""
    if not changes:
        return []
    title = f"*Let through without approvals, waits for your sign-off* ({len(changes)})"
    every = frozenset(c.number for c in changes)
    more = len(changes) - ABOVE
    rest = [kit.context(f"… and {plural(more, 'more change')}: `/a2p-approvals reviews`")] if more > 0 else []
    return [kit.section(title), *_reviews(changes[:ABOVE], every, frozen), *rest, kit.divider()]


def reviews_list(changes: Sequence[Change], signable: frozenset[int], frozen: Sequence[Freeze] = ()) -> Message:
    """`/a2p-approvals reviews`. `frozen` are the freezes that stand."""
    if not changes:
        text = "No change waits to be signed off: none was let through without its approvals, or all were looked at."
        return kit.message(text, [kit.section(text)])
    text = (
        f"{plural(len(changes), 'change')} let through without approvals, to be signed off; {len(signable)} of them "
        "by you."
    )
    more = len(changes) - LISTED
    rest = [kit.context(f"… and {plural(more, 'more change')}. Sign off some of these first.")] if more > 0 else []
    return kit.message(text, [kit.section(text), *_reviews(changes[:LISTED], signable, frozen), *rest])


def _reviews(changes: Sequence[Change], signable: frozenset[int], frozen: Sequence[Freeze]) -> list[Block]:
    """What waits to be signed off, with the button on those that the viewer may."""
    blocks: list[Block] = []
    for change in changes:
        broken = _broken(change, change.glass[-1], BRIEF) if change.glass else ""
        line = f"*{inline(headline(change))}*\n{stage(change, freeze_of(change, frozen))} · {broken}"
        buttons = [sign_off_button(change)] if change.number in signable else []
        blocks += [kit.section(line), kit.actions(*buttons, details(change))]
    return blocks


def _facts(change: Change, broken: Decision) -> list[str]:
    part = _part(change)
    return [
        f"Reason: “{inline(broken.reason, 600)}”.",
        *([f"Let through: “{part}” alone."] if part else []),
        f"Price: {priced(change)}.",
        f"Passed over: {_passed_over(change)}",
        "Somebody who had no part in it has to sign it off.",
    ]


def _passed_over(change: Change) -> str:
    return f"{needs(change)} Rule “{inline(change.requirement.rule, 80)}”."


def _broken(change: Change, decision: Decision, most: int = 600) -> str:
    gates = (s for s in change.plan.steps if change.plan.digest_at(s.id) == decision.digest)
    title = next((part_name(s.title) for s in gates), "")
    part = f", for “{title}”" if title else ""
    return (
        f"glass broken by {person(decision.user)}, {date(decision.at)}{part}, reason “{inline(decision.reason, most)}”."
    )


def _part(change: Change) -> str:
    """The part that is decided, where it is not the first of all."""
    return next((part_name(s.title) for s in change.plan.steps if s.id == change.gate), "")


def _buttons(change: Change) -> Block:
    return kit.actions(sign_off_button(change), details(change))
