"""Registrations: where they stand, whose turn it is, and what to do about a rejection."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.guide import Guide
from bot.tracking.registration import GONE
from handlers.blocks.following.registration import Shown, registration_card, verdict
from tests.handlers.blocks.judge import elements, sound_message, words
from tests.handlers.blocks.samples import HOSTILE, NOW, SERVICE, STRANGE, error, registration, transition

GUIDE = Guide.load()
STATUSES = ("", "PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED", GONE, "CAMPAIGN_EATEN_BY_DOG")
HOPELESS = next(g.code for g in GUIDE if g.resubmittable is False and g.kind == "campaign_vetting")


def rejected(*errors: dict[str, Any], **more: Any) -> Any:
    """The verdict on a campaign that failed with these errors."""
    the = registration("FAILED", *errors)
    return sound_message(verdict(Shown(the), transition("FAILED", *errors, **more)))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", ["campaign", "brand"])
@pytest.mark.parametrize("text", ["Acme", *STRANGE])
def test_cards_and_verdicts_take_every_status_and_any_text(status: str, kind: str, text: str) -> None:
    errors = [error(30896, description=text, url=text, fields=[text, "MESSAGE_FLOW"]), error(text)]
    for given_errors in ([], errors):
        the = registration(status, *given_errors, title=text, trouble=text, failures=9, kind=kind, text=text)
        moved = transition(status, *given_errors, before=text, text=text)
        sound_message(registration_card(Shown(the, tuple([moved] * 10))))
        sound_message(verdict(Shown(the), moved))


@given(st.text(max_size=60))
def test_a_status_that_nobody_knows_is_shown_as_twilio_gave_it(status: str) -> None:
    sound_message(verdict(Shown(registration(status)), transition(status)))
    sound_message(registration_card(Shown(registration(status))))


@pytest.mark.parametrize("count", [1, 25, 100])
def test_any_number_of_errors_keeps_the_button(count: int) -> None:
    errors = [error(30896, description="x" * 5000) for _ in range(count)]
    assert "registration.resubmit" in elements(rejected(*errors))


# The card


@pytest.mark.parametrize(
    ("status", "words_shown", "holder"),
    [
        ("PENDING", "*Submitted*", "Twilio"),
        ("IN_PROGRESS", "*Under review*", "the carriers' vetting"),
        ("VERIFIED", "*Verified*", "the carriers, for the numbers"),
        ("SUSPENDED", "*Suspended*", "<@U0RITA>, with Twilio support"),
        (GONE, "*No longer at Twilio*", "<@U0RITA>"),
    ],
)
def test_a_card_says_where_it_stands_and_whose_turn_it_is(status: str, words_shown: str, holder: str) -> None:
    shown = words(registration_card(Shown(registration(status))))
    assert words_shown in shown
    assert f"*It is up to*\n{holder}" in shown


def test_a_campaign_under_review_says_how_long_that_takes_and_how_long_it_took() -> None:
    shown = words(registration_card(Shown(registration())))
    assert "10 to 15 business days" in shown
    assert "(3 days at the last look)" in shown


def test_a_card_names_service_use_case_brand_and_change() -> None:
    shown = words(registration_card(Shown(registration())))
    for part in (SERVICE, "DELIVERY_NOTIFICATION", "BN3d3d", "CABC123", "#142", "open in Console"):
        assert part in shown


def test_a_card_can_be_checked_now() -> None:
    button = elements(registration_card(Shown(registration())))
    assert button["registration.check"]["value"] == registration().id
    assert "registration.resubmit" not in button


def test_a_failed_card_offers_the_fix_and_names_the_codes() -> None:
    card = registration_card(Shown(registration("FAILED", error(), error(30893))))
    assert "(errors 30896, 30893)" in words(card)
    assert elements(card)["registration.resubmit"]["style"] == "primary"


def test_a_card_that_may_be_out_of_date_says_so_and_why() -> None:
    shown = words(registration_card(Shown(registration(trouble="Twilio cannot be reached", failures=3))))
    assert "has not been able to look at Twilio for some time*, so this is as of" in shown
    assert "Twilio cannot be reached" in shown


def test_a_single_look_that_failed_is_not_worth_a_word() -> None:
    shown = words(registration_card(Shown(registration(trouble="Twilio cannot be reached", failures=1))))
    assert "cannot be reached" not in shown


# Verdicts


def test_a_verified_campaign_is_announced_with_what_to_wait_for() -> None:
    message = sound_message(verdict(Shown(registration("VERIFIED")), transition("VERIFIED")))
    assert "is verified" in message["text"]
    assert "30034" in message["text"]
    assert "minutes to days" in words(message)


def test_a_rejection_shows_code_words_field_submission_meaning_and_fix() -> None:
    guidance = GUIDE.explain(30896)
    assert guidance
    shown = words(rejected(error(), text="People tick a box at checkout."))
    for part in (
        "<https://www.twilio.com/docs/api/errors/30896|30896>",
        "> Opt-in could not be verified",
        "*Submitted as How people opt in (MESSAGE_FLOW)*\n“People tick a box at checkout.”",
        f"*Wanted*\n{guidance.remedy}",
        guidance.meaning,
        "It may cost $15.00 again",
    ):
        assert part in shown


def test_what_was_submitted_is_cut() -> None:
    shown = words(rejected(error(), text="word " * 1000))
    assert "word…”" in shown
    assert len(shown) < 2000


@pytest.mark.parametrize(
    ("field", "label", "value"),
    [
        ("USE_CASE_DESCRIPTION", "Description", "People"),
        ("SAMPLE_MESSAGE_2", "Sample message 2", "Acme: your order [number] is here."),
        ("SAMPLE_MESSAGE_5", "Sample message 5", "nothing"),
        ("PRIVACY_POLICY_URL", "Privacy policy", "https://acme.example/privacy"),
        ("TERMS_AND_CONDITIONS_URL", "Terms and conditions", "nothing"),
        ("HasEmbeddedLinks", "Messages hold links", "No"),
        ("BrandRegistrationSid", "Brand", "BN3d"),
    ],
)
def test_a_field_at_fault_is_named_as_in_the_form_beside_what_it_held(field: str, label: str, value: str) -> None:
    shown = words(rejected(error(fields=[field])))
    assert value in shown.partition(f"*Submitted as {label} ({field})*\n")[2].partition("\n")[0]


def test_an_error_without_fields_takes_those_of_the_guide() -> None:
    assert "How people opt in" in words(rejected(error(fields=None)))


def test_an_unknown_code_and_field_are_shown_as_twilio_gave_them() -> None:
    shown = words(rejected(error(39999, description="Something new", fields=["NEW_FIELD"])))
    for part in ("39999", "> Something new", "*Field*: `NEW_FIELD`", "not in our guide yet"):
        assert part in shown


@pytest.mark.parametrize("code", [None, "", "ABC", "30896"])
def test_a_code_of_any_shape_is_shown(code: Any) -> None:
    assert (str(code) if code else "without a code") in words(rejected(error(code)))


@pytest.mark.parametrize("errors", [None, "text", 7, [None, 3, "x"], {}])
def test_errors_of_no_known_shape_do_not_hide_the_verdict(errors: Any) -> None:
    moved = transition("FAILED").model_copy(update={"snapshot": {"errors": errors}})
    message = sound_message(verdict(Shown(registration("FAILED")), moved))
    assert "was rejected, without giving a reason" in message["text"]


def test_fixing_and_resubmitting_is_the_main_button() -> None:
    button = elements(rejected(error(), error(HOPELESS)))["registration.resubmit"]
    assert button["style"] == "primary"
    assert button["value"] == registration().id


def test_when_no_code_can_be_resubmitted_that_is_said_and_the_button_warns() -> None:
    message = rejected(error(HOPELESS))
    button = elements(message)["registration.resubmit"]
    assert "style" not in button
    assert "rejected again" in button["confirm"]["text"]["text"]
    assert "takes no resubmission" in message["text"]


def test_a_campaign_from_tcr_is_fixed_there() -> None:
    moved = transition("FAILED", error())
    moved = moved.model_copy(update={"snapshot": {**moved.snapshot, "is_externally_registered": True}})
    message = sound_message(verdict(Shown(registration("FAILED", error())), moved))
    assert "fix the campaign in TCR, share it with Twilio again" in message["text"]
    assert "Fix in TCR and associate again" in words(message)


def test_a_campaign_from_tcr_that_is_gone_is_shared_again_there() -> None:
    gone = registration(GONE).model_copy(update={"snapshot": {"is_externally_registered": True}})
    shown = words(sound_message(registration_card(Shown(gone))))
    assert "share it with Twilio in TCR again, then use `/a2p-external associate`" in shown
    assert "Register it again" not in shown


def test_a_refused_brand_says_which_updates_are_free_and_a_mock_one_that_it_cannot_send() -> None:
    brand = registration("FAILED", error(30795), kind="brand", title="Brand “Acme”")
    failed = brand.model_copy(update={"snapshot": {**brand.snapshot, "mock": True}})
    shown = words(sound_message(registration_card(Shown(failed))))
    assert "Three updates are free" in shown
    assert "it can never send" in shown
    assert "registration.resubmit" in elements(registration_card(Shown(failed)))


def test_the_free_corrections_of_a_brand_are_counted_on_its_card() -> None:
    brand = registration("FAILED", error(30795), kind="brand").model_copy(update={"tries": 2})
    assert "2 of 3 free ones sent from here" in words(registration_card(Shown(brand)))
    assert "free ones" not in words(registration_card(Shown(registration("FAILED", error(30896)))))


def test_a_sole_proprietors_card_says_when_the_passcode_runs_out() -> None:
    waits = registration("PENDING", kind="brand").model_copy(update={"made_at": NOW})
    waits = waits.model_copy(update={"snapshot": {"brand_type": "SOLE_PROPRIETOR"}})
    assert f"<!date^{int(NOW) + 86400}^" in words(registration_card(Shown(waits)))
    assert "runs out" not in words(registration_card(Shown(waits.model_copy(update={"status": "APPROVED"}))))


def test_errors_on_a_campaign_that_did_not_fail_are_told_at_once() -> None:
    message = sound_message(verdict(Shown(registration()), transition("PENDING", error())))
    assert "Twilio reports errors" in message["text"]
    assert "30896" in words(message)
    assert "registration.resubmit" not in elements(message)


def test_a_suspension_says_what_it_means() -> None:
    shown = words(verdict(Shown(registration("SUSPENDED")), transition("SUSPENDED")))
    assert "30 days" in shown
    assert "support ticket" in shown


def test_an_older_transition_is_told_as_it_was() -> None:
    message = verdict(Shown(registration("VERIFIED")), transition("IN_PROGRESS", before="PENDING"))
    assert "under review" in words(message)


def test_hostile_words_of_a_campaign_are_shown_as_words() -> None:
    shown = json.dumps(rejected(error(description=HOSTILE), text=HOSTILE))
    assert "<!channel>" not in shown
