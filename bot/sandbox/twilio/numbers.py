"""Phone numbers: search, buy, configure, release (reference: section 2)."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.twilio import inventory
from bot.sandbox.twilio.endpoint import DEFAULT_PAGE_SIZE, PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.inventory import Offer
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import (
    UNKNOWN_OR_MISSING,
    Boolean,
    Choice,
    Integer,
    Param,
    PhoneNumber,
    Refusal,
    Sid,
    Text,
    Url,
    rfc_2822,
)

ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
NOT_AVAILABLE = 21422
NONE_IN_AREA_CODE = 21452
BAD_NUMBER = 21421


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    available = f"{ACCOUNT}/AvailablePhoneNumbers/{{CountryCode}}"
    owned = f"{ACCOUNT}/IncomingPhoneNumbers"
    return [
        Endpoint("api", "GET", f"{available}/Local.json", search_local, _SEARCH),
        Endpoint("api", "GET", f"{available}/TollFree.json", search_toll_free, _SEARCH),
        Endpoint("api", "POST", f"{owned}.json", buy, (*_SETTINGS, _WHICH_NUMBER, _WHICH_AREA)),
        Endpoint("api", "GET", f"{owned}.json", list_owned, (*_FILTERS, *PAGING)),
        Endpoint("api", "GET", f"{owned}/{{Sid}}.json", fetch),
        Endpoint("api", "POST", f"{owned}/{{Sid}}.json", update, (_NEW_OWNER, *_SETTINGS)),
        Endpoint("api", "DELETE", f"{owned}/{{Sid}}.json", release),
    ]


class Number(Record):
    """A number that the account owns; `type` is local or toll-free."""

    phone_number: str
    friendly_name: str
    type: str
    voice: bool = True
    sms: bool = True
    mms: bool = True
    beta: bool = False
    api_version: str = "2010-04-01"
    sms_application_sid: str = ""
    sms_fallback_method: str = "POST"
    sms_fallback_url: str = ""
    sms_method: str = "POST"
    sms_url: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_application_sid: str | None = None
    voice_caller_id_lookup: bool = False
    voice_fallback_method: str = "POST"
    voice_fallback_url: str | None = None
    voice_method: str = "POST"
    voice_url: str | None = None
    voice_receive_mode: str = "voice"
    emergency_status: str = "Inactive"
    emergency_address_sid: str | None = None
    trunk_sid: str | None = None
    identity_sid: str | None = None
    address_sid: str | None = None
    bundle_sid: str | None = None


def body(site: Site, number: Number) -> dict[str, Any]:
    """The number as the API shows it; all capability keys are lower case here."""
    hidden = {"ordinal", "in_start_state", "date_created", "date_updated", "voice", "sms", "mms"}
    return {
        **number.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "address_requirements": "none",
        "capabilities": {"voice": number.voice, "sms": number.sms, "mms": number.mms, "fax": False},
        "date_created": rfc_2822(number.date_created),
        "date_updated": rfc_2822(number.date_updated),
        "emergency_address_status": "unregistered",
        "origin": "twilio",
        "status": "in-use",
        "uri": f"/2010-04-01/Accounts/{site.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


def search_local(call: Call) -> Reply:
    return _search(call, "local")


def search_toll_free(call: Call) -> Reply:
    return _search(call, "toll-free")


def buy(call: Call) -> Reply:
    values = dict(call.values)
    wanted, area_code = values.pop("phone_number", None), values.pop("area_code", None)
    if wanted is None and area_code is None:
        raise Refusal(400, UNKNOWN_OR_MISSING, "Missing required parameter PhoneNumber or AreaCode in the post body")
    if wanted is not None:
        offer = next((each for each in on_sale(call.ledger) if each.phone_number == wanted), None)
        if offer is None:
            raise Refusal(400, NOT_AVAILABLE, f"{wanted} is not available")
    else:
        offer = next((each for each in on_sale(call.ledger) if each.area_code == area_code), None)
        if offer is None:
            raise Refusal(400, NONE_IN_AREA_CODE, f"No phone numbers found in area code {area_code}")
    return Reply(201, body(call.site, own(call.ledger, offer, call.ledger.mint("PN"), call.at, **values)))


def list_owned(call: Call) -> Reply:
    numbers = [number for number in call.ledger.table(Number) if _wanted(number, call)]
    return call.page("incoming_phone_numbers", numbers, lambda number: body(call.site, number))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, _number(call)))


def update(call: Call) -> Reply:
    number = _number(call)
    values = dict(call.values)
    if values.pop("account_sid", call.site.account_sid) != call.site.account_sid:
        raise Refusal(404, 20404, "The account to move the number to was not found")
    return Reply(200, body(call.site, call.ledger.table(Number).change(number.sid, call.at, **values)))


def release(call: Call) -> Reply:
    # Imported late: a pool is made of numbers.
    from bot.sandbox.twilio import pools

    number = _number(call)
    # Its address configuration stays and dangles. Twilio deletes it some time later (warning 50610); nobody may rely
    # on when.
    pools.leave(call.ledger, number.sid)
    call.ledger.table(Number).remove(number.sid)
    return Reply(204)


def on_sale(ledger: Ledger) -> Iterator[Offer]:
    """Numbers that nobody owns, in no account."""
    owned = {number.phone_number for number in ledger.everywhere(Number)}
    return (offer for offer in inventory.stock() if offer.phone_number not in owned)


def own(ledger: Ledger, offer: Offer, sid: str, at: float, **settings: Any) -> Number:
    """Add a number to the account."""
    number = Number(
        sid=sid,
        date_created=at,
        date_updated=at,
        phone_number=offer.phone_number,
        type=offer.kind,
        voice=offer.voice,
        sms=offer.sms,
        mms=offer.mms,
        beta=offer.beta,
        **{"friendly_name": offer.friendly_name, **settings},
    )
    return ledger.table(Number).add(number)


def _search(call: Call, kind: str) -> Reply:
    if call.segments["CountryCode"] != "US":
        raise call.missing()
    if "contains" in call.values:
        inventory.check_pattern(call.values["contains"])
    offers = (
        offer
        for offer in on_sale(call.ledger)
        if offer.kind == kind and inventory.matches(offer, call.values) and inventory.near(offer, call.values)
    )
    size = call.values.get("page_size", DEFAULT_PAGE_SIZE)
    found = [offer.body() for offer, _ in zip(offers, range(size), strict=False)]
    # A search has one page only: the live service never gives a next one (reference, 2.1).
    return Reply(200, {"available_phone_numbers": found, "uri": call.path})


def _number(call: Call) -> Number:
    number = call.ledger.table(Number).get(call.segments["Sid"])
    if number is None:
        raise call.missing()
    return number


def _wanted(number: Number, call: Call) -> bool:
    values = call.values
    return (
        ("phone_number" not in values or inventory.fits(number.phone_number, values["phone_number"]))
        and values.get("friendly_name", number.friendly_name) == number.friendly_name
        and (number.beta <= values.get("beta", True))
        and values.get("origin", "twilio") == "twilio"
    )


_METHODS = ("GET", "POST")
_SETTINGS: tuple[Param, ...] = (
    Choice(name="ApiVersion", choices=("2010-04-01", "2008-08-01")),
    Text(name="FriendlyName", longest=64),
    Sid(name="SmsApplicationSid", prefix="AP", clearable=True),
    Choice(name="SmsFallbackMethod", choices=_METHODS),
    Url(name="SmsFallbackUrl", invalid_code=21502),
    Choice(name="SmsMethod", choices=_METHODS),
    Url(name="SmsUrl", invalid_code=21502),
    Url(name="StatusCallback", invalid_code=21502),
    Choice(name="StatusCallbackMethod", choices=_METHODS),
    Sid(name="VoiceApplicationSid", prefix="AP", clearable=True),
    Boolean(name="VoiceCallerIdLookup"),
    Choice(name="VoiceFallbackMethod", choices=_METHODS),
    Url(name="VoiceFallbackUrl", invalid_code=21502),
    Choice(name="VoiceMethod", choices=_METHODS),
    Url(name="VoiceUrl", invalid_code=21502),
    Choice(name="EmergencyStatus", choices=("Active", "Inactive")),
    Sid(name="EmergencyAddressSid", prefix="AD", clearable=True),
    Sid(name="TrunkSid", prefix="TK", clearable=True),
    Sid(name="IdentitySid", prefix="RI", clearable=True),
    Sid(name="AddressSid", prefix="AD", clearable=True),
    Choice(name="VoiceReceiveMode", choices=("voice", "fax")),
    Sid(name="BundleSid", prefix="BU", clearable=True),
)
_WHICH_NUMBER = PhoneNumber(name="PhoneNumber", invalid_code=BAD_NUMBER)
_WHICH_AREA = Text(name="AreaCode", pattern="[2-9][0-9]{2}")
_NEW_OWNER = Sid(name="AccountSid", prefix="AC")
_FILTERS: tuple[Param, ...] = (
    Boolean(name="Beta"),
    Text(name="FriendlyName"),
    Text(name="PhoneNumber", pattern=r"[+0-9A-Za-z*]+"),
    Choice(name="Origin", choices=("twilio", "hosted")),
)
_SEARCH: tuple[Param, ...] = (
    Integer(name="AreaCode", least=200, most=999),
    Text(name="Contains"),
    Boolean(name="SmsEnabled"),
    Boolean(name="MmsEnabled"),
    Boolean(name="VoiceEnabled"),
    Boolean(name="ExcludeAllAddressRequired"),
    Boolean(name="ExcludeLocalAddressRequired"),
    Boolean(name="ExcludeForeignAddressRequired"),
    Boolean(name="Beta"),
    PhoneNumber(name="NearNumber"),
    Text(name="NearLatLong", pattern=r"-?\d+(\.\d+)?,-?\d+(\.\d+)?"),
    Integer(name="Distance", least=1, most=500),
    Text(name="InPostalCode"),
    Text(name="InRegion"),
    Text(name="InRateCenter"),
    Text(name="InLata"),
    Text(name="InLocality"),
    Boolean(name="FaxEnabled"),
    *PAGING,
)
