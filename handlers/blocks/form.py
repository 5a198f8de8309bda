"""Forms as modals, both ways: a page drawn from an operation's questions, and what people entered read back."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from bot.catalog.form import Ask, Form, Mistake
from bot.catalog.operation import Operation
from bot.catalog.rules import split_words
from bot.changes.drafts import Draft
from handlers.blocks import kit
from handlers.blocks.kit import Block, Level, inline
from handlers.blocks.tokens import memo

YES_NO = (kit.option("true", "Yes"), kit.option("false", "No"))
RADIO_UP_TO = 3
ALERTS = 5
LABEL = "#label"
_TRUE, _FALSE = frozenset({"true", "yes", "y", "on", "1"}), frozenset({"false", "no", "n", "off", "0"})
_EMPHASIS = re.compile(r"`([^`]+)`|\*([^*\s][^*]*)\*")


# Drawing


def form_modal(
    operation: Operation,
    draft: Draft,
    page: int,
    *,
    resume: Draft | None = None,
    mistakes: Sequence[Mistake] = (),
) -> dict[str, Any]:
    """One page (from 1) of an operation's form, filled from the draft.

    `resume` is an older draft to offer. `mistakes` stand on top, with the step of those that belong to another page.
    """
    form = operation.form
    page = min(max(page, 1), form.pages())
    asks = {name: ask for name, ask in form.asks().items() if ask.page == page}
    blocks: list[Block] = [_resume(resume)] if resume else []
    blocks += _mistakes(form, page, mistakes)
    blocks += _where(operation, page)
    for name, ask in asks.items():
        blocks += _question(form, name, ask, draft.values)
    if page > 1:
        blocks.append(kit.actions(kit.button("Back", "form.back", label=f"Back to step {page - 1}")))
    return kit.modal(
        operation.title,
        blocks,
        callback_id="form",
        submit="Preview" if page == form.pages() else "Next",
        private_metadata=memo(d=draft.id, p=page),
        external_id=f"form-{draft.id}",
        notify_on_close=True,
    )


def _resume(older: Draft) -> Block:
    text = f"You left a draft on {kit.date(older.started_at)}. Resume it, or start afresh by filling in this form."
    return kit.section(text, kit.button("Resume draft", "form.resume", older.id))


def _mistakes(form: type[Form], page: int, mistakes: Sequence[Mistake]) -> list[Block]:
    lines = [_mistake(form, page, mistake) for mistake in mistakes]
    blocks = [block for line in lines[:ALERTS] for block in kit.notice(line, "error")]
    return blocks + kit.sections(f"• {kit.remark(line)}" for line in lines[ALERTS:])


def _mistake(form: type[Form], page: int, mistake: Mistake) -> str:
    ask = form.asks().get(mistake.field)
    name = ask.label if ask else mistake.field
    step = f" (step {ask.page})" if ask and ask.page != page else ""
    return f"{name}{step}: {mistake.text}" if name else mistake.text


def _where(operation: Operation, page: int) -> list[Block]:
    """Which step this is, and what the operation makes."""
    pages, titles = operation.form.pages(), operation.form.page_titles
    step = f"Step {page} of {pages}" if pages > 1 else ""
    name = inline(titles[page - 1]) if pages > 1 and page <= len(titles) else ""
    shown = [" · ".join(part for part in (step, name) if part)]
    shown += [inline(operation.summary)] if page == 1 else []
    shown = [text for text in shown if text]
    return [kit.context(*shown)] if shown else []


def _question(form: type[Form], name: str, ask: Ask, values: Mapping[str, Any]) -> list[Block]:
    info = form.model_fields[name]
    block = kit.input_block(
        name,
        ask.label,
        _element(name, ask, info, values),
        hint=_unmarked(ask.hint),
        # a choice with a default always has a value: "optional" would say that it can be left open
        optional=not (info.is_required() or (ask.control in ("yes_no", "choice") and info.default is not None)),
        dispatch=True,  # so that the draft survives a closed window
    )
    lost = len(_text(values.get(name))) - kit.INPUT_TEXT if ask.control in ("text", "paragraph", "url") else 0
    if lost <= 0:
        return [block]
    rest = f"Slack holds {kit.INPUT_TEXT:,} characters here. The last {lost:,} of the text as it was are missing."
    return [block, kit.context(rest)]


def _element(name: str, ask: Ask, info: FieldInfo, values: Mapping[str, Any]) -> Block:
    value = values.get(name)
    action, placeholder = f"field:{name}", ask.placeholder
    if _open(value) and not info.is_required():
        value = info.get_default(call_default_factory=True)
    match ask.control:
        case "yes_no":
            return kit.choice_input(action, YES_NO, initial=_yes_no(value), radio=True)
        case "choice":
            options = [kit.option(o.value, o.label, o.description) for o in ask.options]
            radio = len(options) <= RADIO_UP_TO and any(o.description for o in ask.options)
            return kit.choice_input(action, options, initial=_text(value), radio=radio)
        case "lookup" | "lookups":
            return kit.lookup_input(
                f"lookup:{ask.source}",
                initial=_chosen(name, values),
                several=ask.control == "lookups",
                most=_bound(info, "max_length"),
            )
        case "integer":
            least, most = _bound(info, "ge"), _bound(info, "le")
            return kit.number_input(action, initial=_text(value), least=least, most=most, placeholder=placeholder)
        case "url":
            return kit.url_input(action, initial=_text(value), placeholder=placeholder)
        case "text" | "paragraph":
            multiline = ask.control == "paragraph"
            initial = _text(value) if multiline else " ".join(_text(value).split("\n"))
            return kit.text_input(
                action, initial=initial, most=ask.max_length, multiline=multiline, placeholder=placeholder
            )


def _open(value: Any) -> bool:
    return value is None or value in ("", [], ())


def _bound(info: FieldInfo, name: str) -> int | None:
    """A limit among the field's constraints (`ge`, `le`, `max_length`), if it has one."""
    found = (getattr(rule, name, None) for rule in info.metadata if not isinstance(rule, Ask))
    return next((bound for bound in found if isinstance(bound, int)), None)


