"""The blocks of 2025 and 2026, rich text and video (slack.md sections 2.1 to 2.6)."""

from typing import Any

from bot.sandbox.slack.composition import BLOCK_ID, IMAGE, URL, plain, text
from bot.sandbox.slack.elements import element
from bot.sandbox.slack.schema import (
    Check,
    Report,
    array,
    at_least_one,
    boolean,
    exactly_one,
    integer,
    number,
    one_of,
    record,
    string,
    typed,
)

_ANY = string(12_000, 0)
_ID: dict[str, Check] = {"block_id": BLOCK_ID}
_STYLE: dict[str, Check] = {
    "style": record(
        {},
        dict.fromkeys(
            ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean
        ),
        ignore=(),
    )
}

_INLINE = typed(
    {
        "text": record({"text": string(12_000)}, _STYLE),
        "link": record({"url": URL}, {"text": _ANY, "unsafe": boolean, **_STYLE}),
        "emoji": record({"name": string(255)}, {"unicode": _ANY, "skin_tone": integer(1, 6), **_STYLE}),
        "user": record({"user_id": string(255)}, _STYLE),
        "usergroup": record({"usergroup_id": string(255)}, _STYLE),
        "channel": record({"channel_id": string(255)}, _STYLE),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}, _STYLE),
        "date": record(
            {"timestamp": integer(0), "format": string(255)}, {"url": URL, "fallback": string(255), **_STYLE}
        ),
        "color": record({"value": string(7, 4)}, _STYLE),
    }
)
_SECTION = record({"elements": array(_INLINE, 0, None)})
_RICH_ELEMENT = typed(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": record(
            {
                "style": one_of("bullet", "ordered"),
                "elements": array(typed({"rich_text_section": _SECTION}), 1, None),
            },
            {"indent": integer(0, 8), "offset": integer(0), "border": integer(0, 1)},
        ),
        "rich_text_preformatted": record(
            {"elements": array(_INLINE, 0, None)}, {"border": integer(0, 1), "language": string(50)}
        ),
        "rich_text_quote": record({"elements": array(_INLINE, 0, None)}, {"border": integer(0, 1)}),
    }
)
RICH_TEXT = record({"elements": array(_RICH_ELEMENT, 1, None)}, _ID)

_RAW_TEXT = record({"text": string(10_000, 0)})
_RAW_NUMBER = record({"value": number}, {"text": string(10_000)})
_CELL = typed({"raw_text": _RAW_TEXT, "raw_number": _RAW_NUMBER, "rich_text": RICH_TEXT})
_HEADER_CELL = typed({"raw_text": _RAW_TEXT, "raw_number": _RAW_NUMBER})


def _column(value: Any, at: str, report: Report) -> None:
    """A column's settings; null skips the column."""
    if value is not None:
        record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}, ignore=())(value, at, report)


def _characters(value: Any) -> int:
    """How much text a table holds: every text and value in it."""
    if isinstance(value, dict):
        return sum(
            len(str(entry)) if name in {"text", "value"} and not isinstance(entry, dict | list) else _characters(entry)
            for name, entry in value.items()
        )
    return sum(_characters(entry) for entry in value) if isinstance(value, list) else 0


def _count_table(value: Any, at: str, report: Report) -> None:
    report.table_chars += _characters(value["rows"])
    if report.table_chars > 10_000:
        report.fail(f"{at}/rows", "tables must have less than 10001 characters together")


def _count_data_table(value: Any, at: str, report: Report) -> None:
    rows = value["rows"]
    report.data_table_chars += _characters(rows)
    if report.data_table_chars > 20_000:
        report.fail(f"{at}/rows", "data tables must have less than 20001 characters together")
    if len({len(row) for row in rows}) != 1:
        report.fail(f"{at}/rows", "rows must have equal length")
    if value.get("row_header_column_index", 0) >= len(rows[0]):
        report.fail(f"{at}/row_header_column_index", "must name a column")
    for index, cell in enumerate(rows[0]):
        _HEADER_CELL(cell, f"{at}/rows/0/{index}", report)


TABLE = record(
    {"rows": array(array(_CELL, 1, 20), 1, 100)},
    {**_ID, "column_settings": array(_column, 0, 20)},
    _count_table,
)
DATA_TABLE = record(
    {"caption": string(3000), "rows": array(array(_CELL, 1, 20), 2, 201)},
    {**_ID, "page_size": integer(1, 100), "row_header_column_index": integer(0)},
    _count_data_table,
)


