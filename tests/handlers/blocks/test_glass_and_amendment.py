"""What people read of broken glass and of amendments."""

from itertools import pairwise

from handlers.blocks.amendment import replaced, void_now
from handlers.blocks.change import approvals_list, change_card, told
from handlers.blocks.glass import (
    break_glass_modal,
    glass_broken,
    glass_mended,
    passed_over,
    review,
    review_over,
    reviews_list,
    reviews_section,
    sign_off_modal,
)
from handlers.blocks.home import home_view
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import ANN, NOW, broken, change, plan

LONG = "<!channel> *bold* " * 300


def test_slack_takes_every_window_and_message_whatever_people_typed() -> None:
    the = broken("approved", text=LONG)
    many = [broken(text=LONG)] * 40
    for window in (break_glass_modal(the), sign_off_modal(the)):
        assert "<!channel>" not in str(sound_view(window))
    messages = [
        glass_broken(the),
        passed_over(the),
        review_over(broken(review="signed", text=LONG)),
        void_now(change()),
    ]
    messages += [
        change_card(the),
        glass_mended(broken(review="signed", text=LONG)),
        change_card(broken(review="signed", text=LONG)),
        reviews_list(many, frozenset({142})),
    ]
    for message in messages:
        assert "<!channel>" not in str(sound_message(message))


def test_a_change_that_was_approved_says_nothing_of_glass() -> None:
    assert review(change("succeeded")) == []
    assert "change.sign_off" not in elements(change_card(change("succeeded")))


def test_a_card_says_who_broke_glass_and_why_until_and_after_it_is_signed_off() -> None:
    waits, signed = str(change_card(broken())), str(change_card(broken(review="signed")))
    assert "*Ran without its approvals*: glass broken by <@U0ANN>" in waits
    assert "reason “All is down”" in waits
    assert "It waits to be signed off by somebody who had no part in it" in waits
    assert "Signed off by <@U0BOB>" in signed
    assert "“Right to do so”" in signed
    assert ("change.sign_off" in waits, "change.sign_off" in signed) == (True, False)


def test_broken_glass_stands_once_on_a_card_and_is_not_called_an_approval() -> None:
    for state in ("approved", "running", "succeeded"):
        card = change_card(broken(state))
        assert words(card).lower().count("glass broken") == 1
    assert "Let through, about to run" in words(change_card(broken("approved")))
    assert "Approved" not in words(change_card(broken("approved")))


def test_who_asked_is_not_offered_to_sign_off_what_others_must_look_at() -> None:
    note = told(broken())
    assert note
    assert "change.sign_off" not in elements(note)
    assert "change.sign_off" in elements(change_card(broken()))


def test_a_hundred_reviews_leave_no_button_without_what_it_is_about_and_room_for_what_waits() -> None:
    many = [broken(text="Why " * 400).model_copy(update={"number": n}) for n in range(100)]
    waiting = [change(number=1000 + n) for n in range(20)]
    above = reviews_section(many)
    home = home_view(viewer=ANN, waiting=waiting, mine=waiting, registrations=[], may_ask=[], now=NOW, notices=above)
    listed = approvals_list(waiting, viewer=ANN, above=above)
    alone = reviews_list(many, frozenset(range(100)))
    for drawn in (sound_view(home), sound_message(listed), sound_message(alone)):
        for before, block in pairwise(drawn["blocks"]):
            assert block["type"] != "actions" or before["type"] == "section"
    assert "and 95 more changes: `/a2p-approvals reviews`" in words(listed)
    assert all(f"#{c.number}" in words(listed) for c in waiting)
    assert "and 85 more changes" in words(alone)


def test_who_asked_hears_that_it_runs_without_its_approvals() -> None:
    note = told(broken("approved"))
    assert note
    assert "runs without its approvals" in note["text"]


def test_what_has_not_run_yet_is_not_said_to_have() -> None:
    assert "Let through without its approvals" in str(change_card(broken("approved")))


def test_only_what_somebody_may_sign_off_has_the_button() -> None:
    assert "change.sign_off" not in elements(reviews_list([broken()], frozenset()))
    assert "change.sign_off" in elements(reviews_list([broken()], frozenset({142})))
    assert reviews_section([]) == []


def test_an_amendment_says_what_differs_and_whose_word_is_void() -> None:
    the = change().model_copy(update={"decisions": change("approved").decisions})
    said = str(replaced(the, plan("Acme news"), "tf-new"))
    assert "This replaces the plan of #142. 1 approval given so far becomes void." in said
    assert "What differs from the plan before" in said
    assert "The calls are exactly those of #142" in str(replaced(the, the.plan, "tf-new"))
