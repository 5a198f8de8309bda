"""Absences in Slack: the window in which somebody hands over their seat, and what others read of it."""

from collections.abc import Sequence
from typing import Any

from bot.changes.delegations import LONGEST_SECONDS, Delegation
from handlers.blocks import kit
from handlers.blocks.kit import Block, Message, date, inline, person

REASON = 200
"""Characters of a reason."""
LISTED = 5
"""People for whom somebody decides that are named."""


def away_modal(until: str, initial: Delegation | None = None) -> dict[str, Any]:
    """Who decides for somebody while they are away; `until` is the day (`2026-11-30`) that is offered."""
    blocks = [
        kit.section(
            "Somebody else takes your seat: what they approve or reject counts as yours, and the card says for whom "
            "it was. You can still decide yourself; the two of you count once. Your own changes they cannot approve."
        ),
        kit.input_block("to", "Who decides for you?", kit.person_input("to", initial=initial.to if initial else "")),
        kit.input_block(
            "until",
            "Last day away",
            kit.day_input("until", initial=until),
            hint=f"It ends at midnight UTC after that day (at most {LONGEST_SECONDS / 86400:.0f} days), or when you "
            "say that you are back.",
        ),
        kit.input_block(
            "reason",
            "Why?",
            kit.text_input("reason", most=REASON),
            hint="Shown in the approvals channel.",
            optional=True,
        ),
    ]
    return kit.modal("I am away", blocks, callback_id="away", submit="Hand over")


def absence_blocks(viewer: str, standing: Sequence[Delegation], *, approver: bool) -> list[Block]:
    """Who decides for the viewer and for whom they decide, with the buttons that change it; `approver`: may be away."""
    own = next((d for d in standing if d.user == viewer), None)
    lines = [f"You decide for {person(d.user)} until {date(d.until)}." for d in standing if d.to == viewer]
    if more := lines[LISTED:]:
        lines[LISTED:] = [f"You decide for {len(more)} more."]
    if own:
        lines.append(f"{person(own.to)} decides for you until {date(own.until)}.")
        return [kit.section("\n".join(lines), kit.button("I am back", "away.back", style="primary"))]
    if approver:
        label = "I am away: somebody else decides for me"
        return [*kit.sections(lines), kit.actions(kit.button("I am away", "away.open", label=label))]
    return kit.sections(lines)


def given(delegation: Delegation) -> Message:
    """To the approvals channel: somebody is away."""
    why = f" ({inline(delegation.reason, REASON)})" if delegation.reason else ""
    text = (
        f"{person(delegation.user)} is away until {date(delegation.until)}{why}. {person(delegation.to)} decides for "
        "them until then."
    )
    return kit.message(text, [kit.section(text)])


def asked_to_stand_in(delegation: Delegation) -> Message:
    """To the stand-in."""
    why = f" ({inline(delegation.reason, REASON)})" if delegation.reason else ""
    text = (
        f"{person(delegation.user)} is away{why}. You decide for them until {date(delegation.until)}: what you approve "
        "or reject counts as theirs, wherever you have no seat of your own."
    )
    more = "`/a2p-approvals` and App Home show what waits. What they asked for themselves you cannot approve for them."
    return kit.message(text, [kit.section(text), kit.context(more)])


def left_alone(delegation: Delegation, away: Delegation) -> Message:
    """To somebody who is away, whose stand-in is away too now."""
    text = (
        f"{person(away.user)}, who decides for you until {date(delegation.until)}, is away too until "
        f"{date(away.until)}. {person(away.to)} does not decide for you: nobody hands on what was handed to them. "
        "Choose somebody else with `/a2p-approvals away` if that matters."
    )
    return kit.message(text, [kit.section(text)])


def ended(user: str, to: str) -> Message:
    """To the approvals channel and the stand-in: somebody is back."""
    text = f"{person(user)} is back and decides again. {person(to)} does not decide for them any more."
    return kit.message(text, [kit.section(text)])
