"""The buttons of a registration: on its card, on what is said of it, and in its window."""

from collections.abc import Sequence
from typing import Any

from bot.catalog.rejections import Rejection, hopeless
from bot.tracking.registration import GONE, Registration
from handlers.blocks import kit
from handlers.blocks.following.standing_words import external
from handlers.blocks.kit import Block

MENDED = ("campaign", "brand")
"""Kinds of which a refused one can be submitted again."""
LOOKED_AT = ("campaign", "brand", "bundle", "sink")
"""Kinds that Twilio can be asked about."""
_MUTED = (
    "No news of it is posted here any more, not even a rejection. Its card goes on being redrawn, and "
    "other channels still hear of it. *Unmute* on the card takes it back."
)


def card_buttons(registration: Registration, found: Sequence[Rejection], channel: str) -> list[Block]:
    """Everything that can be done about it; `channel` is where, "" in a window, which cannot be muted."""
    return [
        *mend_buttons(registration, found),
        *owner_buttons(registration),
        ticket_button(registration),
        *check_buttons(registration),
        *mute_buttons(registration, channel),
    ]


def news_buttons(registration: Registration, found: Sequence[Rejection], channel: str) -> list[Block]:
    """What can be done about bad news, under the news itself."""
    muting = [] if channel in registration.muted else mute_buttons(registration, channel)
    return [
        *mend_buttons(registration, found),
        *owner_buttons(registration),
        ticket_button(registration),
        *muting,
    ]


def mend_buttons(registration: Registration, found: Sequence[Rejection]) -> list[Block]:
    """*Fix and resubmit*: the main button, unless Twilio takes a resubmission for none of the errors."""
    if registration.status != "FAILED" or registration.kind not in MENDED:
        return []
    if external(registration) or not hopeless(found):
        return [_resubmit(registration, style="primary")]
    why = (
        "Twilio does not take a resubmission for these errors. It would most likely be rejected again, and cost again."
    )
    return [_resubmit(registration, confirm=kit.confirm("Resubmit all the same?", why, "Resubmit", danger=True))]


def owner_buttons(registration: Registration) -> list[Block]:
    """*Assign to me*, while there is something to see to."""
    if registration.status == GONE:
        return []
    label = f"Assign {registration.title} to me"
    return [kit.button("Assign to me", "registration.assign", assigning(registration), label=label)]


def assigning(registration: Registration) -> str:
    """The value of *Assign to me*: what it is about, and who saw to it when it was drawn."""
    return f"{registration.id}|{registration.owner}"


def ticket_button(registration: Registration) -> Block:
    """A ticket to Twilio's support, ready to copy."""
    label = f"Draft a support ticket about {registration.title}"
    return kit.button("Draft support ticket", "registration.ticket", registration.id, label=label)


def check_buttons(registration: Registration) -> list[Block]:
    """*Check now*, for what can be looked at."""
    if registration.kind not in LOOKED_AT:
        return []
    label = f"Check {registration.title} now"
    return [kit.button("Check now", "registration.check", registration.id, label=label)]


def mute_buttons(registration: Registration, channel: str) -> list[Block]:
    """*Mute* or *Unmute* for the channel in which it stands."""
    if not channel:
        return []
    if channel in registration.muted:
        label = f"Unmute {registration.title} in this channel"
        return [kit.button("Unmute", "registration.unmute", registration.id, label=label)]
    sure = kit.confirm(f"Mute {kit.cut(registration.title, 80)}?", _MUTED, "Mute")
    label = f"Mute {registration.title} in this channel"
    return [kit.button("Mute", "registration.mute", registration.id, confirm=sure, label=label)]


def _resubmit(registration: Registration, **more: Any) -> Block:
    words = "Fix in TCR and associate again" if external(registration) else "Fix and resubmit"
    return kit.button(words, "registration.resubmit", registration.id, label=f"{words}: {registration.title}", **more)