def _text(value: Any) -> str:
    """A value as it stands in a field; several words are typed with commas between them."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _yes_no(value: Any) -> str:
    word = str(value).strip().lower()
    if word in _TRUE:
        return "true"
    return "false" if word in _FALSE else ""  # anything else is nobody's answer: it must be given


def _chosen(name: str, values: Mapping[str, Any]) -> list[Block]:
    """What is chosen in a lookup, with the labels that people saw when they chose it."""
    value, labels = values.get(name), values.get(name + LABEL)
    words = split_words(value) if isinstance(value, str) else value
    chosen = [str(v) for v in words] if isinstance(words, list | tuple) else []
    seen = [str(x) for x in labels] if isinstance(labels, list | tuple) else [str(labels)] if labels else []
    if len(seen) != len(chosen):
        seen = chosen  # stale labels would name other things
    return [kit.option(v, label) for v, label in zip(chosen, seen, strict=True)]


def _unmarked(hint: str) -> str:
    """A hint without markup: Slack shows hints as plain text."""
    return _EMPHASIS.sub(lambda found: f"“{found[1] or found[2]}”", hint)


# Reading


def read_values(operation: Operation, view: Mapping[str, Any]) -> dict[str, Any]:
    """What a view holds, by form field; what was left empty is "" or []."""
    return read_state(operation, (view.get("state") or {}).get("values") or {})


def read_state(operation: Operation, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`state.values` as form values: text, a list for lookups, a bool for yes or no. Labels stand beside lookups.

    Blocks that are no field of the form are skipped; a yes or no that was not answered is left out.
    """
    found: dict[str, Any] = {}
    for name, ask in operation.form.asks().items():
        entry = next(iter((values.get(name) or {}).values()), None)
        if entry is not None:
            found |= _read(name, ask, entry)
    return found


def _read(name: str, ask: Ask, entry: Mapping[str, Any]) -> dict[str, Any]:
    option = entry.get("selected_option")
    match ask.control:
        case "yes_no":
            return {name: option["value"] == "true"} if option else {}
        case "choice":
            return {name: option["value"] if option else ""}
        case "lookup":
            chosen = [option] if option else []
            return {name: _first(_values(chosen)), name + LABEL: _first(_labels(chosen))}
        case "lookups":
            several = entry.get("selected_options") or []
            return {name: _values(several), name + LABEL: _labels(several)}
        case _:
            return {name: entry.get("value") or ""}


def _values(options: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(o["value"]) for o in options]


def _labels(options: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(o["text"]["text"]) for o in options]


def _first(texts: Sequence[str]) -> str:
    return texts[0] if texts else ""


# Other windows


def working_modal(title: str, text: str, *, external_id: str) -> dict[str, Any]:
    """A window that waits for work to be done; it is replaced by its external id."""
    return kit.modal(title, [kit.section(kit.prose(text))], callback_id="working", external_id=external_id)


def notice_modal(title: str, text: str, *, level: Level = "info") -> dict[str, Any]:
    """Something a person must read, however long."""
    return kit.modal(title, kit.notice(text, level), callback_id="notice")
