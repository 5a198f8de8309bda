"""What the attributes of a brand may hold, as choices and rules (twilio.md 4.3; lengths from error 30701)."""

import re
from collections.abc import Callable, Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.catalog.fees import Fees
from bot.catalog.form import Option

_FEES = Fees.load()
_SMALL = frozenset({"and", "of", "to"})
_INDUSTRIES = (
    "AGRICULTURE AUTOMOTIVE BANKING CONSTRUCTION CONSUMER EDUCATION ELECTRONICS ENGINEERING ENERGY "
    "FAST_MOVING_CONSUMER_GOODS FINANCIAL FINTECH FOOD_AND_BEVERAGE GOVERNMENT HEALTHCARE HOSPITALITY INSURANCE "
    "JEWELRY LEGAL MANUFACTURING MEDIA NOT_FOR_PROFIT OIL_AND_GAS ONLINE PROFESSIONAL_SERVICES RAW_MATERIALS "
    "REAL_ESTATE RELIGION RETAIL TECHNOLOGY TELECOMMUNICATIONS TRANSPORTATION TRAVEL"
)
_VERTICALS = (
    "AGRICULTURE COMMUNICATION ENERGY ENTERTAINMENT FINANCIAL GAMBLING GOVERNMENT HEALTHCARE HOSPITALITY "
    "HUMAN_RESOURCES INSURANCE LEGAL MANUFACTURING NGO POLITICAL POSTAL PROFESSIONAL REAL_ESTATE RETAIL TECHNOLOGY "
    "TRANSPORTATION"
)
_EXCHANGES = (
    "NASDAQ NYSE AMEX AMX ASX B3 BME BSE FRA ICEX JPX JSE KRX LON NSE OMX SEHK SGX SSE STO SWX SZSE TSX TWSE VSE OTHER "
    "NONE"
)


def _titled(words: Iterable[str]) -> tuple[Option, ...]:
    return tuple(Option(word, word.replace("_", " ").capitalize()) for word in words)


def _priced(words: str, fee: str) -> str:
    return f"{words} About ${_FEES[fee].high}."


KINDS = (
    Option(
        "standard",
        "Standard",
        _priced("With a tax id, vetted for a score: high throughput.", "brand_standard"),
    ),
    Option(
        "low_volume",
        "Low-volume standard",
        _priced("With a tax id, 6,000 segments a day at most.", "brand_low_volume"),
    ),
    Option(
        "sole_proprietor",
        "Sole proprietor",
        _priced("Without any tax id: one campaign, one number.", "brand_sole_proprietor"),
    ),
)
"""Low volume is no brand type at Twilio, but a standard brand that skips the secondary vetting (twilio.md 0.6)."""

BUSINESS_TYPES = tuple(
    Option(word, word)
    for word in (
        "Corporation",
        "Limited Liability Corporation",
        "Partnership",
        "Co-operative",
        "Non-profit Corporation",
    )
)
IDENTITIES = (
    Option("direct_customer", "It sends its own messages"),
    Option("isv_reseller_or_partner", "It resells messaging to others"),
    Option("unknown", "Not known"),
)
IDENTIFIERS = (
    Option("EIN", "EIN (US tax id)"),
    *(Option(word, word) for word in ("CBN", "CN", "ACN", "CIN", "VAT", "VATRN", "RN", "DUNS", "Other")),
)
REGIONS = (
    Option("USA_AND_CANADA", "USA and Canada"),
    *_titled(("AFRICA", "ASIA", "AUSTRALIA", "EUROPE", "LATIN_AMERICA")),
)
INDUSTRIES = _titled(_INDUSTRIES.split())
POSITIONS = tuple(Option(word, word) for word in ("CEO", "CFO", "VP", "GM", "Director", "General Counsel", "Other"))
COMPANY_TYPES = (
    Option("private", "Private, for profit"),
    Option("public", "Public (listed), for profit"),
    Option("non-profit", "Non-profit"),
    Option("government", "Government"),
)
EXCHANGES = tuple(Option(word, word) for word in _EXCHANGES.split())
VERTICALS = _titled(_VERTICALS.split())


def among(options: tuple[Option, ...]) -> Callable[[str | None], str | None]:
    """A rule for a value that must be one of these; None passes."""
    values = [option.value for option in options]

    def check(value: str | None) -> str | None:
        if value is not None and value not in values:
            raise ValueError(f"{value[:40]!r} is not one of {', '.join(values)}")
        return value

    return check


def _email(value: str) -> str:
    # what was typed is not repeated: it identifies a person
    if len(value) > 100 or not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]{2,}", value):
        raise ValueError("write one e-mail address, like rita@acme.example")
    return value


def _phone(value: str) -> str:
    digits = re.sub(r"[\s().-]", "", value)
    if match := re.fullmatch(r"1?([2-9]\d{2}[2-9]\d{6})", digits):
        return f"+1{match[1]}"
    if not re.fullmatch(r"\+[1-9]\d{6,14}", digits):
        raise ValueError("write the phone number with its country, like +15035550123")
    return digits


def _mobile(value: str) -> str:
    number = _phone(value)
    if not re.fullmatch(r"\+1[2-9]\d{2}[2-9]\d{6}", number):
        raise ValueError("the passcode goes to a US or Canadian mobile, written like +15035550123")
    return number


def _name(value: str) -> str:
    if not any(c.isalpha() for c in value):
        raise ValueError("write the name in letters")
    return value


LegalName = Annotated[str, Field(max_length=255), AfterValidator(_name)]
PersonName = Annotated[str, Field(max_length=100), AfterValidator(_name)]
Email = Annotated[str, AfterValidator(_email)]
Phone = Annotated[str, AfterValidator(_phone)]
"""A phone number in E.164, typed in any usual way; US numbers may leave out the country."""
Mobile = Annotated[str, AfterValidator(_mobile)]
AddressLine = Annotated[str, Field(max_length=100)]
