"""What the local Twilio remembers: tables of records, and the file that outlives the process."""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict

SAVE_AFTER = 0.2
"""Seconds by which a change is saved, so that a burst of calls writes the file once."""


class Record(BaseModel):
    """One resource. `ordinal` counts all records of a ledger: a higher one is younger."""

    model_config = ConfigDict(frozen=True)

    sid: str
    date_created: float
    date_updated: float
    ordinal: int = 0
    in_start_state: bool = False

    @property
    def key(self) -> str:
        """What a table finds the record by; unique within the table."""
        return self.sid


R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """The records of one kind."""

    def __init__(self, ledger: "Ledger", kind: type[R], rows: list[dict[str, Any]]) -> None:
        self._ledger = ledger
        self._records: dict[str, R] = {}
        for row in rows:
            record = kind.model_validate(row)
            self._records[record.key] = record

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._records.values()))

    def __len__(self) -> int:
        return len(self._records)

    def get(self, key: str) -> R | None:
        """The record, or None."""
        return self._records.get(key)

    def add(self, record: R) -> R:
        """Store a new record and give it the next ordinal."""
        stored = record.model_copy(update={"ordinal": self._ledger.next_ordinal()})
        self._records[stored.key] = stored
        return stored

    def change(self, key: str, at: float, **fields: Any) -> R:
        """Replace fields of a record, dating the change; raises KeyError."""
        self._ledger.revision += 1
        self._records[key] = self._records[key].model_copy(update={**fields, "date_updated": at})
        return self._records[key]

    def remove(self, key: str) -> None:
        """Forget a record; raises KeyError."""
        self._ledger.revision += 1
        del self._records[key]

    def rows(self) -> list[dict[str, Any]]:
        """The records as plain data, for the state file."""
        return [record.model_dump(mode="json") for record in self._records.values()]


class Ledger:
    """All tables of one account. Every change raises `revision`, by which a call's effect is known.

    A subaccount's ledger knows its `parent`'s. `seed` sets the SIDs of two ledgers apart.
    """

    def __init__(self, parent: "Ledger | None" = None, seed: str = "") -> None:
        self.revision = 0
        self.parent = parent
        self._seed = seed
        self._family: list[Ledger] = parent._family if parent else []
        self._family.append(self)
        self._ordinal = 0
        self._minted = 0
        self._stored: dict[str, list[dict[str, Any]]] = {}
        self._tables: dict[type[Record], Table[Any]] = {}

    def load(self, snapshot: dict[str, Any]) -> None:
        """Become what a ledger was when it gave this snapshot; raises KeyError when it is no snapshot."""
        self._ordinal = snapshot["ordinal"]
        self._minted = snapshot["minted"]
        self._stored = dict(snapshot["tables"])
        self._tables.clear()

    def table(self, kind: type[R]) -> Table[R]:
        """The table of a kind of record, made when first asked for."""
        if kind not in self._tables:
            self._tables[kind] = Table(self, kind, self._stored.pop(kind.__name__, []))
        return cast("Table[R]", self._tables[kind])

    def everywhere(self, kind: type[R]) -> Iterator[R]:
        """The records of a kind in this account, its parent and all its subaccounts."""
        return (record for ledger in self._family for record in ledger.table(kind))

    def mint(self, prefix: str) -> str:
        """A new SID: the same one for the same number of SIDs minted before."""
        self._minted += 1
        digest = hashlib.md5(f"{self._seed}{prefix}{self._minted}".encode(), usedforsecurity=False).hexdigest()
        return prefix + digest

    def next_ordinal(self) -> int:
        """The ordinal of the next record; counts as a change."""
        self.revision += 1
        self._ordinal += 1
        return self._ordinal

    def snapshot(self) -> dict[str, Any]:
        """Everything as plain data, for `load`."""
        tables = {kind.__name__: table.rows() for kind, table in self._tables.items()}
        return {"ordinal": self._ordinal, "minted": self._minted, "tables": {**self._stored, **tables}}


class StateFile:
    """A JSON file kept up to date with a snapshot, atomically and without blocking the loop."""

    def __init__(self, path: Path, snapshot: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._snapshot = snapshot
        self._saving: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._dirty = False

    @staticmethod
    async def read(path: Path) -> dict[str, Any] | None:
        """What the file holds, or None when there is no such file; raises ValueError when it is damaged."""
        if not await asyncio.to_thread(path.exists):
            return None
        return cast("dict[str, Any]", json.loads(await asyncio.to_thread(path.read_text, "utf-8")))

    def touch(self) -> None:
        """Have the file written soon."""
        self._dirty = True
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_later())

    async def flush(self) -> None:
        """Write now what has not been written; raises OSError when that fails."""
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)
            self._saving = None
        await self._save()

    async def _save_later(self) -> None:
        while self._dirty:
            await asyncio.sleep(SAVE_AFTER)
            # Cancelled by flush(), a write that has begun must still end under the lock.
            await asyncio.shield(self._save())

    async def _save(self) -> None:
        async with self._writing:
            if not self._dirty:
                return
            self._dirty = False
            try:
                await asyncio.to_thread(self._write, json.dumps(self._snapshot()))
            except OSError:
                self._dirty = True
                raise

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".draft")
        draft.write_text(text, "utf-8")
        os.replace(draft, self._path)
