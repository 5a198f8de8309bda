"""Places in sender pools: what numbers, short codes and channel senders have in common (reference: section 1.2)."""

from typing import TypeVar

from bot.sandbox.twilio import services
from bot.sandbox.twilio.endpoint import Call
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import Refusal

ALREADY_HERE = 21710
NOT_HERE = 21711
IN_OTHER_SERVICE = 21712


class Place(Record):
    """A sender's place in a pool; `sid` is the sender's own."""

    service_sid: str


P = TypeVar("P", bound=Place)


def taken(ledger: Ledger, kind: type[P], service_sid: str) -> list[P]:
    """The places of one kind in a service's pool."""
    return [place for place in ledger.table(kind) if place.service_sid == service_sid]


def place_of(call: Call, kind: type[P], service: str = "ServiceSid") -> P:
    """The place that a path names, `service` being what it calls the service; raises 404."""
    found = services.found(call, call.segments[service])
    place = call.ledger.table(kind).get(call.segments["Sid"])
    if place is None or place.service_sid != found.sid:
        raise call.missing()
    return place


def place_to_leave(call: Call, kind: type[P], sender: type[Record]) -> P:
    """The place that a deletion names; raises 404, with a code of its own for a sender that is in another pool."""
    services.found(call, call.segments["ServiceSid"])
    if call.ledger.table(sender).get(call.segments["Sid"]) is None:
        raise call.missing()
    try:
        return place_of(call, kind)
    except Refusal:
        message = "Phone Number or Short Code is not associated with the Messaging Service"
        raise Refusal(404, NOT_HERE, message) from None


def refuse_second_place(ledger: Ledger, kind: type[P], service_sid: str, sender_sid: str) -> None:
    """Raise 409 for a sender that is in a pool already: in this one, or in another service's."""
    current = ledger.table(kind).get(sender_sid)
    if current is None:
        return
    # HTTP 409 and 412 as observed on the live service; the reference gives the codes only.
    if current.service_sid == service_sid:
        raise Refusal(409, ALREADY_HERE, "Phone Number or Short Code is already in the Messaging Service")
    raise Refusal(409, IN_OTHER_SERVICE, "Phone Number or Short Code is associated with another Messaging Service")
