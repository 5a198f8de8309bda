"""Alphanumeric sender ids of sender pools, for all countries or for one (reference: section 1.2)."""

import re
from typing import Any

from bot.sandbox.twilio import pools, services
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.places import ALREADY_HERE
from bot.sandbox.twilio.wire import Refusal, Text, iso_8601

MISSING_SENDER = 21708
BAD_SENDER = 21709

_DEFAULT = "/v1/Services/{ServiceSid}/AlphaSenders"
_BY_COUNTRY = "/v1/Services/{ServiceSid}/DestinationAlphaSenders"
_SENDER = Text(name="AlphaSender", required=True, missing_code=MISSING_SENDER)
_COUNTRY = Text(name="IsoCountryCode", pattern="[A-Z]{2}")
_SHAPE = re.compile(r"[A-Za-z0-9 +_&-]{1,11}")


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("messaging", "POST", _DEFAULT, add_default, (_SENDER,)),
        Endpoint("messaging", "GET", _DEFAULT, list_default, PAGING),
        Endpoint("messaging", "GET", f"{_DEFAULT}/{{Sid}}", fetch_default),
        Endpoint("messaging", "DELETE", f"{_DEFAULT}/{{Sid}}", remove_default),
        Endpoint("messaging", "POST", _BY_COUNTRY, add_for_country, (_SENDER, _COUNTRY)),
        Endpoint("messaging", "GET", _BY_COUNTRY, list_by_country, (_COUNTRY, *PAGING)),
        Endpoint("messaging", "GET", f"{_BY_COUNTRY}/{{Sid}}", fetch_by_country),
        Endpoint("messaging", "DELETE", f"{_BY_COUNTRY}/{{Sid}}", remove_by_country),
    ]


class AlphaSender(Record):
    """A sender id of one service. Without a country it is the default, which both resources show."""

    service_sid: str
    alpha_sender: str
    iso_country_code: str = ""


def body(site: Site, sender: AlphaSender, *, by_country: bool) -> dict[str, Any]:
    """The sender id as one of the two resources shows it."""
    resource = "DestinationAlphaSenders" if by_country else "AlphaSenders"
    return {
        "sid": sender.sid,
        "account_sid": site.account_sid,
        "service_sid": sender.service_sid,
        "date_created": iso_8601(sender.date_created),
        "date_updated": iso_8601(sender.date_updated),
        "alpha_sender": sender.alpha_sender,
        "capabilities": ["SMS"],
        "url": site.url("messaging", f"/v1/Services/{sender.service_sid}/{resource}/{sender.sid}"),
        **({"iso_country_code": sender.iso_country_code} if by_country else {}),
    }


def add_default(call: Call) -> Reply:
    return Reply(201, body(call.site, _added(call), by_country=False))


def add_for_country(call: Call) -> Reply:
    return Reply(201, body(call.site, _added(call), by_country=True))


def list_default(call: Call) -> Reply:
    service = services.found(call, call.segments["ServiceSid"])
    rows = [sender for sender in members(call.ledger, service.sid) if not sender.iso_country_code]
    return call.page("alpha_senders", rows, lambda sender: body(call.site, sender, by_country=False))


def list_by_country(call: Call) -> Reply:
    service = services.found(call, call.segments["ServiceSid"])
    country = call.values.get("iso_country_code")
    rows = [each for each in members(call.ledger, service.sid) if country in {None, each.iso_country_code}]
    return call.page("alpha_senders", rows, lambda sender: body(call.site, sender, by_country=True))


def fetch_default(call: Call) -> Reply:
    return Reply(200, body(call.site, _member(call, by_country=False), by_country=False))


def fetch_by_country(call: Call) -> Reply:
    return Reply(200, body(call.site, _member(call, by_country=True), by_country=True))


def remove_default(call: Call) -> Reply:
    return _removed(call, by_country=False)


def remove_by_country(call: Call) -> Reply:
    return _removed(call, by_country=True)


def members(ledger: Ledger, service_sid: str) -> list[AlphaSender]:
    """The sender ids in a service's pool."""
    return [sender for sender in ledger.table(AlphaSender) if sender.service_sid == service_sid]


def _added(call: Call) -> AlphaSender:
    service = services.found(call, call.segments["ServiceSid"])
    text, country = call.values["alpha_sender"], call.values.get("iso_country_code", "")
    if not _SHAPE.fullmatch(text) or text.isdigit():
        raise Refusal(400, BAD_SENDER, f"Invalid Alphanumeric Sender ID {text!r}")
    here = [sender for sender in members(call.ledger, service.sid) if sender.iso_country_code == country]
    if any(sender.alpha_sender == text for sender in here):
        raise Refusal(409, ALREADY_HERE, "Alphanumeric Sender ID is already in the Messaging Service")
    if here:
        # One for each country; the default counts as the one of all countries that have none of their own.
        raise Refusal(412, pools.POOL_FULL, "The Messaging Service has an Alphanumeric Sender ID for this country")
    sender = AlphaSender(
        sid=call.ledger.mint("AI"),
        date_created=call.at,
        date_updated=call.at,
        service_sid=service.sid,
        alpha_sender=text,
        iso_country_code=country,
    )
    return call.ledger.table(AlphaSender).add(sender)


def _removed(call: Call, *, by_country: bool) -> Reply:
    call.ledger.table(AlphaSender).remove(_member(call, by_country=by_country).sid)
    return Reply(204)


def _member(call: Call, *, by_country: bool) -> AlphaSender:
    service = services.found(call, call.segments["ServiceSid"])
    sender = call.ledger.table(AlphaSender).get(call.segments["Sid"])
    if sender is None or sender.service_sid != service.sid or (sender.iso_country_code and not by_country):
        raise call.missing()
    return sender
