"""The parts that every message, modal and App Home is made of, and the one place that keeps Slack's limits.

What does not fit is cut with “…”, split over several blocks or left out with a word about it, never refused by Slack.
Limits: slack.md 1.6 and 1.8 to 1.10. Functions whose text parameter is called `mrkdwn` take Slack's markup, in which
foreign text must have gone through `escape`, `inline` or `prose`; every other text is plain.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypedDict

from handlers.blocks.mrkdwn import (
    channel,
    code,
    credited,
    cut,
    cut_marked,
    date,
    error_page,
    escape,
    inline,
    link,
    money,
    person,
    plural,
    prose,
    remark,
    span,
    straight,
    unmarked,
    usergroup,
    visible,
)

__all__ = [
    "Block",
    "Level",
    "Message",
    "actions",
    "alert",
    "button",
    "channel",
    "checks_input",
    "choice_input",
    "code",
    "confirm",
    "context",
    "credited",
    "cut",
    "date",
    "day_input",
    "divider",
    "error_page",
    "escape",
    "fields",
    "header",
    "home",
    "inline",
    "input_block",
    "link",
    "lookup_input",
    "message",
    "modal",
    "moment_input",
    "money",
    "notice",
    "number_input",
    "option",
    "person",
    "person_input",
    "plural",
    "preformatted",
    "prose",
    "remark",
    "rich",
    "rich_line",
    "section",
    "sections",
    "several_input",
    "span",
    "text_input",
    "time_input",
    "unmarked",
    "url_input",
    "usergroup",
    "visible",
]

Block = dict[str, Any]
Level = Literal["default", "info", "warning", "error", "success"]

BOXES = 10
SECTION, FIELD, FIELDS, HEADER, CONTEXT, ACTIONS = 3000, 2000, 10, 150, 10, 25
BUTTON, VALUE, OPTION, OPTION_VALUE, OPTIONS = 75, 2000, 75, 150, 100
INPUT_TEXT, LABEL, PLACEHOLDER, ALERT, RICH = 3000, 2000, 150, 200, 3000
TITLE, METADATA, MESSAGE_BLOCKS, VIEW_BLOCKS = 24, 3000, 50, 100

MESSAGE_CHARACTERS = 12_000
"""Text of all blocks of one message. Slack answers `msg_blocks_too_long` above a limit that it does not publish."""
FALLBACK_TEXT = 3000
"""Top-level text of a message; chat.update takes 4,000 characters."""
VIEW_BYTES = 230_000
"""A view may have 250 kB as JSON; room is left for what Slack adds."""

_KEPT = frozenset({"actions", "input", "alert"})


_SENTENCE = re.compile(r"[^\n]+?[.!?](?=\s)")
_HEADS: Mapping[Level, str] = MappingProxyType(
    {
        "default": "Please read this.",
        "info": "Please read this.",
        "success": "This is done.",
        "warning": "Please look at this.",
        "error": "This did not work.",
    }
)


class Message(TypedDict):
    """What `chat.postMessage` and its relatives take: a sentence for notifications and screen readers, and blocks."""

    text: str
    blocks: list[Block]


# Surfaces


def message(text: str, blocks: Sequence[Block]) -> Message:
    """A message. `text` is a full sentence; mentions in it stay, anything else in it is escaped."""
    fitted = _fitted(blocks, MESSAGE_BLOCKS, MESSAGE_CHARACTERS, _characters)
    return {"text": cut_marked(prose(text), FALLBACK_TEXT).strip() or "-", "blocks": fitted}


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback_id: str,
    submit: str | None = None,
    close: str = "Close",
    private_metadata: str = "",
    external_id: str = "",
    notify_on_close: bool = False,
) -> dict[str, Any]:
    """A modal. Raises ValueError for private metadata over 3,000 characters, which cannot be cut without harm."""
    if len(private_metadata) > METADATA:
        raise ValueError(f"private_metadata has {len(private_metadata)} characters; Slack takes {METADATA}")
    view: dict[str, Any] = {
        "type": "modal",
        "title": _plain(_short_title(title), TITLE),
        "close": _plain(close, TITLE),
        "callback_id": callback_id,
        "private_metadata": private_metadata,
        "notify_on_close": notify_on_close,
        "blocks": _fitted(blocks, VIEW_BLOCKS, VIEW_BYTES, _bytes) or [section("There is nothing to show.")],
    }
    if submit or any(block["type"] == "input" for block in blocks):
        view["submit"] = _plain(submit or "Done", TITLE)  # Slack refuses inputs without a way to submit them
    if external_id:
        view["external_id"] = external_id
    return view


def home(blocks: Sequence[Block]) -> dict[str, Any]:
    """An App Home."""
    fitted = _fitted(blocks, VIEW_BLOCKS, VIEW_BYTES, _bytes)
    return {"type": "home", "blocks": fitted or [section("There is nothing to show.")]}


# Blocks


def section(mrkdwn: str, accessory: Block | None = None) -> Block:
    """A paragraph, cut at 3,000 characters, with at most one element beside it."""
    return {"type": "section", "text": _mrkdwn(mrkdwn, SECTION)} | ({"accessory": accessory} if accessory else {})


def sections(lines: Iterable[str], *, between: str = "\n") -> list[Block]:
    """Lines of mrkdwn, packed into as few sections as hold them; no line is broken over two."""
    packed: list[str] = []
    for line in lines:
        piece = cut_marked(line, SECTION)
        if packed and len(packed[-1]) + len(between) + len(piece) <= SECTION:
            packed[-1] += between + piece
        else:
            packed.append(piece)
    return [section(text) for text in packed]


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Facts in two columns: plain label and mrkdwn value. Slack takes ten; the others become lines above them."""
    shown = [f"*{escape(label)}*\n{value}" for label, value in pairs]
    block: Block = {"type": "section", "fields": [_mrkdwn(text, FIELD) for text in shown[:FIELDS]]}
    more = [text.replace("\n", " ", 1) for text in shown[FIELDS:]]
    return block | ({"text": _mrkdwn("\n".join(more), SECTION)} if more else {})


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": _plain(" ".join(text.split()), HEADER)}


