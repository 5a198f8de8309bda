"""A change is drawn in every state: what happened, who did it, what to do next; never more than that."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.changes.change import FINAL, Event, GroupNeed, Requirement, State, StepRun
from handlers.blocks.change import (
    approvals_list,
    change_card,
    change_line,
    happened_modal,
    reject_modal,
    told,
)
from handlers.blocks.progress import console_url
from tests.handlers.blocks.judge import block, elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import (
    ANN,
    BOB,
    HOSTILE,
    NOW,
    NUMBER,
    RITA,
    SERVICE,
    STATES,
    STRANGE,
    buying,
    by_hand,
    change,
    plan,
)

BUTTONS: dict[str, set[str]] = {
    "pending": {"change.approve", "change.reject", "change.cancel"},
    "stale": {"change.ask_again", "change.cancel"},
    "failed": {"change.retry", "change.abandon"},
    "unknown": {"change.happened", "change.did_not", "change.abandon"},
}
TOLD = {"approved", "rejected", "expired", "stale", "failed", "unknown", "succeeded"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
def test_a_card_takes_every_state_and_any_text(state: State, text: str) -> None:
    sound_message(change_card(change(state, of=plan(text), text=text)))


@settings(max_examples=150)
@given(st.sampled_from(STATES), st.text(max_size=100), st.integers(0, 60), st.integers(0, 30))
def test_a_card_takes_any_number_of_steps_and_findings(state: State, text: str, steps: int, findings: int) -> None:
    of = plan(text, steps=steps, findings=findings)
    sound_message(change_card(change(state, of=of, text=text, steps={} if not steps else None)))


@pytest.mark.parametrize("state", STATES)
def test_ten_numbers_bought_at_once_fit_a_card(state: State) -> None:
    shown = words(sound_message(change_card(change(state, of=buying()))))
    assert "#142 Buy 10 numbers" in shown
    assert "left out" not in shown


@pytest.mark.parametrize("state", STATES)
def test_a_hundred_findings_and_texts_of_5000_characters_keep_the_buttons(state: State) -> None:
    card = sound_message(change_card(change(state, of=plan("x" * 5000, findings=100), text="y " * 2500)))
    assert set(elements(card)) == {"change.details", *BUTTONS.get(state, set())}


@pytest.mark.parametrize("state", STATES)
def test_each_state_offers_what_can_be_done_in_it_and_details(state: State) -> None:
    assert set(elements(change_card(change(state)))) == {"change.details", *BUTTONS.get(state, set())}


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_can_be_decided_after_the_end(state: State) -> None:
    assert list(elements(change_card(change(state)))) == ["change.details"]


@pytest.mark.parametrize("state", STATES)
def test_every_button_carries_the_number_and_the_digest_that_was_seen(state: State) -> None:
    the = change(state)
    drawn = [change_card(the), told(the), {"blocks": [change_line(the)]}]
    for message in filter(None, drawn):
        assert {":".join(e["value"].split(":")[:2]) for e in elements(message).values()} == {f"142:{the.plan.digest}"}


def test_what_people_say_about_an_unknown_step_carries_which_step_it_was() -> None:
    the = change("unknown")
    values = {action: e["value"] for action, e in elements(change_card(the)).items()}
    assert {a for a, v in values.items() if v == f"142:{the.plan.digest}:step_2"} == {
        "change.happened",
        "change.did_not",
    }
    assert json.loads(happened_modal(the)["private_metadata"]) == {"n": 142, "g": the.plan.digest, "s": "step_2"}


def test_approving_is_confirmed_with_the_price_before_one() -> None:
    approve = elements(change_card(change("pending")))["change.approve"]
    assert approve["style"] == "primary"
    assert "$15.00 once, then about $10.00 a month" in approve["confirm"]["text"]["text"]


def test_at_most_one_button_is_primary() -> None:
    for state in STATES:
        styles = [e.get("style") for e in elements(change_card(change(state))).values()]
        assert styles.count("primary") <= 1


def test_buttons_tell_screen_readers_what_they_are_about() -> None:
    label = elements(change_card(change("pending")))["change.approve"]["accessibility_label"]
    assert label == "Approve #142: Create the messaging service “Acme alerts”"


def test_a_pending_card_says_who_asks_what_it_costs_and_whose_approval_it_takes() -> None:
    card = change_card(change("pending"))
    assert card["text"].startswith("#142 Create the messaging service “Acme alerts”: waiting for approval. <@U0RITA>")
    assert "Price: $15.00 once, then about $10.00 a month." in card["text"]
    shown = words(card)
    for part in ("2 of the approvers must approve (0 so far)", "0 of 2 of the approvers", "1 warning", "rule “one”"):
        assert part in shown


def test_approvals_are_counted_group_by_group_with_names() -> None:
    needs = (GroupNeed(group="approvers", label="the approvers", need=2), GroupNeed(group="it", label="IT", need=1))
    shown = words(change_card(change("approved", requirement=Requirement(rule="two groups", groups=needs))))
    assert "1 of 2 of the approvers: <@U0ANN>" in shown
    assert "0 of 1 of IT" in shown


def test_a_change_that_needs_nobody_says_so() -> None:
    free = change("approved", requirement=Requirement(rule="free"))
    assert "No approval needed" in words(change_card(free))
    note = told(free)
    assert note
    assert "needs no approval" in note["text"]


def test_each_step_has_a_sign_and_a_word() -> None:
    of = buying(3)
    runs = {
        "number_1": StepRun(state="done", attempt=1, at=NOW, result={"sid": NUMBER, "phone_number": "+15035550000"}),
        "number_2": StepRun(state="attempting", attempt=1, at=NOW),
        "number_3": StepRun(state="waiting", attempt=0, at=NOW, error="Twilio asks to slow down"),
        "add_1": StepRun(state="failed", attempt=1, at=NOW, error="In another service", code=21712),
        "add_2": StepRun(state="unknown", attempt=1, at=NOW, error="No clear answer"),
    }
    shown = words(change_card(change("running", of=of, steps=runs)))
    for part in (
        "✓ done · 1. Buy +15035550000",
        "✕ failed · 2. Add",
        "|21712>: In another service",
        "◐ sent · 3. Buy",
        "? unknown · 4. Add",
        "○ waiting · 5. Buy",
        "Twilio asks to slow down",
        "○ waiting · 6. Add",
    ):
        assert part in shown


def test_results_are_shown_with_their_sids_and_console_pages() -> None:
    shown = words(change_card(change("succeeded")))
    assert f"messaging service `{SERVICE}`" in shown
    assert f"<{console_url(SERVICE)}|open in Console>" in shown
    assert shown.count(SERVICE) == 2


def test_the_sid_that_every_campaign_has_is_not_shown_as_a_result() -> None:
    constant = "QE2c6890da8086d771620e9b13fadeba0b"
    result = {"sid": constant, "campaign_status": "IN_PROGRESS", "messaging_service_sid": SERVICE}
    runs = {"step_1": StepRun(state="done", attempt=1, at=NOW, result=result)}
    shown = words(change_card(change("succeeded", steps=runs)))
    assert constant not in shown
    assert f"campaign of `{SERVICE}`, status `IN_PROGRESS`" in shown


@pytest.mark.parametrize("sid", ["", "MG1", "MG" + "<" * 32, "MG" + "é" * 32, "XX" + "1" * 32])
def test_only_what_is_a_sid_has_a_console_page(sid: str) -> None:
    assert not console_url(sid)


def test_a_rejected_card_is_a_short_record_with_the_reason() -> None:
    shown = words(change_card(change("rejected")))
    assert "<@U0ANN> rejected it" in shown
    assert "“We have a service for this already”" in shown
    assert "Nothing was done at Twilio." in shown
    assert "✕" not in shown
    assert len(shown.splitlines()) < 8


def test_an_abandoned_change_says_what_stays_at_twilio() -> None:
    shown = words(change_card(change("abandoned")))
    assert "What 1 step did at Twilio stays there." in shown
    assert "never settled" in shown
    untouched = words(change_card(change("abandoned", steps={})))
    assert "No step of it is known to be done." in untouched


def test_a_change_that_was_abandoned_by_nobody_says_why() -> None:
    the = change("failed")
    left = the.model_copy(update={"state": "abandoned", "timeline": (Event(at=NOW, what="abandoned", to="abandoned"),)})
    assert "It was given up" in words(change_card(left))
    assert "nobody had settled it" in words(change_card(left))


def test_a_stale_card_shows_what_changed_and_the_new_plan() -> None:
    shown = words(change_card(change("stale", text="service: FriendlyName was Acme, would be Acme 2")))
    assert "What changed: service: FriendlyName was Acme, would be Acme 2." in shown
    assert "What changes" in shown
    assert "POST /v1/Services" not in shown


def test_an_unknown_outcome_says_what_to_look_for() -> None:
    shown = words(change_card(change("unknown")))
    assert "Nobody knows yet whether this happened: Create the messaging service" in shown
    assert "Look in Twilio's Console" in shown


def test_a_plan_with_steps_by_hand_can_be_drawn() -> None:
    for state in STATES:
        sound_message(change_card(change(state, of=by_hand())))


# What the requester is told


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
def test_what_is_told_takes_any_text(state: State, text: str) -> None:
    note = told(change(state, of=plan(text, findings=100), text=text))
    assert (note is not None) == (state in TOLD)
    if note:
        sound_message(note)
        assert "change.details" in elements(note)


def test_what_is_told_says_what_happened_and_what_to_do() -> None:
    texts = {state: note["text"] for state in STATES if (note := told(change(state)))}
    assert texts["rejected"].startswith("Your change #142 was rejected: Create the messaging service “Acme alerts”.")
    assert "Reason: “We have a service for this already”." in texts["rejected"]
    assert "Fix the cause, then try again" in texts["failed"]
    assert "Ask for it again" in texts["expired"]
    assert "is done" in texts["succeeded"]
    assert "ask for approval of the new plan" in texts["stale"]


def test_the_requester_of_a_stale_change_can_ask_again_at_once() -> None:
    note = told(change("stale"))
    assert note
    assert set(elements(note)) == {"change.ask_again", "change.details"}


def test_the_requester_sees_the_sids_of_what_was_made_and_the_code_of_what_failed() -> None:
    done, failed = told(change("succeeded")), told(change("failed"))
    assert done
    assert failed
    assert SERVICE in words(done)
    assert "21713" in words(failed)


# Lists and questions


def test_a_list_puts_what_others_ask_for_first() -> None:
    changes = [change(requester=ANN, number=1), change(number=2), change("running", number=3)]
    message = sound_message(approvals_list(changes, viewer=ANN))
    shown = words(message)
    assert sorted(["#2", "#1", "#3"], key=shown.index) == ["#2", "#1", "#3"]
    assert message["text"] == "2 changes to decide, 1 of them asked for by you; 1 under way."


def test_an_empty_list_says_so_and_where_to_start() -> None:
    assert "/a2p" in sound_message(approvals_list([], viewer=BOB))["text"]


@pytest.mark.parametrize("text", STRANGE)
def test_a_list_of_a_hundred_changes_fits(text: str) -> None:
    changes = [change(STATES[n % len(STATES)], of=plan(text), text=text, number=n) for n in range(100)]
    message = sound_message(approvals_list(changes, viewer=RITA))
    assert "80 more are not shown" in words(message) or "left out" in words(message)


@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
def test_the_windows_for_a_reason_and_for_a_sid_take_any_text(text: str) -> None:
    for view in (reject_modal(change(of=plan(text))), happened_modal(change("unknown", of=plan(text), text=text))):
        sound_view(view)
        memo = json.loads(view["private_metadata"])
        assert (memo["n"], memo["g"]) == (142, change(of=plan(text)).plan.digest)


def test_a_rejection_needs_a_reason() -> None:
    view = reject_modal(change())
    assert view["callback_id"] == "reject"
    assert block(view, "reason")["optional"] is False


def test_whoever_says_that_it_happened_is_shown_the_call_and_gives_its_sid() -> None:
    view = happened_modal(change("unknown"))
    assert view["callback_id"] == "happened"
    assert "POST /v1/Services" in words(view)
    assert block(view, "sid")["element"]["max_length"] == 34


def test_hostile_words_of_a_requester_are_shown_as_words() -> None:
    shown = words(change_card(change("rejected", of=plan(HOSTILE), text=HOSTILE)))
    assert "&lt;!channel&gt;" in shown
    assert "\u202e" not in shown


def test_a_card_never_shows_what_was_typed_besides_the_plan() -> None:
    secret = change("pending").model_copy(update={"inputs": {"tax_id": "12-3456789"}})
    drawn: list[Any] = [change_card(secret), {"blocks": [change_line(secret)]}]
    assert all("12-3456789" not in json.dumps(message) for message in drawn)
