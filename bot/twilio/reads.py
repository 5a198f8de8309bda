"""Typed reads of what an account holds. Unknown fields are kept; unknown states stay text."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.plans.call import Call, segment
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account

CAMPAIGN_SID = "QE2c6890da8086d771620e9b13fadeba0b"
"""The same for every campaign of every account: never a key (twilio.md 0.3)."""

CAMPAIGN_HEADERS = {"X-Twilio-Api-Version": "v1.2"}
"""Without it the answer leaves out the privacy and terms URLs (twilio.md 0.2)."""


_TOKEN = re.compile(r" tf-[a-z0-9]{10,}(?:: .*)?$")


class Seen(BaseModel):
    """A thing as Twilio showed it."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Service(Seen):
    """A messaging service (twilio.md 1.1)."""

    sid: str
    friendly_name: str
    usecase: str | None = None
    us_app_to_person_registered: bool | None = None
    use_inbound_webhook_on_number: bool | None = None
    inbound_request_url: str | None = None
    inbound_method: str | None = None
    fallback_url: str | None = None
    fallback_method: str | None = None
    status_callback: str | None = None
    sticky_sender: bool | None = None
    area_code_geomatch: bool | None = None
    mms_converter: bool | None = None
    smart_encoding: bool | None = None
    validity_period: int | None = None

    @property
    def answers_inbound(self) -> bool:
        """Whether the service, not the number, decides what becomes of an inbound message (twilio.md 1.4)."""
        return self.use_inbound_webhook_on_number is False


class PoolNumber(Seen):
    """A number in a service's sender pool."""

    sid: str
    phone_number: str


class OwnedNumber(Seen):
    """A number of the account (twilio.md 2.3). Capability keys come in either case."""

    sid: str
    phone_number: str
    friendly_name: str | None = None
    capabilities: dict[str, Any] | None = None
    sms_url: str | None = None
    sms_method: str | None = None
    sms_fallback_url: str | None = None
    sms_fallback_method: str | None = None
    sms_application_sid: str | None = None
    status_callback: str | None = None
    status_callback_method: str | None = None
    voice_url: str | None = None
    voice_application_sid: str | None = None
    trunk_sid: str | None = None

    @property
    def handler(self) -> str:
        """What the number itself calls for an inbound message; an application wins over URLs (twilio.md 2.2)."""
        return self.sms_application_sid or self.sms_url or ""

    @property
    def takes_calls(self) -> bool:
        """Whether calls to it go anywhere but to the greeting that Twilio sets on new numbers."""
        own = self.voice_url and not self.voice_url.startswith("https://demo.twilio.com/")
        return bool(own or self.voice_application_sid or self.trunk_sid)

    def can(self, capability: str) -> bool:
        """Whether the number has `sms`, `mms` or `voice`."""
        return _can(self.capabilities, capability)


class AvailableNumber(Seen):
    """A number for sale. Not reserved: it may be gone when it is bought (twilio.md 2.1)."""

    phone_number: str
    friendly_name: str | None = None
    locality: str | None = None
    region: str | None = None
    capabilities: dict[str, Any] | None = None
    address_requirements: str | None = None

    def can(self, capability: str) -> bool:
        """Whether the number has `sms`, `mms` or `voice`."""
        return _can(self.capabilities, capability)


class TwilioError(Seen):
    """An entry of `errors[]` of a brand or a campaign."""

    error_code: int | str | None = None
    description: str | None = None
    fields: list[str] | None = None
    url: str | None = None


class Brand(Seen):
    """A brand registration (twilio.md 4.6)."""

    sid: str
    status: str
    brand_type: str | None = None
    identity_status: str | None = None
    tcr_id: str | None = None
    mock: bool | None = None
    skip_automatic_sec_vet: bool | None = None
    customer_profile_bundle_sid: str | None = None
    a2p_profile_bundle_sid: str | None = None
    errors: list[TwilioError] | None = None

    @property
    def sole_proprietor(self) -> bool:
        """Whether the brand is of a business without a tax id: one campaign, one number."""
        return self.brand_type == "SOLE_PROPRIETOR"


