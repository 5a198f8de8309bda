"""What each documented event means, and that nothing odd is lost or breaks anything."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake.event_types import COMPLIANCE, Heard, Subject, opened, read_event
from bot.intake.fields import moment
from bot.tracking.traffic import Receipt
from tests.conftest import START
from tests.intake.receiver import BRAND, NUMBER, SERVICE, payload

CAMPAIGN_OF = Subject("campaign", SERVICE, f"Campaign of {SERVICE}")
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=10,
)
known_fields = ["type", "id", "time", "data", "accountsid", "phoneNumberSid", "externalstatus", "brandsid", "timestamp"]
odd_events = st.dictionaries(st.sampled_from(known_fields) | st.text(max_size=10), json_values, max_size=8)


def heard(event: dict[str, Any]) -> Heard:
    found = read_event(opened(event, START))
    assert found is not None
    return found


def changed(event: dict[str, Any], **data: Any) -> dict[str, Any]:
    """The event with other data; None takes a field away."""
    kept = {name: value for name, value in {**event["data"], **data}.items() if value is not None}
    return {**event, "data": kept}


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("number_registration", ["PENDING_REGISTRATION", "REGISTERED", "FAILURE"]),
        ("number_deregistration", ["PENDING_DEREGISTRATION", "UNREGISTERED", "FAILURE"]),
    ],
)
def test_an_event_of_a_number_tells_its_state_in_the_words_of_the_console(name: str, states: list[str]) -> None:
    found = [heard(event) for event in payload(name)]
    assert [h.status for h in found] == [h.fact.value for h in found if h.fact] == states
    assert {h.subject for h in found} == {Subject("number", NUMBER, "+15035550101")}
    assert [h.snapshot and h.snapshot["phone_number"] for h in found] == ["+15035550101"] * 3


def test_the_reason_of_a_failed_number_is_kept_raw_and_as_a_code_however_the_field_is_spelt() -> None:
    link, words = heard(payload("number_registration")[2]), heard(payload("number_deregistration")[2])
    assert link.snapshot
    assert words.snapshot
    assert link.snapshot["failure_reason"] == "https://www.twilio.com/docs/api/errors/30126"
    assert words.snapshot["failure_reason"] == "Deregistration failed: see 30126"
    assert (link.snapshot["error_code"], words.snapshot["error_code"]) == (30126, 30126)


def test_a_number_that_is_registered_has_its_campaign_looked_at_and_one_that_leaves_only_where_it_is_followed() -> None:
    joining, leaving = heard(payload("number_registration")[1]), heard(payload("number_deregistration")[1])
    assert (joining.look, joining.look_if_followed) == ((CAMPAIGN_OF,), ())
    assert (leaving.look, leaving.look_if_followed) == ((), (CAMPAIGN_OF,))


def test_a_state_that_is_not_known_is_kept_as_it_came_and_a_missing_one_follows_from_the_type() -> None:
    event = payload("number_registration")[1]
    assert heard(changed(event, externalstatus="Parked by carrier")).status == "Parked by carrier"
    assert heard(changed(event, externalstatus=None)).status == "REGISTERED"
    assert heard({**event, "type": f"{COMPLIANCE}number-registration.parked"}).status == "REGISTERED"


def test_data_in_a_text_and_keys_in_another_case_mean_the_same() -> None:
    event = payload("number_registration")[1]
    loud = {name.upper(): value for name, value in event["data"].items()}
    assert heard({**event, "data": loud}) == heard(event)
    assert heard({**event, "data": json.dumps(event["data"])}) == heard(event)


def test_every_event_of_a_brand_has_it_looked_at() -> None:
    for event in payload("brand"):
        found = heard(event)
        assert found.look == (Subject("brand", BRAND, f"Brand {BRAND}"),)
        assert found.status == ""
        assert found.fact
        assert (found.fact.name, found.fact.value) == ("event", event["type"])


def test_the_mail_of_a_brands_2fa_is_a_fact_of_its_own() -> None:
    facts = [f for event in payload("brand_mail") if (f := heard(event).fact)]
    assert [f.name for f in facts] == ["mail_2fa", "mail_2fa_sent", *["mail_2fa"] * 4]
    assert [f.value for f in facts] == ["invalid_contact_email", "sent", "opened", "clicked", "completed", "timeout"]


def test_events_of_a_campaign_stand_in_its_log_and_decide_nothing() -> None:
    found = [heard(event) for event in payload("campaign")]
    assert {h.subject for h in found} == {CAMPAIGN_OF}
    assert {h.status for h in found} == {""}
    assert [h.follow for h in found] == [True, True, True, False, False]
    assert [f.value.rpartition(".")[2] for h in found if (f := h.fact)][2] == "campaign-failure"
    orphan = heard(changed(payload("campaign")[1], messagingservicesid=None))
    assert (orphan.subject, orphan.look, orphan.tcr_campaign) == (None, (), "CABC123")


def test_of_a_message_only_its_end_is_kept_never_its_text_or_its_recipient() -> None:
    _, _, delivered, failed, *_ = payload("message")
    assert heard(delivered).receipt == Receipt("SM" + f"{41:032x}", "delivered", SERVICE)
    assert heard(failed).receipt == Receipt("SM" + f"{42:032x}", "failed", SERVICE, code="30034")
    assert all("4711" not in repr(h) and "0199" not in repr(h) for h in (heard(delivered), heard(failed)))
    assert heard(changed(delivered, messageStatus=None)).receipt == heard(delivered).receipt


def test_types_that_are_not_known_are_told_apart_from_those_that_are() -> None:
    assert [read_event(opened(event, START)) for event in payload("other")] == [None] * 4
    assert read_event(opened(payload("message")[-1], START)) is None


@pytest.mark.parametrize("sid", ["PN1", "PN|" + "0" * 30, "PN{" + "0" * 31, "BN" + "2c" * 16, 7, None, ["x"], ""])
def test_a_number_without_a_proper_sid_is_not_taken(sid: Any) -> None:
    assert read_event(opened(changed(payload("number_registration")[0], phonenumbersid=sid), START)) is None


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (START - 60, START - 60),
        ((START - 60) * 1000, START - 60),
        (str(int(START - 60) * 1000), START - 60),
        ("2026-09-21T10:00:00.000Z", 1789984800.0),
        ("2026-09-21T10:00:00", 1789984800.0),
        ("2026-09-21T12:00:00+02:00", 1789984800.0),
        (0, None),
        (-5, None),
        (True, None),
        (START + 90000, None),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        (float("nan"), None),
        (10**400, None),
        ("yesterday", None),
        ({}, None),
    ],
)
def test_a_time_is_read_in_any_unit_and_never_believed_when_it_is_absurd(value: Any, at: float | None) -> None:
    assert moment(value, START) == at


def test_an_absurd_time_gives_way_to_that_of_the_envelope() -> None:
    event = payload("number_registration")[1]
    odd = heard(changed(event, timestamp=-1, updateddate="9999-01-01T00:00:00Z"))
    assert odd.fact
    assert odd.fact.at == 1789984800.0


def test_the_mail_of_a_brand_that_was_long_left_alone_was_sent_when_its_event_says() -> None:
    event = {**payload("brand")[0], "type": "com.twilio.messaging.compliance.brand-registration.email-2fa-sent"}
    old = changed(event, createddate=1780000000000, updateddate=1780000000000)
    assert opened(old, START).at == 1789984800.0


def test_an_event_without_an_id_is_known_by_its_content() -> None:
    event = {name: value for name, value in payload("brand")[0].items() if name != "id"}
    other = changed(event, identitystatus="verified")
    ids = [opened(e, START).id for e in (event, dict(reversed(event.items())), other)]
    assert ids[0] == ids[1] != ids[2]


@given(odd_events)
def test_whatever_comes_reading_it_breaks_nothing_and_what_is_kept_can_be_stored(odd: dict[str, Any]) -> None:
    for event in (odd, {**odd, "type": f"{COMPLIANCE}number-registration.pending"}, {**payload("brand")[0], **odd}):
        found = read_event(opened(event, START))
        assert found is None or found.fact is None or found.fact.model_dump_json().encode()
