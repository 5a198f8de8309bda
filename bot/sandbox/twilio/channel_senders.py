"""WhatsApp and RCS senders: those of the account (Senders API v2), and their places in pools (reference: 1.2)."""

from typing import Any

from bot.sandbox.twilio import services
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.places import Place, place_of, refuse_second_place, taken
from bot.sandbox.twilio.wire import NOT_FOUND, Choice, Refusal, Sid, iso_8601

CHANNELS = {"whatsapp": "WhatsApp", "rcs": "RCS"}

_OWNED = "/v2/Channels/Senders"
_POOL = "/v1/Services/{MessagingServiceSid}/ChannelSenders"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    channel = Choice(name="Channel", choices=tuple(CHANNELS), required=True)
    return [
        Endpoint("messaging", "GET", _OWNED, list_owned, (channel, *PAGING)),
        Endpoint("messaging", "GET", f"{_OWNED}/{{Sid}}", fetch_owned),
        Endpoint("messaging", "POST", _POOL, add, (Sid(name="Sid", prefix="XE", required=True),)),
        Endpoint("messaging", "GET", _POOL, list_pool, PAGING),
        Endpoint("messaging", "GET", f"{_POOL}/{{Sid}}", fetch),
        Endpoint("messaging", "DELETE", f"{_POOL}/{{Sid}}", remove),
    ]


class ChannelSender(Record):
    """A sender of the account; `sender_id` is `whatsapp:+1...` or `rcs:name`."""

    sender_id: str
    name: str
    status: str = "ONLINE"

    @property
    def channel(self) -> str:
        """whatsapp or rcs."""
        return self.sender_id.partition(":")[0]


class PoolChannelSender(Place):
    """A sender's place in a pool."""

    sender: str
    sender_type: str


def owned_body(site: Site, sender: ChannelSender) -> dict[str, Any]:
    """The sender as the Senders API shows it."""
    return {
        "sid": sender.sid,
        "status": sender.status,
        "sender_id": sender.sender_id,
        "friendly_name": None,
        "configuration": None,
        "webhook": None,
        "profile": {"name": sender.name},
        "properties": None,
        "offline_reasons": None,
        "compliance": None,
        "url": site.url("messaging", f"{_OWNED}/{sender.sid}"),
    }


def body(site: Site, member: PoolChannelSender) -> dict[str, Any]:
    """The pool sender as the API shows it."""
    return {
        "sid": member.sid,
        "account_sid": site.account_sid,
        "messaging_service_sid": member.service_sid,
        "sender": member.sender,
        "sender_type": member.sender_type,
        "country_code": "US",
        "date_created": iso_8601(member.date_created),
        "date_updated": iso_8601(member.date_updated),
        "url": site.url("messaging", f"/v1/Services/{member.service_sid}/ChannelSenders/{member.sid}"),
    }


def list_owned(call: Call) -> Reply:
    rows = [sender for sender in call.ledger.table(ChannelSender) if sender.channel == call.values["channel"]]
    return call.page("senders", rows, lambda sender: owned_body(call.site, sender))


def fetch_owned(call: Call) -> Reply:
    sender = call.ledger.table(ChannelSender).get(call.segments["Sid"])
    if sender is None:
        raise call.missing()
    return Reply(200, owned_body(call.site, sender))


def add(call: Call) -> Reply:
    service = services.found(call, call.segments["MessagingServiceSid"])
    sid = call.values["sid"]
    sender = call.ledger.table(ChannelSender).get(sid)
    if sender is None:
        raise Refusal(404, NOT_FOUND, f"The channel sender {sid} was not found")
    # Twilio's documents say it of numbers and short codes only; the stricter reading is taken here.
    refuse_second_place(call.ledger, PoolChannelSender, service.sid, sid)
    member = PoolChannelSender(
        sid=sid,
        date_created=call.at,
        date_updated=call.at,
        service_sid=service.sid,
        sender=sender.sender_id,
        sender_type=CHANNELS[sender.channel],
    )
    return Reply(201, body(call.site, call.ledger.table(PoolChannelSender).add(member)))


def list_pool(call: Call) -> Reply:
    service = services.found(call, call.segments["MessagingServiceSid"])
    return call.page("senders", members(call.ledger, service.sid), lambda member: body(call.site, member))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, place_of(call, PoolChannelSender, "MessagingServiceSid")))


def remove(call: Call) -> Reply:
    call.ledger.table(PoolChannelSender).remove(place_of(call, PoolChannelSender, "MessagingServiceSid").sid)
    return Reply(204)


def members(ledger: Ledger, service_sid: str) -> list[PoolChannelSender]:
    """The channel senders in a service's pool."""
    return taken(ledger, PoolChannelSender, service_sid)
