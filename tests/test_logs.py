"""Logs say where and what kind, never what somebody typed."""

import sys

from bot.logs import where


def test_the_words_of_an_error_and_of_its_causes_are_not_logged() -> None:
    try:
        try:
            raise KeyError("typed by a person 123-45-6789")
        except KeyError as error:
            raise RuntimeError("xoxb-secret") from error
    except RuntimeError:
        shown = where(sys.exc_info())  # type: ignore[arg-type]
    assert "RuntimeError" in shown
    assert "KeyError" in shown
    assert "test_logs.py" in shown
    assert "123-45" not in shown
    assert "xoxb" not in shown
