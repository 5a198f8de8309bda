"""A freeze is said on every card that it holds back, and nothing that was typed about it takes effect."""

import pytest

from bot.changes.change import FINAL, State
from bot.changes.delegations import Delegation
from bot.changes.freezes import ALL, Freeze
from handlers.blocks.absence import absence_blocks, asked_to_stand_in, away_modal, ended, given, left_alone
from handlers.blocks.change import change_card, told
from handlers.blocks.freeze import begun, freeze_help, freeze_lines, freeze_list, freeze_modal, freeze_notice, lifted
from handlers.blocks.progress import STATES
from tests.handlers.blocks import samples
from tests.handlers.blocks.judge import sound_message, sound_view, words
from tests.handlers.blocks.samples import STRANGE

MAIN = samples.plan().account
NAMES = {MAIN: "main"}


def freeze(reason: str = "Carrier outage", account: str = MAIN, user: str = "U0ANN") -> Freeze:
    """A freeze of an hour; without a user it is one that could not be read."""
    until = 1_790_003_600.0 if user else float("inf")
    return Freeze(account=account, user=user, reason=reason, at=1_790_000_000.0, until=until)


@pytest.mark.parametrize("state", sorted(STATES))
@pytest.mark.parametrize("user", ["U0ANN", ""])
def test_a_card_says_that_nothing_is_sent_as_long_as_something_may_be(state: State, user: str) -> None:
    card = sound_message(change_card(samples.change(state), freeze(user=user)))
    assert ("Frozen" in words(card)) == (state not in FINAL)
    note = told(samples.change(state), freeze(user=user))
    assert note is None or ("Frozen" in words(sound_message(note))) == (state not in FINAL)


def test_what_is_approved_and_held_back_is_not_said_to_be_about_to_run_and_can_be_let_go() -> None:
    shown = words(sound_message(change_card(samples.change("approved"), freeze())))
    assert "about to run" not in shown
    assert "as soon as a worker is free" not in shown
    assert "Withdraw" in shown
    assert "Withdraw" not in words(sound_message(change_card(samples.change("approved"))))


@pytest.mark.parametrize("text", STRANGE)
def test_whatever_is_typed_about_a_freeze_or_an_absence_is_shown_and_takes_no_effect(text: str) -> None:
    one, unread = freeze(text), freeze("", ALL, "")
    names = {MAIN: text}
    sound_message(change_card(samples.change("running"), one))
    sound_message(freeze_list([one, unread], names))
    sound_message(begun(one, text, unread))
    sound_message(lifted("U0BOB", MAIN, text, one, freeze_lines([one, unread], names)))
    for view in (
        freeze_modal([one, unread], names, until=1_790_000_000.0, lifting=one),
        freeze_modal([], names, until=1_790_000_000.0, refused=text),
    ):
        sound_view(view)
    away = Delegation(user="U0ANN", to="U0BOB", at=1.0, until=1_790_000_000.0, reason=text)
    for message in (given(away), asked_to_stand_in(away), left_alone(away, away), ended("U0ANN", "U0BOB")):
        sound_message(message)
    sound_view(away_modal("2026-11-30", away))


def test_nothing_stands_above_a_list_where_nothing_is_frozen() -> None:
    assert freeze_notice([], NAMES) == []
    assert "Nothing is frozen" in words(sound_message(freeze_list([], NAMES)))
    sound_message(freeze_help())


def test_only_those_who_approve_are_offered_to_be_away_and_both_read_who_decides() -> None:
    away = Delegation(user="U0ANN", to="U0BOB", at=1.0, until=1_790_000_000.0)
    assert absence_blocks("U0CAT", [away], approver=False) == []
    assert "away.open" in str(absence_blocks("U0CAT", [away], approver=True))
    assert "away.back" in str(absence_blocks("U0ANN", [away], approver=True))
    assert "You decide for <@U0ANN>" in str(absence_blocks("U0BOB", [away], approver=False))
