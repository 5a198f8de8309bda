"""The forms of brands: who a business is, as the IRS, TCR and the carriers will check it (twilio.md 4.3 to 4.5)."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bot.catalog.brands.options import (
    BUSINESS_TYPES,
    COMPANY_TYPES,
    EXCHANGES,
    IDENTIFIERS,
    IDENTITIES,
    INDUSTRIES,
    KINDS,
    POSITIONS,
    REGIONS,
    VERTICALS,
    AddressLine,
    Email,
    LegalName,
    Mobile,
    PersonName,
    Phone,
    among,
)
from bot.catalog.form import Ask, Form, Values, When
from bot.catalog.rules import Url, shaped

Kind = Literal["standard", "low_volume", "sole_proprietor"]
LABEL_LIMIT = 50
_EIN = re.compile(r"(\d{2})[- ]?(\d{7})")

NEW = When("brand_kind", ("standard", "low_volume", "sole_proprietor"))
BUSINESS = When("brand_kind", ("standard", "low_volume"))
SOLE_PROPRIETOR = When("brand_kind", ("sole_proprietor",))
PUBLIC = When("company_type", ("public",))
SECOND = When("second_representative", (True,))


class BrandKind(Form):
    """Which kind of brand is registered."""

    brand_kind: Annotated[
        Kind,
        Ask("Kind of brand", "It decides price and throughput, and cannot be changed later.", "choice", options=KINDS),
    ]


class BrandInputs(Form):
    """A new brand, whatever form it is part of.

    A form that holds it asks for a `brand_kind` too (`BrandKind`, or a question with more answers than that): nothing
    here is asked unless it is one of the three kinds. Names are long because the form may hold other things as well.
    """

    brand_label: Annotated[
        str,
        Field(min_length=2, max_length=LABEL_LIMIT),
        AfterValidator(shaped(r"[^\x00-\x1f]+", "one line of text")),
        Ask(
            "What you call it",
            "Its name in Twilio's Trust Hub and here. Shown to everybody: write no person's name.",
            max_length=LABEL_LIMIT,
            when=NEW,
        ),
    ]
    notice_email: Annotated[
        Email,
        Ask("E-mail for Twilio's notices", "Twilio writes here when it has reviewed.", sensitive=True, when=NEW),
    ]
    primary_profile_sid: Annotated[
        str | None,
        AfterValidator(shaped(r"BU[0-9a-fA-F]{32}", "a bundle SID starts with BU and has 34 characters")),
        Ask(
            "Primary customer profile",
            "The approved profile of the main account. Blank: the only one there is.",
            "lookup",
            source="primary_profiles",
            when=NEW,
        ),
    ] = None
    mock_brand: Annotated[
        bool,
        Ask(
            "Mock brand (a rehearsal)",
            "Yes: free, not vetted, cannot send one message, gone after about 30 days. No: a real registration.",
            "yes_no",
            when=NEW,
        ),
    ] = False

    business_name: Annotated[
        LegalName,
        Ask(
            "Legal business name",
            "Letter for letter as on the IRS letter (CP 575 or 147C), not the trading name.",
            page=2,
            max_length=255,
            sensitive=True,
            when=BUSINESS,
        ),
    ]
    business_type: Annotated[
        str,
        AfterValidator(among(BUSINESS_TYPES)),
        Ask(
            "Business type",
            "Government bodies: Non-profit Corporation.",
            "choice",
            2,
            options=BUSINESS_TYPES,
            when=BUSINESS,
        ),
    ]
    business_industry: Annotated[
        str,
        AfterValidator(among(INDUSTRIES)),
        Ask(
            "Industry",
            "Government bodies: Government. Non-profits: Not for profit.",
            "choice",
            2,
            options=INDUSTRIES,
            when=BUSINESS,
        ),
    ]
    business_registration_identifier: Annotated[
        str,
        AfterValidator(among(IDENTIFIERS)),
        Ask("Kind of registration number", "US businesses: EIN.", "choice", 2, options=IDENTIFIERS, when=BUSINESS),
    ] = "EIN"
    business_registration_number: Annotated[
        str,
        Field(max_length=21),
        Ask(
            "Registration number",
            "An EIN reads 00-0000000. A new one is known to TCR after 30 to 90 days.",
            page=2,
            max_length=21,
            sensitive=True,
            when=BUSINESS,
        ),
    ]
    website_url: Annotated[
        Url,
        Ask(
            "Website",
            "It works, is public, and shows this business.",
            "url",
            2,
            placeholder="https://",
            when=BUSINESS,
        ),
    ]
    social_media_profile_urls: Annotated[
        str | None,
        Field(max_length=500),
        Ask("Social media pages", "With commas between them.", page=2, max_length=500, when=BUSINESS),
    ] = None
    business_identity: Annotated[
        str,
        AfterValidator(among(IDENTITIES)),
        Ask("Role of the business", control="choice", page=2, options=IDENTITIES, when=BUSINESS),
    ] = "direct_customer"
    business_regions_of_operation: Annotated[
        str,
        AfterValidator(among(REGIONS)),
        Ask("Region of operation", control="choice", page=2, options=REGIONS, when=BUSINESS),
    ] = "USA_AND_CANADA"
    company_type: Annotated[
        str,
        AfterValidator(among(COMPANY_TYPES)),
        Ask(
            "Company type",
            "As the IRS and the stock exchange know it.",
            "choice",
            2,
            options=COMPANY_TYPES,
            when=BUSINESS,
        ),
    ]
    stock_exchange: Annotated[
        str,
        AfterValidator(among(EXCHANGES)),
        Ask("Stock exchange", control="choice", page=2, options=EXCHANGES, when=PUBLIC),
    ]
    stock_ticker: Annotated[
        str,
        AfterValidator(shaped(r"[A-Z0-9.\-]{1,10}", "a ticker such as ACME", upper=True)),
        Ask("Stock ticker", page=2, max_length=10, when=PUBLIC),
    ]
    brand_contact_email: Annotated[
        Email,
        Ask(
            "Brand contact e-mail",
            "Gets a confirmation mail, open for 7 days. A person's address on the company's domain: no free mail, no "
            "distribution list.",
            page=2,
            sensitive=True,
            when=PUBLIC,
        ),
    ]

    brand_name: Annotated[
        LegalName,
        Ask(
            "Name of the sole proprietor's brand",
            "The name under which it trades; without LLC, Inc or Corp.",
            page=2,
            max_length=255,
            sensitive=True,
            when=SOLE_PROPRIETOR,
        ),
    ]
    vertical: Annotated[
        str,
        AfterValidator(among(VERTICALS)),
        Ask("Trade", control="choice", page=2, options=VERTICALS, when=SOLE_PROPRIETOR),
    ]
    mobile_phone_number: Annotated[
        Mobile,
        Ask(
            "Mobile for the passcode",
            "A real US or Canadian handset, not a Twilio number. Its owner replies to a text within 24 hours. Good for "
            "3 brands in all.",
            page=2,
            sensitive=True,
            when=SOLE_PROPRIETOR,
        ),
    ]

    representative_first_name: Annotated[
        PersonName, Ask("First name", "Of the person who answers for the business.", page=3, sensitive=True, when=NEW)
    ]
    representative_last_name: Annotated[PersonName, Ask("Last name", page=3, sensitive=True, when=NEW)]
    representative_email: Annotated[
        Email, Ask("E-mail", "On the business's own domain, if it has one.", page=3, sensitive=True, when=NEW)
    ]
    representative_phone: Annotated[Phone, Ask("Phone", "For example +15035550123.", page=3, sensitive=True, when=NEW)]
    representative_title: Annotated[
        str,
        Field(max_length=100),
        Ask("Title", "As on the business card.", page=3, max_length=100, when=BUSINESS),
    ]
    representative_position: Annotated[
        str,
        AfterValidator(among(POSITIONS)),
        Ask("Position", control="choice", page=3, options=POSITIONS, when=BUSINESS),
    ]
    second_representative: Annotated[
        bool, Ask("Name a second representative", "Optional.", "yes_no", 3, when=BUSINESS)
    ] = False
    second_first_name: Annotated[PersonName, Ask("Second: first name", page=3, sensitive=True, when=SECOND)]
    second_last_name: Annotated[PersonName, Ask("Second: last name", page=3, sensitive=True, when=SECOND)]
    second_email: Annotated[Email, Ask("Second: e-mail", page=3, sensitive=True, when=SECOND)]
    second_phone: Annotated[Phone, Ask("Second: phone", page=3, sensitive=True, when=SECOND)]
    second_title: Annotated[str, Field(max_length=100), Ask("Second: title", page=3, max_length=100, when=SECOND)]
    second_position: Annotated[
        str,
        AfterValidator(among(POSITIONS)),
        Ask("Second: position", control="choice", page=3, options=POSITIONS, when=SECOND),
    ]

    address_street: Annotated[
        AddressLine,
        Ask("Street", "The registered address, no post box.", page=4, max_length=100, sensitive=True, when=NEW),
    ]
    address_street_secondary: Annotated[
        AddressLine | None,
        Ask("Suite or floor", page=4, max_length=100, sensitive=True, when=NEW),
    ] = None
    address_city: Annotated[AddressLine, Ask("City", page=4, max_length=100, when=NEW)]
    address_region: Annotated[
        str,
        Field(max_length=20),
        Ask("State or region", "US: two letters, such as OR.", page=4, max_length=20, when=NEW),
    ]
    address_postal_code: Annotated[
        str, Field(max_length=10), Ask("Postal code", "US: 97201 or 97201-1234.", page=4, max_length=10, when=NEW)
    ]
    address_country: Annotated[
        str,
        AfterValidator(shaped(r"[A-Z]{2}", "two letters, such as US", upper=True)),
        Ask("Country", "Two letters. It cannot be changed once the address is made.", page=4, max_length=2, when=NEW),
    ] = "US"

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        return {**super().together(values), **misshapen(values)}


class BrandRegister(BrandInputs, BrandKind):
    """A new brand."""

    page_titles = ("Kind of brand", "The business", "Who answers for it", "Registered address")


def misshapen(values: Mapping[str, Any]) -> dict[str, str]:
    """What does not fit together among the answers about a brand; what is not given is not looked at.

    No text repeats a value: most of them identify somebody.
    """
    found = {}
    number = values.get("business_registration_number")
    if number and values.get("business_registration_identifier") == "EIN" and (wrong := _not_an_ein(number)):
        found["business_registration_number"] = wrong
    if values.get("address_country") == "US":
        if values.get("address_region") and not re.fullmatch(r"[A-Za-z]{2}", values["address_region"]):
            found["address_region"] = "a US state has two letters, such as OR (error 30701)"
        if values.get("address_postal_code") and not re.fullmatch(r"\d{5}(-\d{4})?", values["address_postal_code"]):
            found["address_postal_code"] = "a US postal code reads 97201 or 97201-1234 (error 30701)"
    return found


def registration_number(identifier: str | None, number: str) -> str:
    """A registration number as Twilio wants it: an EIN has its hyphen, whatever was typed."""
    match = _EIN.fullmatch(number) if identifier == "EIN" else None
    return f"{match[1]}-{match[2]}" if match else number


def _not_an_ein(number: str) -> str | None:
    if re.fullmatch(r"\d{3}-\d{2}-\d{4}", number):
        return "that is written like a social security number; an EIN reads 00-0000000 (error 30795)"
    if not _EIN.fullmatch(number):
        return "an EIN has nine digits and reads 00-0000000 (error 30795)"
    return None
