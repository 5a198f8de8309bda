"""Operations: what can be asked for. Inquiries: what can be looked at."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.catalog.form import Form, Values
from bot.catalog.report import Report
from bot.catalog.webhooks import of_webhooks
from bot.plans.plan import Plan
from bot.ports import Known
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
    `fees` names what it may cost (`fees.toml`), and `notes` what people should know of it, for its help page.
    `next` is what people usually do after it, for its help page and for whoever asked, when it is done.
    One without a `command` is asked for by a button alone.
    """

    name: str
    title: str
    summary: str
    command: str
    word: str
    form: type[Form]
    plan: Callable[[Any, Context], Awaitable[Plan]]
    prefill: Callable[[Values, Account], Awaitable[dict[str, Any]]] | None = None
    fees: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    next: str = ""

    async def planned(self, form: Form, context: Context) -> Plan:
        """The plan for these inputs on this account, under the account's name; it says what is wrong with webhooks."""
        plan = await self.plan(form, context)
        findings = (*plan.findings, *of_webhooks(form))
        return plan.model_copy(update={"account_name": context.account.name, "findings": findings})


async def _only_recalled(form: Any, account: Account) -> Report:
    """The `answer` of an inquiry that has a `recall`."""
    raise TypeError("this inquiry needs what is known besides Twilio: ask `answered`")


@dataclass(frozen=True)
class Inquiry:
    """One thing that can be looked at: nothing is changed, nothing needs approval.

    `answer` reads Twilio; it raises `CannotPlanError` or `TwilioFault`. An inquiry that also needs what was heard
    without being asked has a `recall` in its place.
    """

    name: str
    title: str
    summary: str
    command: str
    word: str
    form: type[Form]
    answer: Callable[[Any, Account], Awaitable[Report]] = _only_recalled
    notes: tuple[str, ...] = ()
    recall: Callable[[Any, Account, Known], Awaitable[Report]] | None = None

    async def answered(self, form: Form, account: Account, known: Known) -> Report:
        """What is found for these inputs on this account. Raises what `answer` and `recall` raise."""
        return await (self.recall(form, account, known) if self.recall else self.answer(form, account))


Entry = Operation | Inquiry
"""One entry of the catalogue: what has a form."""


@dataclass(frozen=True)
class Catalog:
    """Every operation and inquiry, found by name or by command and word."""

    operations: tuple[Operation, ...]
    inquiries: tuple[Inquiry, ...] = ()
    _by_name: dict[str, Operation] = field(init=False, repr=False)
    _under: dict[str, dict[str, Entry]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {o.name: o for o in self.operations})
        object.__setattr__(self, "_under", {c: {**self.looks(c), **self.words(c)} for c in self.commands})

    def entry(self, name: str) -> Entry | None:
        """The operation or inquiry of this name, if there is one."""
        return self.get(name) or next((i for i in self.inquiries if i.name == name), None)

    def under(self, command: str) -> Mapping[str, Entry]:
        """Everything under one slash command, by word: what can be looked at, then what can be asked for."""
        return self._under.get(command, {})

    @property
    def commands(self) -> tuple[str, ...]:
        """The slash commands that have anything under them, in the order of the catalogue."""
        return tuple(dict.fromkeys(entry.command for entry in self.entries if entry.command))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every operation and inquiry."""
        return (*self.operations, *self.inquiries)

    def __getitem__(self, name: str) -> Operation:
        return self._by_name[name]

    def get(self, name: str) -> Operation | None:
        """The operation of this name, if there is one (names from outside may be stale or forged)."""
        return self._by_name.get(name)

    def words(self, command: str) -> dict[str, Operation]:
        """The operations under one slash command, by word."""
        return {o.word: o for o in self.operations if o.command == command}

    def looks(self, command: str) -> dict[str, Inquiry]:
        """The inquiries under one slash command, by word."""
        return {i.word: i for i in self.inquiries if i.command == command}
