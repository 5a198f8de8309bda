"""The strict validator of messages, modals and home views (slack.md sections 1.6, 1.8 to 1.10 and 2)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.sandbox.slack import rich_blocks
from bot.sandbox.slack.composition import BLOCK_ID, SLACK_FILE, URL, plain, text
from bot.sandbox.slack.elements import TEXT_INPUTS, element
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.schema import (
    Check,
    Report,
    Surface,
    array,
    at_least_one,
    boolean,
    exactly_one,
    integer,
    record,
    string,
)

MAX_BLOCKS: Mapping[Surface, int] = MappingProxyType({"message": 50, "modal": 100, "home": 100})
MAX_VIEW_BYTES = 250_000
MARKDOWN_CHARS = 12_000

_EVERYWHERE = frozenset({"message", "modal", "home"})
_NOT_MODAL = frozenset({"message", "home"})
_MESSAGE = frozenset({"message"})
_MODAL = frozenset({"modal"})


@dataclass(frozen=True)
class Block:
    """On which surfaces a block may stand, and what it must look like."""

    surfaces: frozenset[str]
    check: Check


def check_blocks(blocks: Any, at: str, report: Report, *, fewest: int = 0) -> None:
    """A message's or view's `blocks`: their number, each of them, and the uniqueness of their ids."""
    array(_block, fewest, MAX_BLOCKS[report.surface])(blocks, at, report)


def validate_message(message: Json) -> Report:
    """Check the `blocks` of a message."""
    report = Report("message")
    if message.get("blocks") is not None:
        check_blocks(message["blocks"], "/blocks", report)
    return report


def validate_view(view: Any, surface: Surface, at: str = "/view") -> Report:
    """Check a whole view. Raises SlackError `view_too_large` above 250 kB."""
    report = Report(surface)
    if len(json.dumps(view, ensure_ascii=False).encode()) > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    if isinstance(view, dict) and view.get("type") != surface:
        report.fail(f"{at}/type", f"must be {surface}")
        return report
    (_MODAL_VIEW if surface == "modal" else _HOME_VIEW)(view, at, report)
    if surface == "modal" and report.inputs and isinstance(view, dict) and "submit" not in view:
        report.fail(at, "missing required field: submit (a modal with input blocks needs one)")
    return report


def walk_elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block that holds it, containers and cards included."""
    for block in blocks:
        kind = block["type"]
        if kind == "input":
            yield block, block["element"]
        elif kind == "section" and "accessory" in block:
            yield block, block["accessory"]
        elif kind in {"actions", "context_actions"}:
            for entry in block["elements"]:
                yield block, entry
        elif kind == "card":
            for entry in block.get("actions", []):
                yield block, entry
        elif kind == "carousel":
            yield from walk_elements(block["elements"])
        elif kind == "container":
            yield from walk_elements(block["child_blocks"])


def find_element(blocks: list[Json], action_id: str, block_id: str | None) -> tuple[Json, Json] | None:
    """The element with this action_id, with its block."""
    for block, entry in walk_elements(blocks):
        if entry.get("action_id") == action_id and block_id in {None, block["block_id"]}:
            return block, entry
    return None


def _block(value: Any, at: str, report: Report) -> None:
    if not isinstance(value, dict):
        report.fail(at, "must be an object")
        return
    kind = value.get("type")
    spec = BLOCKS.get(kind) if isinstance(kind, str) else None
    if spec is None:
        report.fail(f"{at}/type", f"unsupported type: {kind}")
        return
    if report.surface not in spec.surfaces:
        report.fail(f"{at}/type", f"{kind} is not supported on the surface {report.surface}")
        return
    spec.check(value, at, report)
    block_id = value.get("block_id")
    if isinstance(block_id, str) and kind != "markdown":
        if block_id in report.block_ids:
            report.fail(f"{at}/block_id", f"block_id already exists: {block_id}")
        report.block_ids.add(block_id)


def _unique_action_ids(name: str) -> Check:
    def check(value: Any, at: str, report: Report) -> None:
        seen: set[str] = set()
        for index, entry in enumerate(value[name]):
            action_id = entry.get("action_id")
            if action_id in seen:
                report.fail(f"{at}/{name}/{index}/action_id", f"action_id already exists: {action_id}")
            if action_id:
                seen.add(action_id)

    return check


def _context_element(value: Any, at: str, report: Report) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        element("context")(value, at, report)
    else:
        text()(value, at, report)


def _input(value: Any, at: str, report: Report) -> None:
    report.inputs += 1
    _INPUT(value, at, report)


