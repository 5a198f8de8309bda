"""What the alerts channel hears when Tenfour itself no longer does what everybody relies on."""

from handlers.blocks import kit
from handlers.blocks.kit import Message, code, date, span


def polling_silent(since: float, error: str) -> Message:
    """Nobody looks at Twilio any more, since `since` (epoch seconds); `error` is the kind of the last one, if known."""
    why = f"The last try broke off ({code(error)})." if error else "No look has come to its end; why is not known here."
    text = f"Tenfour has not looked at Twilio since {date(since)}. {why}"
    meaning = "What people see in cards may be out of date, and no verdict is told until it works again."
    todo = (
        "Whoever runs Tenfour looks at its log and at what `tenfour health` says: whether Redis answers, and whether "
        "the machine has memory and time left. Then they start it again; nothing that was asked for or approved is "
        "lost by that."
    )
    return kit.message(f"{text} {meaning}", [kit.section(f"*{text}*\n{meaning}"), kit.section(todo)])


def polling_mended(since: float, again: float) -> Message:
    """What becomes of the alarm once somebody looks at Twilio again (times in epoch seconds)."""
    text = f"Mended: Tenfour did not look at Twilio from {date(since)} to {date(again)} ({span(again - since)})."
    return kit.message(text, [kit.section(text)])


def polling_works(since: float, again: float) -> Message:
    """The reply below the alarm."""
    text = (
        f"It works again since {date(again)}, after {span(again - since)}. What moved at Twilio meanwhile is told now, "
        "and the cards are drawn again."
    )
    return kit.message(text, [kit.section(text)])
