"""Whether a brand, a service and a use case can carry a campaign is said before fifteen dollars are spent on asking."""

from typing import Any

import pytest

from bot.checks import eligibility
from bot.checks.guide import Guide
from bot.plans.finding import Finding
from bot.twilio.reads import Brand, Campaign, PoolNumber, Service, UseCase

GUIDE = Guide.load()
SERVICE = Service(sid="MG1", friendly_name="Acme")


def brand(**fields: Any) -> Brand:
    good = {"sid": "BN1", "status": "APPROVED", "identity_status": "VERIFIED", "brand_type": "STANDARD", "errors": []}
    return Brand.model_validate(good | fields)


def of_brand(**fields: Any) -> dict[str, Finding]:
    return {f.code: f for f in eligibility.of_brand(brand(**fields), GUIDE)}


def feedback(code: Any, **fields: Any) -> dict[str, Any]:
    return {"error_code": code, "description": "Something.", "fields": None, "url": "https://x.example", **fields}


def test_a_good_brand_is_left_alone() -> None:
    assert of_brand() == {}


@pytest.mark.parametrize("code", [30795, 30796, 30797, 30798, 30799, "30795"])
def test_feedback_that_blocks_campaigns_stops_the_request(code: int | str) -> None:
    found = of_brand(errors=[feedback(code)])["brand-feedback"]
    assert (found.severity, found.prevents) == ("block", (int(code),))
    assert found.fix


def test_other_feedback_on_an_approved_brand_is_told() -> None:
    assert of_brand(errors=[feedback(30757)])["brand-feedback"].severity == "warn"


def test_feedback_with_an_unknown_code_is_told_as_twilio_gave_it() -> None:
    found = of_brand(errors=[feedback(39999, fields=["mood"])])["brand-feedback"]
    assert (found.severity, found.prevents, found.fix) == ("warn", (), "https://x.example")
    assert "39999: Something. (about mood)" in found.text


def test_feedback_without_a_code_is_told_without_one() -> None:
    assert "no code: no description given" in of_brand(errors=[{}])["brand-feedback"].text


def test_a_failed_brand_is_told_once_and_not_by_each_of_its_errors() -> None:
    assert of_brand(status="FAILED", errors=[feedback(30795)]).keys() == {"brand-not-approved"}


def test_a_mock_brand_is_told_to_be_for_trying_only() -> None:
    assert of_brand(mock=True)["mock-brand"].severity == "note"


def test_a_sole_proprietor_brand_is_told_its_limits() -> None:
    assert of_brand(brand_type="SOLE_PROPRIETOR", skip_automatic_sec_vet=True).keys() == {"sole-proprietor"}


@pytest.mark.parametrize("identity", ["SELF_DECLARED", "VERIFIED", "VETTED_VERIFIED", None, "SOMETHING_NEW"])
def test_only_an_unverified_identity_stops_the_request(identity: str | None) -> None:
    assert of_brand(identity_status=identity) == {}


@pytest.mark.parametrize("declared", [None, "undeclared", "notifications"])
def test_a_service_that_declares_nothing_or_the_same_is_left_alone(declared: str | None) -> None:
    service = SERVICE.model_copy(update={"usecase": declared})
    assert eligibility.of_service(service, "DELIVERY_NOTIFICATION") == []


@pytest.mark.parametrize("declared", ["marketing", "poll", "something_new"])
def test_a_service_that_declares_something_else_is_told(declared: str) -> None:
    service = SERVICE.model_copy(update={"usecase": declared})
    (found,) = eligibility.of_service(service, "DELIVERY_NOTIFICATION")
    assert (found.severity, found.prevents) == ("warn", (21719,))


@pytest.mark.parametrize("case", ["MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR"])
def test_a_use_case_for_everything_fits_every_service(case: str) -> None:
    assert eligibility.of_service(SERVICE.model_copy(update={"usecase": "marketing"}), case) == []


def test_a_use_case_is_offered_or_the_offered_ones_are_named() -> None:
    allowed = [UseCase(code="MIXED"), UseCase(code="2FA")]
    assert eligibility.of_use_case("MIXED", allowed) == []
    (found,) = eligibility.of_use_case("MARKETING", allowed)
    assert (found.severity, found.fix) == ("block", "Choose one of MIXED, 2FA.")


def test_a_pool_is_told_when_it_is_empty_or_too_full_for_its_brand() -> None:
    numbers = [PoolNumber(sid=f"PN{i}", phone_number=f"+1503555010{i}") for i in range(2)]
    assert eligibility.of_pool(SERVICE, [], sole_proprietor=False)[0].code == "pool-empty"
    assert eligibility.of_pool(SERVICE, numbers, sole_proprietor=False) == []
    assert eligibility.of_pool(SERVICE, numbers[:1], sole_proprietor=True) == []
    assert eligibility.of_pool(SERVICE, numbers, sole_proprietor=True)[0].prevents == (30125,)


def test_a_pool_of_toll_free_numbers_is_told_that_no_campaign_covers_them() -> None:
    numbers = [PoolNumber(sid="PN1", phone_number="+18885550130"), PoolNumber(sid="PN2", phone_number="+15035550101")]
    (found,) = eligibility.of_pool(SERVICE, numbers, sole_proprietor=False)
    assert found.code == "toll-free-not-10dlc"
    assert "+18885550130" in found.text
    assert "+15035550101" not in found.text


@pytest.mark.parametrize("status", ["FAILED", "SUSPENDED", "VERIFIED", "IN_PROGRESS", "SOMETHING_NEW"])
def test_a_campaign_that_exists_always_stops_the_request_and_shows_its_state(status: str) -> None:
    (found,) = eligibility.of_existing(SERVICE, Campaign(messaging_service_sid="MG1", campaign_status=status))
    assert found.severity == "block"
    assert status in found.text


def test_only_a_sole_proprietor_is_limited_to_one_campaign() -> None:
    other = Campaign(messaging_service_sid="MG2", campaign_status="FAILED")
    assert eligibility.of_other_campaigns(brand(), [other]) == []
    assert eligibility.of_other_campaigns(brand(brand_type="SOLE_PROPRIETOR"), []) == []
    (found,) = eligibility.of_other_campaigns(brand(brand_type="SOLE_PROPRIETOR"), [other])
    assert found.prevents == (21732,)
