"""The card of a registration: whose it is, how long it takes, what runs out, and what is missing before it can send."""

from typing import Any

import pytest

from bot.checks.guide import Guide
from bot.tracking.registration import Fact, Mute, Registration
from bot.tracking.typical import ENOUGH, Typical
from handlers.blocks.following.deadline_words import deadline_line, deadline_words
from handlers.blocks.following.registration import Shown, registration_card, registration_modal, standing
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import ANN, HOSTILE, NOW, RITA, STRANGE, error, registration, transition

DAY = 86400.0
CHANNEL = "C0A2P"
READY: dict[str, Any] = {
    "ready": "not",
    "readiness": {
        "numbers": {"REGISTERED": 3, "PENDING_REGISTRATION": 1, "FAILURE": 1, "EATEN_BY_DOG": 2},
        "total": 7,
        "failed": [{"phone_number": "+15035550100", "error_code": 30126, "reason": "Unknown reason"}],
        "waiting": ["+15035550101"],
        "events": False,
        "reasons": [
            {"code": "number-failed", "severity": "block", "text": "One number failed.", "fix": "Ask support."}
        ],
    },
}


def verified(**more: Any) -> Registration:
    """A verified campaign whose last look asked whether it can send."""
    the = registration("VERIFIED")
    return the.model_copy(update={"snapshot": {**the.snapshot, **READY, **more}})


def card(the: Registration, **more: Any) -> str:
    return words(sound_message(registration_card(Shown(the, **more))))


# How long it takes


def test_what_is_typical_is_told_from_the_teams_own_cases_where_there_are_enough() -> None:
    shown = card(registration(), typical=Typical(6 * DAY, 13 * DAY, ENOUGH))
    assert "Half of your 20 campaigns left review within 6 days, nine of ten within 13 days." in shown


@pytest.mark.parametrize(
    ("own", "history"), [(0, "none of yours has come that far yet"), (3, "going by what Twilio says and 3 of your own")]
)
def test_without_a_history_it_is_twilio_who_says_how_long_it_takes(own: int, history: str) -> None:
    shown = card(registration(), typical=Typical(15 * DAY, 28 * DAY, own))
    assert "alf of all campaigns left review within 15 days" in shown
    assert history in shown


def test_what_has_come_to_its_end_is_not_told_how_long_it_takes() -> None:
    assert "nine of ten" not in card(registration("FAILED", error()), typical=Typical(DAY, 2 * DAY, 12))


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("passcode", "30752"),
        ("mail_2fa", "30900"),
        ("mock_removal", "removes the mock brand"),
        ("suspended_removal", "releases its numbers"),
        ("comet", "`comet`"),
    ],
)
def test_each_deadline_says_when_what_happens_then_and_what_to_do(name: str, then: str) -> None:
    line = deadline_line(name, NOW + 3 * DAY, NOW)
    assert then in line
    assert f"<!date^{int(NOW + 3 * DAY)}^" in line
    assert "(3 days left when this was drawn)" in line
    assert line.endswith(deadline_words(name).act)


# Whether it can send


def test_a_verified_campaign_counts_its_numbers_and_names_what_is_missing() -> None:
    shown = card(verified())
    for part in (
        "*Verified, not ready to send*",
        "3 registered, 1 waiting for the carriers, 1 failed, 2 `EATEN_BY_DOG` (of 7 numbers in the pool)",
        "`+15035550100` failed: <https://www.twilio.com/docs/api/errors/30126|30126> Unknown reason",
        "*Must be mended*: One number failed. Ask support.",
        "no events of this account reach Tenfour",
    ):
        assert part in shown


def test_a_campaign_that_is_ready_says_so_and_that_nobody_has_to_act() -> None:
    shown = card(verified(ready="ready"))
    assert "*Ready to send*" in shown
    assert "*It is up to*\nnobody" in shown


def test_a_campaign_of_which_not_everything_is_known_is_not_called_ready() -> None:
    assert standing(verified(ready="unsure")).words == "Verified, most likely ready to send"


