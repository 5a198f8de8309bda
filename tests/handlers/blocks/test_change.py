"""A change is drawn in every state: what happened, who did it, what to do next; never more than that."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.brands.bundles import CustomerProfileBundle, submit
from bot.changes.change import FINAL, Change, Decision, Event, State, StepRun, Undoing
from bot.changes.roster import Pinged
from bot.plans.call import Ref
from bot.plans.step import ApprovalStep, Undo
from bot.policy.verdict import GroupNeed, Requirement
from handlers.blocks.calls import next_part
from handlers.blocks.change import (
    approvals_list,
    change_card,
    change_line,
    happened_modal,
    part_decided,
    reject_modal,
    told,
)
from handlers.blocks.progress import checklist, console_url
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
    call_step,
    chain,
    change,
    plan,
)

BUTTONS: dict[str, set[str]] = {
    "pending": {"change.approve", "change.reject", "change.cancel", "change.amend", "change.why"},
    "stale": {"change.ask_again", "change.cancel", "change.amend", "change.why"},
    "approved": {"change.why"},
    "running": {"change.why"},
    "rejected": {"change.form"},
    "expired": {"change.form"},
    "cancelled": {"change.form"},
    "failed": {"change.retry", "change.abandon"},
    "unknown": {"change.happened", "change.did_not", "change.abandon"},
    "waiting": {"change.abandon", "change.why"},
}
TOLD = {"approved", "rejected", "expired", "stale", "failed", "unknown", "succeeded"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
def test_a_card_takes_every_state_and_any_text(state: State, text: str) -> None:
    sound_message(change_card(change(state, of=plan(text), text=text)))


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
    assert set(elements(change_card(change(state)))) <= {"change.form", "change.details"}


ENDED: tuple[State, ...] = ("failed", "rejected", "expired", "cancelled", "abandoned")
UNDER_WAY: tuple[State, ...] = ("pending", "running", "succeeded")


def test_what_came_to_nothing_can_be_asked_for_anew_unless_something_of_it_stands_at_twilio() -> None:
    for state in ENDED:
        untouched = change(state, steps={})
        assert "change.form" in elements(change_card(untouched)), state
        assert "change.form" not in elements(change_card(change(state, steps=change("succeeded").steps))), state
    assert "change.form" in elements(told(change("rejected")) or {})
    for state in UNDER_WAY:
        assert "change.form" not in elements(change_card(change(state, steps={})))


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
        "◔ waits · 5. Buy",
        "Twilio asks to slow down",
        "○ to come · 6. Add",
    ):
        assert part in shown


def chain_at(step: str, state: State) -> Change:
    """The chain of the samples, run as far as this step."""
    of = chain()
    ids = [s.id for s in of.steps]
    done = {i: StepRun(state="done", attempt=1, at=NOW, result={"sid": SERVICE}) for i in ids[: ids.index(step)]}
    here = StepRun(state="failed" if state == "failed" else "waiting", attempt=0, at=NOW)
    return change(state, of=of, steps=done | {step: here})


def test_the_next_part_of_a_change_asks_for_its_own_approval_with_its_own_price() -> None:
    asking = chain_at("paid", "pending")
    card = sound_message(change_card(asking))
    assert {"change.approve", "change.reject", "change.cancel"} <= set(elements(card))
    shown = words(card)
    assert "The next part is “The campaign”" in shown
    assert "$15.00 once for this part" in shown
    assert "✓ done · 1." in shown
    assert asking.plan.digest not in str(card), "an approval of the first part must not count here"
    assert "$15.00 once" in sound_message(next_part(asking, Pinged()))["text"]
    note = told(asking)
    assert note
    assert "approval of its next part" in note["text"]


def test_an_approval_of_a_part_says_what_it_covers_and_what_is_asked_for_later() -> None:
    first = words(change_card(change("pending", of=chain())))
    order = ["What this approval covers", "1. ", "Later, each with an approval of its own", "• The campaign ("]
    assert sorted(order, key=first.index) == order
    assert "for this part; " in first
    last = words(change_card(chain_at("paid", "pending")))
    assert "What this approval covers" in last
    assert "Later, each" not in last


def test_what_asked_for_a_part_says_who_decided_and_has_nothing_to_press() -> None:
    asked = chain_at("paid", "running")
    decision = Decision(user=BOB, verb="approve", digest=asked.plan.digest_at("paid"), at=NOW, groups=("approvers",))
    over = sound_message(part_decided(asked.model_copy(update={"decisions": (*asked.decisions, decision)}), "paid"))
    assert "Approved by <@U0BOB>" in over["text"]
    assert "U0ANN" not in over["text"], "she approved the first part"
    assert elements(over) == {}
    assert "Nobody decided" in part_decided(asked, "paid")["text"]


def test_of_a_long_chain_the_part_is_listed_that_the_run_stands_in() -> None:
    steps = plan(steps=30).steps
    gates = (
        ApprovalStep(id="a", title="The brand: $4.50 once"),
        ApprovalStep(id="b", title="The campaign: $15.00 once"),
    )
    of = plan().model_copy(update={"steps": (*steps[:10], gates[0], *steps[10:20], gates[1], *steps[20:])})
    runs = {s.id: StepRun(state="done", attempt=1, at=NOW) for s in of.steps[:15]}
    lines = checklist(change("running", of=of, steps=runs))
    assert lines[0] == "✓ 1 to 10 · 10 done"
    assert lines[1].startswith("✓ done · 11. New approval: The brand: $4.50 once")
    assert lines[-1] == "○ to come · 22. New approval: The campaign: $15.00 once (and 10 steps)"
    assert len(lines) == 13
    asking = checklist(change("pending", of=of, steps={s.id: runs[s.id] for s in of.steps[:10]}), until="a")
    assert len(asking) == 2


def test_what_people_must_do_has_a_button_and_is_told_to_the_requester() -> None:
    for step, button in (("hand", "Done"), ("share", "It has happened")):
        waiting = chain_at(step, "waiting")
        assert button in words(sound_message(change_card(waiting)))
        assert told(waiting), step
    alone = chain_at("verified", "waiting")
    assert "change.done" not in elements(change_card(alone))
    assert told(alone) is None


def test_a_failed_step_offers_skipping_where_harmless_and_undoing_where_possible() -> None:
    assert {"change.skip", "change.undo", "change.retry", "change.abandon"} <= set(
        elements(sound_message(change_card(chain_at("extra", "failed"))))
    )
    assert "change.skip" not in elements(change_card(change("failed")))


def test_a_skipped_step_is_told_with_who_skipped_it_and_what_that_means() -> None:
    event = Event(at=NOW, who=RITA, what="skipped", detail="“Buy it”, so it is not bought")
    shown = words(change_card(change("running").model_copy(update={"timeline": (event,)})))
    assert f"↷ Skipped by <@{RITA}>" in shown
    assert "“Buy it”, so it is not bought" in shown


def test_a_change_that_failed_before_any_step_did_offers_none_to_skip() -> None:
    first = call_step().model_copy(update={"skippable": "the pool lacks a number"})
    refused = change("failed", of=plan().model_copy(update={"steps": (first,)}), steps={})
    card = change_card(refused)
    assert "change.skip" not in elements(card)
    assert "skip it" not in words(card)


@pytest.mark.parametrize("state", sorted({"pending", "running", "failed", "unknown"}))
def test_what_is_being_undone_says_by_which_change_and_offers_no_second_undo(state: State) -> None:
    the = chain_at("extra", "failed").model_copy(update={"undoing": Undoing(number=7, state=state)})
    card = sound_message(change_card(the.model_copy(update={"state": "abandoned"})))
    assert "#7 would undo this, and is " in words(card)
    assert "change.undo" not in elements(card)


def test_what_was_undone_says_so_and_does_not_call_it_standing_at_twilio() -> None:
    the = chain_at("extra", "failed").model_copy(update={"undoing": Undoing(number=7, state="succeeded")})
    card = sound_message(change_card(the.model_copy(update={"state": "abandoned"})))
    assert "Undone by #7." in words(card)
    assert "stays there" not in words(card)
    assert "before it was undone" in words(card)
    assert "change.undo" not in elements(card)


@pytest.mark.parametrize("state", ["rejected", "expired", "cancelled", "abandoned", None])
def test_an_undoing_that_came_to_nothing_gives_the_button_back(state: State | None) -> None:
    the = chain_at("extra", "failed").model_copy(update={"undoing": Undoing(number=7, state=state)})
    card = sound_message(change_card(the.model_copy(update={"state": "abandoned"})))
    assert "change.undo" in elements(card)
    assert "#7" not in words(card)


def test_what_cannot_be_undone_is_said_with_the_reason_once_for_all_that_it_holds() -> None:
    profile = CustomerProfileBundle(Ref(step="profile"))
    gone = Undo(until="sent", title="Delete the draft", call=call_step().call)
    steps = (
        call_step().model_copy(update={"id": "profile", "undo": gone}),
        call_step().model_copy(update={"id": "part", "undo": gone}),
        submit("sent", profile),
        call_step(4),
    )
    done = {s.id: StepRun(state="done", attempt=1, at=NOW, result={"sid": SERVICE}) for s in steps[:3]}
    runs = done | {"step_4": StepRun(state="failed", attempt=1, at=NOW, error="No")}
    for state in ("failed", "abandoned"):
        card = sound_message(change_card(change(state, of=plan().model_copy(update={"steps": steps}), steps=runs)))
        assert words(card).count("A submitted customer profile cannot be taken back") == 1
        assert "change.undo" not in elements(card)
    assert "cannot be undone" not in words(change_card(chain_at("extra", "failed")))


def test_what_only_looked_is_nothing_that_stands_at_twilio() -> None:
    look = call_step()
    look = look.model_copy(update={"call": look.call.model_copy(update={"method": "GET"})})
    runs = {look.id: StepRun(state="done", attempt=0, at=NOW, result={"sid": SERVICE})}
    abandoned = change("abandoned", of=plan().model_copy(update={"steps": (look,)}), steps=runs)
    shown = words(change_card(abandoned))
    assert SERVICE not in shown
    assert "No step of it is known to be done." in shown


def test_what_was_rejected_half_way_says_what_stands_at_twilio() -> None:
    shown = words(change_card(chain_at("paid", "rejected")))
    assert "Nothing was done at Twilio" not in shown
    assert "Done at Twilio so far" in shown


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
    for what in ("goes on from there", "the call is sent again", "leaves everything at Twilio as it is"):
        assert what in shown
    free = change("unknown", requirement=Requirement(rule="free"))
    assert "<@U0RITA> says on its card" in words(change_card(free)), "nobody else is answerable for it"


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
    assert set(elements(note)) == {"change.ask_again", "change.amend", "change.details"}


def test_the_requester_can_act_on_what_they_are_told_as_the_approvals_channel_may_be_closed_to_them() -> None:
    for the in (change("failed"), change("succeeded"), chain_at("hand", "waiting"), chain_at("extra", "failed")):
        note = told(the)
        assert note
        assert set(elements(note)) == set(elements(change_card(the)))


def test_what_people_usually_do_next_is_told_when_a_change_is_done() -> None:
    done, failed = told(change("succeeded")), told(change("failed"))
    assert done
    assert failed
    assert "*Next*: Fill its pool with `/a2p-number buy`" in words(done)
    assert "Fill its pool" not in words(failed)


def test_the_requester_of_an_unknown_outcome_is_not_told_to_press_what_others_must() -> None:
    note = told(change("unknown"))
    assert note
    assert "somebody who may approve it says on its card" in note["text"]
    assert set(elements(note)) == {"change.details"}


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


def test_nobody_is_asked_for_the_sid_of_what_has_none() -> None:
    step = call_step(2).model_copy(update={"adopt": None})
    of = plan().model_copy(update={"steps": (call_step(1), step)})
    view = happened_modal(change("unknown", of=of))
    assert [b["type"] for b in view["blocks"] if b["type"] == "input"] == []
    assert "it goes on with your word" in words(view)


def test_hostile_words_of_a_requester_are_shown_as_words() -> None:
    shown = words(change_card(change("rejected", of=plan(HOSTILE), text=HOSTILE)))
    assert "&lt;!channel&gt;" in shown
    assert "\u202e" not in shown


def test_a_card_never_shows_what_was_typed_besides_the_plan() -> None:
    secret = change("pending").model_copy(update={"inputs": {"tax_id": "12-3456789"}})
    drawn: list[Any] = [change_card(secret), {"blocks": [change_line(secret)]}]
    assert all("12-3456789" not in json.dumps(message) for message in drawn)


@pytest.mark.parametrize(
    ("done", "first", "last"),
    [
        (0, "1. ", "and 15 more steps, 0 of them done"),
        (20, "8 earlier steps, 8 of them done", "and 7 more"),
        (40, "15 earlier", "40. "),
    ],
)
def test_a_long_list_of_steps_shows_those_where_the_run_stands(done: int, first: str, last: str) -> None:
    of = plan(steps=40)
    steps = {s.id: StepRun(state="done", attempt=1, at=NOW) for s in of.steps[:done]}
    lines = checklist(change("running", of=of, steps=steps))
    assert first in lines[0]
    assert last in lines[-1]
    assert all(f"{n}. " in "\n".join(lines) for n in range(max(1, done), min(40, done + 1) + 1))
