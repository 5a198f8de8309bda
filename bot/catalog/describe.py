"""An entry of the catalogue in words, made from its form: for help pages and docs/operations.md."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from pydantic.fields import FieldInfo

from bot.catalog.fees import Fees
from bot.catalog.form import Ask, Form, Option, Values, blank
from bot.catalog.operation import Catalog, Entry, Operation
from bot.plans.cost import Cost

_SUFFIX: Final = re.compile(r"_sids?$")
EXAMPLE = 10
"""How many fields an example names."""
SEE_PREVIEW = "No A2P fee. Whatever else Twilio charges stands in the preview, before anybody is asked."


@dataclass(frozen=True)
class Field:
    """One question in words. `name` is what people type; `default` and `condition` are "" where there is none."""

    name: str
    label: str
    kind: str
    hint: str
    page: int
    needed: bool
    default: str
    choices: tuple[Option, ...]
    condition: str
    sensitive: bool


@dataclass(frozen=True)
class Description:
    """An operation or inquiry in words. `command` is typed; `name` is what a policy calls it."""

    name: str
    command: str
    title: str
    summary: str
    example: str
    pages: tuple[str, ...]
    fields: tuple[Field, ...]
    costs: tuple[str, ...]
    notes: tuple[str, ...]
    changes: bool


def describe(entry: Entry) -> Description:
    """What an entry asks for, costs and says, from its own form."""
    form = entry.form
    return Description(
        name=entry.name,
        command=command_of(entry),
        title=entry.title,
        summary=entry.summary,
        example=example(entry),
        pages=form.page_titles,
        fields=tuple(_field(form, name, ask) for name, ask in form.asks().items()),
        costs=_costs(entry),
        notes=(*entry.notes, *_next(entry)),
        changes=isinstance(entry, Operation),
    )


def _next(entry: Entry) -> list[str]:
    return [f"Next: {entry.next}"] if isinstance(entry, Operation) and entry.next else []


def command_of(entry: Entry) -> str:
    """What is typed for it, or "" for one that only a button asks for."""
    return f"{entry.command} {entry.word}" if entry.command else ""


def example(entry: Entry) -> str:
    """A command that holds what is needed, or else the first field; "" for an entry without command.

    Of a form that is filled in from Twilio, only what the first page needs, and one thing to change.
    """
    if not entry.command:
        return ""
    form = entry.form
    given: dict[str, str] = {}
    while more := [n for n in _needed(form, given) if n not in given]:
        given |= {n: _example(form.asks()[n]) for n in more}
    if isinstance(entry, Operation):
        asks = form.asks()
        if entry.prefill:
            later = [n for n, ask in form.asked(given).items() if ask.page > 1][:1]
            given = {n: _example(asks[n]) for n in [*(n for n in given if asks[n].page == 1), *later]}
        given = given or {n: _example(ask) for n, ask in [*asks.items()][:1]}
    typed = [f"{short(form, n)}={value}" for n, value in given.items()]
    return " ".join([command_of(entry), *typed[:EXAMPLE], *(["…"] if typed[EXAMPLE:] else [])])


def _needed(form: type[Form], given: Values) -> list[str]:
    return [n for n in form.asked(given) if form.model_fields[n].is_required()]


@cache
def names(form: type[Form]) -> Mapping[str, str]:
    """Every name that may be typed, with its field: the field's own, that without `_sid`, one or several, its label."""
    asks = form.asks()
    claims: dict[str, set[str]] = {}
    for name, ask in asks.items():
        bare = _SUFFIX.sub("", name)
        for other in (bare, f"{bare}s", bare.removesuffix("s"), re.sub(r"\W+", "_", ask.label.lower()).strip("_")):
            claims.setdefault(other, set()).add(name)
    others = {other: min(fields) for other, fields in claims.items() if len(fields) == 1}
    # where no other field is about numbers, people write `numbers` as they do in every other command
    plain = {n.removeprefix("phone_"): n for n in asks if n.removeprefix("phone_") not in claims}
    return MappingProxyType(plain | others | {name: name for name in asks})


def short(form: type[Form], name: str) -> str:
    """The shortest plain name of a field: `service` for `service_sid`."""
    bare = _SUFFIX.sub("", name)
    return bare if names(form).get(bare) == name else name


def condition(form: type[Form], ask: Ask) -> str:
    """When a question is asked, or "" for always: `only when “Inbound” is “Send to one webhook”`."""
    if ask.when is None:
        return ""
    on = form.asks()[ask.when.field]
    labels = {o.value: o.label for o in on.options}
    words = " or ".join(f"“{labels.get(value) or _plain(value)}”" for value in ask.when.values)
    return f"only when “{on.label}” is {words}"


def limits(info: FieldInfo) -> dict[str, int]:
    """The bounds among a field's constraints: `ge`, `le`, `min_length`, `max_length`."""
    found: dict[str, int] = {}
    for rule in (r for r in info.metadata if not isinstance(r, Ask)):
        for name in ("ge", "le", "min_length", "max_length"):
            if isinstance(bound := getattr(rule, name, None), int):
                found[name] = bound
    return found


