"""Slack's limits hold for whatever is drawn: things are cut, split or left out with a word, never refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog import catalog
from handlers.blocks import kit
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import HOSTILE, LONG, STRANGE

any_text = st.one_of(st.text(max_size=60), st.sampled_from(STRANGE))


@st.composite
def any_block(draw: st.DrawFn) -> kit.Block:
    """A block of any kind that stands everywhere, with any text in it."""
    text = draw(any_text)
    made: list[kit.Block] = [
        kit.section(kit.escape(text)),
        kit.section(kit.escape(text), kit.button(text, "a.button", "v", url="https://x.example", label=text)),
        kit.fields([(text, kit.escape(text))] * draw(st.integers(1, 25))),
        kit.header(text),
        kit.context(*[kit.escape(text)] * draw(st.integers(0, 15))),
        kit.divider(),
        kit.actions(kit.button(text, "a.button", confirm=kit.confirm(text, kit.escape(text), text, text))),
        kit.rich(kit.rich_line(text, text), *kit.preformatted(text)),
    ]
    return draw(st.sampled_from(made))


@given(any_text.filter(str.strip), st.lists(any_block(), max_size=70))
def test_slack_takes_every_message(text: str, blocks: list[kit.Block]) -> None:
    sound_message(kit.message(text, blocks))


@given(any_text, st.lists(any_block(), max_size=120))
def test_slack_takes_every_modal_and_home(text: str, blocks: list[kit.Block]) -> None:
    sound_view(kit.modal(text, blocks, callback_id="x", submit=text, close=text))
    sound_view(kit.home(blocks))


@given(st.lists(any_text, max_size=120))
def test_lines_are_packed_without_breaking_one_over_two_sections(lines: list[str]) -> None:
    packed = kit.sections(map(kit.escape, lines))
    assert all(len(b["text"]["text"]) <= kit.SECTION for b in packed)
    if lines:
        sound_view(kit.home(packed))


def test_short_lines_share_a_section() -> None:
    assert len(kit.sections(f"line {n}" for n in range(200))) == 1


def test_buttons_stay_when_text_must_go_and_a_line_says_so() -> None:
    text = [kit.section(LONG[:2900]) for _ in range(60)]
    message = kit.message("Hello there.", [*text, kit.actions(kit.button("Approve", "change.approve"))])
    sound_message(message)
    assert "change.approve" in elements(message)
    assert message["blocks"][-1]["type"] == "actions"
    assert "left out" in words(message)


def test_what_is_left_out_is_the_end_not_the_middle() -> None:
    blocks = [*(kit.section("x" * 2900) for _ in range(5)), kit.section("a short line after long ones")]
    assert "a short line" not in words(kit.message("Hello.", blocks))


def test_a_view_stays_below_250_kilobytes() -> None:
    blocks = [kit.rich(*kit.preformatted("\n".join(["😀" * 700] * 4))) for _ in range(100)]
    assert "left out" in words(sound_view(kit.modal("Big", blocks, callback_id="x")))


def test_a_title_loses_its_articles_before_its_end() -> None:
    assert kit.modal("Create a messaging service", [], callback_id="x")["title"]["text"] == "Create messaging service"


def test_no_title_of_the_catalogue_is_cut() -> None:
    titles = [kit.modal(entry.title, [], callback_id="x")["title"]["text"] for entry in catalog().entries]
    assert [title for title in titles if title.endswith("…")] == []


def test_a_modal_with_questions_can_always_be_submitted() -> None:
    blocks = [kit.input_block("name", "Name", kit.text_input("field:name"))]
    assert sound_view(kit.modal("Name", blocks, callback_id="x"))["submit"]["text"] == "Done"


def test_private_metadata_that_does_not_fit_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="3001"):
        kit.modal("Title", [], callback_id="x", private_metadata="x" * 3001)


@given(any_text, any_text, st.one_of(st.none(), st.integers(-5, 5000)))
def test_slack_takes_every_text_input(initial: str, placeholder: str, most: int | None) -> None:
    fields = [
        kit.text_input("a", initial=initial, most=most, multiline=True, placeholder=placeholder),
        kit.text_input("b", initial=initial, most=most),
        kit.url_input("c", initial=initial, placeholder=placeholder),
        kit.number_input("d", initial=initial, least=1, most=36000, placeholder=placeholder),
    ]
    blocks = [kit.input_block(f"block {n}", "Label", field, hint=initial) for n, field in enumerate(fields)]
    sound_view(kit.modal("Title", blocks, callback_id="x"))


@given(st.integers(-(10**15), 10**15))
def test_a_number_outside_its_bounds_is_still_shown(number: int) -> None:
    field = kit.number_input("a", initial=str(number), least=1, most=36000)
    view = sound_view(kit.modal("Title", [kit.input_block("n", "N", field)], callback_id="x"))
    if abs(number) < 10**15:
        assert view["blocks"][0]["element"]["initial_value"] == str(number)


def test_a_text_longer_than_its_limit_is_shown_so_that_it_can_be_shortened() -> None:
    assert kit.text_input("a", initial="x" * 400, most=320)["max_length"] == 400


@given(st.lists(any_text, max_size=5), st.booleans(), st.integers(0, 3))
def test_slack_takes_every_lookup(values: list[str], several: bool, most: int) -> None:
    initial = [kit.option(value, value) for value in values]
    field = kit.lookup_input("lookup:services", initial=initial, several=several, most=most)
    sound_view(kit.modal("Title", [kit.input_block("n", "N", field)], callback_id="x"))


def test_more_than_a_hundred_options_are_shown_in_groups() -> None:
    options = [kit.option(str(n), f"Option {n}") for n in range(250)]
    field = kit.choice_input("a", options, initial="249")
    sound_view(kit.modal("Title", [kit.input_block("n", "N", field)], callback_id="x"))
    assert sum(len(g["options"]) for g in field["option_groups"]) == 250


@pytest.mark.parametrize("text", ["Short.", LONG, HOSTILE, HOSTILE * 20, "One sentence. " + LONG, "x" * 5000])
def test_a_notice_shows_every_word_of_any_text(text: str) -> None:
    view: dict[str, Any] = sound_view(kit.modal("Notice", kit.notice(text, "error"), callback_id="x"))
    shown = "".join(words(view).split())
    for word in kit.prose(text).split()[:200]:
        assert word in shown or len(word) > 2900


def test_a_long_value_is_split_over_code_blocks_and_nothing_of_it_is_lost() -> None:
    text = "\n".join(f"{n}: {'x' * n * 40}" for n in range(200))
    shown = "".join(piece["elements"][0]["text"] for piece in kit.preformatted(text))
    assert shown.replace("\n", "") == text.replace("\n", "")
