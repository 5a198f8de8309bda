"""The log of calls that reached the local Twilio."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 20_000
"""Calls kept; older ones are forgotten, their numbers are not used again."""

HEADERS_OF_INTEREST = ("X-Twilio-Api-Version", "User-Agent", "Content-Type", "Idempotency-Key")

PRODUCT_WITH_SECRETS = "events"
"""Sinks have a password in their address, which is nobody's business who reads the log."""

_PASSWORD = re.compile(r"(:(?:\\?/){2}[^\s/@\"\\:]*:)[^\s/\"\\]+@")


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call. `params` holds a list where a key was repeated; `status` is 0 when nothing was answered.

    `effect` tells whether anything was changed; `at` is when the call arrived, by the server's clock. `account_sid` is
    the account that was acted on, "" where the credentials were refused.
    """

    number: int
    method: str
    product: str
    path: str
    params: dict[str, str | list[str]]
    headers: dict[str, str]
    status: int
    response: dict[str, Any] | None
    effect: bool
    at: float
    account_sid: str = ""

    @property
    def line(self) -> str:
        """`POST /messaging/v1/Services`"""
        return f"{self.method} /{self.product}{self.path}"


class Journal:
    """Calls, oldest first."""

    def __init__(self) -> None:
        self.calls: list[LoggedCall] = []
        self.written = 0

    def write(
        self,
        method: str,
        product: str,
        path: str,
        *,
        params: Iterable[tuple[str, str]],
        headers: dict[str, str],
        status: int,
        response: dict[str, Any] | None,
        effect: bool,
        at: float,
        account_sid: str = "",
    ) -> None:
        """Add a call."""
        self.written += 1
        gathered = gather(params)
        if product == PRODUCT_WITH_SECRETS:
            gathered, response = masked(gathered), masked(response)
        self.calls.append(
            LoggedCall(
                self.written, method, product, path, gathered, headers, status, response, effect, at, account_sid
            )
        )
        del self.calls[:-KEPT]

    def after(self, number: int) -> list[dict[str, Any]]:
        """Calls with a higher number, as plain data."""
        return [asdict(call) for call in self.calls if call.number > number]


def masked(value: Any) -> Any:
    """The same value without the passwords of the addresses in it."""
    if isinstance(value, str):
        return _PASSWORD.sub(r"\1***@", value)
    if isinstance(value, dict):
        return {name: masked(each) for name, each in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value


def gather(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Pairs by key; a key that came several times has a list."""
    gathered: dict[str, str | list[str]] = {}
    for name, text in pairs:
        before = gathered.get(name)
        if before is None:
            gathered[name] = text
        else:
            gathered[name] = [*(before if isinstance(before, list) else [before]), text]
    return gathered
