"""Messages: sent through a pool, and delivered or not by what carriers know (reference: sections 7, 9 and 11.1)."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.sandbox.twilio import alpha_senders, pools, short_codes
from bot.sandbox.twilio.accounts import Account
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.numbers import ACCOUNT, Number
from bot.sandbox.twilio.registrations import standing
from bot.sandbox.twilio.services import Service
from bot.sandbox.twilio.wire import (
    INVALID,
    Boolean,
    Choice,
    Integer,
    Param,
    PhoneNumber,
    Refusal,
    Sid,
    Text,
    Texts,
    Url,
    rfc_2822,
)

SENT_AFTER, SETTLED_AFTER = 0.5, 1.5
"""Seconds from the creation until the message is sent, and until the carrier tells what became of it."""
LONGEST_BODY = 1600

BAD_TO, SAME_NUMBER, REGION_CLOSED = 21211, 21266, 21408
NO_FROM, NO_TO, NOT_OURS, TRIAL = 21603, 21604, 21606, 21608
TOO_LONG, NO_BODY = 21617, 21619
NO_SERVICE, NO_USABLE_SENDER, EMPTY_POOL, BAD_SERVICE = 21701, 21703, 21704, 21705
TOLL_FREE_UNVERIFIED, SUSPENDED, UNREGISTERED, BEING_CONFIGURED = 30032, 30033, 30034, 30035

_WORDS = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    TOLL_FREE_UNVERIFIED: "Toll-free number has not been verified",
    SUSPENDED: "Campaign suspended",
    UNREGISTERED: "Message from an unregistered number",
    BEING_CONFIGURED: "Number is still being configured",
}


class _Sender(NamedTuple):
    """Who sends, and the code with which carriers stop whatever it sends."""

    address: str
    code: int | None


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    messages = f"{ACCOUNT}/Messages"
    return [
        Endpoint("api", "POST", f"{messages}.json", create, _CREATE),
        Endpoint("api", "GET", f"{messages}.json", list_all, (*_FILTERS, *PAGING)),
        Endpoint("api", "GET", f"{messages}/{{Sid}}.json", fetch),
    ]


class Phone(Record):
    """A phone out of the ordinary; `sid` is its number. `code` is why nothing reaches it.

    Without `receipt` its carrier never tells what became of a message.
    """

    code: int | None = None
    receipt: bool = True


class Message(Record):
    """A message. `code` is what it ends with, None for one that is delivered.

    `status_callback` is who hears of it: the one asked for, else the service's, else the number's.
    """

    to: str
    sender: str
    body: str
    num_media: int = 0
    messaging_service_sid: str | None = None
    code: int | None = None
    receipt: bool = True
    status_callback: str | None = None

    def observed(self, at: float) -> str:
        """Its status at a time."""
        if at < self.date_created + SENT_AFTER:
            return "accepted" if self.messaging_service_sid else "queued"
        if at < self.date_created + SETTLED_AFTER or not (self.receipt or self.code):
            return "sent"
        return "undelivered" if self.code else "delivered"


def body(site: Site, message: Message, at: float) -> dict[str, Any]:
    """The message as the API shows it; who sends is open until a sender of the pool is picked."""
    status = message.observed(at)
    waits, failed = status in ("accepted", "queued"), status == "undelivered"
    uri = f"/2010-04-01/Accounts/{site.account_sid}/Messages/{message.sid}"
    settled = message.date_created + (SENT_AFTER if status == "sent" else SETTLED_AFTER)
    return {
        "sid": message.sid,
        "account_sid": site.account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc_2822(message.date_created),
        "date_sent": None if waits else rfc_2822(message.date_created + SENT_AFTER),
        "date_updated": rfc_2822(message.date_created if waits else settled),
        "direction": "outbound-api",
        "error_code": message.code if failed else None,
        "error_message": words_of(message.code or 0) if failed else None,
        "from": None if waits and message.messaging_service_sid else message.sender,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": str(message.num_media),
        "num_segments": "0" if waits and message.messaging_service_sid else str(_segments(message.body)),
        "price": None,
        "price_unit": "USD",
        "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def words_of(code: int) -> str:
    """What Twilio says of a code that a message ends with."""
    return _WORDS.get(code, f"Error {code}")


def create(call: Call) -> Reply:
    values, to = call.values, call.values["to"]
    if "content_sid" in values or "send_at" in values or "schedule_type" in values:
        raise Refusal(400, INVALID, "The local Twilio sends neither content templates nor scheduled messages")
    if not values.get("body") and not values.get("media_url"):
        raise Refusal(400, NO_BODY, "A text message body or media urls must be specified")
    _check_recipient(call, to)
    sender = _sender(call, to)
    if sender.address == to:
        raise Refusal(400, SAME_NUMBER, "'To' and 'From' number cannot be the same")
    phone = call.ledger.table(Phone).get(to)
    message = Message(
        sid=call.ledger.mint("SM"),
        date_created=call.at,
        date_updated=call.at,
        to=to,
        sender=sender.address,
        body=values.get("body", ""),
        num_media=len(values.get("media_url", [])),
        messaging_service_sid=values.get("messaging_service_sid"),
        code=sender.code or (phone.code if phone else None),
        receipt=phone is None or phone.receipt,
        status_callback=values.get("status_callback") or _callback(call, sender.address),
    )
    return Reply(201, body(call.site, call.ledger.table(Message).add(message), call.at))


def list_all(call: Call) -> Reply:
    found = [message for message in call.ledger.table(Message) if _wanted(message, call)]
    return call.page("messages", found, lambda message: body(call.site, message, call.at))


def fetch(call: Call) -> Reply:
    message = call.ledger.table(Message).get(call.segments["Sid"])
    if message is None:
        raise call.missing()
    return Reply(200, body(call.site, message, call.at))


def _check_recipient(call: Call, to: str) -> None:
    if not to.startswith("+1"):
        raise Refusal(400, REGION_CLOSED, "Permission to send an SMS has not been enabled for this region")
    if not re.fullmatch(r"\+1[2-9]\d{2}[2-9]\d{6}", to):
        raise Refusal(400, BAD_TO, f"The 'To' number {to} is not a valid phone number")
    account = call.ledger.table(Account).get(call.site.account_sid)
    if account is not None and account.type == "Trial":
        raise Refusal(400, TRIAL, f"The number {to} is unverified. Trial accounts cannot send to unverified numbers")


def _sender(call: Call, to: str) -> _Sender:
    """Who sends: the number that is named, or one of the pool."""
    owned = {number.phone_number: number for number in call.ledger.table(Number)}
    if "from" in call.values:
        if call.values["from"] not in owned:
            raise Refusal(400, NOT_OURS, f"The 'From' number {call.values['from']} is not yours or cannot send SMS")
        return _Sender(call.values["from"], _stopped(call.ledger, owned[call.values["from"]]))
    service_sid = call.values.get("messaging_service_sid")
    if service_sid is None:
        raise Refusal(400, NO_FROM, "A 'From' phone number or a Messaging Service is required")
    service = call.ledger.table(Service).get(service_sid)
    if service is None:
        raise Refusal(404, NO_SERVICE, f"The Messaging Service {service_sid} was not found")
    return _of_pool(call, service, to, owned)


def _callback(call: Call, sender: str) -> str | None:
    """Who hears of a message that names nobody."""
    service = call.ledger.table(Service).get(call.values.get("messaging_service_sid") or "")
    number = next((row for row in call.ledger.table(Number) if row.phone_number == sender), None)
    return (service.status_callback if service else None) or (number.status_callback if number else None) or None


def _of_pool(call: Call, service: Service, to: str, owned: Mapping[str, Number]) -> _Sender:
    """A short code if there is one; else a number, of the recipient's area code if there is one."""
    codes, members = short_codes.members(call.ledger, service.sid), pools.members(call.ledger, service.sid)
    if codes:
        # Short codes are approved in their own way, which has nothing to do with campaigns.
        return _Sender(codes[0].short_code, None)
    able = [owned[m.phone_number] for m in members if m.phone_number in owned and m.sms]
    near = [number for number in able if number.phone_number[:5] == to[:5] and service.area_code_geomatch]
    if able:
        chosen = (near or able)[0]
        return _Sender(chosen.phone_number, _stopped(call.ledger, chosen))
    if members or alpha_senders.members(call.ledger, service.sid):
        raise Refusal(400, NO_USABLE_SENDER, "The Messaging Service has no sender that could send this message")
    raise Refusal(400, EMPTY_POOL, "The Messaging Service contains no phone numbers")


