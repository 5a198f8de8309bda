"""What a registration's thread says of what people did about it: who sees to it, and where it is muted."""

from bot.tracking.registration import Registration
from handlers.blocks import kit
from handlers.blocks.kit import Message, inline, person


def assigned(registration: Registration, user: str, had: str) -> Message:
    """Somebody sees to it now; whoever had it until now is called by name."""
    before = f" {person(had)} had it until now." if had and had != user else ""
    return _said(f"{person(user)} sees to {inline(registration.title)} now.{before}")


def muted(registration: Registration, user: str) -> Message:
    """A channel hears no more of it."""
    return _said(
        f"{person(user)} has muted {inline(registration.title)} here: no news of it is posted in this channel any "
        "more, not even a rejection. *Unmute* on its card, at the head of this thread, takes it back."
    )


def unmuted(registration: Registration, user: str) -> Message:
    """A channel hears of it again."""
    return _said(f"{person(user)} has unmuted {inline(registration.title)}: its news is posted here again.")


def _said(text: str) -> Message:
    return kit.message(text, [kit.section(text)])
