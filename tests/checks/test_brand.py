"""The linter of brands says what TCR rejects, before money is spent."""

from typing import Any

import pytest

from bot.checks.brand import BrandFacts, lint
from bot.plans.finding import Finding
from tests.catalog.brand_answers import BRAND, IDENTIFYING, LISTED, SECOND, SOLE_PROPRIETOR

GOOD = {**{n: v for n, v in BRAND.items() if n != "brand_kind"}, "kind": "standard", "address_country": "US"}
GOOD |= {"business_registration_identifier": "EIN"}
PUBLIC = {**GOOD, **LISTED}
TRADE = {**{n: v for n, v in SOLE_PROPRIETOR.items() if n != "brand_kind"}, "kind": "sole_proprietor"}
NON_PROFIT = {"business_type": "Non-profit Corporation", "business_industry": "NOT_FOR_PROFIT"}
GOVERNMENT = {"business_type": "Non-profit Corporation", "business_industry": "GOVERNMENT"}


def found(facts: dict[str, Any]) -> list[Finding]:
    return [f for f in lint(BrandFacts.model_validate(facts)) if f.severity != "note"]


@pytest.mark.parametrize(
    ("facts", "code", "severity", "field", "prevents"),
    [
        ({**TRADE, "brand_name": "Threlkeld Cakes LLC"}, "sole-proprietor-company", "block", "brand_name", 30915),
        ({**TRADE, "brand_name": "Threlkeld Cakes, Inc."}, "sole-proprietor-company", "block", "brand_name", 30903),
        ({**TRADE, "mobile_phone_number": "+18885550100"}, "mobile-toll-free", "block", "mobile_phone_number", 30751),
        ({**TRADE}, "sole-proprietor-api", "warn", "brand_kind", 30734),
        (
            {**GOOD, "business_registration_identifier": "DUNS"},
            "not-ein",
            "warn",
            "business_registration_identifier",
            30795,
        ),
        ({**GOOD, "address_country": "CA"}, "ein-abroad", "warn", "address_country", 30795),
        (
            {**GOOD, "business_registration_number": "00-1234567"},
            "ein-prefix",
            "warn",
            "business_registration_number",
            30795,
        ),
        ({**GOOD, "business_name": "Quillfeather Inc d/b/a Cakes"}, "trading-name", "warn", "business_name", 30795),
        ({**GOOD, "business_name": "Xxxx Test Inc"}, "name-obfuscated", "warn", "business_name", 30756),
        ({**GOOD, "representative_last_name": "Bcdfgh"}, "name-obfuscated", "warn", "representative_last_name", 30756),
        (
            {**GOOD, "representative_email": "wilhelmina@gmail.com"},
            "representative-free-mail",
            "warn",
            "representative_email",
            30753,
        ),
        ({**GOOD, "address_street": "P.O. Box 12"}, "post-box", "warn", "address_street", 30754),
        ({**GOOD, "website_url": "https://www.facebook.com/quill"}, "website-social", "warn", "website_url", 30891),
        ({**PUBLIC, "brand_contact_email": None}, "no-brand-contact", "block", "brand_contact_email", 21737),
        (
            {**PUBLIC, "brand_contact_email": "ottoline@gmail.com"},
            "brand-contact-free-mail",
            "block",
            "brand_contact_email",
            21740,
        ),
        (
            {**PUBLIC, "brand_contact_email": "ottoline@elsewhere.example"},
            "brand-contact-domain",
            "warn",
            "brand_contact_email",
            21736,
        ),
        (
            {**PUBLIC, "brand_contact_email": "info@quillfeather.example"},
            "brand-contact-shared",
            "warn",
            "brand_contact_email",
            21738,
        ),
        ({**PUBLIC, "stock_exchange": "NONE"}, "exchange-missing", "warn", "stock_exchange", 30796),
        ({**GOOD, "stock_ticker": "QUIL"}, "private-with-ticker", "warn", "company_type", 30796),
        ({**GOOD, "company_type": "government"}, "government-mismatch", "warn", "company_type", 30797),
        ({**GOOD, "business_industry": "GOVERNMENT"}, "government-mismatch", "warn", "company_type", 30797),
        (
            {**GOOD, **GOVERNMENT, "company_type": "government", "address_country": "CA"},
            "government-abroad",
            "warn",
            "company_type",
            30797,
        ),
        ({**GOOD, "company_type": "non-profit"}, "non-profit-mismatch", "warn", "company_type", 30798),
        (
            {**GOOD, **NON_PROFIT, "company_type": "non-profit", "business_type": "Corporation"},
            "business-type-mismatch",
            "warn",
            "business_type",
            30798,
        ),
    ],
)
def test_what_is_rejected_is_said_on_its_field_with_its_code(
    facts: dict[str, Any], code: str, severity: str, field: str, prevents: int
) -> None:
    [finding] = [f for f in found(facts) if f.code == code]
    assert (finding.severity, finding.field) == (severity, field)
    assert prevents in finding.prevents


@pytest.mark.parametrize(
    "facts",
    [
        GOOD,
        {**PUBLIC, **SECOND},
        {**GOOD, **NON_PROFIT, "company_type": "non-profit"},
        {**GOOD, **GOVERNMENT, "company_type": "government"},
        {**GOOD, "business_name": "IBM Corp"},
    ],
    ids=["private", "public", "non-profit", "government", "abbreviation"],
)
def test_nothing_is_said_against_a_good_brand(facts: dict[str, Any]) -> None:
    assert found(facts) == []


def test_every_finding_names_a_field_and_a_code_and_repeats_nothing_that_identifies() -> None:
    for facts in (GOOD, {**PUBLIC, **SECOND}, TRADE):
        for finding in lint(BrandFacts.model_validate(facts)):
            assert finding.field in BrandFacts.model_fields or finding.field == "brand_kind"
            assert finding.prevents
            assert [p for p in IDENTIFYING if p in finding.model_dump_json()] == []
