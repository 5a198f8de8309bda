"""Registrations in Slack: the card at the head of their thread, and the window that shows it elsewhere."""

from collections.abc import Sequence
from typing import Any

from bot.catalog.rejections import Rejection, rejections
from bot.tracking.registration import Registration, Transition
from handlers.blocks import kit
from handlers.blocks.following.readiness import readiness_lines
from handlers.blocks.following.registration_buttons import card_buttons
from handlers.blocks.following.registration_facts import facts, heard_lines, pace_lines
from handlers.blocks.following.rejection import feedback_line
from handlers.blocks.following.shown import Shown
from handlers.blocks.following.standing_words import external, lower, standing
from handlers.blocks.following.verdict import advice, codes_of, rejected_blocks, verdict
from handlers.blocks.kit import Block, Message, code, date, inline, person, remark

__all__ = [
    "WINDOW",
    "Shown",
    "external",
    "registration_card",
    "registration_line",
    "registration_modal",
    "standing",
    "verdict",
]

HISTORY = 5
WINDOW = "registration"
"""The name of the window, by which a click in it is known."""


def registration_card(shown: Shown) -> Message:
    """The root of a registration's thread."""
    registration = shown.registration
    found = rejections(registration.snapshot, shown.guide)
    codes = f" ({codes_of(found)})" if found else ""
    then = _next_step(shown, found)
    text = f"{remark(registration.title)}: {lower(inline(standing(registration).words))}{codes}. {then}"
    buttons = kit.actions(*card_buttons(registration, found, shown.channel))
    return kit.message(text, [*_blocks(shown, found, then), buttons])


def registration_modal(shown: Shown) -> dict[str, Any]:
    """The same in a window, for where there is no thread: with the errors in full, and the buttons that fit there."""
    registration = shown.registration
    found = rejections(registration.snapshot, shown.guide)
    blocks = _blocks(shown, found, advice(registration, found))
    if not _feedback(registration, found):
        blocks += rejected_blocks(shown, registration, registration.since or shown.now)
    buttons = kit.actions(*card_buttons(registration, found, ""))
    return kit.modal("Registration", [*blocks, buttons], callback_id=WINDOW)


def registration_line(registration: Registration) -> str:
    """A registration within a list."""
    since = f", since {date(registration.since, 'day')}" if registration.since else ""
    words = lower(inline(standing(registration).words))
    return f"*{inline(registration.title)}*: {words}{since} · {code(registration.key)}"


def _blocks(shown: Shown, found: Sequence[Rejection], then: str) -> list[Block]:
    """The card without its buttons; what must not be missing comes first."""
    registration, now = shown.registration, standing(shown.registration)
    codes = f" ({codes_of(found)})" if found else ""
    blocks = [kit.header(registration.title), kit.section(f"*{inline(now.words)}*{codes}\n{then}")]
    if muted := registration.muted.get(shown.channel):
        blocks.append(
            kit.section(f"*Muted here by {person(muted.by)}*, {date(muted.at)}: no news of it is posted here.")
        )
    if registration.out_of_sight:
        last = f"this is as of {date(registration.fetched_at)}" if registration.fetched_at else "nothing is known yet"
        why = remark(registration.trouble, 600)
        blocks.append(kit.section(f"*Tenfour has not been able to look at Twilio for some time*, so {last}: {why}"))
    blocks += kit.sections([*pace_lines(shown), *_feedback(registration, found), *_readiness(registration)])
    return [
        *blocks,
        kit.fields(facts(registration, now)),
        *(kit.context(line) for line in heard_lines(registration)),
        *_history(shown.transitions),
    ]


def _next_step(shown: Shown, found: Sequence[Rejection]) -> str:
    registration = shown.registration
    # of what stood so when it was first followed nothing was told
    told = any(t.about == "state" and t.after == registration.status for t in shown.transitions)
    in_thread = told and found and not _feedback(registration, found)
    return f"{advice(registration, found)}{' The reasons stand in this thread.' if in_thread else ''}"


def _feedback(registration: Registration, found: Sequence[Rejection]) -> list[str]:
    """Errors of a brand that is approved all the same: what TCR thinks of it."""
    return [*map(feedback_line, found)] if registration.status == "APPROVED" else []


def _readiness(registration: Registration) -> list[str]:
    verified = registration.kind == "campaign" and registration.status == "VERIFIED"
    return readiness_lines(registration.snapshot) if verified else []


def _history(transitions: Sequence[Transition]) -> list[Block]:
    lines = [_line(t) for t in transitions if t.about == "state"][-HISTORY:]
    return [kit.context("\n".join(lines))] if lines else []


def _line(moved: Transition) -> str:
    return f"{date(moved.at)} · {code(moved.before or 'first look')} → {code(moved.after)}"