def context(*mrkdwn: str) -> Block:
    """Small print. Slack takes ten pieces; the others join the last one."""
    pieces = [*mrkdwn[: CONTEXT - 1], " ".join(mrkdwn[CONTEXT - 1 :])] if len(mrkdwn) > CONTEXT else list(mrkdwn)
    return {"type": "context", "elements": [_mrkdwn(text, SECTION) for text in pieces or [""]]}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    """Buttons in a row: at most 25, each with its own action id."""
    return {"type": "actions", "elements": list(elements[:ACTIONS])}


def alert(text: str, level: Level = "info") -> Block:
    """A coloured note of 200 characters, in modals only. Its text must say by itself how bad it is."""
    return {"type": "alert", "text": _mrkdwn(prose(text), ALERT), "level": level}


def notice(text: str, level: Level) -> list[Block]:
    """A note of any length for modals: an alert, and below it what does not fit into one."""
    if len(prose(text)) <= ALERT:
        return [alert(text, level)]
    first = _SENTENCE.match(text)
    head = first[0] if first and len(prose(first[0])) <= ALERT else _HEADS[level]
    rest = text.removeprefix(head).strip().split("\n\n")
    return [alert(head, level), *sections((prose(part) for part in rest if part.strip()), between="\n\n")]


def rich(*elements: Block) -> Block:
    """Text that Slack shows character by character, without any markup in it taking effect."""
    return {"type": "rich_text", "elements": list(elements)}


def rich_line(text: str, note: str = "") -> Block:
    """A bold line of a `rich` block, and a plain remark after it."""
    bold, plain = (straight(" ".join(words.split())) for words in (text, note))
    pieces: list[Block] = [{"type": "text", "text": _shown(bold, RICH), "style": {"bold": True}}]
    if plain:
        pieces.append({"type": "text", "text": cut(f"  {plain}", RICH)})
    return {"type": "rich_text_section", "elements": pieces}


def preformatted(text: str) -> list[Block]:
    """Text as code blocks of a `rich` block: nothing of it is left out, a long one goes on in the next block."""
    pieces: list[str] = []
    for line in text.split("\n"):
        for part in (line[at : at + RICH] for at in range(0, len(line) or 1, RICH)):
            if pieces and len(pieces[-1]) + 1 + len(part) <= RICH:
                pieces[-1] += "\n" + part
            else:
                pieces.append(part)
    return [
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": piece or " "}]} for piece in pieces
    ]