def _stopped(ledger: Ledger, sender: Number) -> int | None:
    """The code with which carriers stop what this number sends, if they do (reference, sections 7 and 9)."""
    state = standing(ledger, sender).state
    if sender.type == "toll-free":
        return None if state == "VERIFIED" else TOLL_FREE_UNVERIFIED
    member = ledger.table(pools.PoolNumber).get(sender.sid)
    campaign = ledger.table(Campaign).get(member.service_sid) if member else None
    if campaign is not None and campaign.status == "SUSPENDED":
        return SUSPENDED
    if state.startswith("PENDING"):
        return BEING_CONFIGURED
    return None if state == "REGISTERED" else UNREGISTERED


def _wanted(message: Message, call: Call) -> bool:
    values = call.values
    sent_at = message.date_created + SENT_AFTER
    dates = {name: values[field] for name, field in _DATES.items() if field in values}
    if dates and call.at < sent_at:
        return False
    return (
        values.get("to", message.to) == message.to
        and values.get("from", message.sender) == message.sender
        and all(_dated(sent_at, sign, text) for sign, text in dates.items())
    )


def _dated(sent_at: float, sign: str, text: str) -> bool:
    if sign == "":
        return datetime.fromtimestamp(sent_at, UTC).strftime("%Y-%m-%d") == text[:10]
    limit = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    return sent_at <= limit if sign == "<" else sent_at >= limit


