"""Modals, made from an entry's questions, and what people entered read back."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from bot.catalog.form import Ask, Form, Mistake, Values, blank
from bot.catalog.operation import Entry, Operation
from bot.catalog.rules import split_words
from bot.catalog.sources.services import short_sid
from bot.changes.drafts import Draft
from bot.plans.masking import mask
from handlers.blocks import kit
from handlers.blocks.account import Named, account_label
from handlers.blocks.kit import Block, Level, inline
from handlers.blocks.tokens import memo

YES_NO = (kit.option("true", "Yes"), kit.option("false", "No"))
RADIO_UP_TO = 3
ALERTS = 5
LABEL = "#label"
CLEAR = "-"
"""What is typed to empty an answer that is not shown."""
ACCOUNT = "form.account"
_TYPED = frozenset({"text", "paragraph", "url", "integer"})
_TRUE, _FALSE = frozenset({"true", "yes", "y", "on", "1"}), frozenset({"false", "no", "n", "off", "0"})


# Drawing


def form_modal(
    entry: Entry,
    draft: Draft,
    page: int,
    *,
    resume: Draft | None = None,
    mistakes: Sequence[Mistake] = (),
    note: str = "",
    accounts: Sequence[Named] = (),
) -> dict[str, Any]:
    """One page (from 1) of an entry's form, filled from the draft; the last one before it when nothing is asked on it.

    `resume` is an older draft to offer. `mistakes` stand on top, with the step of those that belong to another page,
    and `note` below them. `accounts` are those among which the first page lets people choose.
    """
    form = entry.form
    pages = form.open_pages(draft.values)
    page = max([p for p in pages if p <= page] or pages[:1])
    asks = asked_on(form, draft.values, page)
    blocks: list[Block] = [_resume(resume)] if resume else []
    blocks += _mistakes(form, draft.values, page, mistakes)
    blocks += kit.notice(note, "info") if note else []
    blocks += _where(entry, page, pages)
    blocks += _account(entry, draft.account, accounts) if page == pages[0] else []
    for name, ask in asks.items():
        blocks += _question(form, name, ask, draft.values)
    if page > pages[0]:
        blocks.append(kit.actions(kit.button("Back", "form.back", label=f"Back to step {pages.index(page)}")))
    return kit.modal(
        entry.title,
        blocks,
        callback_id="form",
        submit=_onward(entry, draft.values, page, pages),
        private_metadata=memo(d=draft.id, p=page, s=shape(form, draft.values, page), t=draft.turn),
        external_id=f"form-{draft.id}",
        notify_on_close=True,
    )


def asked_on(form: type[Form], values: Values, page: int) -> dict[str, Ask]:
    """The questions of one page that these answers leave open."""
    return {name: ask for name, ask in form.asked(values).items() if ask.page == page}


def shape(form: type[Form], values: Values, page: int) -> str:
    """What of a page depends on its answers: which questions it has, and which pages there are. Short, for the memo."""
    parts = f"{list(asked_on(form, values, page))}{form.open_pages(values)}"
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def _onward(entry: Entry, values: Values, page: int, pages: Sequence[int]) -> str:
    """The word on the button that leads on."""
    asks, fields = entry.form.asks().values(), entry.form.model_fields
    deciding = {ask.when.field for ask in asks if ask.when and ask.page > page}
    here = asked_on(entry.form, values, page)
    undecided = any(n in deciding and fields[n].is_required() and blank(values.get(n)) for n in here)
    if page != pages[-1] or undecided:  # as long as nobody knows what follows, this is not the end
        return "Next"
    return "Preview" if isinstance(entry, Operation) else "Show"


def _resume(older: Draft) -> Block:
    what = f"an amendment of #{older.amends}" if older.amends else "a draft"
    text = f"You left {what} ({kit.date(older.started_at)}). Resume it, or start afresh by filling in this form."
    return kit.section(text, kit.button("Resume draft", "form.resume", older.id))


def _mistakes(form: type[Form], values: Values, page: int, mistakes: Sequence[Mistake]) -> list[Block]:
    pages = form.open_pages(values)
    lines = [_mistake(form, pages, page, mistake) for mistake in mistakes]
    blocks = [block for line in lines[:ALERTS] for block in kit.notice(line, "error")]
    return blocks + kit.sections(f"• {kit.remark(line)}" for line in lines[ALERTS:])


def _mistake(form: type[Form], pages: Sequence[int], page: int, mistake: Mistake) -> str:
    ask = form.asks().get(mistake.field)
    name = ask.label if ask else mistake.field
    step = f" (step {pages.index(ask.page) + 1})" if ask and ask.page != page and ask.page in pages else ""
    return f"{name}{step}: {mistake.text}" if name else mistake.text


def _where(entry: Entry, page: int, pages: Sequence[int]) -> list[Block]:
    """Which step this is, and what the entry makes or shows."""
    titles, several = entry.form.page_titles, len(pages) > 1
    step = f"Step {pages.index(page) + 1} of {len(pages)}" if several else ""
    name = inline(titles[page - 1]) if several and page <= len(titles) else ""
    shown = [" · ".join(part for part in (step, name) if part)]
    shown += [inline(entry.summary)] if page == pages[0] else []
    shown = [text for text in shown if text]
    return [kit.context(*shown)] if shown else []


def _account(entry: Entry, sid: str, accounts: Sequence[Named]) -> list[Block]:
    """Which account the form is for, with a menu of the others. A draft of before there were several has no SID."""
    account = next((a for a in accounts if a.sid == sid or not sid), None)
    if not accounts:
        return []
    label = account_label(account.sid, account.name) if account else f"{kit.code(sid)}, which Tenfour cannot reach"
    text = f"{'Acts on' if isinstance(entry, Operation) else 'Looks at'} {label}"
    if account and len(accounts) == 1:
        return [kit.context(text)]
    if account:  # beside a menu there is room for the beginning and the end of a SID, and previews have all of it
        text = text.replace(account.sid, short_sid(account.sid))
    options = [kit.option(a.sid, a.name) for a in accounts]
    menu = kit.choice_input(ACCOUNT, options, initial=account.sid if account else "")
    return [{**kit.section(text, menu), "block_id": ACCOUNT}]


def _question(form: type[Form], name: str, ask: Ask, values: Mapping[str, Any]) -> list[Block]:
    info = form.model_fields[name]
    kept = "" if not ask.sensitive or blank(values.get(name)) else _kept(ask, info, values[name])
    block = kit.input_block(
        name,
        ask.label,
        _element(name, ask, info, {} if ask.sensitive else values, kept or ask.placeholder),
        # menus have no place of their own for it
        hint=" ".join(filter(None, (kit.unmarked(ask.hint), "" if ask.control in _TYPED else kept))),
        # a choice with a default always has a value: "optional" would say that it can be left open
        optional=bool(kept)
        or not (info.is_required() or (ask.control in ("yes_no", "choice") and info.default is not None)),
        dispatch=True,  # so that the draft survives a closed window
    )
    lost = 0 if ask.sensitive else len(_text(values.get(name))) - kit.INPUT_TEXT
    if lost <= 0 or ask.control not in _TYPED:
        return [block]
    rest = f"Slack holds {kit.INPUT_TEXT:,} characters here. The last {lost:,} of the text as it was are missing."
    return [block, kit.context(rest)]


def _kept(ask: Ask, info: FieldInfo, value: Any) -> str:
    """What stands in for an answer that is never sent back to Slack."""
    clear = f", {CLEAR} to remove" if ask.control in ("text", "paragraph") and not info.is_required() else ""
    return f"Kept: {mask(_text(value))} (leave empty to keep{clear})"


def _element(name: str, ask: Ask, info: FieldInfo, values: Mapping[str, Any], placeholder: str) -> Block:
    value = values.get(name)
    action = f"field:{name}"
    if blank(value) and not info.is_required() and not ask.sensitive:
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


# Reading


def read_values(entry: Entry, view: Mapping[str, Any], *, sensitive: bool = True) -> dict[str, Any]:
    """What a view holds, by form field; what was left empty is "" or [].

    An answer that is not shown stands as it was when it is left empty; without `sensitive` such answers are left out.
    """
    found = read_state(entry, (view.get("state") or {}).get("values") or {})
    hidden = {name: ask for name, ask in entry.form.asks().items() if ask.sensitive and name in found}
    for name in hidden:
        typed = found.pop(name)
        label = found.pop(name + LABEL, None)
        required = entry.form.model_fields[name].is_required()
        if sensitive and typed == CLEAR and not required:
            found[name] = ""
        elif sensitive and not blank(typed):
            found |= {name: typed} | ({name + LABEL: label} if label else {})
    return found


def read_state(entry: Entry, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`state.values` as form values: text, a list for lookups, a bool for yes or no. Labels stand beside lookups.

    Blocks that are no field of the form are skipped; a yes or no that was not answered is left out.
    """
    found: dict[str, Any] = {}
    for name, ask in entry.form.asks().items():
        given = next(iter((values.get(name) or {}).values()), None)
        if given is not None:
            found |= _read(name, ask, given)
    return found


def drawn_fields(view: Mapping[str, Any]) -> frozenset[str]:
    """The questions that a view shows."""
    return frozenset(block["block_id"] for block in view.get("blocks") or [] if block.get("type") == "input")


def offered(view: Mapping[str, Any]) -> str:
    """The id of the older draft that a view offers to resume, or ""."""
    buttons = (block.get("accessory") or {} for block in view.get("blocks") or [])
    return next((str(b.get("value") or "") for b in buttons if b.get("action_id") == "form.resume"), "")


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
