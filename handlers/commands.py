"""Slash commands: read what was typed, and open, plan, answer or explain what it asks for."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bot.catalog.describe import describe, names, short
from bot.catalog.form import Form
from bot.catalog.operation import Entry, Inquiry
from bot.changes.refusal import Refusal
from handlers import absence, forms, glass, home, inquiries, typed
from handlers.accounts import account_for
from handlers.blocks.change import approvals_list
from handlers.blocks.freeze import freeze_notice
from handlers.blocks.help import entry_help, help_message, usage
from handlers.blocks.kit import Message
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk

# Phones type curly quotes, and a long dash for two short ones; inside straight quotes both are text.
_DASHES: Final = ("\u2014", "\u2013")
_NAME: Final = re.compile(r"\s*((?:[\w-]+=)?)")
_QUOTED: Final = (
    re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)', re.DOTALL),
    re.compile(r'["\u201c-\u201e]([^"\u201c-\u201e]*)["\u201c\u201d](?=\s|$)'),
    re.compile(r"['\u2018]([^'\u2018\u2019]*)['\u2019](?=\s|$)"),
)
_BARE: Final = re.compile(r'[^\s"\u201c-\u201e]\S*|(?=\s|$)')
HELP = frozenset({"help", "--help", "-h", "?"})
PLAN = "--plan"
ACCOUNT = "account"


@dataclass(frozen=True)
class Arguments:
    """What follows the word of a command: values by field, an account by name, and whether only the plan is wanted."""

    values: dict[str, str] = field(default_factory=dict)
    account: str = ""
    plan_only: bool = False


def asks_for_help(delivery: Delivery) -> bool:
    """Whether a command is surely answered with what there is, and does nothing."""
    text = delivery.body.get("text") or ""
    # not where a value may be that has one of the words in it
    return "=" not in text and not HELP.isdisjoint(text.lower().split())


async def operate(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-service create friendly_name="Acme"`: an operation's form, preview or plan, or an inquiry's answer."""
    command = delivery.body["command"]
    words = split(delivery.body.get("text") or "")
    known = desk.catalog.under(command)
    if words and words[0].lower() in HELP:
        words = [*words[1:2], "help", *words[2:]] if words[1:] else []
    verb = words[0].lower() if words else ""
    if verb not in known:
        return _ephemeral(usage(command, known, verb, nearest(verb, known) if verb else ""))
    entry = known[verb]
    if HELP & {word.lower() for word in words[1:]}:
        return _ephemeral(entry_help(describe(entry), _step(words[1:])))
    given = arguments(words[1:], entry)
    account = await account_for(desk, delivery.channel, given.account)
    if isinstance(entry, Inquiry):
        await inquiries.inquire(desk, delivery, entry, given.values, account)
    elif given.plan_only:
        typed.answer_plan(desk, delivery, entry, given.values, account)
    elif given.values:
        await typed.open_typed(desk, delivery, entry, given.values, account)
    else:
        await forms.open_form(desk, delivery, entry, {}, account)
    return None


