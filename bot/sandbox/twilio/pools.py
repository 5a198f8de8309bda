"""Sender pools of messaging services (reference: section 1.2)."""

from typing import Any

from bot.sandbox.twilio import campaigns, services
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.wire import NOT_FOUND, Refusal, Sid, Text, iso_8601

LARGEST_POOL = 400
ALREADY_HERE = 21710
NOT_HERE = 21711
IN_OTHER_SERVICE = 21712
POOL_FULL = 21714
CANNOT_TEXT = 21715


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    numbers = "/v1/Services/{ServiceSid}/PhoneNumbers"
    channels = "/v1/Services/{MessagingServiceSid}/ChannelSenders"
    countries = (Text(name="IsoCountryCode", pattern="[A-Z]{2}"), *PAGING)
    return [
        Endpoint("messaging", "POST", numbers, add_number, (Sid(name="PhoneNumberSid", prefix="PN", required=True),)),
        Endpoint("messaging", "GET", numbers, list_numbers, PAGING),
        Endpoint("messaging", "GET", f"{numbers}/{{Sid}}", fetch_number),
        Endpoint("messaging", "DELETE", f"{numbers}/{{Sid}}", remove_number),
        Endpoint("messaging", "GET", "/v1/Services/{ServiceSid}/ShortCodes", list_short_codes, PAGING),
        Endpoint("messaging", "GET", "/v1/Services/{ServiceSid}/AlphaSenders", list_alpha_senders, PAGING),
        Endpoint(
            "messaging", "GET", "/v1/Services/{ServiceSid}/DestinationAlphaSenders", list_alpha_senders, countries
        ),
        Endpoint("messaging", "GET", channels, list_channel_senders, PAGING),
    ]


class PoolNumber(Record):
    """A number's place in a pool; `sid` is the number's own."""

    service_sid: str
    phone_number: str
    voice: bool
    sms: bool
    mms: bool


def body(site: Site, member: PoolNumber) -> dict[str, Any]:
    """The pool number as the API shows it."""
    able = {"MMS": member.mms, "SMS": member.sms, "Voice": member.voice}
    return {
        "sid": member.sid,
        "account_sid": site.account_sid,
        "service_sid": member.service_sid,
        "date_created": iso_8601(member.date_created),
        "date_updated": iso_8601(member.date_updated),
        "phone_number": member.phone_number,
        "country_code": "US",
        "capabilities": [name for name, can in able.items() if can],
        "url": site.url("messaging", f"/v1/Services/{member.service_sid}/PhoneNumbers/{member.sid}"),
    }


def add_number(call: Call) -> Reply:
    service = services.found(call, call.segments["ServiceSid"])
    number_sid = call.values["phone_number_sid"]
    number = call.ledger.table(Number).get(number_sid)
    if number is None:
        raise Refusal(404, NOT_FOUND, f"The phone number {number_sid} was not found")
    campaigns.refuse_if_suspended(call.ledger, service.sid)
    current = call.ledger.table(PoolNumber).get(number_sid)
    # HTTP 409 and 412 as observed on the live service; the reference gives the codes only.
    if current is not None and current.service_sid == service.sid:
        raise Refusal(409, ALREADY_HERE, "Phone Number or Short Code is already in the Messaging Service")
    if current is not None:
        raise Refusal(409, IN_OTHER_SERVICE, "Phone Number or Short Code is associated with another Messaging Service")
    if not (number.sms or number.mms):
        raise Refusal(400, CANNOT_TEXT, "Phone Number does not have the SMS or MMS capability")
    if len(members(call.ledger, service.sid)) >= LARGEST_POOL:
        raise Refusal(412, POOL_FULL, "Number Pool size limit reached")
    return Reply(201, body(call.site, join(call.ledger, service.sid, number, call.at)))


def list_numbers(call: Call) -> Reply:
    service = services.found(call, call.segments["ServiceSid"])
    return call.page("phone_numbers", members(call.ledger, service.sid), lambda member: body(call.site, member))


def fetch_number(call: Call) -> Reply:
    return Reply(200, body(call.site, _member(call)))


def remove_number(call: Call) -> Reply:
    services.found(call, call.segments["ServiceSid"])
    if call.ledger.table(Number).get(call.segments["Sid"]) is None:
        raise call.missing()
    try:
        member = _member(call)
    except Refusal:
        message = "Phone Number or Short Code is not associated with the Messaging Service"
        raise Refusal(404, NOT_HERE, message) from None
    leave(call.ledger, member.sid)
    return Reply(204)


def list_short_codes(call: Call) -> Reply:
    return _none(call, "short_codes", "ServiceSid")


def list_alpha_senders(call: Call) -> Reply:
    return _none(call, "alpha_senders", "ServiceSid")


def list_channel_senders(call: Call) -> Reply:
    return _none(call, "senders", "MessagingServiceSid")


def members(ledger: Ledger, service_sid: str) -> list[PoolNumber]:
    """The numbers in a service's pool."""
    return [member for member in ledger.table(PoolNumber) if member.service_sid == service_sid]


def join(ledger: Ledger, service_sid: str, number: Number, at: float, *, in_start_state: bool = False) -> PoolNumber:
    """Put a number into a pool."""
    return ledger.table(PoolNumber).add(
        PoolNumber(
            sid=number.sid,
            date_created=at,
            date_updated=at,
            service_sid=service_sid,
            phone_number=number.phone_number,
            voice=number.voice,
            sms=number.sms,
            mms=number.mms,
            in_start_state=in_start_state,
        )
    )


def leave(ledger: Ledger, number_sid: str) -> None:
    """Take a number out of the pool it may be in; refused (21729) while its campaign is suspended."""
    member = ledger.table(PoolNumber).get(number_sid)
    if member is not None:
        campaigns.refuse_if_suspended(ledger, member.service_sid)
        ledger.table(PoolNumber).remove(number_sid)


def _member(call: Call) -> PoolNumber:
    service = services.found(call, call.segments["ServiceSid"])
    member = call.ledger.table(PoolNumber).get(call.segments["Sid"])
    if member is None or member.service_sid != service.sid:
        raise call.missing()
    return member


def _none(call: Call, key: str, placeholder: str) -> Reply:
    services.found(call, call.segments[placeholder])
    nothing: list[Record] = []
    return call.page(key, nothing, lambda record: record.model_dump())
