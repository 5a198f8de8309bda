"""A freeze is said on every card that it holds back, and nothing that was typed about it takes effect."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.changes.authority import Standing
from bot.changes.change import FINAL, Change, State
from bot.changes.delegations import Delegation
from bot.changes.freezes import ALL, Freeze
from bot.changes.roster import Pinged
from bot.policy.policy import Policy
from bot.policy.verdict import Requirement
from handlers.blocks.absence import absence_blocks, asked_to_stand_in, away_modal, ended, given, left_alone
from handlers.blocks.amendment import void_now
from handlers.blocks.calls import next_part
from handlers.blocks.change import approvals_list, change_card, told
from handlers.blocks.freeze import (
    begun,
    freeze_help,
    freeze_lines,
    freeze_list,
    freeze_modal,
    freeze_notice,
    freeze_of,
    lifted,
)
from handlers.blocks.glass import reviews_list, sign_off_modal
from handlers.blocks.home import home_view
from handlers.blocks.plan import details_modal
from handlers.blocks.progress import STATES
from handlers.blocks.why import Why, why_modal
from tests.handlers.blocks import samples
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
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


def held(state: State = "approved") -> dict[str, Any]:
    """Everything that shows a change which a freeze holds back, by what it is."""
    one, the = freeze(), samples.change(state, steps={})
    asked = Why(the, Policy(), Standing(user="U0BOB"), freeze=one)
    glass = samples.broken(state).model_copy(update={"steps": {}})
    return {
        "card": change_card(the, one),
        "list": approvals_list([the], viewer="U0ANN", frozen=[one]),
        "home": home_of([the], [one]),
        "details": details_modal(the, freeze=one),
        "why": why_modal(asked),
        "sign off": sign_off_modal(glass, one),
        "reviews": reviews_list([glass], frozenset(), [one]),
    }


def home_of(mine: list[Change], frozen: list[Freeze], waiting: Sequence[Change] = ()) -> dict[str, Any]:
    return home_view(
        viewer=samples.RITA, waiting=waiting, mine=mine, registrations=[], may_ask=[], now=samples.NOW, frozen=frozen
    )


def test_every_place_says_of_a_change_in_a_freeze_what_its_card_says() -> None:
    stages: dict[State, str] = {"approved": "held by a freeze", "running": "Running, held by a freeze"}
    for state, title in stages.items():
        for place, drawn in held(state).items():
            assert title in words(drawn), (place, state)
            assert "about to run" not in words(drawn), place
    for place in ("card", "details", "why"):
        assert "Frozen by <@U0ANN>" in words(held()[place]), place


def test_a_freeze_of_another_account_or_of_what_is_over_holds_nothing() -> None:
    other = freeze(account="AC" + "6b" * 16)
    assert freeze_of(samples.change("approved"), [other]) is None
    assert freeze_of(samples.change("succeeded"), [freeze()]) is None
    later = freeze(account=ALL).model_copy(update={"until": 1_790_007_200.0})
    assert freeze_of(samples.change("approved"), [freeze(), later]) == later


def question(drawn: Any) -> str:
    """What the Approve button asks before it approves."""
    return str(elements(drawn)["change.approve"]["confirm"]["text"]["text"])


def test_the_question_before_an_approval_says_what_comes_of_it_then() -> None:
    two = samples.change()
    one = two.model_copy(update={"decisions": samples.change("approved").decisions})
    assert "one of 2 approvals missing. The change runs when it has them all." in question(change_card(two))
    assert "the last approval missing. The change runs at once." in question(change_card(one))
    for drawn in (change_card(one, freeze()), home_of([], [freeze()], [one])):
        assert "A freeze holds the change: it runs when that ends or is lifted." in question(drawn)
    for drawn in (void_now(one), next_part(one, Pinged())):  # never drawn anew: what they say must hold always
        assert "when it has all approvals and no freeze holds it" in question(drawn)


def test_whoever_asked_can_let_go_what_a_freeze_holds_also_without_seeing_its_card() -> None:
    the = samples.change("approved", steps={})
    note = told(the, freeze())
    assert note
    for drawn in (note, home_of([the], [freeze()])):
        assert "change.cancel" in elements(drawn)
    assert "change.cancel" not in elements(home_of([the], []))
    free = the.model_copy(update={"requirement": Requirement(rule="free"), "decisions": ()})
    assert "starts" not in words(told(free, freeze()))
    assert "starts" in words(told(free))


def test_a_hundred_freezes_leave_room_for_the_changes_below_them() -> None:
    many = [freeze("Outage " * 60, f"AC{n:032x}") for n in range(100)]
    above = freeze_notice(many, {})
    assert "and 95 more freezes: `/a2p-freeze list`" in words({"blocks": above})
    drawn = sound_message(approvals_list([samples.change()], viewer="U0BOB", above=above, frozen=many))
    assert "#142" in words(drawn)
    sound_message(freeze_list(many, {}))
    sound_message(lifted("U0BOB", MAIN, "main", many[0], freeze_lines(many, {})))
    window = sound_view(freeze_modal(many, {f"AC{n:032x}": f"account {n}" for n in range(300)}, until=1_790_000_000.0))
    assert {"account", "until", "reason"} <= {block.get("block_id") for block in window["blocks"]}
    crowd = [Delegation(user=f"U0MANY{n}", to="U0BOB", at=1.0, until=1_790_000_000.0) for n in range(500)]
    own = Delegation(user="U0BOB", to="U0ANN", at=1.0, until=1_790_000_000.0)
    shown = words({"blocks": absence_blocks("U0BOB", [*crowd, own], approver=True)})
    assert "You decide for 495 more." in shown
    assert "<@U0ANN> decides for you" in shown


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