async def show_help(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p`: what there is, filtered by what this person may do; `/a2p help service create`: one entry of it."""
    words = [w.lower() for w in split(delivery.body.get("text") or "")]
    wanted = " ".join(w for w in words if w not in HELP and not w.isdecimal())
    if not wanted:
        desk.later(delivery, _send_help(desk, delivery))
        return None
    entry = _entry(desk, wanted)
    if entry is not None:
        return _ephemeral(entry_help(describe(entry), _step(words)))
    if known := desk.catalog.under(_command(wanted)):
        return _ephemeral(usage(_command(wanted), known, "", ""))
    every = {name: e for e in desk.catalog.entries for name in (e.name, f"{e.command} {e.word}".removeprefix("/a2p-"))}
    near = nearest(wanted, every)
    guess = f" Did you mean `/a2p help {near}`?" if near else ""
    raise Refusal(f"There is no help on “{wanted[:80]}”.{guess} Type `/a2p` for what there is.")


async def show_approvals(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-approvals`: what waits for a decision or runs; `away` and `back`: who decides for whom; `reviews`."""
    word = (delivery.body.get("text") or "").strip().lower()
    if word in _MORE:
        return await _MORE[word](desk, delivery)
    if word:
        raise Refusal(f"“{word[:80]}” is not known. Type `/a2p-approvals`, or `away`, `back` or `reviews` after it.")
    desk.later(delivery, _send_approvals(desk, delivery), members_only=True)
    return None


def split(text: str) -> list[str]:
    """The words of a command's text; quotes keep words together. Raises `Refusal` when a quote stays open."""
    words, at = [], 0
    text = text.rstrip()
    while at < len(text):
        named = _NAME.match(text, at)
        assert named  # noqa: S101  # it matches the empty text as well
        value = next((found for rule in (*_QUOTED, _BARE) if (found := rule.match(text, named.end()))), None)
        if value is None:
            # the text itself is not repeated: it may hold what only the form may hold
            raise Refusal(f"There is a quote without its partner.{f' Look behind {named[1]}' if named[1] else ''}")
        words.append(named[1] + (re.sub(r'\\(["\\])', r"\1", value[1]) if value.re in _QUOTED else value[0]))
        at = value.end()
    return words


def arguments(words: Sequence[str], entry: Entry) -> Arguments:
    """Typed `name=value` pairs and flags. Raises `Refusal` naming the nearest one for what the entry does not know."""
    form, known = entry.form, names(entry.form)
    values: dict[str, str] = {}
    account, plan_only = "", False
    for number, given in enumerate(words, start=1):
        word = f"--{given[1:]}" if given.startswith(_DASHES) else given
        name, equals, value = word.partition("=")
        name = name.lower().replace("-", "_") if equals and not name.startswith("-") else name
        if word.lower() == PLAN and not isinstance(entry, Inquiry):
            plan_only = True
        elif word.startswith("-"):
            raise Refusal(_no_flag(word, entry))
        elif not equals:
            raise Refusal(
                f"{_spelled(word, number, form)} is not name=value{_quoting(words[:number], form)} {_all(form)}"
            )
        elif name == ACCOUNT and ACCOUNT not in form.asks():
            account = value
        elif name not in known:
            near = nearest(name, known)
            hint = f" Did you mean {short(form, known[near])}?" if near else ""
            raise Refusal(f"There is no field “{name[:80]}”.{hint} {_all(form)}")
        elif known[name] in values:
            raise Refusal(f"{name} is given twice. Several values of one field have commas between them.")
        else:
            values[known[name]] = value
    return Arguments(values, account, plan_only)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like this one, or ""."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def _step(words: Iterable[str]) -> int:
    """The step of a form that help is wanted on; 0 for all of it."""
    return next((int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 4), 0)


def _no_flag(word: str, entry: Entry) -> str:
    if isinstance(entry, Inquiry):
        return f"“{word.partition('=')[0][:40]}” is not known here: this changes nothing, so there is nothing to plan."
    near = " Did you mean --plan?" if nearest(word, [PLAN]) else ""
    return (
        f"There is no flag “{word.partition('=')[0][:40]}”.{near} The only one is --plan, which shows what would be "
        "done and asks for nothing. Values are written as name=value."
    )


def _spelled(word: str, number: int, form: type[Form]) -> str:
    # a word that has lost its name may be a value that nobody may see
    sensitive = any(ask.sensitive for ask in form.asks().values())
    return f"Word {number} after the command" if sensitive else f"“{word[:80]}”"


def _all(form: type[Form]) -> str:
    return f"The fields are: {', '.join(short(form, name) for name in form.asks())}."


def _quoting(words: Sequence[str], form: type[Form]) -> str:
    """What quotes are for, as the end of a sentence; with what was typed, where that may be repeated."""
    name, equals, begun = words[-2].partition("=") if len(words) > 1 else ("", "", "")
    if not equals or not begun or any(ask.sensitive for ask in form.asks().values()):
        return " (quote a value that has spaces)."
    meant = f"{begun} {words[-1]}"[:80]
    return f'. A value that has spaces wants quotes: {name}="{meant}".'


def _entry(desk: Desk, wanted: str) -> Entry | None:
    """What `service.create`, `service create` or `/a2p-service create` is about."""
    if found := desk.catalog.entry(wanted):
        return found
    command, _, word = wanted.rpartition(" ")
    return desk.catalog.under(_command(command)).get(word)


def _command(name: str) -> str:
    return f"/a2p-{name.removeprefix('/').removeprefix('a2p-')}"


async def _send_help(desk: Desk, delivery: Delivery) -> None:
    may = await desk.changes.authority.allowed(delivery.user, (o.name for o in desk.catalog.operations))
    member = not (await desk.people.person(delivery.user)).bar
    await desk.answer(delivery, help_message(desk.catalog, allowed=may, member=member))


async def _send_approvals(desk: Desk, delivery: Delivery) -> None:
    unsettled = [change async for change in desk.changes.store.unsettled()]
    frozen = await desk.freezes.standing()
    above = [*freeze_notice(frozen, desk.account_names), *await glass.section(desk, delivery.user, frozen)]
    away = await home.absences(desk, delivery.user)
    shown = approvals_list(unsettled, viewer=delivery.user, above=above, below=away, frozen=frozen)
    await desk.answer(delivery, shown)


_MORE = MappingProxyType({"away": absence.away, "back": absence.back, "reviews": glass.show_reviews})
"""What can follow `/a2p-approvals`."""


def _ephemeral(message: Message) -> Payload:
    return {"response_type": "ephemeral", **message}
