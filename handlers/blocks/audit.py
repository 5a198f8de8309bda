"""The audit in Slack: rows, newest first, and what became of a file."""

from collections.abc import Sequence

from bot.audit.row import Row
from handlers.blocks import kit
from handlers.blocks.kit import Message, code, credited, date, inline, person, plural

_FILTERS = "`change=142 who=@rita operation=campaign.* account=main since=2026-11-01 until=2026-11-30`"


def audit_rows(rows: Sequence[Row], typed: str, *, full: bool) -> Message:
    """The newest rows that fit. `full`: there may be more than are shown."""
    fitting = f" for {code(typed)}" if typed else ""
    if not rows:
        text = f"The audit has no row{fitting}."
        return kit.message(text, [kit.section(text), kit.context(_hint())])
    text = f"{'The newest ' if full else ''}{plural(len(rows), 'row')} of the audit{fitting}, newest first."
    return kit.message(text, [kit.section(text), *kit.sections(map(_row, rows)), kit.context(_hint())])


def audit_help(formats: Sequence[str]) -> Message:
    """What can follow `/a2p-audit`."""
    text = "`/a2p-audit` shows who asked, decided and did what, and what was sent to Twilio."
    files = " or ".join(code(f"file={form}") for form in formats)
    return kit.message(
        text,
        [
            kit.section(text),
            kit.section(f"Filters, each may be left out: {_FILTERS}. With {files} all of it comes as a file."),
        ],
    )


def file_sent(form: str) -> Message:
    """To somebody who asked for a file."""
    text = f"The audit was sent to you as a {form} file, in a direct message."
    return kit.message(text, [kit.section(text)])


def _hint() -> str:
    return f"Narrow it with {_FILTERS}. As a file: `file=csv` or `file=jsonl`."


def _row(row: Row) -> str:
    who = person(row.who) if row.who else "Tenfour"
    about = f" · #{row.change} {code(row.operation)}" if row.change else ""
    account = f" in {inline(row.account, 40)}" if row.account else ""
    kind = "" if row.kind == "change" or row.what.startswith(row.kind) else f" · {inline(row.kind, 40)}"
    rule = f" · rule “{inline(row.rule, 80)}”" if row.rule else ""
    lines = [f"*{row.seq}*  {date(row.at, 'exact')}  {who}: *{credited(row.what, 150)}*{about}{account}{kind}{rule}"]
    lines += [code(row.call)] if row.call else []
    lines += [credited(row.detail, 300)] if row.detail not in ("", f"rule: {row.rule}") else []
    return "\n      ".join(lines)
