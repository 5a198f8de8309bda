"""Numbers in sender pools of messaging services (reference: section 1.2)."""

from typing import Any

from bot.sandbox.twilio import campaigns, services
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.places import Place, place_of, place_to_leave, refuse_second_place, taken
from bot.sandbox.twilio.wire import NOT_FOUND, Refusal, Sid, iso_8601

LARGEST_POOL = 400
POOL_FULL = 21714
CANNOT_TEXT = 21715


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    numbers = "/v1/Services/{ServiceSid}/PhoneNumbers"
    return [
        Endpoint("messaging", "POST", numbers, add_number, (Sid(name="PhoneNumberSid", prefix="PN", required=True),)),
        Endpoint("messaging", "GET", numbers, list_numbers, PAGING),
        Endpoint("messaging", "GET", f"{numbers}/{{Sid}}", fetch_number),
        Endpoint("messaging", "DELETE", f"{numbers}/{{Sid}}", remove_number),
    ]


class PoolNumber(Place):
    """A number's place in a pool."""

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
    refuse_second_place(call.ledger, PoolNumber, service.sid, number_sid)
    if not (number.sms or number.mms):
        raise Refusal(400, CANNOT_TEXT, "Phone Number does not have the SMS or MMS capability")
    refuse_if_full(call.ledger, service.sid)
    return Reply(201, body(call.site, join(call.ledger, service.sid, number, call.at)))


def list_numbers(call: Call) -> Reply:
    service = services.found(call, call.segments["ServiceSid"])
    return call.page("phone_numbers", members(call.ledger, service.sid), lambda member: body(call.site, member))


def fetch_number(call: Call) -> Reply:
    return Reply(200, body(call.site, place_of(call, PoolNumber)))


def remove_number(call: Call) -> Reply:
    leave(call.ledger, place_to_leave(call, PoolNumber, Number).sid)
    return Reply(204)


def members(ledger: Ledger, service_sid: str) -> list[PoolNumber]:
    """The numbers in a service's pool."""
    return taken(ledger, PoolNumber, service_sid)


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


def refuse_if_full(ledger: Ledger, service_sid: str) -> None:
    """Raise 21714 when a pool holds as many numbers and short codes as it may."""
    # Imported late: a short code is refused for the same reasons as a number.
    from bot.sandbox.twilio import short_codes

    if len(members(ledger, service_sid)) + len(short_codes.members(ledger, service_sid)) >= LARGEST_POOL:
        raise Refusal(412, POOL_FULL, "Number Pool size limit reached")