class Campaign(Seen):
    """A campaign (twilio.md 5.3); keyed by `messaging_service_sid`, one per service."""

    messaging_service_sid: str
    brand_registration_sid: str | None = None
    campaign_status: str
    campaign_id: str | None = None
    us_app_to_person_usecase: str | None = None
    description: str | None = None
    message_flow: str | None = None
    message_samples: list[str] | None = None
    has_embedded_links: bool | None = None
    has_embedded_phone: bool | None = None
    age_gated: bool | None = None
    direct_lending: bool | None = None
    subscriber_opt_in: bool | None = None
    privacy_policy_url: str | None = None
    terms_and_conditions_url: str | None = None
    is_externally_registered: bool | None = None
    opt_in_message: str | None = None
    opt_out_message: str | None = None
    help_message: str | None = None
    opt_in_keywords: list[str] | None = None
    opt_out_keywords: list[str] | None = None
    help_keywords: list[str] | None = None
    mock: bool | None = None
    errors: list[TwilioError] | None = None


class UseCase(Seen):
    """A use case that Twilio allows for one brand (twilio.md 5.7)."""

    code: str
    name: str | None = None
    description: str | None = None
    post_approval_required: bool | None = None


def campaign_path(service_sid: str) -> str:
    """Path of the campaigns of a service; `service_sid` may be a reference such as `{service.sid}`."""
    return f"/v1/Services/{service_sid}/Compliance/Usa2p"


async def services(account: Account) -> list[Service]:
    """Every messaging service of the account."""
    items = await account.pages(Call(product="messaging", method="GET", path="/v1/Services"), "services")
    return [Service.model_validate(i) for i in items]


async def service(account: Account, service_sid: str) -> Service | None:
    """One messaging service, or None when the account has no such service."""
    item = await _one(account, Call(product="messaging", method="GET", path=f"/v1/Services/{segment(service_sid)}"))
    return Service.model_validate(item) if item else None


async def pool(account: Account, service_sid: str) -> list[PoolNumber]:
    """The numbers in a service's sender pool."""
    path = f"/v1/Services/{segment(service_sid)}/PhoneNumbers"
    items = await account.pages(Call(product="messaging", method="GET", path=path), "phone_numbers")
    return [PoolNumber.model_validate(i) for i in items]


async def short_codes(account: Account, service_sid: str) -> list[dict[str, Any]]:
    """The short codes in a service's sender pool: they count against the same limit as its numbers."""
    path = f"/v1/Services/{segment(service_sid)}/ShortCodes"
    return await account.pages(Call(product="messaging", method="GET", path=path), "short_codes")


async def pools(account: Account, service_sids: Iterable[str]) -> dict[str, str]:
    """Which service each number SID belongs to: a number itself does not say (twilio.md 0.19)."""
    sids = list(service_sids)
    found = await asyncio.gather(*(pool(account, sid) for sid in sids))
    return {number.sid: sid for sid, numbers in zip(sids, found, strict=True) for number in numbers}


async def owned_numbers(account: Account, phone_number: str | None = None) -> list[OwnedNumber]:
    """The numbers of the account, or the one with exactly this E.164 number."""
    params = {"PhoneNumber": phone_number} if phone_number else {}
    path = f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers.json"
    items = await account.pages(
        Call(product="api", method="GET", path=path, params=dict(params)), "incoming_phone_numbers"
    )
    numbers = [OwnedNumber.model_validate(i) for i in items]
    # the filter takes patterns, so an exact match is ours to make
    return [n for n in numbers if phone_number is None or n.phone_number == phone_number]


async def owned_number(account: Account, number_sid: str) -> OwnedNumber | None:
    """One number of the account, or None when it has no such number."""
    path = f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers/{segment(number_sid)}.json"
    item = await _one(account, Call(product="api", method="GET", path=path))
    return OwnedNumber.model_validate(item) if item else None


async def available_numbers(
    account: Account, number_type: str, filters: dict[str, str], limit: int = 50
) -> list[AvailableNumber]:
    """Numbers for sale in the US; `number_type` is `Local` or `TollFree`. One page only: paging never ends usefully."""
    path = f"/2010-04-01/Accounts/{account.sid}/AvailablePhoneNumbers/US/{number_type}.json"
    call = Call(product="api", method="GET", path=path, params={"PageSize": str(limit), **filters})
    answer = await account.read(call)
    return [AvailableNumber.model_validate(i) for i in answer.get("available_phone_numbers") or []]


async def brands(account: Account) -> list[Brand]:
    """Every brand of the account."""
    call = Call(product="messaging", method="GET", path="/v1/a2p/BrandRegistrations")
    return [Brand.model_validate(i) for i in await account.pages(call, "data")]


