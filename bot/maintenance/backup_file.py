"""A backup as a file: a header, a line for each key, and a last line that proves that all before it is as it was.

The proof is an HMAC under a key that is derived from the encryption key: what a server is given to load must not have
been made by somebody else. Values are Redis' own serialised form (DUMP); what is sealed stays sealed.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from bot.plans.values import Record

FORMAT = 1
_PURPOSE = b"tenfour backup"


class BackupProblem(Exception):
    """A backup cannot be made or put back; the text says why and what to do."""


class Header(Record):
    """What a backup is of. `taken_at` is epoch seconds; `key_print` tells which encryption key sealed it."""

    format: int
    id: str
    taken_at: float
    tenfour: str
    schema_version: int
    schema_readable: int
    server: str
    key_print: str


class Entry(Record):
    """One key. `expires_at` is epoch milliseconds, 0 for never."""

    key: str
    value: bytes
    expires_at: int = 0


def key_print(secret: str) -> str:
    """Tells encryption keys apart, and tells nothing of them."""
    return hashlib.sha256(_PURPOSE + b" print " + secret.encode()).hexdigest()[:16]


class Writer:
    """Writes a backup beside its place, and puts it there once it is whole. A file that stands is never replaced."""

    def __init__(self, path: Path, header: Header, secret: str) -> None:
        self._path, self._draft = path, path.with_name(f"{path.name}.part")
        self._seal, self.count = _seal(secret), 0
        if path.exists():
            raise BackupProblem(f"{path} stands already. Name a new file: a backup is never written over.")
        # for its owner alone: ids and names are in it in clear
        self._file: IO[bytes] = os.fdopen(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._line(header.model_dump())

    def add(self, entry: Entry) -> None:
        """Append one key."""
        self._line({"k": entry.key, "v": base64.b64encode(entry.value).decode(), "x": entry.expires_at})
        self.count += 1

    def end(self) -> None:
        """Prove it, and put it in its place."""
        self._line({"keys": self.count})
        self._file.write(json.dumps({"proof": self._seal.hexdigest()}).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.link(self._draft, self._path)  # not renamed: that would replace what somebody else put there meanwhile
        self._draft.unlink()

    def give_up(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        with suppress(FileNotFoundError):
            self._draft.unlink()

    def _line(self, data: dict[str, object]) -> None:
        line = json.dumps(data).encode() + b"\n"
        self._seal.update(line)
        self._file.write(line)


def proven(path: Path, secrets: Sequence[str]) -> tuple[Header, int]:
    """The header of a whole and unaltered backup, and how many keys it holds. Raises `BackupProblem`."""
    with path.open("rb") as file:
        header = _header(path, file.readline())
        secret = next((s for s in secrets if key_print(s) == header.key_print), None)
        if secret is None:
            raise BackupProblem(
                f"{path} was made under another encryption key ({header.key_print}). Put that key into "
                "TENFOUR_ENCRYPTION_KEY, behind the newest if there are several."
            )
        file.seek(0)
        seal, before, last = _seal(secret), b"", b""
        for line in file:
            if last:
                seal.update(last)
                before = last
            last = line
    try:
        proof, keys = str(json.loads(last)["proof"]), int(json.loads(before)["keys"])
    except (ValueError, KeyError, TypeError):
        raise BackupProblem(f"{path} is cut off: its end is missing. Take another backup.") from None
    if not hmac.compare_digest(seal.hexdigest(), proof):
        raise BackupProblem(f"{path} was altered or damaged: its proof does not fit. Take another backup.")
    return header, keys


def entries(path: Path) -> Iterator[Entry]:
    """The keys of a backup that was proven."""
    with path.open("rb") as file:
        file.readline()
        for line in file:
            data = json.loads(line)
            if "k" in data:
                yield Entry(key=data["k"], value=base64.b64decode(data["v"]), expires_at=data["x"])


def _header(path: Path, line: bytes) -> Header:
    try:
        header = Header.model_validate_json(line)
    except ValidationError:
        raise BackupProblem(f"{path} is no backup of Tenfour's.") from None
    if header.format != FORMAT:
        raise BackupProblem(f"{path} is of format {header.format}, and this Tenfour reads {FORMAT}: use the newer one.")
    return header


def _seal(secret: str) -> "hmac.HMAC":
    derived = hmac.digest(secret.encode(), _PURPOSE, "sha256")
    return hmac.new(derived, digestmod="sha256")
