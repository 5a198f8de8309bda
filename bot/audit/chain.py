"""How rows hang together: each carries the hash of the one before it, so that none can be taken out, edited or moved.

Pure functions and values; `bot.audit.log` stores what they make.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from bot.audit.row import Row
from bot.plans.values import Record, canonical_json


class Place(Record):
    """A place in the log: the number of a row and its hash; what somebody writes down in order to compare later."""

    seq: int = 0
    hash: str = ""

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str` wrote. Raises ValueError."""
        seq, colon, digest = text.strip().partition(":")
        if not (colon and seq.isascii() and seq.isdecimal() and len(digest) == 64):
            raise ValueError(f"{text[:100]!r} is not SEQ:HASH as `tenfour audit verify` prints it")
        return cls(seq=int(seq), hash=digest.lower())


class Link(Record):
    """A row as it is stored. `row` stays data: a newer version's row keeps its hash although we know half of it."""

    seq: int
    prev: str
    hash: str
    row: dict[str, Any]

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(seq=self.seq, hash=self.hash)

    @property
    def sound(self) -> bool:
        """Whether the hash is that of its content."""
        return self.hash == _hash(self.seq, self.prev, self.row)

    @property
    def told(self) -> Row:
        """The row, with its number and the hash that proves it. Raises ValidationError for what is no row."""
        return Row.model_validate(self.row | {"seq": self.seq})


def linked(after: Place, rows: Sequence[Row]) -> list[Link]:
    """Rows as they continue the log after a place."""
    links: list[Link] = []
    for row in rows:
        seq, data = after.seq + 1, row.model_dump(mode="json", exclude={"seq"}, exclude_defaults=True)
        link = Link(seq=seq, prev=after.hash, hash=_hash(seq, after.hash, data), row=data)
        links.append(link)
        after = link.place
    return links


def _hash(seq: int, prev: str, row: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json({"seq": seq, "prev": prev, "row": row}).encode()).hexdigest()
