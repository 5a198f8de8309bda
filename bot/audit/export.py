"""Reads the log for people: the newest rows, or all of a time as JSON Lines or CSV. Never holds more than a batch."""

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Literal

from pydantic import ValidationError

from bot.audit.filter import Filter
from bot.audit.log import AuditLog, Stored
from bot.audit.row import Row

Format = Literal["jsonl", "csv"]

COLUMNS = (
    "seq",
    "time",
    "kind",
    "what",
    "who",
    "where",
    "change",
    "operation",
    "account",
    "account_sid",
    "to",
    "step",
    "call",
    "detail",
    "rule",
    "digest",
    "hash",
    "name",
)
"""In this order, and for good: new ones come at the end."""

Names = Callable[[str], Awaitable[str]]
"""What a person of this Slack id is called now: told beside the row, whose hash does not cover it."""

UNREADABLE = "unreadable"
"""The kind of a row that is told in place of one that cannot be opened."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def newest(log: AuditLog, wanted: Filter, limit: int) -> list[Row]:
    """The newest rows that fit, newest first."""
    rows: list[Row] = []
    async for stored in log.backwards():
        row = _told(stored)
        if _fits(wanted, row):
            rows.append(row)
            if len(rows) == limit:
                break
    return rows


async def lines(log: AuditLog, wanted: Filter, form: Format, names: Names | None = None) -> AsyncIterator[str]:
    """The rows that fit, oldest first, each as a line of text; CSV begins with the names of its columns.

    Without `names`, as where Slack is not within reach, people are told by their ids alone.
    """
    if form == "csv":
        yield _csv(COLUMNS)
    async for stored in log.forwards():
        row = _told(stored)
        if _fits(wanted, row):
            cells = _cells(row, stored, await names(row.who) if names and row.who else "")
            if form == "csv":
                yield _csv([_defused(str(cells[column])) for column in COLUMNS])
            else:
                yield json.dumps(cells, ensure_ascii=False) + "\n"


def _told(stored: Stored) -> Row:
    try:
        if stored.link and stored.link.seq == stored.seq:
            return stored.link.told
    except ValidationError:
        pass
    what = "This row cannot be read. Run `tenfour audit verify`."
    return Row(seq=stored.seq, at=0.0, kind=UNREADABLE, what=what)


def _fits(wanted: Filter, row: Row) -> bool:
    # what cannot be read may be what was looked for, so it is never left out without a word
    return row.kind == UNREADABLE or wanted.fits(row)


def _cells(row: Row, stored: Stored, name: str) -> dict[str, str | int]:
    said = row.model_dump(exclude={"at"})
    time = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="milliseconds") if row.at else ""
    cells = said | {"time": time, "hash": stored.link.hash if stored.link else "", "name": name}
    return {column: cells[column] for column in COLUMNS}


def _defused(cell: str) -> str:
    # a spreadsheet would run what begins like a formula; what people typed is in these cells
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _csv(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
