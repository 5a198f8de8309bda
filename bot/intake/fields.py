"""The fields of what Twilio sends, whatever their case: read at the edge, bounded, and never raising.

The examples that Twilio publishes spell one field in several ways (twilio.md 8.1), and what comes may be odd JSON.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

LONGEST = 500
"""Characters of a text that are kept."""
EARLIEST = 1262304000.0
"""The year 2010: no event of A2P 10DLC is older."""
AHEAD_SECONDS = 86400.0
"""How far Twilio's clock may be ahead of ours; what is later would count as the latest for good."""

_UNITS = (1.0, 1e3, 1e6, 1e9)
_ODD = re.compile(r"[^a-z0-9]")


class Fields:
    """Fields by name, whatever their case, dashes and underscores; of two alike, the first to say something."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found: dict[str, Any] = {}
        for name, value in found.items():
            plain = _ODD.sub("", str(name).lower())
            if self._found.get(plain) in (None, ""):
                self._found[plain] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def raw(self, *names: str) -> Any:
        """The first of these fields that says something, as it came; None when none does."""
        return next((v for name in names if (v := self._found.get(name)) not in (None, "")), None)

    def text(self, *names: str) -> str:
        """The first of these fields as a text of one piece; "" when it holds no text and no number."""
        return text(self.raw(*names))

    def sid(self, prefix: str, *names: str) -> str:
        """The first of these fields as a SID of this kind; "" for anything else."""
        found = self.text(*names)
        return found if re.fullmatch(f"(?:{prefix})[0-9a-f]{{32}}", found) else ""

    def moment(self, now: float, *names: str) -> float | None:
        """The latest time that these fields hold (epoch seconds), or None."""
        return max((at for name in names if (at := moment(self.raw(name), now)) is not None), default=None)


def text(value: Any, longest: int = LONGEST) -> str:
    """A text or a number as text that can be stored, cut at `longest`; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # half a surrogate pair is legal in JSON, and cannot be written anywhere
    return str(value).strip()[:longest].encode("utf-8", "replace").decode()


def moment(value: Any, now: float) -> float | None:
    """A time in epoch seconds, from a number (seconds down to nanoseconds) or ISO 8601; None when it is absurd."""
    said = text(value)
    try:
        found = [float(said) / unit for unit in _UNITS]
    except (ValueError, OverflowError):
        found = _iso(said)
    return next((at for at in found if math.isfinite(at) and EARLIEST <= at <= now + AHEAD_SECONDS), None)


def _iso(said: str) -> list[float]:
    try:
        at = datetime.fromisoformat(said)
        return [(at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()]
    except (ValueError, OverflowError):
        return []
