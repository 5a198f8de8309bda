"""Typed answers: what people write after a slash command, read as the form takes it.

Menus take what people see in them as well as the exact value.
"""

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.catalog.choices import StillLoading
from bot.catalog.describe import condition
from bot.catalog.form import Ask, Form, Mistake, Option, accepts, mistakes
from bot.catalog.sources import lists as sources
from bot.twilio.faults import TwilioFault

Find = Callable[[str, str, Mapping[str, Any]], Awaitable[Sequence[Option]]]
"""The options of a source that hold every word of a query, given the other answers (`Choices.find`)."""

NAMED = 6
"""How many candidates a mistake names."""
PATIENCE = 8
"""How often a list that Twilio has not yet answered is asked for again; each time takes as long as `Find` waits."""

_YES: Final = frozenset({"true", "yes", "y", "on", "1"})
_NO: Final = frozenset({"false", "no", "n", "off", "0"})
_IDENTIFIER: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}|\+?\(?[0-9][0-9 ().-]{4,}|C[0-9A-Z]{6}")
"""SIDs, phone numbers and TCR campaign ids: they name one thing, in a list or not."""


@dataclass(frozen=True)
class Read:
    """Typed answers as the form takes them.

    `labels` has what people call what they chose in lookups; `unread` are mistakes in what could not be read at all.
    """

    values: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    unread: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class Judged:
    """What is `wrong` in what was typed, and what is `missing`: mistakes of questions about which nothing was typed."""

    wrong: list[Mistake]
    missing: list[Mistake]

    @property
    def complete(self) -> bool:
        """Whether nothing is left to ask."""
        return not self.wrong and not self.missing


async def read(form: type[Form], typed: Mapping[str, str], find: Find) -> Read:
    """What was typed, by field."""
    asks = form.asks()
    values: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    unread: list[Mistake] = []
    # what can be chosen in some lists depends on other answers
    for name in sorted(typed, key=lambda n: _depends(asks[n])):
        try:
            values[name], label = await _one(form, name, asks[name], typed[name].strip(), find, values)
        except ValueError as error:
            unread.append(Mistake(name, str(error)))
        else:
            labels |= {name: label} if label else {}
    return Read(values, labels, tuple(unread))


def judged(form: type[Form], typed: Read, values: Mapping[str, Any]) -> Judged:
    """What is wrong or missing when these are all answers, those that were typed among them."""
    asks, asked = form.asks(), form.asked(values)
    unread = {m.field for m in typed.unread}
    idle = [
        Mistake(n, f"asked {condition(form, asks[n])}: leave it out, or change that")
        for n in typed.values
        if n not in asked
    ]
    others = [m for m in mistakes(form, values) if m.field not in unread]
    return Judged(
        [*typed.unread, *idle, *(m for m in others if m.field in typed.values)],
        [m for m in others if m.field not in typed.values],
    )


def needs_lookup(form: type[Form], typed: Mapping[str, str]) -> bool:
    """Whether reading what was typed takes lists from Twilio."""
    asks = form.asks()
    return any(asks[name].source for name in typed)


def _depends(ask: Ask) -> bool:
    return bool(ask.source and sources.named(ask.source).depends_on)


async def _one(
    form: type[Form], name: str, ask: Ask, text: str, find: Find, given: Mapping[str, Any]
) -> tuple[Any, Any]:
    """One answer, and what people call it if it was chosen in a lookup. Raises ValueError with words."""
    match ask.control:
        case "yes_no" if text:
            return _yes_no(ask, text), None
        case "choice" if text:
            return _chosen(ask, text).value, None
        case "lookup" if text:
            found = await _looked_up(form, name, ask, text, find, given)
            return found.value, found.label
        case "lookups":
            several = [await _looked_up(form, name, ask, part, find, given) for part in _parts(text)]
            return [o.value for o in several], [o.label for o in several]
        case _:
            return text, None


def _yes_no(ask: Ask, text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(f"{_quoted(ask, text)} is neither yes nor no")


def _chosen(ask: Ask, text: str) -> Option:
    hits = _hits(ask.options, text)
    if len(hits) == 1:
        return hits[0]
    among = hits or ask.options
    said = "may be any of" if hits else "is none of"
    raise ValueError(f"{_quoted(ask, text)} {said}: {', '.join(_called(o) for o in among)}")


def _called(option: Option) -> str:
    return option.value if option.label == option.value else f"{option.value} ({option.label})"


async def _looked_up(form: type[Form], name: str, ask: Ask, text: str, find: Find, given: Mapping[str, Any]) -> Option:
    known = bool(_IDENTIFIER.fullmatch(text)) and accepts(form, name, [text] if ask.control == "lookups" else text)
    try:
        hits = _hits(await _patiently(find, ask.source, text, given), text)
        if not hits and (digits := _number(text)):  # lists are searched for the very words, however they are written
            hits = _hits(await _patiently(find, ask.source, digits[-4:], given), text)
    except (TwilioFault, StillLoading) as fault:
        if known:
            return Option(text, text)
        raise ValueError(f"{_quoted(ask, text)} could not be looked up: {fault}") from None
    if len(hits) == 1:
        return hits[0]
    if hits:
        raise ValueError(f"{_quoted(ask, text)} may be any of: {_candidates(hits)}. Give it in full, or its SID")
    if known:
        return Option(text, text)
    raise ValueError(f"there is no {_quoted(ask, text)}. {await _instead(ask, text, find, given)}")


def _hits(options: Sequence[Option], text: str) -> list[Option]:
    """The options that a text means: by value, else by label, else by phone number, else by a part of the label."""
    wanted, number = text.casefold(), _number(text)
    for same in (
        lambda o: o.value == text,
        lambda o: o.value.casefold() == wanted or o.label.casefold() == wanted,
        lambda o: bool(number) and number in (_number(o.value), _number(o.label.partition(" · ")[0])),
        lambda o: wanted in o.label.casefold(),
    ):
        if found := [o for o in options if same(o)]:
            return found
    return []


def _number(text: str) -> str:
    """The ten digits of a US phone number, however it is written; "" for anything else."""
    digits = re.sub(r"[\s().+-]", "", text)
    return digits[-10:] if digits.isascii() and digits.isdecimal() and len(digits) in (10, 11) else ""


async def _instead(ask: Ask, text: str, find: Find, given: Mapping[str, Any]) -> str:
    try:
        every = list(await _patiently(find, ask.source, "", given))
    except (TwilioFault, StillLoading):
        return "Choose it in the form"
    near = difflib.get_close_matches(text, [o.label for o in every], n=NAMED, cutoff=0.5)
    if near:
        return f"Did you mean {_candidates([o for o in every if o.label in near])}?"
    return f"There are: {_candidates(every)}" if every else "There is nothing to choose from"


def _candidates(options: Sequence[Option]) -> str:
    labels = [o.label for o in options]
    alike = {label for label in labels if labels.count(label) > 1}
    shown = [f"{o.label} ({o.value})" if o.label in alike else o.label for o in options[:NAMED]]
    more = len(options) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


async def _patiently(find: Find, source: str, query: str, given: Mapping[str, Any]) -> Sequence[Option]:
    for _ in range(PATIENCE):
        try:
            return await find(source, query, given)
        except StillLoading:
            continue
    return await find(source, query, given)


def _parts(text: str) -> list[str]:
    """The entries of a typed list: commas between them, or only spaces where each is an identifier."""
    parts: list[str] = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        words = part.split()
        parts += words if all(_IDENTIFIER.fullmatch(w) for w in words) else [part]
    return parts


def _quoted(ask: Ask, text: str) -> str:
    return "this" if ask.sensitive else f"“{text[:60]}”"
