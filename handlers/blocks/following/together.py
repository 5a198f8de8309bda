"""What is said of a registration in one reply when several things happened to it since the last one."""

from collections.abc import Sequence

from bot.tracking.registration import Transition
from handlers.blocks import kit
from handlers.blocks.following.in_short import in_short, telling
from handlers.blocks.following.shown import Shown
from handlers.blocks.following.verdict import verdict
from handlers.blocks.kit import Message, date, inline, plural

SHOWN = 30
"""Things that are named one by one; of more, those in the middle are counted."""


def together(shown: Shown, moved: Sequence[Transition]) -> Message:
    """All of it in order, and what it comes to in full; a single thing as it is always told."""
    message = verdict(shown, telling(moved))
    if len(moved) == 1:
        return message
    lines = [f"• {date(each.at)}: {inline(in_short(shown.registration, each, shown.guide), 200)}" for each in moved]
    if (left := len(lines) - SHOWN) > 0:
        lines[SHOWN // 2 : -SHOWN // 2] = [f"• … {plural(left, 'more thing')}, each in the log of the registration"]
    head = f"{plural(len(moved), 'thing')} happened, in this order"
    what = f"{inline(shown.registration.title)}: {head}"
    blocks = [*kit.sections([f"*{what}*", *lines]), kit.divider(), *message["blocks"]]
    return kit.message(f"{what}. {message['text']}", blocks)
