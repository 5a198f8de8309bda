"""Encryption at rest for what people typed and for plans made of it."""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealedWithOtherKeyError(Exception):
    """A stored value cannot be opened with any of the configured keys."""


class Vault:
    """Seals JSON data with Fernet. `keys` are newest first: the first seals, all of them open (key rotation)."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(k) for k in keys])

    def seal(self, data: Any) -> str:
        """`data` as an encrypted, authenticated token."""
        return self._fernet.encrypt(json.dumps(data).encode()).decode()

    def open(self, token: str) -> Any:
        """What was sealed. Raises `SealedWithOtherKeyError`."""
        try:
            return json.loads(self._fernet.decrypt(token.encode()))
        except InvalidToken as error:
            raise SealedWithOtherKeyError(
                "stored data cannot be opened: TENFOUR_ENCRYPTION_KEY lacks the key that sealed it"
            ) from error
