"""What views and buttons carry back to us: ids only, never what anybody typed."""

import json

from bot.changes.change import Change


def memo(**ids: str | int) -> str:
    """The private metadata of a view."""
    return json.dumps(ids, separators=(",", ":"))


def ticket(change: Change, step: str = "") -> str:
    """The value of a button on a change: its number, the plan that the person saw, and the step that it is about."""
    return f"{change.number}:{change.digest}" + (f":{step}" if step else "")
