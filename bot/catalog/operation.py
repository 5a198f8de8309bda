"""Operations: what can be asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.catalog.form import Form, Values
from bot.plans.plan import Plan
from bot.twilio.gateway import Account


class CannotPlanError(Exception):
    """The plan cannot be made as things stand at Twilio; the text tells people why and what to do."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class Context:
    """What planning may use besides the form: the account to read, and this change's unique token.

    The token (for example `tf-k2m9q7xw4a`) is random, made once per draft, and never reused, so that a thing that
    carries it can only have been made by this change.
    """

    account: Account
    token: str


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked for. `word` follows the slash command: `/a2p-service create`.

    `plan` reads Twilio and returns what would be done now; it raises `CannotPlanError` or `TwilioFault`.
    `prefill` completes the given values from Twilio when the form opens on something that exists (may be slow).
    """

    name: str
    title: str
    summary: str
    command: str
    word: str
    form: type[Form]
    plan: Callable[[Any, Context], Awaitable[Plan]]
    prefill: Callable[[Values, Account], Awaitable[dict[str, Any]]] | None = None


@dataclass(frozen=True)
class Catalog:
    """Every operation, found by name or by command and word."""

    operations: tuple[Operation, ...]
    _by_name: dict[str, Operation] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {o.name: o for o in self.operations})

    def __getitem__(self, name: str) -> Operation:
        return self._by_name[name]

    def get(self, name: str) -> Operation | None:
        """The operation of this name, if there is one (names from outside may be stale or forged)."""
        return self._by_name.get(name)

    def words(self, command: str) -> dict[str, Operation]:
        """The operations under one slash command, by word."""
        return {o.word: o for o in self.operations if o.command == command}
