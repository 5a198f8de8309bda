"""What follows a slash command is read as people mean it, and refused with words where it means nothing."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog import catalog
from bot.changes.refusal import Refusal
from handlers.commands import Arguments, arguments, split

SERVICE = catalog()["service.create"]
ADD = catalog()["sender.add"]


def read(text: str) -> Arguments:
    return arguments(split(text), SERVICE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--plam", "Did you mean --plan?"),
        ("--force=yes", "There is no flag “--force”. The only one is --plan"),
        ("Acme", "“Acme” is not name=value"),
        ("friendly_name = Acme", "“friendly_name” is not name=value"),
        ("friendly_name=Acme alerts", 'A value that has spaces wants quotes: friendly_name="Acme alerts".'),
        ("frendly_name=Acme", "Did you mean friendly_name?"),
        ("friendly_name=A name=B", "name is given twice"),
        ('friendly_name="Acme alerts', "Look behind friendly_name="),
        ("friendly_name=“Acme", "without its partner"),
        ('friendly_name="Acme"alerts', "without its partner"),
    ],
)
def test_what_means_nothing_is_refused_with_words(text: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(text)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("name=Acme", "Acme"),
        ('name="Acme alerts"', "Acme alerts"),
        ("name='Acme alerts'", "Acme alerts"),
        ("name=“Acme alerts”", "Acme alerts"),
        ('"name=Acme alerts"', "Acme alerts"),
        ('name="the “Acme” alerts — new"', "the “Acme” alerts — new"),
        (r'name="the \"Acme\" alerts"', 'the "Acme" alerts'),
        ("name=Rita's", "Rita's"),
        ('name=5"tall', '5"tall'),
        ("name=https://acme.example/?a=b", "https://acme.example/?a=b"),
        ('name="two\nlines"', "two\nlines"),
        ("name=", ""),
        ('friendly-name="Acme"', "Acme"),
        ("FRIENDLY_NAME=Acme", "Acme"),
    ],
)
def test_a_value_is_what_was_typed(text: str, value: str) -> None:
    assert read(text) == Arguments({"friendly_name": value})


@pytest.mark.parametrize("flag", ["--plan", "\u2014plan", "\u2013plan", "--PLAN"])
def test_a_plan_alone_may_be_asked_for_anywhere_in_the_command(flag: str) -> None:
    assert read(f"{flag} name=A account=Acme") == read(f"account=Acme name=A {flag}")
    assert read(flag).plan_only


def test_a_field_goes_by_its_short_name_too() -> None:
    given = arguments(split("service=Acme number=+15035550123"), ADD)
    assert given.values == {"service_sid": "Acme", "numbers": "+15035550123"}


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Refusal):
        assert isinstance(read(text), Arguments)


@given(st.text(alphabet=st.characters(exclude_characters='"\\', exclude_categories=["Cs"]), max_size=80))
def test_any_text_between_quotes_is_one_value(text: str) -> None:
    assert read(f'friendly_name="{text}"').values == {"friendly_name": text}