@pytest.mark.parametrize("odd", [None, [], "x", {"numbers": "x", "failed": 7, "reasons": [None, {}], "total": "y"}])
def test_readiness_of_no_known_shape_hides_nothing_else(odd: Any) -> None:
    assert "DELIVERY_NOTIFICATION" in card(verified(readiness=odd))


# Whose it is, and where it is heard of


def test_a_card_says_who_sees_to_it_and_can_be_taken_over() -> None:
    the = registration("FAILED", error())
    button = elements(registration_card(Shown(the)))["registration.assign"]
    assert button["value"] == f"{the.id}|{RITA}"
    assert f"*Seen to by*\n<@{RITA}>" in card(the)


def test_a_muted_card_says_by_whom_and_offers_only_to_unmute_it() -> None:
    muted = registration().model_copy(update={"muted": {CHANNEL: Mute(by=ANN, at=NOW)}})
    here, elsewhere = (registration_card(Shown(muted, channel=c)) for c in (CHANNEL, "C0OTHER"))
    assert f"Muted here by <@{ANN}>" in words(here)
    assert "registration.mute" not in elements(here)
    assert "registration.unmute" in elements(here)
    assert "Muted here" not in words(elsewhere)
    assert "not even a rejection" in elements(elsewhere)["registration.mute"]["confirm"]["text"]["text"]


def test_what_events_said_is_on_the_card() -> None:
    heard = {"mail_2fa": Fact(name="mail_2fa", value=HOSTILE, at=NOW, event="EV1")}
    shown = card(registration("PENDING", kind="brand").model_copy(update={"heard": heard}))
    assert "Verification mail" in shown


def test_an_approved_brand_shows_its_feedback_and_which_of_it_stops_campaigns() -> None:
    shown = card(registration("APPROVED", error(30795), error(30701), kind="brand"))
    assert "It stops the campaigns of this brand until it is addressed" in shown.partition("30795")[2]
    assert "It stops nothing by itself." in shown
    assert "registration.resubmit" not in elements(
        registration_card(Shown(registration("APPROVED", error(30795), kind="brand")))
    )


def test_a_card_sends_nobody_to_reasons_that_were_never_told() -> None:
    the = registration("FAILED", error())
    assert "in this thread" in card(the, transitions=(transition("FAILED", error()),))
    assert "in this thread" not in card(the)
    assert "in this thread" not in card(the, transitions=(transition("PENDING"),))


# The same in a window


def test_the_window_shows_the_errors_in_full_and_cannot_mute() -> None:
    the = registration("FAILED", error())
    window = sound_view(registration_modal(Shown(the, (transition("FAILED", error()),), channel=CHANNEL)))
    guidance = Guide.load().explain(30896)
    assert guidance
    assert guidance.meaning in words(window)
    assert "in this thread" not in words(window)
    assert set(elements(window)) == {f"registration.{w}" for w in ("resubmit", "assign", "ticket", "check")}


@pytest.mark.parametrize("kind", ["campaign", "brand", "bundle", "sink", "traffic", "levitation"])
@pytest.mark.parametrize("status", ["", "PENDING", "FAILED", "APPROVED", "GONE", "FAILING", "EATEN_BY_DOG"])
def test_every_kind_in_every_state_can_be_drawn(kind: str, status: str) -> None:
    counts = {"finished": 90, "delivered": 70, "codes": {"30034": 12, HOSTILE: "x"}, "rate": 0.13}
    the = registration(status, error(), kind=kind, text=STRANGE[1])
    the = the.model_copy(update={"snapshot": {**the.snapshot, **counts, "likely": HOSTILE, "bypass": {"+1503": 2}}})
    sound_message(registration_card(Shown(the, channel=CHANNEL, now=NOW)))
    sound_view(registration_modal(Shown(the, now=NOW)))


def test_the_traffic_of_a_service_is_told_in_counts() -> None:
    counts = {"hours": 24, "finished": 90, "delivered": 70, "codes": {"30034": 12}, "rate": 0.1333}
    the = registration("FAILING", kind="traffic").model_copy(update={"snapshot": counts})
    shown = card(the)
    assert "*Refused for registration*\n13.3%" in shown
    assert "12 of `30034`" in shown
