"""Words for Slack: foreign text made harmless, and the few tokens that Slack draws by itself (slack.md 7.2)."""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import quote, urlsplit

DateStyle = Literal["short", "exact", "day", "long"]

_FORMATS = MappingProxyType(
    {
        "short": "{date_short_pretty} at {time}",
        "exact": "{date_short_pretty} at {time_secs}",
        "day": "{date_short_pretty}",
        "long": "{date_long_pretty} at {time}",
    }
)
_WRITTEN = MappingProxyType({"short": "%Y-%m-%d %H:%M UTC", "exact": "%Y-%m-%d %H:%M:%S UTC"})
_LAST_EPOCH = 253402300799  # the end of the year 9999, where Python's calendar stops

# Overrides of the writing direction: they let foreign text reorder the words around it.
_DIRECTIONS: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")

_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
_USERGROUP = re.compile(r"S[A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,}")
_SPECIAL = re.compile(
    r"<@[UW][A-Z0-9]{2,}>|<#[CDG][A-Z0-9]{2,}>|<!date\^\d+\^[a-z_{} ]+\|[0-9UTC: -]+>|&(?:amp|lt|gt);|[&<>]"
    r"|(?P<moment>\b\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC\b)"
)
_MENTION = re.compile(r"<[@#][A-Z0-9]+>")
_WHO = r"<@[UW][A-Z0-9]{2,}>"
_CREDIT = re.compile(rf"{_WHO} (?=has frozen )|for {_WHO}(?:, {_WHO})*(?:: |$)|is (?:away|back): {_WHO} (?=decides)")
_EMPHASIS = re.compile(r"`([^`]+)`|\*([^*\s][^*]*)\*")
_UNITS = (("week", 7 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


def escape(text: str) -> str:
    """Foreign text for mrkdwn: no mention, link or entity of it takes effect, and it cannot turn the writing around."""
    return straight(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def straight(text: str) -> str:
    """Text without overrides of the writing direction, which are replaced by a visible sign."""
    return text if text.isascii() else text.translate(_DIRECTIONS)


def prose(text: str) -> str:
    """A text that our own code wrote, with foreign words in it: only mentions of people and channels take effect.

    A moment, such as `2026-11-18 11:06:09 UTC`, becomes one in the reader's own time zone. What is escaped already
    stays as it is, so that applying it twice changes nothing.
    """
    return _SPECIAL.sub(_effect, straight(text))


def _effect(found: re.Match[str]) -> str:
    if found["moment"]:
        return _local(found["moment"])
    return found[0] if len(found[0]) > 1 else escape(found[0])


def _local(moment: str) -> str:
    """A moment as the engine writes it, for the reader's own time zone; what is none stays as it is."""
    style: DateStyle = "exact" if moment.count(":") == 2 else "short"
    try:
        return date(datetime.strptime(moment, _WRITTEN[style]).replace(tzinfo=UTC).timestamp(), style)
    except ValueError:
        return moment


def inline(text: str, most: int = 150) -> str:
    """Foreign text within a line: one line, at most `most` characters, escaped."""
    return escape(cut(" ".join(text.split()), most))


def remark(text: str, most: int = 500) -> str:
    """`prose` within a line: one line, at most `most` characters before it is escaped.

    It mentions nobody: where others read along, a name at Twilio must not call anybody up.
    """
    return _MENTION.sub(lambda found: escape(found[0]), prose(cut(" ".join(text.split()), most)))


def credited(text: str, most: int = 500) -> str:
    """`remark` that names the people with whom our own code begins it, for where a mention calls nobody up.

    Such are `<@U…> has frozen …`, `for <@U…>: …` and `is away: <@U…> decides`; nobody whom it quotes is one of them.
    """
    line = " ".join(text.split())
    found = _CREDIT.match(line)
    return found[0] + remark(line[found.end() :], max(1, most - found.end())) if found else remark(line, most)


def unmarked(text: str) -> str:
    """A text that our own code wrote, without its markup, for where Slack shows plain text."""
    return _EMPHASIS.sub(lambda found: f"“{found[1] or found[2]}”", text)


def cut(text: str, most: int) -> str:
    """Plain text of at most `most` characters, ending in “…” where something was left out."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    space = head.rfind(" ", max(0, len(head) - 15))
    return (head[:space] if space > 0 else head).rstrip() + "…"


def cut_marked(text: str, most: int) -> str:
    """mrkdwn of at most `most` characters: never cut within an entity or a `<…>` token."""
    if len(text) <= most:
        return text
    return re.sub(r"(?:&[a-z]{0,3}|<[^<>]*)$", "", text[: most - 1]).rstrip() + "…"


def person(user_id: str) -> str:
    """A mention of a person; text that is no user id is shown as it is."""
    return f"<@{user_id}>" if _PERSON.fullmatch(user_id) else inline(user_id, 30)


def usergroup(group_id: str) -> str:
    """A mention of a user group, which calls all its members; text that is no group id is shown as it is."""
    return f"<!subteam^{group_id}>" if _USERGROUP.fullmatch(group_id) else inline(group_id, 30)


def channel(channel_id: str) -> str:
    """A link to a channel; text that is no channel id is shown as it is."""
    return f"<#{channel_id}>" if _CHANNEL.fullmatch(channel_id) else inline(channel_id, 30)


def date(epoch: float, style: DateStyle = "short") -> str:
    """A moment in the reader's own time zone; clients that cannot do that show UTC. `epoch` in seconds."""
    seconds = min(max(0, int(epoch)), _LAST_EPOCH) if math.isfinite(epoch) else 0
    written = _WRITTEN.get(style, _WRITTEN["short"])
    return f"<!date^{seconds}^{_FORMATS[style]}|{datetime.fromtimestamp(seconds, UTC):{written}}>"


def span(seconds: float) -> str:
    """A length of time in words, in its largest unit: `3 days`."""
    for name, length in _UNITS:
        if seconds >= length:
            return plural(int(seconds // length), name)
    return "less than a minute"


def plural(count: int, noun: str) -> str:
    """`1 number`, `2 numbers`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def money(usd: Decimal) -> str:
    """An amount in US dollars: two decimals, or as many as a price below a dollar needs."""
    cents = usd.quantize(Decimal("0.01"))
    return f"${cents if cents == usd or usd >= 1 else usd.normalize():,f}"


def code(text: str) -> str:
    """A short exact value such as a SID, in code style."""
    return "`" + (inline(text, 200).replace("`", "'") or " ") + "`"


def link(url: str, label: str) -> str:
    """A link to one of Twilio's pages; any other address is shown as text, as a label could lie about it."""
    shown = inline(label) or "page"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    if parts is None or parts.scheme != "https" or not (host == "twilio.com" or host.endswith(".twilio.com")):
        return f"{shown} ({code(url)})" if url else shown
    return f"<{quote(url, safe=':/?#[]@!$()*+,;=%~')}|{shown.replace('|', '/')}>"


def error_page(twilio_code: int | str) -> str:
    """A Twilio error code, linked to Twilio's page on it when it is a number."""
    text = str(twilio_code)
    return link(f"https://www.twilio.com/docs/api/errors/{text}", text) if text.isdecimal() else code(text)


def visible(text: str) -> str:
    """An exact value: characters that do not show, or that reorder others, are written as `\\u{…}`; newlines stay."""
    return "".join(c if c == "\n" or c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)