def _positive(value: Any, at: str, report: Report) -> None:
    number(value, at, report)
    if isinstance(value, int | float) and value <= 0:
        report.fail(at, "must be more than 0")


_LABEL = string(20)


def _series_fit_categories(value: Any, at: str, report: Report) -> None:
    categories = value["axis_config"]["categories"]
    names = [series["name"] for series in value["series"]]
    if len(names) != len(set(names)):
        report.fail(f"{at}/series", "series names must be unique")
    for index, series in enumerate(value["series"]):
        if [point["label"] for point in series["data"]] != categories:
            report.fail(f"{at}/series/{index}/data", "must have exactly one point per category")


_SERIES_CHART = record(
    {
        "series": array(
            record(
                {"name": _LABEL, "data": array(record({"label": _LABEL, "value": number}, ignore=()), 1, 20)},
                ignore=(),
            ),
            1,
            12,
        ),
        "axis_config": record(
            {"categories": array(_LABEL, 1, 20)}, {"x_label": string(50), "y_label": string(50)}, ignore=()
        ),
    },
    {},
    _series_fit_categories,
)
_CHART = typed(
    {
        "pie": record({"segments": array(record({"label": _LABEL, "value": _positive}, ignore=()), 1, 12)}),
        "bar": _SERIES_CHART,
        "area": _SERIES_CHART,
        "line": _SERIES_CHART,
    },
    "chart type",
)


def _count_visualization(_value: Any, at: str, report: Report) -> None:
    report.visualizations += 1
    if report.visualizations > 2:
        report.fail(at, "no more than 2 data_visualization blocks allowed")


DATA_VISUALIZATION = record({"title": string(50), "chart": _CHART}, _ID, _count_visualization)

ALERT = record({"text": text(200)}, {**_ID, "level": one_of("default", "info", "warning", "error", "success")})

_CARD_IMAGE = typed({"image": IMAGE})


def _one_icon(value: Any, at: str, report: Report) -> None:
    if "icon" in value and "slack_icon" in value:
        report.fail(at, "icon and slack_icon cannot be used together")


CARD = record(
    {},
    {
        **_ID,
        "hero_image": _CARD_IMAGE,
        "icon": _CARD_IMAGE,
        "slack_icon": typed({"icon": record({"name": string(100)})}),
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "actions": array(element("card"), 1, 3),
    },
    at_least_one("hero_image", "title", "actions", "body"),
    _one_icon,
)
CAROUSEL = record({"elements": array(typed({"card": CARD}), 1, 10)}, _ID)

CONTEXT_ACTIONS = record({"elements": array(element("context_actions"), 1, 5)}, _ID)

_SOURCE = typed({"url": record({"url": URL, "text": string(255)})})


def _task(*statuses: str) -> Check:
    return record(
        {"task_id": string(255), "title": string(255)},
        {
            **_ID,
            "details": typed({"rich_text": RICH_TEXT}),
            "output": typed({"rich_text": RICH_TEXT}),
            "sources": array(_SOURCE, 0, None),
            "status": one_of(*statuses),
        },
    )


TASK_CARD = _task("in_progress", "complete", "error")
PLAN = record(
    {"title": string(255)},
    {**_ID, "tasks": array(typed({"task_card": _task("pending", "in_progress", "complete", "error")}), 0, None)},
)

VIDEO = record(
    {
        "alt_text": string(2000),
        "title": plain(199),
        "thumbnail_url": string(3000, pattern=r"https://\S+"),
        "video_url": string(3000, pattern=r"https://\S+"),
    },
    {
        **_ID,
        "author_name": string(49),
        "description": plain(200),
        "provider_icon_url": URL,
        "provider_name": string(255),
        "title_url": string(3000, pattern=r"https://\S+"),
    },
)


def container(child: Check) -> Check:
    """A container whose children pass `child`, the check of the blocks allowed inside."""
    return record(
        {"child_blocks": array(child, 1, 10)},
        {
            **_ID,
            "title": plain(150),
            "rich_text_title": typed({"rich_text": RICH_TEXT}),
            "subtitle": text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        exactly_one("title", "rich_text_title"),
        _no_divider_when_collapsible,
    )


def _no_divider_when_collapsible(value: Any, at: str, report: Report) -> None:
    if value.get("has_header_divider") and value.get("is_collapsible"):
        report.fail(at, "has_header_divider and is_collapsible cannot be used together")