def _input_rules(value: Any, at: str, report: Report) -> None:
    inner = value["element"]
    if value.get("dispatch_action") and inner["type"] == "file_input":
        report.fail(f"{at}/dispatch_action", "is not allowed with file_input")
    if "response_url_enabled" in inner and report.surface != "modal":
        report.fail(f"{at}/element/response_url_enabled", "is only allowed in modals")
    if "dispatch_action_config" in inner and inner["type"] not in TEXT_INPUTS:
        report.fail(f"{at}/element/dispatch_action_config", "is only allowed for text inputs")


def _no_response_url(value: Any, at: str, report: Report) -> None:
    held = [value["accessory"]] if "accessory" in value else value.get("elements", [])
    if any("response_url_enabled" in entry for entry in held):
        report.fail(at, "response_url_enabled is only allowed in the input blocks of a modal")


def _markdown(value: Any, at: str, report: Report) -> None:
    before = len(report.problems)
    record({"text": string(MARKDOWN_CHARS)}, {"block_id": BLOCK_ID})(value, at, report)
    if len(report.problems) == before:
        report.markdown_chars += len(value["text"])
        if report.markdown_chars > MARKDOWN_CHARS:
            report.fail(f"{at}/text", f"markdown blocks must have less than {MARKDOWN_CHARS + 1} characters together")


def _container_child(value: Any, at: str, report: Report) -> None:
    if isinstance(value, dict) and value.get("type") in BLOCKS and value["type"] not in _CONTAINED:
        report.fail(f"{at}/type", f"{value['type']} is not allowed in a container")
    else:
        _block(value, at, report)


_ID: dict[str, Check] = {"block_id": BLOCK_ID}

_INPUT = record(
    {"label": plain(2000), "element": element("input")},
    {**_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    _input_rules,
)

_CONTAINED = frozenset(
    {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "table", "video"}
)

BLOCKS: Mapping[str, Block] = MappingProxyType(
    {
        "section": Block(
            _EVERYWHERE,
            record(
                {},
                {
                    **_ID,
                    "text": text(3000),
                    "fields": array(text(2000), 1, 10),
                    "accessory": element("section"),
                    "expand": boolean,
                },
                at_least_one("text", "fields"),
                _no_response_url,
            ),
        ),
        "header": Block(_EVERYWHERE, record({"text": plain(150)}, {**_ID, "level": integer(1, 4)})),
        "context": Block(_EVERYWHERE, record({"elements": array(_context_element, 1, 10)}, _ID)),
        "actions": Block(
            _EVERYWHERE,
            record(
                {"elements": array(element("actions"), 1, 25)}, _ID, _unique_action_ids("elements"), _no_response_url
            ),
        ),
        "input": Block(_EVERYWHERE, _input),
        "image": Block(
            _EVERYWHERE,
            record(
                {"alt_text": string(2000)},
                {**_ID, "title": plain(2000), "image_url": URL, "slack_file": SLACK_FILE},
                exactly_one("image_url", "slack_file"),
            ),
        ),
        "divider": Block(_EVERYWHERE, record({}, _ID)),
        "rich_text": Block(_EVERYWHERE, rich_blocks.RICH_TEXT),
        "video": Block(_EVERYWHERE, rich_blocks.VIDEO),
        "markdown": Block(_NOT_MODAL, _markdown),
        "table": Block(_NOT_MODAL, rich_blocks.TABLE),
        "data_table": Block(_NOT_MODAL, rich_blocks.DATA_TABLE),
        "data_visualization": Block(_MESSAGE, rich_blocks.DATA_VISUALIZATION),
        "alert": Block(_MODAL, rich_blocks.ALERT),
        "card": Block(_EVERYWHERE, rich_blocks.CARD),
        "carousel": Block(_NOT_MODAL, rich_blocks.CAROUSEL),
        "container": Block(_NOT_MODAL, rich_blocks.container(_container_child)),
        "context_actions": Block(_MESSAGE, rich_blocks.CONTEXT_ACTIONS),
        "plan": Block(_MESSAGE, rich_blocks.PLAN),
        "task_card": Block(_MESSAGE, rich_blocks.TASK_CARD),
    }
)


def _view_blocks(value: Any, at: str, report: Report) -> None:
    check_blocks(value, at, report, fewest=1)


_VIEW: dict[str, Check] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_MODAL_VIEW = record(
    {"title": plain(24), "blocks": _view_blocks},
    {**_VIEW, "submit": plain(24), "close": plain(24), "clear_on_close": boolean, "notify_on_close": boolean},
)
_HOME_VIEW = record({"blocks": _view_blocks}, _VIEW)