def input_block(
    block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False, dispatch: bool = False
) -> Block:
    """A question. `dispatch`: what is entered is sent at once, not only on submit."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label, LABEL),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = _plain(hint, LABEL)
    if dispatch:
        block["dispatch_action"] = True
    return block


# Elements


def button(
    text: str,
    action_id: str,
    value: str = "",
    style: Literal["primary", "danger"] | None = None,
    confirm: Block | None = None,
    url: str | None = None,
    label: str = "",
) -> Block:
    """A button. `label` is what screen readers say instead of `text`. A value over 2,000 characters is a ValueError."""
    if len(value) > VALUE:
        raise ValueError(f"the value of {action_id} has {len(value)} characters; Slack takes {VALUE}")
    element: Block = {"type": "button", "text": _plain(text, BUTTON), "action_id": action_id}
    optional = {
        "value": value,
        "style": style,
        "confirm": confirm,
        "url": url,
        "accessibility_label": cut(straight(label), BUTTON),
    }
    return element | {name: entry for name, entry in optional.items() if entry}


def confirm(title: str, mrkdwn: str, yes: str, no: str = "Not now", *, danger: bool = False) -> Block:
    """The question that Slack asks before it sends a click."""
    return {
        "title": _plain(title, 100),
        "text": _mrkdwn(mrkdwn, 300),
        "confirm": _plain(yes, 30),
        "deny": _plain(no, 30),
        "style": "danger" if danger else "primary",
    }


def option(value: str, label: str, description: str = "") -> Block:
    """One choice. Its value is at most 150 characters long, which the caller sees to: a cut one means another thing."""
    chosen: Block = {"text": _plain(label, OPTION), "value": value}
    return chosen | ({"description": _plain(description, OPTION)} if description else {})


def text_input(
    action_id: str, *, initial: str = "", most: int | None = None, multiline: bool = False, placeholder: str = ""
) -> Block:
    """A field for text. It holds 3,000 characters; `most` gives way to an initial text that is longer."""
    start = initial[:INPUT_TEXT]
    element = _typed("plain_text_input", action_id, start, placeholder) | {"multiline": multiline}
    if most is not None:
        element["max_length"] = min(max(most, len(start), 1), INPUT_TEXT)
    return element


def url_input(action_id: str, *, initial: str = "", placeholder: str = "") -> Block:
    """A field for a web address."""
    return _typed("url_text_input", action_id, initial[:INPUT_TEXT], placeholder)


def number_input(
    action_id: str, *, initial: str = "", least: int | None = None, most: int | None = None, placeholder: str = ""
) -> Block:
    """A field for a whole number. An initial text that is none is left out; bounds give way to one outside them."""
    start = initial.strip() if re.fullmatch(r"\s*-?[0-9]{1,15}\s*", initial) else ""
    element = _typed("number_input", action_id, start, placeholder) | {"is_decimal_allowed": False}
    for name, bound, sign in (("min_value", least, 1), ("max_value", most, -1)):
        if bound is not None and (not start or sign * int(start) >= sign * bound):
            element[name] = str(bound)
    return element


def choice_input(action_id: str, options: Sequence[Block], *, initial: str = "", radio: bool = False) -> Block:
    """One of several options: a menu, or radio buttons (at most ten). Over 100 options are shown in groups."""
    chosen = next((o for o in options if o["value"] == initial), None)
    element: Block = {"type": "radio_buttons" if radio else "static_select", "action_id": action_id}
    if len(options) <= OPTIONS:
        element["options"] = list(options)
    else:
        starts = range(0, len(options), OPTIONS)
        element["option_groups"] = [
            {"label": _plain(f"{at + 1} and on", OPTION), "options": list(options[at : at + OPTIONS])} for at in starts
        ]
    return element | ({"initial_option": chosen} if chosen else {})


def checks_input(action_id: str, options: Sequence[Block], *, initial: Collection[str] = ()) -> Block:
    """Boxes to tick: at most ten."""
    ticked = [o for o in options[:BOXES] if o["value"] in initial]
    element: Block = {"type": "checkboxes", "action_id": action_id, "options": list(options[:BOXES])}
    return element | ({"initial_options": ticked} if ticked else {})


def several_input(action_id: str, options: Sequence[Block], *, initial: Collection[str] = ()) -> Block:
    """Several of at most 100 options."""
    chosen = [o for o in options[:OPTIONS] if o["value"] in initial]
    element: Block = {"type": "multi_static_select", "action_id": action_id, "options": list(options[:OPTIONS])}
    return element | ({"initial_options": chosen} if chosen else {})


def lookup_input(
    action_id: str, *, initial: Sequence[Block] = (), several: bool = False, most: int | None = None
) -> Block:
    """A choice that is looked up while people type, from the moment the menu opens."""
    kind = "multi_external_select" if several else "external_select"
    element: Block = {"type": kind, "action_id": action_id, "min_query_length": 0}
    fitting = [o for o in initial if 0 < len(o["value"]) <= OPTION_VALUE][:OPTIONS]
    if fitting and several:
        element["initial_options"] = fitting
    elif fitting:
        element["initial_option"] = fitting[0]
    if several and most is not None:
        element["max_selected_items"] = max(most, len(fitting), 1)
    return element


def person_input(action_id: str, *, initial: str = "") -> Block:
    """One person of the workspace."""
    return {"type": "users_select", "action_id": action_id} | ({"initial_user": initial} if initial else {})


def day_input(action_id: str, *, initial: str = "") -> Block:
    """A day (`2026-11-30`)."""
    return {"type": "datepicker", "action_id": action_id} | ({"initial_date": initial} if initial else {})


def time_input(action_id: str, *, initial: str = "") -> Block:
    """A time of the day (`20:00`)."""
    return {"type": "timepicker", "action_id": action_id} | ({"initial_time": initial} if initial else {})


def moment_input(action_id: str, *, initial: float) -> Block:
    """A day and a time, in the zone of whoever answers; in epoch seconds. In modals and messages only."""
    return {"type": "datetimepicker", "action_id": action_id, "initial_date_time": int(initial)}


# Below: fitting


def _typed(kind: str, action_id: str, initial: str, placeholder: str) -> Block:
    # only asked for where the block dispatches; Slack would otherwise wait for the enter key
    when = {"trigger_actions_on": ["on_character_entered"]}
    element: Block = {"type": kind, "action_id": action_id, "dispatch_action_config": when}
    if placeholder:
        element["placeholder"] = _plain(placeholder, PLACEHOLDER)
    return element | ({"initial_value": initial} if initial else {})


def _plain(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": _shown(straight(text), most), "emoji": False}


def _mrkdwn(text: str, most: int) -> Block:
    # verbatim: addresses and names in foreign text do not become links by themselves
    return {"type": "mrkdwn", "text": cut_marked(text, most).strip() or "-", "verbatim": True}


def _shown(text: str, most: int) -> str:
    return cut(text, most) if text.strip() else "-"


def _short_title(title: str) -> str:
    """A title of 24 characters: articles go first, then its end."""
    return title if len(title) <= TITLE else re.sub(r" (?:an?|the) ", " ", title)


def _fitted(blocks: Sequence[Block], most: int, room: int, size: Callable[[Block], int]) -> list[Block]:
    """The blocks that fit, in order. Buttons, inputs and alerts always stay; if other blocks go, a line says so."""
    if len(blocks) <= most and sum(map(size, blocks)) <= room:
        return list(blocks)
    must = [i for i, block in enumerate(blocks) if block["type"] in _KEPT][:most]
    left, room = most - len(must) - 1, room - sum(size(blocks[i]) for i in must)
    chosen = set(must)
    last = -1
    for i, block in enumerate(blocks):
        if block["type"] in _KEPT:
            continue
        room -= size(block)
        if left <= 0 or room < 0:
            break  # the rest goes, even what would fit: a gap would look as if nothing were missing
        chosen.add(i)
        left -= 1
        last = i
    note = context("There is more than fits here; what follows was left out.")
    kept = [(i, blocks[i]) for i in sorted(chosen)]
    before = [b for i, b in kept if i <= last]
    after = [b for i, b in kept if i > last]
    return [*before, note, *after][:most]


def _characters(block: Block) -> int:
    """How much text a block shows."""

    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(len(v) if k == "text" and isinstance(v, str) else count(v) for k, v in value.items())
        return sum(map(count, value)) if isinstance(value, list) else 0

    return count(block)


def _bytes(block: Block) -> int:
    return len(json.dumps(block)) + 2
