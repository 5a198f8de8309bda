"""The lists that forms offer: how each is read from Twilio and how its options read."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bot.catalog.form import Option
from bot.twilio import reads
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.numbering import spoken

LISTS, SEARCHES = 60.0, 30.0
"""Seconds for which a list of the account, and a search of numbers for sale, count as fresh."""

_USE_CASES = (
    "2FA ACCOUNT_NOTIFICATION CUSTOMER_CARE DELIVERY_NOTIFICATION FRAUD_ALERT HIGHER_EDUCATION MARKETING MIXED "
    "POLLING_VOTING PUBLIC_SERVICE_ANNOUNCEMENT SECURITY_ALERT LOW_VOLUME AGENTS_FRANCHISES CHARITY K12_EDUCATION "
    "PROXY EMERGENCY POLITICAL SOCIAL SWEEPSTAKE SOLE_PROPRIETOR"
)
UNCONFIRMED = "not confirmed by Twilio for this brand"

_BRAND_REASONS = {
    "PENDING": "wait for Twilio's verdict",
    "IN_REVIEW": "a third party reviews it, 7 business days or more",
    "SUSPENDED": "ask Twilio Support",
}
_SEARCH_FIELDS = ("number_type", "area_code", "contains", "locality", "region", "sms", "mms", "voice")
_OFF = frozenset({"false", "no", "off", "0", ""})


@dataclass(frozen=True)
class Source:
    """One list: how long it is fresh (seconds), which answers of the form it depends on, and how it is loaded.

    A `costly` one takes a request for each messaging service of the account.
    """

    fresh_for: float
    load: Callable[[Account, Mapping[str, Any]], Awaitable[Sequence[Option]]]
    name: str
    depends_on: tuple[str, ...] = ()
    costly: bool = False

    def key(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """Equal for requests that one list answers."""
        return (self.name, *(str(given.get(field, "")) for field in self.depends_on))


def named(source: str) -> Source:
    """The source of this name. Raises `LookupError`."""
    if source not in SOURCES:
        raise LookupError(f"there is no list of choices named {source!r}")
    return SOURCES[source]


async def _services(account: Account, _: Mapping[str, Any]) -> list[Option]:
    found = await reads.services(account)
    return sorted((_service(s) for s in found), key=_by_label)


def _service(service: reads.Service) -> Option:
    has = "has a registered campaign" if service.us_app_to_person_registered else "no registered campaign"
    return Option(service.sid, service.friendly_name, f"{_short(service.sid)} · {has}")


async def _brands(account: Account, _: Mapping[str, Any]) -> list[Option]:
    found, names = await asyncio.gather(reads.brands(account), _brand_names(account))
    named = [(b, names.get(b.customer_profile_bundle_sid or "")) for b in found]
    ordered = sorted(named, key=lambda pair: (pair[0].status != "APPROVED", (pair[1] or pair[0].sid).casefold()))
    return [_brand_option(b, name) for b, name in ordered]


def _brand_option(brand: reads.Brand, name: str | None) -> Option:
    if name is None:
        return Option(brand.sid, brand.sid, _brand(brand))
    # profiles may share a name, and the Console shows SIDs
    return Option(brand.sid, name, f"{_short(brand.sid)} · {_brand(brand)}")


async def _brand_names(account: Account) -> dict[str, str]:
    try:
        return await reads.brand_names(account)
    except Refused:
        # a key without rights on Trust Hub: brands then go by their SID
        return {}


def _brand(brand: reads.Brand) -> str:
    if brand.status != "APPROVED":
        error = next(iter(brand.errors or []), None)
        why = f"{error.error_code} {error.description or ''}".strip() if error else _BRAND_REASONS.get(brand.status, "")
        return f"{brand.status}: {why}" if why else brand.status
    kind = "sole proprietor" if brand.sole_proprietor else "low-volume" if brand.skip_automatic_sec_vet else "standard"
    warning = "; has feedback" if brand.errors else ""
    mock = "; mock" if brand.mock else ""
    return f"APPROVED, {brand.identity_status or 'identity not given'}, {kind}{mock}{warning}"


async def _use_cases(account: Account, given: Mapping[str, Any]) -> list[Option]:
    brand = str(given.get("brand_sid") or "")
    # the path needs a service, but the answer depends on the brand alone
    service = next((s.sid for s in await reads.services(account)), "") if brand else ""
    allowed = await _asked(account, service, brand) if brand and service else []
    if not allowed:
        return [Option(code, code, UNCONFIRMED) for code in _USE_CASES.split()]
    return [Option(c.code, f"{c.name or c.code} ({c.code})", _use_case(c)) for c in allowed]


async def _asked(account: Account, service_sid: str, brand_sid: str) -> list[reads.UseCase]:
    try:
        return await reads.use_cases(account, service_sid, brand_sid)
    except Refused:
        return []


def _use_case(case: reads.UseCase) -> str:
    return (
        f"Needs carrier approval. {case.description or ''}" if case.post_approval_required else case.description or ""
    )


async def _available_numbers(account: Account, given: Mapping[str, Any]) -> list[Option]:
    toll_free = given.get("number_type") == "toll_free"
    found, price = await asyncio.gather(
        reads.available_numbers(account, "TollFree" if toll_free else "Local", _filters(given), limit=100),
        _price(account, "toll free" if toll_free else "local"),
    )
    return [_for_sale(number, price) for number in found]


def _filters(given: Mapping[str, Any]) -> dict[str, str]:
    wire = {"area_code": "AreaCode", "contains": "Contains", "locality": "InLocality", "region": "InRegion"}
    texts = {name: str(given[field]).strip() for field, name in wire.items() if given.get(field)}
    if "InRegion" in texts:
        texts["InRegion"] = texts["InRegion"].upper()
    wanted = {"sms": "SmsEnabled", "mms": "MmsEnabled", "voice": "VoiceEnabled"}
    # text messages are what numbers are bought for here, so SMS is wanted unless it is switched off
    return texts | {name: "true" for field, name in wanted.items() if _on(given.get(field, field == "sms"))}


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
    label = " · ".join(filter(None, (spoken(number.phone_number), place)))
    return Option(number.phone_number, label, f"{cost} · {can}{address}")


async def _owned_numbers(account: Account, _: Mapping[str, Any]) -> list[Option]:
    numbers, services = await asyncio.gather(reads.owned_numbers(account), reads.services(account))
    names = {s.sid: s.friendly_name for s in services}
    home = await reads.pools(account, names)
    # a number that is in no service is what people look for when they fill a pool
    ordered = sorted(numbers, key=lambda n: (n.sid in home, n.phone_number))
    return [_owned(number, names.get(home.get(number.sid, ""))) for number in ordered]


def _owned(number: reads.OwnedNumber, service: str | None) -> Option:
    written = spoken(number.phone_number)
    called = number.friendly_name if number.friendly_name not in (None, "", written, number.phone_number) else ""
    where = f"in “{service}”" if service else "in no service"
    lacking = "" if number.can("sms") else "no SMS · "
    return Option(number.sid, " · ".join(filter(None, (written, called))), f"{lacking}{number.phone_number} · {where}")


async def _failed_campaigns(account: Account, _: Mapping[str, Any]) -> list[Option]:
    services = {s.sid: s for s in await reads.services(account)}
    failed = [c for c in await reads.campaigns(account, list(services)) if c.campaign_status == "FAILED"]
    return sorted((_rejected(c, services[c.messaging_service_sid]) for c in failed), key=_by_label)


def _rejected(campaign: reads.Campaign, service: reads.Service) -> Option:
    codes = ", ".join(str(e.error_code) for e in campaign.errors or [])
    return Option(
        service.sid, service.friendly_name, f"{codes or 'no reason given'} · {campaign.us_app_to_person_usecase}"
    )


def _short(sid: str) -> str:
    return f"{sid[:6]}…{sid[-4:]}"


def _on(value: Any) -> bool:
    return value.strip().lower() not in _OFF if isinstance(value, str) else bool(value)


def _by_label(option: Option) -> str:
    return option.label.casefold()


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source(LISTS, _services, "services"),
            Source(LISTS, _brands, "brands"),
            Source(LISTS, _use_cases, "use_cases", ("brand_sid",)),
            Source(SEARCHES, _available_numbers, "available_numbers", _SEARCH_FIELDS),
            Source(LISTS, _owned_numbers, "owned_numbers", costly=True),
            Source(LISTS, _failed_campaigns, "failed_campaigns", costly=True),
        )
    }
)
