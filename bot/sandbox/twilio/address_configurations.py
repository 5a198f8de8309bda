"""Conversations address configurations (reference: section 3)."""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.twilio.channel_senders import ChannelSender
from bot.sandbox.twilio.conversations import CONFIGURATION, ConversationService, paging
from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply, Site
from bot.sandbox.twilio.flows import Flow
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.short_codes import ShortCode
from bot.sandbox.twilio.wire import (
    CONFLICT,
    INVALID,
    NOT_FOUND,
    UNKNOWN_OR_MISSING,
    Boolean,
    Choice,
    Integer,
    Param,
    Refusal,
    Sid,
    Text,
    Texts,
    Url,
    iso_8601,
)

_BASE = f"{CONFIGURATION}/Addresses"
_E164 = re.compile(r"\+[1-9]\d{6,14}")
EVENTS = (
    "onMessageAdded",
    "onMessageUpdated",
    "onMessageRemoved",
    "onConversationUpdated",
    "onConversationStateUpdated",
    "onConversationRemoved",
    "onParticipantAdded",
    "onParticipantUpdated",
    "onParticipantRemoved",
    "onDeliveryUpdated",
)


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("conversations", "GET", _BASE, list_all, (Text(name="Type"), *paging(50))),
        Endpoint("conversations", "POST", _BASE, create, (*_WHICH, *_SETTINGS)),
        Endpoint("conversations", "GET", f"{_BASE}/{{Sid}}", fetch),
        Endpoint("conversations", "POST", f"{_BASE}/{{Sid}}", update, _SETTINGS),
        Endpoint("conversations", "DELETE", f"{_BASE}/{{Sid}}", delete),
    ]


class AddressConfiguration(Record):
    """What happens to inbound messages of one address."""

    type: str
    address: str
    friendly_name: str | None = None
    address_country: str | None = None
    auto_creation: dict[str, Any]


def body(site: Site, address: AddressConfiguration) -> dict[str, Any]:
    """The configuration as the API shows it."""
    hidden = {"ordinal", "in_start_state", "date_created", "date_updated"}
    return {
        **address.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "date_created": iso_8601(address.date_created),
        "date_updated": iso_8601(address.date_updated),
        "url": site.url("conversations", f"{_BASE}/{address.sid}"),
    }


def list_all(call: Call) -> Reply:
    kind = call.values.get("type")
    rows = [row for row in call.ledger.table(AddressConfiguration) if kind in {None, row.type}]
    return call.page("address_configurations", rows, lambda address: body(call.site, address))


def create(call: Call) -> Reply:
    kind, address, country = call.values["type"], call.values["address"], call.values.get("address_country") or None
    _check_address(call.ledger, kind, address)
    # Whether a short code may lack it is not documented: with it is always right.
    if (country is None) == address.isdigit():
        raise Refusal(400, INVALID, "Invalid parameter AddressCountry: short codes have one, nothing else has")
    if _found(call.ledger, address) is not None:
        # That this is refused is sure, with which code is not (reference, section 15 item 12): Twilio's general one.
        raise Refusal(409, CONFLICT, f"An address configuration for {address} already exists")
    made = AddressConfiguration(
        sid=call.ledger.mint("IG"),
        date_created=call.at,
        date_updated=call.at,
        type=kind,
        address=address,
        friendly_name=call.values.get("friendly_name") or None,
        address_country=country,
        auto_creation=_auto_creation(call.ledger, call.values),
    )
    return Reply(201, body(call.site, call.ledger.table(AddressConfiguration).add(made)))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, _address(call)))


def update(call: Call) -> Reply:
    address = _address(call)
    changed: dict[str, Any] = {}
    if "friendly_name" in call.values:
        changed["friendly_name"] = call.values["friendly_name"] or None
    # Whether AutoCreation parameters are merged with what stands is not documented: whoever sends all is always right.
    if any(name.startswith("auto_creation") for name in call.values):
        changed["auto_creation"] = _auto_creation(call.ledger, call.values)
    table = call.ledger.table(AddressConfiguration)
    return Reply(200, body(call.site, table.change(address.sid, call.at, **changed) if changed else address))


def delete(call: Call) -> Reply:
    call.ledger.table(AddressConfiguration).remove(_address(call).sid)
    return Reply(204)