def operations_page(catalog: Catalog) -> str:
    """docs/operations.md, made from the catalogue itself."""
    lines = [
        "# Operations",
        "",
        "<!-- Made by `make docs` from bot/catalog; change that, not this. -->",
        "",
        "What can be typed in Slack. Every operation is also a form: type its command alone. Values may follow as",
        '`name=value`, with quotes around a value that has spaces (`name="Acme alerts"`). Menus take what people see',
        "in them or the exact value, lists have commas between their entries, and yes or no is `yes` or `no`.",
        "`account=NAME` names the Twilio account, and `--plan` shows what would be done without asking for anything.",
        "`/a2p help COMMAND WORD` shows in Slack what stands here. Operations need approval as the policy says; what",
        "is marked *looks only* changes nothing and is answered at once.",
        "",
        "| command | what it does | name in the policy |",
        "|---|---|---|",
    ]
    every = [describe(entry) for entry in catalog.entries]
    ordered = [d for command in ("", *catalog.commands) for d in every if d.command.partition(" ")[0] == command]
    for entry in ordered:
        where = f"`{entry.command}`" if entry.command else "by a button"
        name = f"`{entry.name}`" if entry.changes else "*looks only*"
        lines.append(f"| {where} | {_cell(entry.title)} | {name} |")
    return "\n".join([*lines, *(line for entry in ordered for line in _chapter(entry))]) + "\n"


def _field(form: type[Form], name: str, ask: Ask) -> Field:
    info = form.model_fields[name]
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    return Field(
        name=short(form, name),
        label=ask.label,
        kind=_kind(ask, limits(info)),
        hint=ask.hint,
        page=ask.page,
        needed=info.is_required(),
        default="" if blank(default) else _plain(default),
        choices=ask.options,
        condition=condition(form, ask),
        sensitive=ask.sensitive,
    )


def _kind(ask: Ask, bounds: dict[str, int]) -> str:
    most = bounds.get("max_length")
    match ask.control:
        case "integer":
            kind = f"whole number{_between(bounds.get('ge'), bounds.get('le'), '')}"
        case "lookup":
            kind = f"one of the {_plainly(ask.source)}, by name or SID"
        case "lookups":
            kind = f"{_plainly(ask.source)}, by name or SID{f', at most {most}' if most else ''}"
        case "text" | "paragraph":
            kind = f"text{_between(bounds.get('min_length'), most or ask.max_length, ' characters')}"
        case "yes_no" | "choice" | "url":
            kind = {"yes_no": "yes or no", "choice": "one of the choices", "url": "web address"}[ask.control]
    return kind


def _between(least: int | None, most: int | None, unit: str) -> str:
    if least is not None and most is not None:
        return f", {least} to {most}{unit}"
    if most is not None:
        return f", at most {most}{unit}"
    return f", at least {least}{unit}" if least is not None else ""


def _plainly(source: str) -> str:
    return source.replace("_", " ")


def _plain(value: Any) -> str:
    """A value as people may type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _example(ask: Ask) -> str:
    if ask.options and not ask.sensitive:
        value = ask.options[0].value
        return f'"{value}"' if " " in value else value
    return {"yes_no": "yes", "integer": "1", "url": "https://…"}.get(ask.control, '"…"')


def _costs(entry: Entry) -> tuple[str, ...]:
    if not isinstance(entry, Operation):
        return ()
    fees = Fees.load()
    return tuple(_cost(fees.cost(name)) for name in entry.fees) or (SEE_PREVIEW,)


def _cost(cost: Cost) -> str:
    usd = cost.usd.quantize(Decimal("0.01"))
    return f"{cost.what}: about ${usd} {'once' if cost.period == 'once' else 'a month'} ({cost.source})"


def _chapter(entry: Description) -> Iterable[str]:
    yield from ("", f"## {entry.command or entry.title}", "")
    yield f"{entry.title}. {entry.summary}" if entry.changes else f"{entry.title}. {entry.summary} *Looks only.*"
    if entry.example:
        yield from ("", "```", entry.example, "```")
    if entry.fields:
        yield from ("", "| field | what | value | default |", "|---|---|---|---|")
        yield from map(_row, entry.fields)
    for title, lines in (("Costs", entry.costs), ("Good to know", entry.notes)):
        if lines:
            yield from ("", f"{title}:", "", *(f"- {line}" for line in lines))


def _row(field: Field) -> str:
    choices = ", ".join(f"`{o.value}`{'' if o.label == o.value else f' ({o.label})'}" for o in field.choices)
    asked = f" Asked {field.condition}." if field.condition else ""
    masked = " Shown masked." if field.sensitive else ""
    what = f"{field.label}. {field.hint}{asked}{masked}".strip()
    value = choices or field.kind
    cells = (f"`{field.name}`", what, value, "needed" if field.needed else field.default)
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
