"""Choices about phone numbers: those for sale, and those of the account."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.catalog.form import Option
from bot.twilio import reads
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.numbering import default_name

SEARCH_FIELDS = ("number_type", "area_code", "contains", "locality", "region", "sms", "mms", "voice")
"""The answers that a search of numbers for sale depends on."""
_OFF = frozenset({"false", "no", "off", "0", ""})


async def available(account: Account, given: Mapping[str, Any]) -> list[Option]:
    """Numbers for sale that fit a search, with our price."""
    toll_free = given.get("number_type") == "toll_free"
    found, price = await asyncio.gather(
        reads.available_numbers(account, "TollFree" if toll_free else "Local", search_filters(given), limit=100),
        _price(account, "toll free" if toll_free else "local"),
    )
    return [_for_sale(number, price) for number in found]


async def owned(account: Account, _: Mapping[str, Any]) -> list[Option]:
    """The account's numbers, each with the service in whose pool it is."""
    numbers, services = await asyncio.gather(reads.owned_numbers(account), reads.services(account))
    names = {s.sid: s.friendly_name for s in services}
    home = await reads.pools(account, names)
    # a number that is in no service is what people look for when they fill a pool
    ordered = sorted(numbers, key=lambda n: (n.sid in home, n.phone_number))
    return [_owned(number, names.get(home.get(number.sid, ""))) for number in ordered]


def search_filters(given: Mapping[str, Any]) -> dict[str, str]:
    """What a search of numbers for sale asks Twilio for, from the answers of its form."""
    wire = {"area_code": "AreaCode", "contains": "Contains", "locality": "InLocality", "region": "InRegion"}
    texts = {name: str(given[field]).strip() for field, name in wire.items() if given.get(field)}
    if "InRegion" in texts:
        texts["InRegion"] = texts["InRegion"].upper()
    wanted = {"sms": "SmsEnabled", "mms": "MmsEnabled", "voice": "VoiceEnabled"}
    # text messages are what numbers are bought for here, so SMS is wanted unless it is switched off
    return texts | {name: "true" for field, name in wanted.items() if _on(given.get(field, field == "sms"))}


def label(number: reads.OwnedNumber) -> str:
    """A number as people know it: in E.164, and the name that somebody gave it."""
    written, name = number.phone_number, reads.called(number.friendly_name)
    return written if name in ("", written, default_name(written)) else f"{written} · {name}"


async def _price(account: Account, number_type: str) -> Decimal | None:
    try:
        return await reads.number_price(account, number_type)
    except Refused:
        return None


def _for_sale(number: reads.AvailableNumber, price: Decimal | None) -> Option:
    place = ", ".join(filter(None, (number.locality, number.region)))
    can = " ".join(name.upper() for name in ("sms", "mms", "voice") if number.can(name))
    cost = f"${price:.2f} a month" if price is not None else "price not known"
    address = "" if number.address_requirements in (None, "none") else f" · address: {number.address_requirements}"
    written = " · ".join(filter(None, (number.phone_number, place)))
    return Option(number.phone_number, written, f"{cost} · {can}{address}")


def _owned(number: reads.OwnedNumber, service: str | None) -> Option:
    where = f"in “{service}”" if service else "in no service"
    lacking = "" if number.can("sms") else "no SMS · "
    return Option(number.sid, label(number), f"{lacking}{where}")


def _on(value: Any) -> bool:
    return value.strip().lower() not in _OFF if isinstance(value, str) else bool(value)
