"""What an inquiry found, as a message for one person or as a window."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.plans.finding import Finding, Severity
from handlers.blocks import kit
from handlers.blocks.account import Named, account_label
from handlers.blocks.kit import Block, Message, date, inline, link
from handlers.blocks.plan import finding_line
from handlers.blocks.tokens import memo

MESSAGE_CHARACTERS, MODAL_CHARACTERS = 8_000, 60_000
"""Text of all lists of a report: what is left of Slack's limits belongs to facts, findings and links."""
_MOMENT, _WRITTEN = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "%Y-%m-%d %H:%M UTC"
LINE, FACT = 1_100, 500
"""A line holds the longest sample message (1,024 characters) with its number."""
_SEVERITIES: Mapping[Severity, str] = MappingProxyType(
    {"block": "Does not work", "warn": "Worth a look", "note": "Good to know"}
)


def report_message(inquiry: Inquiry, report: Report, account: Named) -> Message:
    """A report in a channel, for the person who asked alone."""
    advice = f"`{inquiry.command} {inquiry.word}` with fewer or no values opens a window, which holds more."
    blocks = report_blocks(inquiry, report, account, MESSAGE_CHARACTERS, advice)
    return kit.message(f"{kit.remark(report.title)}: {_count(report)}", blocks)


def report_modal(inquiry: Inquiry, report: Report, account: Named, draft_id: str) -> dict[str, Any]:
    """A report in the window in which it was asked for, with the way back to the questions."""
    blocks = report_blocks(inquiry, report, account, MODAL_CHARACTERS, "Ask for less to see the rest.")
    if inquiry.form.asks():
        blocks.append(kit.actions(kit.button("Back", "form.back", label="Back to the questions")))
    return kit.modal(
        inquiry.title, blocks, callback_id="report", private_metadata=memo(d=draft_id), notify_on_close=True
    )


def report_blocks(inquiry: Inquiry, report: Report, account: Named, room: int, advice: str) -> list[Block]:
    """Facts, what is odd, lists as far as `room` characters hold them, and links."""
    shown, hidden = _fitting(report.sections, room)
    blocks = [
        kit.header(report.title),
        kit.context(f"{inline(inquiry.title)} · {account_label(account.sid, account.name)}"),
    ]
    blocks += _facts(report.facts)
    blocks += _findings(report.findings)
    for section in shown:
        lines = [f"• {_local(inline(line, LINE))}" for line in section.lines] or ["none"]
        blocks += kit.sections([f"*{inline(section.title)}*", *lines])
    if hidden:
        blocks.append(kit.context(f"{kit.plural(hidden, 'more line')} did not fit. {advice}"))
    if report.links:
        blocks += kit.sections([" · ".join(link(url, label) for label, url in report.links)])
    return blocks


def _facts(facts: Sequence[tuple[str, str]]) -> list[Block]:
    return kit.sections(f"*{inline(label)}*: {_local(inline(value, FACT)) or 'none'}" for label, value in facts)


def _local(mrkdwn: str) -> str:
    """A text whose moments in UTC are shown in the reader's own time."""
    return _MOMENT.sub(lambda found: _moment(found[0]), mrkdwn)


def _moment(written: str) -> str:
    try:
        return date(datetime.strptime(written, _WRITTEN).replace(tzinfo=UTC).timestamp())
    except ValueError:  # it only looks like one
        return written


def _findings(found: Sequence[Finding]) -> list[Block]:
    blocks: list[Block] = []
    for severity, title in _SEVERITIES.items():
        lines = [f"• {finding_line(f, f.field, 'Leads to')}" for f in found if f.severity == severity]
        blocks += kit.sections([f"*{title}* ({len(lines)})", *lines]) if lines else []
    return blocks


def _fitting(sections: Sequence[Section], room: int) -> tuple[list[Section], int]:
    """As many lines as fit, list by list, and how many do not. Every list keeps its title and a fair first part."""
    least = room // max(len(sections), 1)
    shown: list[Section] = []
    hidden = 0
    left = room - sum(min(_size(s), least) for s in sections)
    for section in sections:
        mine = min(_size(section), least)
        extra = min(_size(section) - mine, max(left, 0))
        left -= extra
        lines = _lines(section, mine + extra)
        hidden += len(section.lines) - len(lines)
        more = len(section.lines) - len(lines)
        title = f"{section.title} (the first {len(lines)} of {len(section.lines)})" if more else section.title
        shown.append(Section(title=title, lines=lines))
    return shown, hidden


def _lines(section: Section, room: int) -> tuple[str, ...]:
    lines: list[str] = []
    for line in section.lines:
        room -= min(len(line), LINE) + 4
        if room < 0:
            break
        lines.append(line)
    return tuple(lines)


def _size(section: Section) -> int:
    return sum(min(len(line), LINE) + 4 for line in section.lines)


def _count(report: Report) -> str:
    lines = sum(len(s.lines) for s in report.sections)
    counts = {"fact": len(report.facts), "line": lines, "finding": len(report.findings)}
    return (", ".join(kit.plural(n, word) for word, n in counts.items() if n) or "nothing found") + "."