async def brand(account: Account, brand_sid: str) -> Brand | None:
    """One brand, or None when the account has no such brand."""
    path = f"/v1/a2p/BrandRegistrations/{segment(brand_sid)}"
    item = await _one(account, Call(product="messaging", method="GET", path=path))
    return Brand.model_validate(item) if item else None


async def campaign(account: Account, service_sid: str) -> Campaign | None:
    """The campaign of a service, or None when it has none."""
    call = Call(product="messaging", method="GET", path=campaign_path(segment(service_sid)), headers=CAMPAIGN_HEADERS)
    try:
        items = await account.pages(call, "compliance")
    except Refused as fault:
        if fault.absent:
            return None
        raise
    return Campaign.model_validate(items[0]) if items else None


async def campaigns(account: Account, service_sids: Sequence[str]) -> list[Campaign]:
    """The campaigns of these services; there is no account-wide list (twilio.md 5)."""
    found = await asyncio.gather(*(campaign(account, sid) for sid in service_sids))
    return [c for c in found if c]


async def use_cases(account: Account, service_sid: str, brand_sid: str) -> list[UseCase]:
    """The use cases Twilio allows for this brand; empty means that something is wrong with the brand."""
    path = campaign_path(segment(service_sid)) + "/Usecases"
    call = Call(product="messaging", method="GET", path=path, params={"BrandRegistrationSid": brand_sid})
    answer = await account.read(call)
    return [UseCase.model_validate(i) for i in answer.get("us_app_to_person_usecases") or []]


def called(friendly_name: str | None) -> str:
    """What people call a thing: its name without the token under which a change made it (twilio.md 11.7)."""
    return _TOKEN.sub("", friendly_name or "")


async def brand_names(account: Account) -> dict[str, str]:
    """Names people gave the customer profiles, by bundle SID: a brand itself carries none (twilio.md 4.6).

    None at all where the key has no rights on Trust Hub: brands then go by their SID.
    """
    call = Call(product="trusthub", method="GET", path="/v1/CustomerProfiles")
    try:
        items = await account.pages(call, "results")
    except Refused:
        return {}
    return {str(i["sid"]): called(str(i["friendly_name"])) for i in items if i.get("sid") and i.get("friendly_name")}


async def brand_label(account: Account, of: Brand) -> str:
    """What people call a brand: the name of its customer profile, or its SID. Its legal name is for nobody's eyes."""
    return (await brand_names(account)).get(of.customer_profile_bundle_sid or "", of.sid)


async def business_name(account: Account, of: Brand) -> str | None:
    """The legal name that a brand was registered under, from its Trust Hub bundle (twilio.md 4.4 and 4.5).

    None when the bundle cannot be read: a key may not be allowed to, and the name is only good for hints.
    """
    bundle = of.a2p_profile_bundle_sid if of.sole_proprietor else of.customer_profile_bundle_sid
    kind, attribute = ("TrustProducts", "brand_name") if of.sole_proprietor else ("CustomerProfiles", "business_name")
    if not bundle:
        return None
    path = f"/v1/{kind}/{segment(bundle)}/EntityAssignments"
    try:
        members = await account.pages(Call(product="trusthub", method="GET", path=path), "results")
        people = [str(m["object_sid"]) for m in members if str(m.get("object_sid", "")).startswith("IT")]
        paths = [f"/v1/EndUsers/{segment(sid)}" for sid in people]
        found = await asyncio.gather(*(account.read(Call(product="trusthub", method="GET", path=p)) for p in paths))
    except Refused:
        return None
    names = [(user.get("attributes") or {}).get(attribute) for user in found]
    return next((str(name) for name in names if name), None)


async def number_price(account: Account, number_type: str) -> Decimal | None:
    """Our monthly price in US dollars for a US number (`local` or `toll free`), or None when Twilio names none."""
    answer = await account.read(Call(product="pricing", method="GET", path="/v1/PhoneNumbers/Countries/US"))
    for price in answer.get("phone_number_prices") or []:
        if price.get("number_type") == number_type:
            try:
                return Decimal(str(price.get("current_price")))
            except InvalidOperation:
                return None
    return None


async def _one(account: Account, call: Call) -> dict[str, Any] | None:
    try:
        return await account.read(call)
    except Refused as fault:
        if fault.absent:
            return None
        raise


def _can(capabilities: dict[str, Any] | None, capability: str) -> bool:
    return any(k.lower() == capability and bool(v) for k, v in (capabilities or {}).items())
