"""The page of promises names only tests that there are, and some for each promise."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "promises.md").read_text()


def _tests() -> set[str]:
    texts = (file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in texts for name in re.findall(r"^(?:async )?def (test_\w+)\(", text, re.MULTILINE)}


def test_every_test_that_the_promises_name_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named - _tests() == set()


def test_every_promise_of_the_design_is_kept_by_tests_and_says_what_is_not_promised() -> None:
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    promises = {s.split(".")[0]: s for s in sections if s[0].isdecimal()}
    assert sorted(promises) == ["1", "2", "3", "4", "5", "6", "7"]
    for section in promises.values():
        assert "| `test_" in section
        assert "**Not promised.**" in section
