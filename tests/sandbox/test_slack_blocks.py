"""What the validator refuses, with the pointer that says where, and what it lets pass."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.blocks import BLOCKS, validate_message, validate_view
from bot.sandbox.slack.elements import ELEMENTS
from bot.sandbox.slack.errors import SlackError
from tests.sandbox.slack_fixtures import (
    Json,
    actions,
    button,
    field,
    home,
    modal,
    mrkdwn,
    option,
    plain,
    section,
)


def message(*blocks: Any) -> list[str]:
    return validate_message({"blocks": list(blocks)}).lines()


def view(content: Json) -> list[str]:
    return validate_view(content, content["type"]).lines()


def select(**fields: Any) -> Json:
    return {"type": "static_select", "action_id": "v", **fields}


CHART = {"type": "data_visualization", "title": "Lead time"}
PIE = {**CHART, "chart": {"type": "pie", "segments": [{"label": "ok", "value": 3}]}}
ALERT = {"type": "alert", "text": mrkdwn("Look again."), "level": "error"}
TASK = {"type": "task_card", "task_id": "1", "title": "Buy"}
TABLE: Json = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
CARD = {"type": "card", "title": mrkdwn("Acme"), "actions": [button()]}

REFUSED_MESSAGES = [
    ([section("x" * 3001)], "/blocks/0/text/text", "less than 3001"),
    ([section("")], "/blocks/0/text/text", "more than 0"),
    ([section()] * 51, "/blocks", "no more than 50"),
    ([{"type": "section"}], "/blocks/0", "text or fields"),
    ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "/blocks/0/fields", "no more than 10"),
    ([{"type": "section", "fields": [mrkdwn("x" * 2001)]}], "/blocks/0/fields/0/text", "less than 2001"),
    ([{**section(), "colour": "red"}], "/blocks/0", "invalid additional property: colour"),
    ([{"type": "sectoin"}], "/blocks/0/type", "unsupported type"),
    ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text/type", "unsupported type: mrkdwn"),
    ([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text", "less than 151"),
    ([{"type": "header", "text": plain("x"), "level": 5}], "/blocks/0/level", "at most 4"),
    ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "/blocks/0/elements", "no more than 10"),
    ([{"type": "section", "text": {**mrkdwn("x"), "emoji": True}}], "/blocks/0/text", "additional property: emoji"),
    ([actions(*[button(f"b{n}") for n in range(26)])], "/blocks/0/elements", "no more than 25"),
    ([actions(button("same"), button("same"))], "/blocks/0/elements/1/action_id", "already exists"),
    ([actions(), actions(button("other"))], "/blocks/1/block_id", "already exists"),
    ([actions(button(text=plain("x" * 76)))], "/blocks/0/elements/0/text/text", "less than 76"),
    ([actions(button(text=mrkdwn("x")))], "/blocks/0/elements/0/text/type", "unsupported type"),
    ([actions(button(value="x" * 2001))], "/blocks/0/elements/0/value", "less than 2001"),
    ([actions(button(style="warning"))], "/blocks/0/elements/0/style", "must be one of"),
    ([actions(button(confirm={"title": plain("Sure?")}))], "/blocks/0/elements/0/confirm", "missing required field"),
    ([actions(select())], "/blocks/0/elements/0", "exactly one of options"),
    ([actions(select(options=[option("a")] * 101))], "/blocks/0/elements/0/options", "no more than 100"),
    (
        [actions(select(options=[{"text": plain("x" * 76), "value": "a"}]))],
        "/blocks/0/elements/0/options/0/text/text",
        "less than 76",
    ),
    (
        [actions(select(options=[{"text": plain("x"), "value": "a" * 151}]))],
        "/blocks/0/elements/0/options/0/value",
        "less than 151",
    ),
    (
        [actions(select(options=[{"text": mrkdwn("x"), "value": "a"}]))],
        "/blocks/0/elements/0/options/0/text/type",
        "unsupported type",
    ),
    (
        [actions(select(options=[option("a")], initial_option=option("b")))],
        "/blocks/0/elements/0/initial_option",
        "one of the provided options",
    ),
    ([actions({"type": "overflow", "options": [option("a")] * 6})], "/blocks/0/elements/0/options", "no more than 5"),
    ([actions({"type": "plain_text_input"})], "/blocks/0/elements/0/type", "not allowed in this block"),
    ([field("mail", "email_text_input")], "/blocks/0/element/type", "not supported on the surface message"),
    ([field("x", response_url_enabled=True)], "/blocks/0/element", "additional property"),
    ([field("day", "datepicker", initial_date="2026-02-30")], "/blocks/0/element/initial_date", "YYYY-MM-DD"),
    ([ALERT], "/blocks/0/type", "not supported on the surface message"),
    ([PIE, PIE, PIE], "/blocks/2", "no more than 2"),
    ([{**TASK, "status": "pending"}], "/blocks/0/status", "must be one of"),
    ([{"type": "markdown", "text": "x" * 7000}] * 2, "/blocks/1/text", "12001"),
    ([{**TABLE, "rows": TABLE["rows"] * 101}], "/blocks/0/rows", "no more than 100"),
    ([{"type": "image", "alt_text": "x"}], "/blocks/0", "exactly one of image_url, slack_file"),
    ([{"type": "carousel", "elements": [CARD] * 11}], "/blocks/0/elements", "no more than 10"),
    ([{"type": "file", "external_id": "x"}], "/blocks/0/type", "unsupported type"),
    ("text", "/blocks", "must be an array"),
    (["text"], "/blocks/0", "must be an object"),
]

REFUSED_VIEWS = [
    (modal(title=plain("x" * 25)), "/view/title/text", "less than 25"),
    (modal(submit=plain("x" * 25)), "/view/submit/text", "less than 25"),
    (modal(submit=mrkdwn("Save")), "/view/submit/type", "unsupported type"),
    (modal(private_metadata="x" * 3001), "/view/private_metadata", "less than 3001"),
    (modal(callback_id="x" * 256), "/view/callback_id", "less than 256"),
    (modal(*[section()] * 101), "/view/blocks", "no more than 100"),
    ({**modal(section()), "blocks": []}, "/view/blocks", "at least 1"),
    ({"type": "modal", "title": plain("T"), "blocks": [field("name")]}, "/view", "submit"),
    (modal(hash="1.2"), "/view", "additional property: hash"),
    (modal(field("a"), field("a")), "/view/blocks/1/block_id", "already exists"),
    (modal(field("a", min_length=9, max_length=3)), "/view/blocks/0/element/min_length", "max_length"),
    (modal(field("a", initial_value="abcd", max_length=3)), "/view/blocks/0/element/initial_value", "length"),
    (modal(field("a", focus_on_load=True), field("b", focus_on_load=True)), "/view/blocks/1", "focus_on_load"),
    (modal(field("a", "number_input")), "/view/blocks/0/element", "is_decimal_allowed"),
    (
        modal(field("a", "number_input", is_decimal_allowed=True, min_value=1)),
        "/view/blocks/0/element/min_value",
        "written as a string",
    ),
    (
        modal(field("a", "file_input", block={"dispatch_action": True})),
        "/view/blocks/0/dispatch_action",
        "file_input",
    ),
    (modal(field("a", "external_select", min_query_length=-1)), "/view/blocks/0/element/min_query_length", "at least"),
    (modal({**field("a"), "label": mrkdwn("x")}), "/view/blocks/0/label/type", "unsupported type"),
    (modal(field("a", block={"hint": plain("x" * 2001)})), "/view/blocks/0/hint/text", "less than 2001"),
    (modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type", "not supported on the surface modal"),
    (modal(TABLE), "/view/blocks/0/type", "not supported on the surface modal"),
    (home(PIE), "/view/blocks/0/type", "not supported on the surface home"),
    (home(TASK), "/view/blocks/0/type", "not supported on the surface home"),
    (home(title=plain("Home")), "/view", "additional property: title"),
    (home(submit=plain("Save")), "/view", "additional property: submit"),
    (home(field("a", "url_text_input")), "/view/blocks/0/element/type", "not supported on the surface home"),
]


@pytest.mark.parametrize(("blocks", "pointer", "words"), REFUSED_MESSAGES)
def test_a_message_beyond_a_limit_is_refused_with_a_pointer(blocks: Any, pointer: str, words: str) -> None:
    lines = validate_message({"blocks": blocks}).lines()
    assert any(f"[json-pointer:{pointer}" in line and words in line for line in lines), lines


@pytest.mark.parametrize(("content", "pointer", "words"), REFUSED_VIEWS)
def test_a_view_beyond_a_limit_is_refused_with_a_pointer(content: Json, pointer: str, words: str) -> None:
    lines = view(content)
    assert any(f"[json-pointer:{pointer}" in line and words in line for line in lines), lines


def test_a_view_over_250_kilobytes_is_too_large() -> None:
    heavy = modal(*[section("x" * 2900) for _ in range(90)])
    assert len(json.dumps(heavy)) > 250_000
    with pytest.raises(SlackError, match="view_too_large"):
        view(heavy)


def test_a_message_at_every_limit_passes() -> None:
    assert (
        message(
            section("x" * 3000),
            {"type": "section", "fields": [mrkdwn("x" * 2000)] * 10},
            {"type": "header", "text": plain("x" * 150), "level": 4},
            {"type": "context", "elements": [mrkdwn("x")] * 10},
            actions(*[button(f"b{n}", text=plain("x" * 75), value="x" * 2000) for n in range(25)]),
            actions(select(options=[{"text": plain("x" * 75), "value": "y" * 150}] * 100), block_id="menu"),
            field("note", block={"optional": True, "dispatch_action": True}),
            {"type": "image", "alt_text": "A chart", "image_url": "https://example.com/a.png"},
            {"type": "divider"},
            *[section() for _ in range(41)],
        )
        == []
    )


def test_the_blocks_of_2026_pass_where_they_belong() -> None:
    data_table = {"type": "data_table", "caption": "Campaigns", "rows": TABLE["rows"] * 201}
    line = {
        **CHART,
        "chart": {
            "type": "line",
            "series": [{"name": "days", "data": [{"label": "Mon", "value": 4}]}],
            "axis_config": {"categories": ["Mon"]},
        },
    }
    plan = {"type": "plan", "title": "Run", "tasks": [{**TASK, "status": "pending"}]}
    container = {"type": "container", "title": plain("Details"), "child_blocks": [section(), TABLE]}
    assert message({"type": "markdown", "text": "**x**"}, TABLE, PIE, line, plan, CARD, container) == []
    assert message(data_table, {"type": "carousel", "elements": [CARD]}) == []
    assert view(modal(ALERT, field("name"))) == []
    assert view(home({"type": "markdown", "text": "x"}, TABLE, data_table, container)) == []


def test_a_modal_with_every_kind_of_input_passes() -> None:
    numbers = field("count", "number_input", is_decimal_allowed=False, min_value="1", max_value="36000")
    boxes = field("boxes", "checkboxes", options=[{"text": mrkdwn("*x*"), "value": "x"}])
    where = field("where", "conversations_select", response_url_enabled=True, default_to_current_conversation=True)
    kinds = ["email_text_input", "url_text_input", "rich_text_input", "users_select", "datepicker", "timepicker"]
    others = [field(kind, kind) for kind in [*kinds, "datetimepicker", "file_input", "external_select"]]
    assert view(modal(numbers, boxes, where, *others)) == []


_NAMES = st.sampled_from(
    ["type", "text", "elements", "element", "options", "blocks", "rows", "block_id", "action_id", "initial_option"]
)
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from([*BLOCKS, *ELEMENTS]))
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5), max_leaves=20
)


@given(_JSON)
def test_no_json_breaks_the_validator(content: Any) -> None:
    validate_message({"blocks": content})
    validate_view(content, "modal")
    validate_view({"type": "home", "blocks": content}, "home")
