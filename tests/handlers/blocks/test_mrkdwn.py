"""Foreign words take no effect in Slack, whatever they are; our own tokens do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.blocks import kit
from handlers.blocks.mrkdwn import credited, cut_marked
from tests.handlers.blocks.judge import harmless
from tests.handlers.blocks.samples import HOSTILE

pieces = st.sampled_from(["<", ">", "&", "&lt;", "&lt", "<@U0ANN>", "<#C0A2P>", "<!channel>", "|", "^", "\u202e", "`"])
nasty = st.lists(st.one_of(st.text(max_size=20), pieces), max_size=30).map("".join)


@given(nasty)
def test_escaped_text_holds_no_token(text: str) -> None:
    assert "<" not in kit.escape(text)
    assert ">" not in kit.escape(text)


@given(nasty)
def test_text_of_our_own_keeps_mentions_and_nothing_else(text: str) -> None:
    harmless(kit.prose(text))


@given(nasty)
def test_text_of_our_own_may_be_escaped_twice(text: str) -> None:
    assert kit.prose(kit.prose(text)) == kit.prose(text)


@given(nasty, st.integers(min_value=1, max_value=200))
def test_a_cut_never_breaks_a_token_or_an_entity(text: str, most: int) -> None:
    short = cut_marked(kit.prose(text), most)
    assert len(short) <= most
    harmless(short)
    assert not short.removesuffix("…").endswith(("&", "&a", "&am", "&amp", "&l", "&lt", "&g", "&gt"))


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_a_cut_text_is_never_longer_than_asked(text: str, most: int) -> None:
    assert len(kit.cut(text, most)) <= most


def test_a_cut_says_that_something_is_missing() -> None:
    assert kit.cut("one two three", 9) == "one two…"
    assert kit.cut("one two", 7) == "one two"


def test_foreign_text_within_a_line_stays_on_it() -> None:
    assert kit.inline("Acme\n*Approved by Ann*") == "Acme *Approved by Ann*"


def test_hostile_text_keeps_its_letters() -> None:
    assert "&lt;!channel&gt;" in kit.inline(HOSTILE)
    assert "&lt;http://x|fake&gt;" in kit.inline(HOSTILE)


@pytest.mark.parametrize("user", ["U0ANN", "W0ANN"])
def test_a_person_is_mentioned(user: str) -> None:
    assert kit.person(user) == f"<@{user}>"


@pytest.mark.parametrize("user", ["", "ann", "U0ANN|x", "U1>", "<!channel>"])
def test_what_is_no_user_id_is_not_mentioned(user: str) -> None:
    assert "<" not in kit.person(user)


def test_a_moment_is_shown_in_the_readers_zone_and_in_utc_elsewhere() -> None:
    assert kit.date(1_795_000_000) == "<!date^1795000000^{date_short_pretty} at {time}|2026-11-18 11:06 UTC>"


def test_a_moment_in_the_engines_words_is_shown_in_the_readers_time_zone() -> None:
    shown = kit.prose("Looking again until 2026-11-18 11:06:40 UTC.")
    token = "<!date^1795000000^{date_short_pretty} at {time_secs}|2026-11-18 11:06:40 UTC>"
    assert shown == f"Looking again until {token}."
    assert kit.prose(shown) == shown
    assert kit.prose("Decided 2026-11-18 11:06 UTC") == f"Decided {kit.date(1_794_999_960)}"
    assert kit.prose("2026-99-18 11:06 UTC") == "2026-99-18 11:06 UTC"


@pytest.mark.parametrize("epoch", [-5.0, float("nan"), float("inf"), 1e30])
def test_a_moment_outside_the_calendar_is_still_shown(epoch: float) -> None:
    harmless(kit.date(epoch))


@pytest.mark.parametrize(
    ("usd", "shown"),
    [("1.15", "$1.15"), ("15", "$15.00"), ("0.0079", "$0.0079"), ("1150", "$1,150.00"), ("0", "$0.00")],
)
def test_money_has_two_decimals_or_as_many_as_it_needs(usd: str, shown: str) -> None:
    assert kit.money(Decimal(usd)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "less than a minute"), (59, "less than a minute"), (60, "1 minute"), (7200, "2 hours"), (3 * 86400, "3 days")],
)
def test_a_length_of_time_is_told_in_its_largest_unit(seconds: float, shown: str) -> None:
    assert kit.span(seconds) == shown


@pytest.mark.parametrize(
    "url", ["http://x.example", "https://twilio.com.evil.example/", "javascript:alert(1)", "https://[", "x|y>"]
)
def test_only_pages_of_twilio_become_links(url: str) -> None:
    assert "<" not in kit.link(url, "Twilio's page")


def test_a_link_cannot_be_broken_out_of() -> None:
    shown = kit.link("https://www.twilio.com/a>b|c <x", "label|more>")
    harmless(shown)
    assert shown.count("|") == 1


def test_characters_that_do_not_show_are_written_out_in_exact_values() -> None:
    assert kit.visible("a\u202eb\u200bc\xa0d\te") == "a\\u{202e}b\\u{200b}c\\u{a0}d\\u{9}e"


def test_those_with_whom_our_own_words_begin_are_named_and_those_whom_they_quote_are_not() -> None:
    assert credited("<@U0ANN> has frozen this account: ask <@U0BOB>") == (
        "<@U0ANN> has frozen this account: ask &lt;@U0BOB&gt;"
    )
    assert credited("for <@U0ANN>, <@U0BOB>: <@U0CAT>") == "for <@U0ANN>, <@U0BOB>: &lt;@U0CAT&gt;"
    assert credited("for <@U0ANN>") == "for <@U0ANN>"
    assert credited("is away: <@U0BOB> decides") == "is away: <@U0BOB> decides"
    assert credited("<@U0BOB> approves of this") == "&lt;@U0BOB&gt; approves of this"
    assert len(credited("<@U0ANN> has frozen " + "x" * 900, 300)) == 300