def _address(call: Call) -> AddressConfiguration:
    # The path takes the SID or the address itself.
    address = call.ledger.table(AddressConfiguration).get(call.segments["Sid"])
    address = address or _found(call.ledger, call.segments["Sid"])
    if address is None:
        raise call.missing()
    return address


def _found(ledger: Ledger, address: str) -> AddressConfiguration | None:
    return next((row for row in ledger.table(AddressConfiguration) if row.address == address), None)


def _check_address(ledger: Ledger, kind: str, address: str) -> None:
    """The address must be of its type and, for SMS, of a number of the account. The codes are UNCONFIRMED."""
    if kind not in {"sms", "whatsapp"}:
        raise Refusal(400, INVALID, f"Invalid parameter Type: {kind} is not available in this sandbox")
    if kind == "sms" and address in {code.short_code for code in ledger.table(ShortCode)}:
        return
    prefix = "whatsapp:" if kind == "whatsapp" else ""
    if not address.startswith(prefix) or not _E164.fullmatch(address.removeprefix(prefix)):
        raise Refusal(400, 50407, f"Invalid messaging binding address {address}: not an address of type {kind}")
    if kind == "whatsapp" and address not in {sender.sender_id for sender in ledger.table(ChannelSender)}:
        raise Refusal(400, 50407, f"Invalid messaging binding address {address}: no WhatsApp sender of this account")
    number = next((row for row in ledger.table(Number) if row.phone_number == address), None)
    if kind == "sms" and (number is None or not number.sms):
        raise Refusal(400, 50407, f"Invalid messaging binding address {address}: no SMS number of this account")


def _auto_creation(ledger: Ledger, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the API shows of the settings: those of the chosen type alone. Codes of the refusals are UNCONFIRMED."""
    given = {name.removeprefix("auto_creation_"): value for name, value in values.items() if value != ""}
    made: dict[str, Any] = {"enabled": given.get("enabled", False)}
    if "type" not in given:
        if made["enabled"]:
            raise Refusal(400, UNKNOWN_OR_MISSING, "Missing required parameter AutoCreation.Type in the post body")
        return made
    made["type"] = given["type"]
    if service := given.get("conversation_service_sid"):
        if ledger.table(ConversationService).get(service) is None:
            raise Refusal(404, NOT_FOUND, f"The conversation service {service} was not found")
        made["conversation_service_sid"] = service
    return made | _of_type(ledger, given)


def _of_type(ledger: Ledger, given: Mapping[str, Any]) -> dict[str, Any]:
    if given["type"] == "studio":
        flow = given.get("studio_flow_sid")
        if not flow:
            raise Refusal(400, UNKNOWN_OR_MISSING, "Missing required parameter AutoCreation.StudioFlowSid")
        if ledger.table(Flow).get(flow) is None:
            raise Refusal(404, NOT_FOUND, f"The Studio flow {flow} was not found")
        return {"studio_flow_sid": flow, "studio_retry_count": given.get("studio_retry_count", 0)}
    if given["type"] == "webhook":
        if not given.get("webhook_url"):
            raise Refusal(400, UNKNOWN_OR_MISSING, "Missing required parameter AutoCreation.WebhookUrl")
        method = str(given.get("webhook_method", "post")).upper()
        filters = given.get("webhook_filters", [])
        return {"webhook_url": given["webhook_url"], "webhook_method": method, "webhook_filters": filters}
    return {}


_TYPES = ("sms", "whatsapp", "messenger", "gbm", "email", "rcs", "apple", "chat")
_WHICH: tuple[Param, ...] = (
    Choice(name="Type", required=True, choices=_TYPES),
    Text(name="Address", required=True),
    Text(name="AddressCountry", pattern="(?:[A-Z]{2})?"),
)
_SETTINGS: tuple[Param, ...] = (
    Text(name="FriendlyName", longest=256),
    Boolean(name="AutoCreation.Enabled"),
    Choice(name="AutoCreation.Type", choices=("webhook", "studio", "default")),
    Sid(name="AutoCreation.ConversationServiceSid", prefix="IS"),
    Url(name="AutoCreation.WebhookUrl"),
    Choice(name="AutoCreation.WebhookMethod", choices=("get", "post")),
    Texts(name="AutoCreation.WebhookFilters", choices=EVENTS),
    Sid(name="AutoCreation.StudioFlowSid", prefix="FW"),
    # The bounds are those of the same setting of Flex flows; for addresses none are documented.
    Integer(name="AutoCreation.StudioRetryCount", least=0, most=3),
)
