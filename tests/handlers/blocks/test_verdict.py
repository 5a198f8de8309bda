"""What is said of a registration beside its verdicts, and what a rejection remembers."""

from typing import Any

import pytest

from bot.tracking.memory import Accepted, Past, Refused
from bot.tracking.registration import Registration, Transition
from bot.tracking.typical import ENOUGH
from handlers.blocks.following.readiness import reason_lines
from handlers.blocks.following.registration import Shown, verdict
from tests.handlers.blocks.judge import elements, sound_message, words
from tests.handlers.blocks.samples import HOSTILE, NOW, RITA, STRANGE, error, registration, transition

DAY = 86400.0
CHANNEL = "C0A2P"


def told(about: str, status: str = "IN_PROGRESS", **facts: Any) -> Transition:
    """A transition that is about more than the state."""
    moved = transition(status, before=status)
    return moved.model_copy(update={"about": about, "facts": facts, "severity": facts.get("severity", "warn")})


def message(moved: Transition, the: Registration | None = None, **more: Any) -> Any:
    return sound_message(verdict(Shown(the or registration(moved.after), channel=CHANNEL, **more), moved))


# Readiness and numbers


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"ready": "ready"}, "is ready to send."),
        ({"ready": "unsure"}, "is most likely ready to send."),
        ({"ready": "no"}, "is no longer ready to send."),
        ({}, "is no longer ready to send."),
    ],
)
def test_readiness_is_told_in_a_whole_sentence(facts: dict[str, Any], said: str) -> None:
    assert said in message(told("ready", "VERIFIED", **facts))["text"]


def test_a_verified_campaign_that_can_send_at_once_is_called_ready_by_one_message_only() -> None:
    seen = {"ready": "ready", "readiness": {"told": "ready", "reasons": []}}
    moved = transition("VERIFIED", before="IN_PROGRESS").model_copy(update={"snapshot": seen})
    said = message(moved)
    assert said["text"].endswith("is verified")
    assert "ready" not in words(said)


def test_what_only_time_mends_is_not_called_something_to_mend() -> None:
    waits = {"severity": "block", "code": "numbers-waiting", "text": "One number waits.", "fix": "Wait."}
    assert reason_lines({"reasons": [waits]}) == ["• *Takes time*: One number waits. Wait."]


def test_what_is_no_longer_ready_says_why() -> None:
    reasons = [{"severity": "block", "text": "The pool is empty.", "fix": "Use `/a2p-sender add`."}]
    for moved in (
        told("ready", "VERIFIED", ready="no", reasons=reasons),
        told("ready", "VERIFIED", ready="no").model_copy(update={"snapshot": {"readiness": {"reasons": reasons}}}),
    ):
        assert "*Must be mended*: The pool is empty. Use `/a2p-sender add`." in words(message(moved))


def test_numbers_that_failed_are_named_with_code_and_reason() -> None:
    failed = [{"phone_number": "+15035550100", "error_code": 30125, "reason": "One number only"}]
    said = message(told("numbers", "VERIFIED", failed=failed, registered=3, total=5, waiting=1))
    assert "1 number of 5" in said["text"]
    assert "30125> One number only" in words(said)
    assert "3 registered, 1 waiting, 1 failed" in words(said)
    assert "registration.ticket" in elements(said)


def test_numbers_that_were_registered_are_counted() -> None:
    said = message(told("numbers", "VERIFIED", failed=0, registered=3, total=5, waiting=2))
    assert "3 of 5 registered with carriers" in said["text"]


# Time


def test_what_is_stuck_names_stage_holder_and_the_ticket_to_draft() -> None:
    facts: dict[str, Any] = {
        "stage": "campaign:IN_PROGRESS",
        "stood": 20 * DAY,
        "p50": 6 * DAY,
        "p90": 13 * DAY,
        "own": ENOUGH,
        "times": 2,
    }
    said = message(told("stuck", **facts))
    assert "has been under review for 20 days, longer than nine of ten others, going by your own cases" in said["text"]
    assert "It is up to the carriers' vetting." in words(said)
    assert "This was said 1 time before." in words(said)
    assert "registration.ticket" in elements(said)


def test_what_is_stuck_with_the_team_asks_the_team() -> None:
    said = message(told("stuck", "FAILED", stage="campaign:FAILED", stood=9 * DAY, p50=DAY, p90=3 * DAY, own=9))
    assert "before somebody acts" in said["text"]
    assert f"It is up to <@{RITA}>." in words(said)