def _segments(text: str) -> int:
    """Segments of a text: 160 characters of ASCII fit into one, 70 of anything else."""
    one, many = (160, 153) if text.isascii() else (70, 67)
    return 1 if len(text) <= one else -(-len(text) // many)


def shown(site: Site, messages: Iterable[Message], at: float) -> list[dict[str, Any]]:
    """Messages as the API shows them, youngest first."""
    return [body(site, message, at) for message in sorted(messages, key=lambda each: each.ordinal, reverse=True)]


_DATES = {"": "date_sent", "<": "date_sent<", ">": "date_sent>"}
_DAY = r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?Z)?"
_FILTERS: tuple[Param, ...] = (
    Text(name="To"),
    Text(name="From"),
    Text(name="DateSent", pattern=_DAY),
    Text(name="DateSent<", pattern=_DAY),
    Text(name="DateSent>", pattern=_DAY),
)
_CREATE: tuple[Param, ...] = (
    PhoneNumber(name="To", required=True, missing_code=NO_TO, invalid_code=BAD_TO),
    Url(name="StatusCallback", invalid_code=21609),
    Sid(name="ApplicationSid", prefix="AP"),
    Text(name="MaxPrice", pattern=r"\d+(\.\d+)?"),
    Boolean(name="ProvideFeedback"),
    Integer(name="Attempt", least=1),
    Integer(name="ValidityPeriod", least=1, most=36000),
    Boolean(name="ForceDelivery"),
    Choice(name="ContentRetention", choices=("retain", "discard")),
    Choice(name="AddressRetention", choices=("retain", "obfuscate")),
    Boolean(name="SmartEncoded"),
    Texts(name="PersistentAction"),
    Choice(name="TrafficType", choices=("free",)),
    Boolean(name="ShortenUrls"),
    Choice(name="ScheduleType", choices=("fixed",)),
    Text(name="SendAt"),
    Boolean(name="SendAsMms"),
    Text(name="ContentVariables"),
    Choice(name="RiskCheck", choices=("enable", "disable")),
    PhoneNumber(name="From", invalid_code=21212),
    Text(name="FallbackFrom"),
    Sid(name="MessagingServiceSid", prefix="MG", invalid_code=BAD_SERVICE),
    Text(name="Body", longest=LONGEST_BODY, length_code=TOO_LONG),
    Texts(name="MediaUrl", most=10),
    Sid(name="ContentSid", prefix="HX"),
)
