"""Ready to send is said only where everything holds: campaign, brand, pool, the numbers themselves, and routing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks import ready_to_send as rules
from bot.checks.ready_to_send import NumberStanding, standing
from bot.plans.finding import Finding, note, warn
from bot.twilio.reads import Brand, Campaign, PoolNumber, Service

SERVICE, OTHER = "MG" + "5e" * 16, "MG" + "6f" * 16
LOCAL, TOLL_FREE = "+14155550110", "+18885550130"
words = st.sampled_from(["REGISTERED", "FAILURE", "PENDING_REGISTRATION", "PENDING_DEREGISTRATION", "UNREGISTERED", ""])
numbers = st.lists(st.builds(NumberStanding, st.just(LOCAL), words | st.text(max_size=9), st.booleans()), max_size=6)


def campaign(status: str = "VERIFIED", **fields: Any) -> Campaign:
    return Campaign(messaging_service_sid=SERVICE, campaign_status=status, **fields)


def brand(status: str = "APPROVED", **fields: Any) -> Brand:
    return Brand(sid="BN" + "a1" * 16, status=status, **fields)


def pool(*every: str) -> list[PoolNumber]:
    return [PoolNumber(sid=f"PN{i:032}", phone_number=number) for i, number in enumerate(every)]


def seen(found: list[Finding]) -> list[tuple[str, str]]:
    return [(f.severity, f.code) for f in found]


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (None, "no-campaign"),
        (campaign(mock=True), "mock-campaign"),
        (campaign("SUSPENDED"), "campaign-suspended"),
        (campaign("FAILED"), "campaign-failed"),
        (campaign("IN_PROGRESS"), "campaign-under-review"),
        (campaign("A_NEW_WORD"), "campaign-not-verified"),
    ],
)
def test_a_campaign_that_lets_nothing_out_stands_in_the_way(held: Campaign | None, code: str) -> None:
    assert seen(rules.of_campaign("Acme", held)) == [("block", code)]


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (brand("SUSPENDED"), "brand-not-approved"),
        (brand("IN_REVIEW"), "brand-under-review"),
        (brand(identity_status="UNVERIFIED"), "brand-unverified"),
        (brand(errors=[{"error_code": "30796"}]), "brand-feedback"),
    ],
)
def test_a_brand_that_carries_nothing_stands_in_the_way(held: Brand, code: str) -> None:
    assert seen(rules.of_brand(campaign(), held)) == [("block", code)]


def test_a_brand_that_is_not_at_twilio_matters_only_where_twilio_registered_the_campaign() -> None:
    sid = "BN" + "a1" * 16
    assert seen(rules.of_brand(campaign(brand_registration_sid=sid), None)) == [("warn", "brand-gone")]
    assert rules.of_brand(campaign(brand_registration_sid=sid, is_externally_registered=True), None) == []


@pytest.mark.parametrize(
    ("senders", "short_codes", "code"),
    [([], 0, "pool-empty"), ([TOLL_FREE], 0, "no-ten-digit-number"), ([], 2, "no-ten-digit-number")],
)
def test_a_pool_without_a_10dlc_number_sends_nothing_under_its_campaign(
    senders: list[str], short_codes: int, code: str
) -> None:
    assert seen(rules.of_pool("Acme", pool(*senders), short_codes)) == [("block", code)]
    assert rules.of_pool("Acme", pool(LOCAL, TOLL_FREE), short_codes) == []


@given(numbers, st.booleans())
def test_numbers_are_ready_only_if_every_one_was_heard_to_be_registered(
    every: list[NumberStanding], events: bool
) -> None:
    verdict = rules.readiness(rules.of_registrations(every, events=events))
    states = {n.status for n in every}
    assert (verdict == "ready") == (states <= {"REGISTERED"})
    assert (verdict == "unsure") <= all(n.unknown or n.status == "REGISTERED" for n in every)
    assert sum(rules.counted(every).values()) == len(every)


def test_of_a_number_that_nobody_could_hear_of_it_is_said_why() -> None:
    [silent] = rules.of_registrations([NumberStanding(LOCAL)], events=False)
    assert (silent.severity, "/a2p-events setup" in silent.fix) == ("warn", True)
    [older] = rules.of_registrations([NumberStanding(LOCAL)], events=True)
    assert (older.severity, "/a2p-events setup" in older.fix) == ("warn", False)
    assert seen(rules.of_registrations([NumberStanding(LOCAL, awaited=True)], events=True)) == [
        ("block", "numbers-waiting")
    ]


def test_what_was_said_of_a_number_in_another_service_does_not_count() -> None:
    told = {"service_sid": OTHER}
    assert standing(LOCAL, SERVICE, "REGISTERED", told, awaited=True).waits
    assert standing(LOCAL, SERVICE, "FAILURE", told, awaited=False).unknown
    # it must leave there first, whichever service that was
    assert standing(LOCAL, SERVICE, "PENDING_DEREGISTRATION", told, awaited=False).state == "PENDING_DEREGISTRATION"
    assert standing(LOCAL, SERVICE, "REGISTERED", {"service_sid": SERVICE}, awaited=False).state == "REGISTERED"
    assert standing(LOCAL, SERVICE, "REGISTERED", {"service_sid": ""}, awaited=False).state == "REGISTERED"


def test_routing_that_leaves_answers_unheard_or_answers_twice_stands_in_the_way() -> None:
    found = [note("nobody-answers", "a."), warn("two-webhooks", "b."), warn("flow-gone", "c.")]
    assert seen(rules.of_routing(found)) == [
        ("block", "nobody-answers"), ("note", "two-webhooks"), ("block", "flow-gone"),
    ]  # fmt: skip


def test_hundreds_of_numbers_with_one_trouble_are_one_reason() -> None:
    [reason] = rules.of_routing([note("nobody-answers", f"{i}.") for i in range(400)])
    assert reason.text == "0. 1. 2. The same holds for 397 more."


def test_replies_that_are_dropped_or_autocreated_leave_it_unsure() -> None:
    silent = Service(sid=SERVICE, friendly_name="Acme", use_inbound_webhook_on_number=False)
    assert seen(rules.of_dropped(silent)) == [("warn", "inbound-dropped")]
    assert rules.of_dropped(silent.model_copy(update={"inbound_request_url": "https://acme.example/in"})) == []
    assert rules.of_dropped(silent.model_copy(update={"use_inbound_webhook_on_number": True})) == []
