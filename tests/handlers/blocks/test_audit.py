"""The audit in Slack is taken by Slack whatever its rows hold."""

import pytest

from bot.audit.row import Row
from handlers.blocks.audit import audit_help, audit_rows, file_sent
from tests.handlers.blocks.judge import sound_message, words
from tests.handlers.blocks.samples import STRANGE


@pytest.mark.parametrize("text", STRANGE)
def test_rows_with_anything_in_them_are_shown_and_nothing_in_them_takes_effect(text: str) -> None:
    row = Row(
        seq=7, at=1.0, kind=text, what=text, who=text, where=text, change=3, operation=text, account=text, to=text,
        call=text * 40, detail=text * 40, rule=text,
    )  # fmt: skip
    sound_message(audit_rows([row] * 20, text, full=True))


def test_no_row_is_said_with_what_was_looked_for() -> None:
    assert "change=9" in words(sound_message(audit_rows([], "change=9", full=False)))


def test_what_can_be_typed_and_what_became_of_a_file_are_said() -> None:
    assert "file=jsonl" in words(sound_message(audit_help(("csv", "jsonl"))))
    sound_message(file_sent("csv"))
