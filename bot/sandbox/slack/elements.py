"""Interactive elements of Block Kit: where each may stand, and its fields and limits (slack.md section 1.9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Literal

from bot.sandbox.slack.composition import (
    ACTION_ID,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_CONFIG,
    IMAGE,
    MAX_SELECTED,
    OPTION_GROUPS,
    OPTIONS,
    PLACEHOLDER,
    URL,
    WORKFLOW,
    initial_is_an_option,
    not_more_than_max,
    option,
    plain,
)
from bot.sandbox.slack.schema import (
    Check,
    Report,
    array,
    boolean,
    exactly_one,
    integer,
    one_of,
    record,
    string,
)

Place = Literal["section", "actions", "input", "context", "context_actions", "card"]

_EVERYWHERE = frozenset({"message", "modal", "home"})
_DISPATCHABLE: dict[str, Check] = {"dispatch_action_config": DISPATCH_CONFIG}
_ID: dict[str, Check] = {"action_id": ACTION_ID}
_MENU: dict[str, Check] = {**_ID, "placeholder": PLACEHOLDER, "confirm": CONFIRM, "focus_on_load": boolean}
_USER = string(255, pattern=r"[UW][A-Z0-9]+")
_CONVERSATION = string(255, pattern=r"[CDGUW][A-Z0-9]+")
_CHANNEL = string(255, pattern=r"[CG][A-Z0-9]+")
_VISIBLE_TO: dict[str, Check] = {"visible_to_user_ids": array(_USER, 1, 10)}


@dataclass(frozen=True)
class Element:
    """Where an element may stand, and what it must look like."""

    surfaces: frozenset[str]
    places: frozenset[Place]
    check: Check


def element(place: Place) -> Check:
    """Any element that may stand in this kind of block, on the surface being checked."""

    def check(value: Any, at: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.fail(at, "must be an object")
            return
        kind = value.get("type")
        spec = ELEMENTS.get(kind) if isinstance(kind, str) else None
        if spec is None:
            report.fail(f"{at}/type", f"unsupported type: {kind}")
        elif place not in spec.places:
            report.fail(f"{at}/type", f"{kind} is not allowed in this block")
        elif report.surface not in spec.surfaces:
            report.fail(f"{at}/type", f"{kind} is not supported on the surface {report.surface}")
        else:
            spec.check(value, at, report)
            if value.get("focus_on_load") is True:
                report.focused += 1
                if report.focused > 1:
                    report.fail(f"{at}/focus_on_load", "only one element may have focus_on_load")

    return check


def _real_date(value: Any, at: str, report: Report) -> None:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
            raise ValueError(value)
        date.fromisoformat(str(value))
    except ValueError:
        report.fail(at, "must be a date of the form YYYY-MM-DD")


def _unix_seconds(value: Any, at: str, report: Report) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or len(str(value)) != 10:
        report.fail(at, "must be a 10 digit Unix timestamp in seconds")


def _decimal_string(value: Any, at: str, report: Report) -> None:
    try:
        if not isinstance(value, str) or not Decimal(value).is_finite():
            raise InvalidOperation
    except InvalidOperation:
        report.fail(at, "must be a number written as a string")


def _number_bounds(value: Any, at: str, report: Report) -> None:
    bounds = {name: Decimal(value[name]) for name in ("min_value", "max_value", "initial_value") if name in value}
    if "min_value" in bounds and "max_value" in bounds and bounds["min_value"] > bounds["max_value"]:
        report.fail(f"{at}/min_value", "must not be more than max_value")
    if not value["is_decimal_allowed"] and any(bound != bound.to_integral_value() for bound in bounds.values()):
        report.fail(at, "decimals are not allowed by is_decimal_allowed")
    initial = bounds.get("initial_value")
    if initial is not None and not bounds.get("min_value", initial) <= initial <= bounds.get("max_value", initial):
        report.fail(f"{at}/initial_value", "must lie between min_value and max_value")


def _text_bounds(value: Any, at: str, report: Report) -> None:
    fewest, most = value.get("min_length", 0), value.get("max_length", 3000)
    if fewest > most:
        report.fail(f"{at}/min_length", "must not be more than max_length")
    initial = value.get("initial_value")
    if initial is not None and not fewest <= len(initial) <= most:
        report.fail(f"{at}/initial_value", "must have a length between min_length and max_length")


def _line_bounds(value: Any, at: str, report: Report) -> None:
    if value.get("min_lines", 1) > value.get("max_lines", 100):
        report.fail(f"{at}/min_lines", "must not be more than max_lines")


def _button(*, extra: Mapping[str, Check] | None = None) -> Check:
    return record(
        {"text": plain(75)},
        {
            **_ID,
            "value": string(2000),
            "url": URL,
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "agent_prompt": string(4000),
            "agent_prompt_display": string(4000),
            **_VISIBLE_TO,
            **(extra or {}),
        },
    )


def _choice(initial: str, *, mrkdwn: bool) -> Check:
    initial_check = array(option(mrkdwn=mrkdwn), 1, 10) if initial == "initial_options" else option(mrkdwn=mrkdwn)
    return record(
        {"options": array(option(mrkdwn=mrkdwn), 1, 10)},
        {**_ID, initial: initial_check, "confirm": CONFIRM, "focus_on_load": boolean},
        initial_is_an_option,
    )


def _static(*, multi: bool) -> Check:
    fields: dict[str, Check] = {**_MENU, "options": OPTIONS, "option_groups": OPTION_GROUPS}
    if multi:
        fields |= {"initial_options": array(option(), 1, 100), "max_selected_items": MAX_SELECTED}
    else:
        fields["initial_option"] = option()
    return record({}, fields, exactly_one("options", "option_groups"), initial_is_an_option, not_more_than_max)


def _external(*, multi: bool) -> Check:
    fields: dict[str, Check] = {**_MENU, "min_query_length": integer(0)}
    if multi:
        fields |= {"initial_options": array(option(), 1, 100), "max_selected_items": MAX_SELECTED}
    else:
        fields["initial_option"] = option()
    return record({}, fields, not_more_than_max)


def _directory(kind: str, item: Check, *, multi: bool) -> Check:
    """users_select, conversations_select and channels_select, single or multi."""
    fields: dict[str, Check] = dict(_MENU)
    if multi:
        fields |= {f"initial_{kind}s": array(item, 1, None), "max_selected_items": MAX_SELECTED}
    else:
        fields[f"initial_{kind}"] = item
    if kind == "conversation":
        fields |= {"default_to_current_conversation": boolean, "filter": CONVERSATION_FILTER}
    if kind in {"conversation", "channel"} and not multi:
        fields["response_url_enabled"] = boolean
    return record({}, fields, not_more_than_max)


_PICKER: dict[str, Check] = {**_ID, "confirm": CONFIRM, "focus_on_load": boolean}
_TIME = string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d")
_TYPED: dict[str, Check] = {**_ID, "placeholder": PLACEHOLDER, "focus_on_load": boolean, **_DISPATCHABLE}

_SAI: frozenset[Place] = frozenset({"section", "actions", "input"})
_SI: frozenset[Place] = frozenset({"section", "input"})
_SA: frozenset[Place] = frozenset({"section", "actions"})
_AI: frozenset[Place] = frozenset({"actions", "input"})
_I: frozenset[Place] = frozenset({"input"})
_MODAL = frozenset({"modal"})
_MESSAGE = frozenset({"message"})

_FEEDBACK = record({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})

ELEMENTS: Mapping[str, Element] = MappingProxyType(
    {
        "button": Element(_EVERYWHERE, _SA | {"card"}, _button()),
        "checkboxes": Element(_EVERYWHERE, _SAI, _choice("initial_options", mrkdwn=True)),
        "radio_buttons": Element(_EVERYWHERE, _SAI, _choice("initial_option", mrkdwn=True)),
        "overflow": Element(
            _EVERYWHERE, _SA, record({"options": array(option(url=True), 1, 5)}, {**_ID, "confirm": CONFIRM})
        ),
        "static_select": Element(_EVERYWHERE, _SAI, _static(multi=False)),
        "multi_static_select": Element(_EVERYWHERE, _SI, _static(multi=True)),
        "external_select": Element(_EVERYWHERE, _SAI, _external(multi=False)),
        "multi_external_select": Element(_EVERYWHERE, _SI, _external(multi=True)),
        "users_select": Element(_EVERYWHERE, _SAI, _directory("user", _USER, multi=False)),
        "multi_users_select": Element(_EVERYWHERE, _SI, _directory("user", _USER, multi=True)),
        "conversations_select": Element(_EVERYWHERE, _SAI, _directory("conversation", _CONVERSATION, multi=False)),
        "multi_conversations_select": Element(_EVERYWHERE, _SI, _directory("conversation", _CONVERSATION, multi=True)),
        "channels_select": Element(_EVERYWHERE, _SAI, _directory("channel", _CHANNEL, multi=False)),
        "multi_channels_select": Element(_EVERYWHERE, _SI, _directory("channel", _CHANNEL, multi=True)),
        "datepicker": Element(
            _EVERYWHERE, _SAI, record({}, {**_PICKER, "placeholder": PLACEHOLDER, "initial_date": _real_date})
        ),
        "timepicker": Element(
            _EVERYWHERE,
            _SAI,
            record({}, {**_PICKER, "placeholder": PLACEHOLDER, "initial_time": _TIME, "timezone": string(100)}),
        ),
        "datetimepicker": Element(
            frozenset({"message", "modal"}), _AI, record({}, {**_PICKER, "initial_date_time": _unix_seconds})
        ),
        "plain_text_input": Element(
            _EVERYWHERE,
            _I,
            record(
                {},
                {
                    **_TYPED,
                    "initial_value": string(3000, 0),
                    "multiline": boolean,
                    "min_length": integer(0, 3000),
                    "max_length": integer(1, 3000),
                },
                _text_bounds,
            ),
        ),
        "rich_text_input": Element(
            frozenset({"modal", "home"}),
            _I,
            record(
                {},
                {
                    **_TYPED,
                    "initial_value": record({"elements": array(record(ignore=("type", "elements")), 0, None)}),
                    "min_lines": integer(1, 100),
                    "max_lines": integer(1, 100),
                },
                _line_bounds,
            ),
        ),
        "email_text_input": Element(_MODAL, _I, record({}, {**_TYPED, "initial_value": string(3000, 0)})),
        "url_text_input": Element(_MODAL, _I, record({}, {**_TYPED, "initial_value": string(3000, 0)})),
        "number_input": Element(
            _MODAL,
            _I,
            record(
                {"is_decimal_allowed": boolean},
                {
                    **_TYPED,
                    "min_value": _decimal_string,
                    "max_value": _decimal_string,
                    "initial_value": _decimal_string,
                },
                _number_bounds,
            ),
        ),
        "file_input": Element(
            _MODAL, _I, record({}, {**_ID, "filetypes": array(string(20), 1, None), "max_files": integer(1, 10)})
        ),
        "image": Element(_EVERYWHERE, frozenset({"section", "context"}), IMAGE),
        "workflow_button": Element(
            _MESSAGE,
            _SA,
            record(
                {"text": plain(75), "workflow": WORKFLOW},
                {**_ID, "style": one_of("primary", "danger"), "accessibility_label": string(75)},
            ),
        ),
        "feedback_buttons": Element(
            _MESSAGE,
            frozenset({"context_actions"}),
            record({"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, _ID, ignore=("type",)),
        ),
        "icon_button": Element(
            _MESSAGE,
            frozenset({"context_actions"}),
            record(
                {"icon": one_of("trash"), "text": plain(75)},
                {
                    **_ID,
                    "value": string(2000),
                    "confirm": CONFIRM,
                    "accessibility_label": string(75),
                    **_VISIBLE_TO,
                },
            ),
        ),
    }
)

# Typing into these sends nothing unless the input block says dispatch_action.
TEXT_INPUTS = frozenset(
    {"plain_text_input", "rich_text_input", "email_text_input", "url_text_input", "number_input", "file_input"}
)
EXTERNAL_SELECTS = frozenset({"external_select", "multi_external_select"})
