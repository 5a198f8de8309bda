"""Composition objects of Block Kit: text, options, confirm dialogs and the like (slack.md section 1.8)."""

from typing import Any

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
    typed,
)

OPTION_TEXT = 75
OPTION_VALUE = 150
MAX_OPTIONS = 100
URL = string(3000)
ACTION_ID = string(255)
BLOCK_ID = string(255)


def text(longest: int = 3000, *, mrkdwn: bool = True) -> Check:
    """A text object of 1 to `longest` characters; `mrkdwn` says whether that kind is allowed here."""
    kinds: dict[str, Check] = {"plain_text": record({"text": string(longest)}, {"emoji": boolean})}
    if mrkdwn:
        kinds["mrkdwn"] = record({"text": string(longest)}, {"verbatim": boolean})
    return typed(kinds)


def plain(longest: int) -> Check:
    return text(longest, mrkdwn=False)


PLACEHOLDER = plain(150)

CONFIRM = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)

DISPATCH_CONFIG = record(
    {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
)

CONVERSATION_FILTER = record(
    optional={
        "include": array(one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)

SLACK_FILE = record({}, {"id": string(255), "url": URL}, exactly_one("id", "url"))

WORKFLOW = record(
    {
        "trigger": record(
            {"url": URL},
            {"customizable_input_parameters": array(record({"name": string(255), "value": string(3000)}), 0, None)},
        )
    }
)


def option(*, mrkdwn: bool = False, url: bool = False) -> Check:
    extra: dict[str, Check] = {"description": text(OPTION_TEXT, mrkdwn=mrkdwn)}
    if url:
        extra["url"] = URL
    return record({"text": text(OPTION_TEXT, mrkdwn=mrkdwn), "value": string(OPTION_VALUE)}, extra, ignore=())


OPTIONS = array(option(), 1, MAX_OPTIONS)
OPTION_GROUPS = array(
    record({"label": plain(75), "options": OPTIONS}, ignore=()),
    1,
    MAX_OPTIONS,
)

# An options load may find nothing, so its list may be empty; a menu drawn with no options may not.
SUGGESTIONS = record(
    {},
    {
        "options": array(option(), 0, MAX_OPTIONS),
        "option_groups": array(record({"label": plain(75), "options": array(option(), 0, 100)}, ignore=()), 0, 100),
    },
    exactly_one("options", "option_groups"),
    ignore=(),
)

IMAGE = record(
    {"alt_text": string(2000)},
    {"image_url": URL, "slack_file": SLACK_FILE},
    exactly_one("image_url", "slack_file"),
)


def all_options(element: dict[str, Any]) -> list[dict[str, Any]]:
    """The options of a menu, groups flattened."""
    grouped = [entry for group in element.get("option_groups", []) for entry in group["options"]]
    return [*element.get("options", []), *grouped]


def initial_is_an_option(element: Any, at: str, report: Report) -> None:
    """A rule: every preselected option must equal one of the options in all its fields."""
    options = all_options(element)
    if "initial_option" in element and element["initial_option"] not in options:
        report.fail(f"{at}/initial_option", "must be one of the provided options")
    for index, chosen in enumerate(element.get("initial_options", [])):
        if chosen not in options:
            report.fail(f"{at}/initial_options/{index}", "must be one of the provided options")


def not_more_than_max(element: Any, at: str, report: Report) -> None:
    most = element.get("max_selected_items")
    for name in ("initial_options", "initial_users", "initial_conversations", "initial_channels"):
        if most is not None and len(element.get(name, [])) > most:
            report.fail(f"{at}/{name}", f"no more than {most} items allowed")


MAX_SELECTED = integer(1)