def test_a_deadline_calls_its_owner_and_says_what_happens_then() -> None:
    facts = {"name": "suspended_removal", "at": NOW + 3 * DAY, "begun": NOW - 27 * DAY, "left": 3 * DAY}
    said = message(told("deadline", "SUSPENDED", **facts))
    assert said["text"].startswith(f"<@{RITA}>: ")
    assert "3 days left" in said["text"]
    assert "Then Twilio removes the campaign" in words(said)
    over = words(message(told("deadline", "SUSPENDED", **{**facts, "at": NOW - 60, "left": 0.0})))
    assert "no time left" in over
    assert "If nothing was done in time, Twilio removes the campaign" in over


@pytest.mark.parametrize("about", ["ready", "numbers", "stuck", "deadline"])
@pytest.mark.parametrize("text", ["Acme", *STRANGE[:4]])
def test_facts_of_any_shape_are_told(about: str, text: str) -> None:
    odd = {"phone_number": text, "error_code": text, "reason": text, "severity": text, "text": text, "fix": text}
    facts = {
        "name": text,
        "stage": text,
        "failed": [odd, None],
        "reasons": [odd] * 40,
        "at": text,
        "p90": None,
        "total": text,
    }
    message(told(about, "VERIFIED", **facts), registration("VERIFIED", title=text))


@pytest.mark.parametrize(
    ("severity", "word"), [("bad", "Bad news"), ("warn", "Warning"), ("good", "Good news"), ("info", "Progress")]
)
@pytest.mark.parametrize("after", ["VERIFIED", "FAILED", "APPROVED"])
def test_how_bad_it_is_stands_there_as_a_word(severity: Any, word: str, after: str) -> None:
    moved = transition(after, *([] if after == "VERIFIED" else [error()]))
    assert word in words(message(moved.model_copy(update={"severity": severity})))


# What a rejection remembers


def refused(code: int, at: float, title: str = "Campaign of “Acme”", key: str = "MG1") -> Refused:
    return Refused(registration=f"campaign|AC|{key}", title=title, at=at, errors=({"error_code": code},))


def test_a_rejection_names_what_the_brand_was_refused_for_before_the_same_code_first() -> None:
    past = Past(refused=(refused(30896, NOW), refused(30893, NOW - 2 * DAY), refused(30896, NOW - 9 * DAY, HOSTILE)))
    shown = words(message(transition("FAILED", error(30896)), past=past))
    assert "Refused before for <https://www.twilio.com/docs/api/errors/30896|30896>:" in shown
    assert f"<!date^{int(NOW - 2 * DAY)}^" in shown
    # this one is not "before"
    assert shown.count("<!date^1795000000^{date_short_pretty}|") == 0
    assert shown.index("Refused before for <https://www.twilio.com/docs/api/errors/30896") < shown.index("30893|30893>")


def test_a_rejection_shows_the_wording_that_was_accepted_last() -> None:
    texts = {"message_flow": "A box under the phone field, not ticked."}
    past = Past(
        accepted=Accepted(registration="x", title="Campaign of “Old”", at=NOW - DAY, use_case="MIXED", texts=texts)
    )
    shown = words(message(transition("FAILED", error(30896)), past=past))
    assert "*Accepted before* as How people opt in (MESSAGE_FLOW)" in shown
    assert "“A box under the phone field, not ticked.”" in shown


def test_the_very_wording_that_was_accepted_before_is_said_to_be_that() -> None:
    texts = {"message_flow": "People tick a box."}
    past = Past(accepted=Accepted(registration="x", title="Campaign of “Old”", at=NOW - DAY, texts=texts))
    assert "the same wording of How people opt in" in words(message(transition("FAILED", error(30896)), past=past))


def test_a_code_that_nobody_knows_is_shown_raw_and_counted() -> None:
    shown = words(message(transition("FAILED", error(39999))))
    assert "the weekly digest says how often it came" in shown


def test_a_long_rejection_keeps_its_advice_and_its_buttons() -> None:
    errors = [error(30896, description="x" * 5000) for _ in range(100)]
    past = Past(refused=tuple(refused(30800 + n, NOW - DAY - n) for n in range(50)))
    said = message(transition("FAILED", *errors), past=past)
    assert "Fix what is named, then resubmit" in words(said)
    assert {f"registration.{w}" for w in ("resubmit", "assign", "ticket", "mute")} <= set(elements(said))


def test_a_bundle_that_was_rejected_is_called_so() -> None:
    moved = transition("twilio-rejected", error(22214, description="The address is not real."))
    said = message(moved, registration("twilio-rejected", kind="bundle"))
    assert "was rejected: error 22214" in said["text"]
    assert "registration.resubmit" not in elements(said)


def test_feedback_on_an_approved_brand_is_no_rejection() -> None:
    said = message(transition("APPROVED", error(30795)), registration("APPROVED", error(30795), kind="brand"))
    assert "is approved, with feedback: error 30795" in said["text"]
    assert "rejected" not in words(said)
    assert "Resubmission" not in words(said)
