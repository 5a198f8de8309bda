"""docs/rejections.md explains every code of the guide, once, in a table that holds."""

import re

from typer.testing import CliRunner

from bot.__main__ import app
from bot.checks.guide import Guidance, Guide
from bot.checks.rejections_page import rejections_page

GUIDE = Guide.load()
PAGE = CliRunner().invoke(app, ["rejections"]).output
ROWS = [line for line in PAGE.splitlines() if line.startswith("| [")]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def odd(code: int, **more: object) -> Guidance:
    said = {"title": "t", "meaning": "m", "fields": (), "remedy": "r", "resubmittable": None, "kind": "brand"}
    return Guidance.model_validate({"code": code, "source_url": "https://x.example/1", **said, **more})


def test_every_code_of_the_guide_is_on_the_page_exactly_once() -> None:
    shown = [re.match(r"\| \[(\d+)\]\(https://\S+\) \|", row) for row in ROWS]
    assert sorted(int(found[1]) for found in shown if found) == sorted(g.code for g in GUIDE)
    assert len(shown) == len(GUIDE)


def test_no_cell_is_empty_and_none_breaks_the_table() -> None:
    assert [row for row in ROWS if len(cells(row)) != 6 or not all(cells(row))] == []


def test_within_a_chapter_codes_are_in_order_and_the_page_is_the_same_each_time() -> None:
    for chapter in PAGE.split("\n## ")[1:]:
        codes = [int(code) for code in re.findall(r"^\| \[(\d+)\]", chapter, re.MULTILINE)]
        assert codes == sorted(codes) != []
    assert CliRunner().invoke(app, ["rejections"]).output == PAGE


def test_fields_are_called_as_in_our_forms() -> None:
    (row,) = (row for row in ROWS if row.startswith("| [30896]"))
    assert "How people opt in" in cells(row)[2]
    (row,) = (row for row in ROWS if row.startswith("| [30795]"))
    assert "Legal business name" in cells(row)[2]


def test_text_that_would_break_a_row_and_kinds_and_fields_that_nobody_knows_are_shown_harmlessly() -> None:
    strange = odd(1, title="a | b", meaning="two\nlines <b>", fields=("Colour",), kind="brand_new")
    page = rejections_page(Guide({1: strange, 2: odd(2)}), lambda _: "", "$1.00")
    (row,) = (line for line in page.splitlines() if line.startswith("| [1]"))
    assert cells(row)[1:4] == [r"a \| b", "`Colour`", "two lines &lt;b>"]
    assert page.index("## Brands") < page.index("## Brand new")


def test_the_page_says_what_another_review_may_cost_and_what_happens_to_unknown_codes() -> None:
    assert "may cost $15.00 again" in PAGE
    assert "does not know it yet" in PAGE
