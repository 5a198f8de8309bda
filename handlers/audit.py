"""`/a2p-audit`: what happened, narrowed by typed filters, shown in Slack or sent as a file."""

import fnmatch
import re
from collections.abc import Collection
from typing import NamedTuple

from bot.audit.export import Format, lines, newest
from bot.audit.filter import Filter, moment
from bot.audit.row import act_row
from bot.changes.change import place
from bot.changes.refusal import Refusal
from handlers.accounts import account_for
from handlers.blocks.audit import audit_help, audit_rows, file_sent
from handlers.commands import HELP, nearest, split
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk

FILTERS = ("change", "who", "operation", "account", "since", "until", "file")
FORMATS: tuple[Format, ...] = ("csv", "jsonl")
SHOWN = 20
MOST_BYTES = 20_000_000
"""Size of a file that is sent through Slack; what is larger is for the command line, which holds none of it."""

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|([UW][A-Z0-9]{2,})")
_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")


class Wish(NamedTuple):
    """What somebody wants to see, and as which file; None: in Slack. `typed` is how they said it."""

    wanted: Filter
    file: Format | None
    typed: str


async def audit(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-audit change=142 who=@rita file=csv`: the newest rows that fit, or all of them as a file."""
    words = split(delivery.body.get("text") or "")
    if words and words[0].lower() in HELP:
        return {"response_type": "ephemeral", **audit_help(FORMATS)}
    wish = await _wish(desk, delivery, words)
    desk.later(delivery, _answer(desk, delivery, wish), members_only=True)
    return None


async def _answer(desk: Desk, delivery: Delivery, wish: Wish) -> None:
    authority = desk.changes.authority
    if not await authority.has(delivery.user, "audit"):
        raise Refusal(f"You may not read the audit. It is for {await authority.holders('audit')}.")
    if wish.file:
        await _send(desk, delivery, wish, wish.file)
        return
    rows = await newest(desk.trail.log, wish.wanted, SHOWN)
    await desk.answer(delivery, audit_rows(rows, wish.typed, full=len(rows) == SHOWN))


async def _send(desk: Desk, delivery: Delivery, wish: Wish, form: Format) -> None:
    """The rows as a file in a direct message; that somebody took them is a row itself, written first."""
    said = f"as {form}{f', {wish.typed}' if wish.typed else ''}"
    where = place(delivery.team, delivery.channel)
    row = act_row("exported", "exported the audit", delivery.user, desk.clock(), where=where, detail=said)
    await desk.trail.note(f"exported:{delivery.once}", row)
    content = bytearray()

    async def named(user: str) -> str:
        return (await desk.people.person(user)).name

    async for line in lines(desk.trail.log, wish.wanted, form, named):
        content += line.encode()
        if len(content) > MOST_BYTES:
            raise Refusal(
                f"That is more than {MOST_BYTES // 1_000_000} MB. Narrow it with since= and until=, or have it written "
                "on the server: tenfour audit export"
            )
    if not content:
        raise Refusal("No row fits, so there is nothing to send.")
    opened = await desk.client.conversations_open(users=delivery.user)
    await desk.client.files_upload_v2(
        channel=opened["channel"]["id"],
        content=bytes(content),
        filename=f"tenfour-audit.{form}",
        title="Audit of Tenfour",
        initial_comment=f"The audit {said}. Taking it was written down there.",
    )
    await desk.answer(delivery, file_sent(form))


async def _wish(desk: Desk, delivery: Delivery, words: Collection[str]) -> Wish:
    """What was typed. Raises `Refusal` naming the nearest one for what is not known."""
    typed: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.lower()
        if name not in FILTERS:
            raise Refusal(f"{_unknown('filter', name, FILTERS)} A filter is written as name=value.")
        if not equals or not value.strip():
            raise Refusal(f"{name} needs a value behind it, as in {name}={_EXAMPLES[name]}.")
        if name in typed:
            raise Refusal(f"{name} is given twice.")
        typed[name] = value.strip()
    wanted = Filter(
        change=_number(typed["change"]) if "change" in typed else None,
        who=_person(typed["who"]) if "who" in typed else "",
        operation=_operation(desk, typed["operation"]) if "operation" in typed else "",
        account=await _account(desk, delivery, typed["account"]) if "account" in typed else "",
        since=_moment(typed["since"]) if "since" in typed else None,
        until=_moment(typed["until"], end=True) if "until" in typed else None,
    )
    file = _format(typed["file"]) if "file" in typed else None
    return Wish(wanted, file, " ".join(f"{name}={value}" for name, value in typed.items() if name != "file"))


_EXAMPLES = {
    "change": "142",
    "who": "@rita",
    "operation": "campaign.*",
    "account": "main",
    "since": "2026-11-01",
    "until": "2026-11-30",
    "file": "csv",
}


def _unknown(what: str, word: str, known: Collection[str]) -> str:
    near = nearest(word, known)
    hint = f" Did you mean {near}?" if near else ""
    return f"There is no {what} “{word[:80]}”.{hint} There are: {', '.join(known)}."


def _number(text: str) -> int:
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 12):
        raise Refusal(f"“{text[:40]}” is no change: write its number, as in change=142.")
    return int(digits)


def _person(text: str) -> str:
    found = _MENTION.fullmatch(text)
    if found is None:
        raise Refusal(
            f"“{text[:40]}” is nobody whom Slack knows. Type who=@ and choose the person from the list that it shows."
        )
    return str(found[1] or found[2])


def _operation(desk: Desk, text: str) -> str:
    names = [operation.name for operation in desk.catalog.operations]
    if not fnmatch.filter(names, text):
        near = nearest(text, names)
        hint = f" Did you mean {near}?" if near else ""
        raise Refusal(f"There is no operation “{text[:80]}”.{hint} All of one kind: operation=campaign.*")
    return text


async def _account(desk: Desk, delivery: Delivery, text: str) -> str:
    # one whose credentials are gone has its rows still
    return text if _ACCOUNT_SID.fullmatch(text) else (await account_for(desk, delivery.channel, text)).sid


def _moment(text: str, *, end: bool = False) -> float:
    try:
        return moment(text, end=end)
    except ValueError as wrong:
        raise Refusal(f"{wrong}.") from None


def _format(text: str) -> Format:
    form = next((known for known in FORMATS if known == text.lower()), None)
    if form is None:
        raise Refusal(_unknown("kind of file", text, FORMATS))
    return form
