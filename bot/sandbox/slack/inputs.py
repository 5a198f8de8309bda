"""What people enter: `state.values` of views and messages, and the checks that Slack's client makes on submit."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.slack.blocks import walk_elements
from bot.sandbox.slack.composition import all_options
from bot.sandbox.slack.elements import EXTERNAL_SELECTS
from bot.sandbox.slack.errors import Json

# The key under which an element's value stands in state.values; elements not named here have no state.
STATE_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "plain_text_input": "value",
        "email_text_input": "value",
        "url_text_input": "value",
        "number_input": "value",
        "rich_text_input": "rich_text_value",
        "file_input": "files",
        "static_select": "selected_option",
        "external_select": "selected_option",
        "radio_buttons": "selected_option",
        "checkboxes": "selected_options",
        "multi_static_select": "selected_options",
        "multi_external_select": "selected_options",
        "users_select": "selected_user",
        "multi_users_select": "selected_users",
        "conversations_select": "selected_conversation",
        "multi_conversations_select": "selected_conversations",
        "channels_select": "selected_channel",
        "multi_channels_select": "selected_channels",
        "datepicker": "selected_date",
        "timepicker": "selected_time",
        "datetimepicker": "selected_date_time",
    }
)
_LISTS = frozenset({"files", "selected_options", "selected_users", "selected_conversations", "selected_channels"})
_OPTIONS = frozenset({"selected_option", "selected_options"})

REQUIRED = "Please complete this required field."


class ImpossibleInputError(ValueError):
    """A person could not enter this into that element."""


def state_values(blocks: list[Json], inputs: Json) -> Json:
    """Slack's `state.values`: what was entered, else the initial value, else null or an empty list."""
    values: Json = {}
    for block, entry in walk_elements(blocks):
        if entry["type"] in STATE_KEYS:
            entered = inputs.get(block["block_id"], {}).get(entry["action_id"])
            values.setdefault(block["block_id"], {})[entry["action_id"]] = entered or initial_state(entry)
    return values


def initial_state(element: Json) -> Json:
    key = STATE_KEYS[element["type"]]
    initial_key = "initial_" + (key.removeprefix("selected_") if key.startswith("selected_") else "value")
    value = element.get(initial_key, [] if key in _LISTS else None)
    return _state(element, value if value != "" else None)


def entered_state(element: Json, value: Any, known_options: list[Json], *, forge: bool = False) -> Json:
    """The state after a person entered `value` (plain Python) into the element.

    Menus take option values (or whole options), checkboxes a list of values, or a bool when there is one box.
    `known_options` are what an options load has shown. With `forge` anything goes, as in a replayed API call.
    Raises ImpossibleInputError when a person could not enter it.
    """
    key = STATE_KEYS[element["type"]]
    if isinstance(value, dict) and key in value:
        return _state(element, value[key]) if forge else entered_state(element, value[key], known_options)
    if key in _OPTIONS:
        options = known_options if element["type"] in EXTERNAL_SELECTS else all_options(element)
        if key == "selected_option":
            chosen: Any = None if value is None or value == "" else _pick(value, options, forge)
            return _state(element, chosen)
        if isinstance(value, bool):
            value = [options[0]] if value else []
        return _state(element, [_pick(item, options, forge) for item in value or []])
    if key in _LISTS:
        return _state(element, list(value or []))
    if key == "value":
        return _state(element, None if value is None or value == "" else str(value))
    if key == "selected_date_time" and value is not None and not isinstance(value, int):
        raise ImpossibleInputError(f"{element['action_id']}: Unix seconds, not {value!r}")
    if key == "rich_text_value" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        value = {"type": "rich_text", "elements": [section]}
    return _state(element, value)


def carried_over(old: list[Json], new: list[Json], inputs: Json) -> Json:
    """Inputs that survive an update: block_id and action_id unchanged, and still the same kind of element."""
    before = {(b["block_id"], e["action_id"]): e["type"] for b, e in walk_elements(old) if "action_id" in e}
    kept: Json = {}
    for block, entry in walk_elements(new):
        name = (block["block_id"], entry.get("action_id"))
        value = inputs.get(name[0], {}).get(name[1])
        if value is not None and before.get((name[0], str(name[1]))) == entry["type"]:
            kept.setdefault(name[0], {})[name[1]] = value
    return kept


def client_errors(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack's client itself refuses on submit, by block id. It looks at input blocks only."""
    errors: dict[str, str] = {}
    for block, entry in walk_elements(blocks):
        if block["type"] != "input":
            continue
        state = values[block["block_id"]][entry["action_id"]]
        value = state.get(STATE_KEYS[entry["type"]])
        if value in (None, "", []):
            problem = None if block.get("optional") else REQUIRED
        else:
            problem = _client_error(entry, value)
        if problem:
            errors[block["block_id"]] = problem
    return errors


def _state(element: Json, value: Any) -> Json:
    state: Json = {"type": element["type"], STATE_KEYS[element["type"]]: value}
    if element["type"] == "timepicker" and "timezone" in element:
        state["timezone"] = element["timezone"]
    return state


def _pick(wanted: Any, options: list[Json], forge: bool) -> Json:
    for option in options:
        if option == wanted or option["value"] == wanted:
            return option
    if forge:
        text = {"type": "plain_text", "text": str(wanted)}
        return wanted if isinstance(wanted, dict) else {"text": text, "value": str(wanted)}
    shown = ", ".join(option["value"] for option in options) or "none (an external menu shows options after suggest)"
    raise ImpossibleInputError(f"{wanted!r} is not among the options shown: {shown}")


def _client_error(element: Json, value: Any) -> str | None:
    kind = element["type"]
    if kind == "plain_text_input":
        return _length_error(element, value)
    if kind == "number_input":
        return _number_error(element, value)
    if kind == "email_text_input" and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", value) is None:
        return "Please enter a valid email address."
    if kind == "url_text_input" and not _is_url(value):
        return "Please enter a valid URL."
    most = element.get("max_selected_items") or element.get("max_files")
    if most is not None and isinstance(value, list) and len(value) > most:
        return f"Please choose at most {most}."
    return None


def _length_error(element: Json, value: str) -> str | None:
    if len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(value) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    return None


def _number_error(element: Json, value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "Please enter a number."
    if not number.is_finite():
        return "Please enter a number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number not below {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number not above {element['max_value']}."
    return None


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", value)
