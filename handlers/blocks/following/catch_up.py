"""What a channel reads instead of a hundred replies when much has happened that it has not been told yet."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from bot.plans.values import Record
from bot.tracking.registration import SEVERITIES, Severity
from handlers.blocks import kit
from handlers.blocks.following.severities import ONE, counted
from handlers.blocks.kit import Block, Message, date, inline, plural
from handlers.blocks.progress import console_url

LINES = 40
"""Registrations of one message: each is a block, and Slack takes fifty."""
ROOM = kit.MESSAGE_CHARACTERS - 2000
"""Characters of all lines of one message."""
MINUTE = 60.0
"""Seconds within which all counts as one moment: times are shown to the minute."""
TITLE, WORDS, AROUND = 60, 2000, 130
"""Characters of a title, of all that happened to one registration, and of the link and button around them."""

_THREAD = re.compile(r"https://[a-z0-9.-]+\.slack(?:-gov)?\.com/archives/[A-Z0-9]+/p[0-9]+")
_WHY: Mapping[str, str] = {
    "quiet": "During quiet hours",
    "outage": "While nothing could be posted here",
    "rush": "Within a short time",
}

Why = Literal["quiet", "outage", "rush"]
"""Why it is told in one go: it was kept, it could not be posted, or it is too much for one message each."""


class Line(Record):
    """One registration in a catch-up: `rows` are its announcements, `words` what each of them says.

    `severity` is what they come to. `threaded`: somebody must act on it, so that it is told in its own thread too.
    """

    registration: str
    title: str
    key: str
    words: tuple[str, ...]
    rows: tuple[str, ...]
    severity: Severity
    threaded: bool = False


class CatchUp(Record):
    """What is told in one go: from when to when it happened (epoch seconds), and how much of each sort.

    It is told in `pages` messages; the lines of each are kept beside it.
    """

    id: str
    began: float
    ended: float
    why: Why
    counts: Mapping[Severity, int]
    registrations: int
    pages: int


def catch_up(told: CatchUp, page: int, lines: Sequence[Line], threads: Mapping[str, str]) -> Message:
    """One message of it, the first being page 0; `threads` are web addresses by registration, as far as they stand."""
    total = sum(told.counts.values())
    counts = ", ".join(counted(n, s) for s in SEVERITIES if (n := told.counts.get(s)))
    when = f"from {date(told.began)} to {date(told.ended)}"
    if told.ended - told.began < MINUTE:
        when = date(told.began)
    happened = f"{plural(total, 'thing')} happened"
    text = f"{_WHY[told.why]}, {when}, {happened} to {plural(told.registrations, 'registration')}: {counts}."
    if page:
        text = f"Page {page + 1} of {told.pages} of what happened {when}."
    more = (
        f" It goes on in this thread, on {plural(told.pages - 1, 'more page')}." if told.pages > 1 and not page else ""
    )
    blocks: list[Block] = [kit.section(text + more)]
    severity = ""
    for number, line in enumerate(lines):
        if line.severity != severity:
            severity = line.severity
            blocks.append(kit.section(f"*{ONE[line.severity]}*"))
        blocks.append(_line(line, number, threads.get(line.registration, "")))
    left = any(line.severity == "bad" and not line.threaded for line in lines)
    whose = "The first of what somebody must act on" if left else "What somebody must act on"
    note = kit.context(f"{whose} is told in its own thread too; everything stands on its card.")
    return kit.message(text, [*blocks, note])


def pages_of(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines in as few messages as hold them, in their order."""
    pages: list[list[Line]] = []
    left = 0
    for line in lines:
        size = len(inline(line.title, TITLE)) + len(_words(line.words)) + AROUND
        if not pages or len(pages[-1]) == LINES or size > left:
            pages.append([])
            left = ROOM
        pages[-1].append(line)
        left -= size
    return pages


def _line(line: Line, number: int, thread: str) -> Block:
    title = inline(line.title, TITLE).replace("|", "/")
    page = thread if _THREAD.fullmatch(thread) else console_url(line.key)
    shown = f"<{page}|{title}>" if page else f"*{title}*"
    label = f"Open the card of {line.title}"
    button = kit.button("Open", f"registration.open:{number}", line.registration, label=label)
    return kit.section(f"{shown}: {_words(line.words)}", button)


def _words(words: Sequence[str]) -> str:
    """What happened, in order; what happened several times running is counted."""
    runs: list[tuple[str, int]] = []
    for word in words:
        times = runs.pop()[1] + 1 if runs and runs[-1][0] == word else 1
        runs.append((word, times))
    return inline(", then ".join(f"{word} ({n} times)" if n > 1 else word for word, n in runs), WORDS)
