"""Short codes of the account, and their places in sender pools (reference: section 1.2)."""

from typing import Any

from bot.sandbox.twilio import pools, services
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.places import Place, place_of, place_to_leave, refuse_second_place, taken
from bot.sandbox.twilio.wire import NOT_FOUND, Refusal, Sid, Text, iso_8601, rfc_2822

_OWNED = "/2010-04-01/Accounts/{AccountSid}/SMS/ShortCodes"
_POOL = "/v1/Services/{ServiceSid}/ShortCodes"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    filters = (Text(name="FriendlyName"), Text(name="ShortCode"), *PAGING)
    return [
        Endpoint("api", "GET", f"{_OWNED}.json", list_owned, filters),
        Endpoint("api", "GET", f"{_OWNED}/{{Sid}}.json", fetch_owned),
        Endpoint("messaging", "POST", _POOL, add, (Sid(name="ShortCodeSid", prefix="SC", required=True),)),
        Endpoint("messaging", "GET", _POOL, list_pool, PAGING),
        Endpoint("messaging", "GET", f"{_POOL}/{{Sid}}", fetch),
        Endpoint("messaging", "DELETE", f"{_POOL}/{{Sid}}", remove),
    ]


class ShortCode(Record):
    """A short code that the account leases."""

    short_code: str
    friendly_name: str
    country_code: str = "US"
    sms_url: str | None = None
    sms_method: str = "POST"
    sms_fallback_url: str | None = None
    sms_fallback_method: str = "POST"


class PoolShortCode(Place):
    """A short code's place in a pool."""

    short_code: str
    country_code: str


def owned_body(site: Site, code: ShortCode) -> dict[str, Any]:
    """The short code as the 2010 API shows it."""
    hidden = {"ordinal", "in_start_state", "date_created", "date_updated", "country_code"}
    return {
        **code.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "api_version": "2010-04-01",
        "date_created": rfc_2822(code.date_created),
        "date_updated": rfc_2822(code.date_updated),
        "uri": f"/2010-04-01/Accounts/{site.account_sid}/SMS/ShortCodes/{code.sid}.json",
    }


def body(site: Site, member: PoolShortCode) -> dict[str, Any]:
    """The pool short code as the API shows it."""
    return {
        "sid": member.sid,
        "account_sid": site.account_sid,
        "service_sid": member.service_sid,
        "date_created": iso_8601(member.date_created),
        "date_updated": iso_8601(member.date_updated),
        "short_code": member.short_code,
        "country_code": member.country_code,
        "capabilities": ["SMS", "MMS"],
        "url": site.url("messaging", f"/v1/Services/{member.service_sid}/ShortCodes/{member.sid}"),
    }


def list_owned(call: Call) -> Reply:
    wanted = {"friendly_name": call.values.get("friendly_name"), "short_code": call.values.get("short_code")}
    rows = [
        code
        for code in call.ledger.table(ShortCode)
        if all(value in {None, getattr(code, field)} for field, value in wanted.items())
    ]
    return call.page("short_codes", rows, lambda code: owned_body(call.site, code))


def fetch_owned(call: Call) -> Reply:
    code = call.ledger.table(ShortCode).get(call.segments["Sid"])
    if code is None:
        raise call.missing()
    return Reply(200, owned_body(call.site, code))


def add(call: Call) -> Reply:
    service = services.found(call, call.segments["ServiceSid"])
    sid = call.values["short_code_sid"]
    code = call.ledger.table(ShortCode).get(sid)
    if code is None:
        raise Refusal(404, NOT_FOUND, f"The short code {sid} was not found")
    refuse_second_place(call.ledger, PoolShortCode, service.sid, sid)
    pools.refuse_if_full(call.ledger, service.sid)
    member = PoolShortCode(
        sid=sid,
        date_created=call.at,
        date_updated=call.at,
        service_sid=service.sid,
        short_code=code.short_code,
        country_code=code.country_code,
    )
    return Reply(201, body(call.site, call.ledger.table(PoolShortCode).add(member)))


def list_pool(call: Call) -> Reply:
    service = services.found(call, call.segments["ServiceSid"])
    return call.page("short_codes", members(call.ledger, service.sid), lambda member: body(call.site, member))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, place_of(call, PoolShortCode)))


def remove(call: Call) -> Reply:
    call.ledger.table(PoolShortCode).remove(place_to_leave(call, PoolShortCode, ShortCode).sid)
    return Reply(204)


def members(ledger: Ledger, service_sid: str) -> list[PoolShortCode]:
    """The short codes in a service's pool."""
    return taken(ledger, PoolShortCode, service_sid)
