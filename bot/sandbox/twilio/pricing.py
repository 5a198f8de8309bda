"""Prices (reference: section 2.4). Amounts are texts in US dollars, as the live service sends them."""

from typing import Any

from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply

_NUMBERS = (("local", "1.15"), ("toll free", "2.15"))
_CARRIERS = (
    ("AT&T", "310", "410"),
    ("T-Mobile", "310", "260"),
    ("Verizon", "311", "480"),
    ("Other", "000", "000"),
)
_SENDERS = ("local", "toll-free", "short-code")
_OUTBOUND = "0.0083"
_INBOUND = "0.0083"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("pricing", "GET", "/v1/PhoneNumbers/Countries/{IsoCountry}", fetch_numbers),
        Endpoint("pricing", "GET", "/v1/Messaging/Countries/{IsoCountry}", fetch_messaging),
    ]


def fetch_numbers(call: Call) -> Reply:
    prices = [_price(kind, amount) for kind, amount in _NUMBERS]
    return Reply(200, {**_country(call), "phone_number_prices": prices})


def fetch_messaging(call: Call) -> Reply:
    outbound = [
        {"carrier": carrier, "mcc": mcc, "mnc": mnc, "prices": [_price(kind, _OUTBOUND) for kind in _SENDERS]}
        for carrier, mcc, mnc in _CARRIERS
    ]
    inbound = [_price(kind, _INBOUND) for kind in _SENDERS]
    return Reply(200, {**_country(call), "outbound_sms_prices": outbound, "inbound_sms_prices": inbound})


def _country(call: Call) -> dict[str, Any]:
    if call.segments["IsoCountry"] != "US":
        raise call.missing()
    url = call.site.url("pricing", call.path)
    return {"country": "United States", "iso_country": "US", "price_unit": "USD", "url": url}


def _price(number_type: str, amount: str) -> dict[str, str]:
    return {"number_type": number_type, "base_price": amount, "current_price": amount}
