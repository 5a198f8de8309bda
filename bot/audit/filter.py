"""Which rows somebody wants to see."""

import fnmatch
import re
from datetime import UTC, datetime, timedelta

from bot.audit.row import Row
from bot.plans.values import Value

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Filter(Value):
    """What rows must be like; a field that says nothing lets all through.

    `operation` is a glob such as `campaign.*`, `account` a name or a SID. `since` and `until` are epoch seconds: rows
    from the first on, and before the second.
    """

    change: int | None = None
    who: str = ""
    operation: str = ""
    account: str = ""
    since: float | None = None
    until: float | None = None

    def fits(self, row: Row) -> bool:
        """Whether a row is wanted."""
        return (
            self.change in (None, row.change)
            and self.who in ("", row.who)
            and (not self.operation or fnmatch.fnmatchcase(row.operation, self.operation))
            and self.account in ("", row.account, row.account_sid)
            and (self.since is None or row.at >= self.since)
            and (self.until is None or row.at < self.until)
        )


def moment(text: str, *, end: bool = False) -> float:
    """A day (`2026-11-01`, UTC) or a moment (`2026-11-01T09:30`, UTC unless it says otherwise) as epoch seconds.

    With `end` a day means its end, so that `until` includes it. Raises ValueError with words for the person.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"“{text[:40]}” is no day: write it as 2026-11-01, or as 2026-11-01T09:30") from None
    if end and _DAY.fullmatch(text.strip()):
        read += timedelta(days=1)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
