"""What everything that is drawn must hold: Slack takes it, and no foreign text takes effect."""

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.blocks import validate_message, validate_view, walk_elements
from handlers.blocks.kit import Message

# The tokens that our own code writes: people, user groups, channels, moments, pages of Twilio.
OURS = re.compile(
    r"<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>|<#[CDG][A-Z0-9]+>|<!date\^\d+\^[a-z_{} ]+\|[0-9UTC: -]+>"
    r"|<https://(?:www|console)\.twilio\.com/[^<>| ]*\|[^<>|]+>"
)
MESSAGE_TEXT = 4000
MESSAGE_BLOCK_TEXT = 13_000


def sound_message(message: Message) -> Message:
    """Assert that Slack takes a message and that nothing foreign in it takes effect."""
    report = validate_message(dict(message))
    assert report.lines() == []
    assert message["text"].strip()
    assert len(message["text"]) <= MESSAGE_TEXT
    assert sum(len(text) for _, text in texts(message["blocks"])) <= MESSAGE_BLOCK_TEXT
    harmless(message["text"])
    _harmless_blocks(message)
    return message


def sound_view(view: dict[str, Any]) -> dict[str, Any]:
    """Assert the same of a modal or home view."""
    assert validate_view(view, view["type"]).lines() == []
    _harmless_blocks(view)
    return view


def _harmless_blocks(thing: Any) -> None:
    for kind, text in texts(thing["blocks"]):
        if kind == "mrkdwn":
            harmless(text)


def harmless(mrkdwn: str) -> None:
    """Assert that every `<…>` is one of ours; a quote's own sign at the start of a line is no token."""
    rest = re.sub(r"(?m)^> ", "", OURS.sub("", mrkdwn))
    assert "<" not in rest, rest
    assert ">" not in rest, rest
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", mrkdwn)


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every text within blocks, with its kind."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield str(value.get("type")), value["text"]
        for entry in value.values():
            yield from texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry)


def words(thing: Any) -> str:
    """All texts as one."""
    return "\n".join(text for _, text in texts(thing["blocks"]))


def elements(thing: Any) -> dict[str, dict[str, Any]]:
    """Every element by its action id; of several with one id, the last."""
    return {e["action_id"]: e for _, e in walk_elements(thing["blocks"])}


def block(thing: Any, block_id: str) -> dict[str, Any]:
    """The block with this id."""
    found: dict[str, Any] = next(b for b in thing["blocks"] if b.get("block_id") == block_id)
    return found
