"""Times as Twilio writes them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def moment(written: object) -> float | None:
    """A time in epoch seconds, from ISO 8601 or RFC 2822; UTC where it names no zone. None for another text."""
    text = str(written or "")
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(text)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue
    return None
