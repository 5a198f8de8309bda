"""What became of a message is said in words; a code that nobody knows is shown as Twilio gave it."""

import pytest

from bot.checks.delivery import CODES, explain, in_words
from bot.checks.segments import segments


@pytest.mark.parametrize("code", [30003, 30005, 30006, 30007, 30008, 30022, 30023, 30024, 30032, 30034, 30035, 21610])
def test_a_known_code_has_a_meaning_a_cause_and_a_next_step(code: int) -> None:
    outcome = explain(code)
    assert outcome.known
    assert all((outcome.meaning, outcome.cause, outcome.next_step))
    assert outcome.link.endswith(str(code))
    assert outcome.next_step in in_words(str(code))


@pytest.mark.parametrize("code", [39999, "39999"])
def test_an_unknown_code_is_shown_raw_with_twilios_page(code: int | str) -> None:
    assert explain(code).known is False
    assert "39999" in in_words(code)
    assert "https://www.twilio.com/docs/api/errors/39999" in in_words(code)


@pytest.mark.parametrize("code", [None, "", "carrier said no"])
def test_no_code_and_strange_codes_break_nothing(code: str | None) -> None:
    assert in_words(code)


def test_every_text_is_a_sentence() -> None:
    texts = [t for o in CODES.values() for t in (o.meaning, o.cause, o.next_step)]
    assert [t for t in texts if not t.endswith(".")] == []


@pytest.mark.parametrize(
    ("text", "count", "odd"),
    [
        ("", 1, ()),
        ("x" * 160, 1, ()),
        ("x" * 161, 2, ()),
        ("x" * 307, 3, ()),
        ("€" * 80, 1, ()),
        ("€" * 81, 2, ()),
        ("é" * 160, 1, ()),
        ("ç" * 70, 1, ("ç",)),
        ("“" + "x" * 70, 2, ("“",)),
        ("😀" * 35, 1, ("😀",)),
        ("😀" * 36, 2, ("😀",)),
    ],
)
def test_segments_are_counted_as_carriers_do(text: str, count: int, odd: tuple[str, ...]) -> None:
    counted = segments(text)
    assert (counted.count, counted.odd) == (count, odd)
