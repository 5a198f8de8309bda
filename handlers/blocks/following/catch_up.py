"""What a channel reads first when much has happened that could not be told when it did."""

import re
from collections.abc import Mapping

from bot.plans.values import Record
from bot.tracking.registration import SEVERITIES, Severity
from handlers.blocks import kit
from handlers.blocks.following.severities import counted
from handlers.blocks.kit import Message, date, inline, plural

NAMED = 20
"""Registrations with bad news that are named."""

_THREAD = re.compile(r"https://[a-z0-9.-]+\.slack(?:-gov)?\.com/archives/[A-Z0-9]+/p[0-9]+")


class Named(Record):
    """A registration with bad news, and what it is in a few words: error codes, or its state."""

    registration: str
    title: str
    words: str


class CatchUp(Record):
    """What is told late in one go: from when to when it happened (epoch seconds), and why it was not told then.

    `rows` are the announcements, each as the id of its registration and its own, with a space between.
    """

    id: str
    began: float
    ended: float
    quiet: bool
    rows: frozenset[str]
    counts: Mapping[Severity, int]
    bad: tuple[Named, ...]


def catch_up(told: CatchUp, threads: Mapping[str, str]) -> Message:
    """The summary; `threads` are web addresses by registration, as far as they stand."""
    why = "During quiet hours" if told.quiet else "While nothing could be posted here"
    when = f"from {date(told.began)} to {date(told.ended)}"
    counts = ", ".join(counted(n, s) for s in SEVERITIES if (n := told.counts.get(s)))
    happened = "thing happened" if len(told.rows) == 1 else "things happened"
    text = f"{why}, {when}, {len(told.rows)} {happened}: {counts}."
    lines = [_line(named, threads.get(named.registration, "")) for named in told.bad[:NAMED]]
    if len(told.bad) > NAMED:
        lines.append(f"… and {plural(len(told.bad) - NAMED, 'more registration')} with bad news")
    head = ["*Bad news*"] if lines else []
    note = kit.context("Each is told in the thread of its registration, in the order in which it happened.")
    return kit.message(text, [kit.section(text), *kit.sections([*head, *lines]), note])


def _line(named: Named, thread: str) -> str:
    title = inline(named.title, 80).replace("|", "/")
    shown = f"<{thread}|{title}>" if _THREAD.fullmatch(thread) else f"*{title}*"
    return f"• {shown}: {inline(named.words, 80)}"
