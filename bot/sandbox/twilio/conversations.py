"""Conversations: its account-wide configuration and its services (reference: section 3)."""

import re
from typing import Any

from bot.sandbox.twilio.endpoint import Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import NOT_FOUND, Integer, Param, Refusal, Sid, Text, iso_8601

CONFIGURATION = "/v1/Configuration"
PAGE_TOO_LARGE = 20007
_SERVICES = "/v1/Services"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_LEAST_SECONDS = {"DefaultInactiveTimer": 60, "DefaultClosedTimer": 600}


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("conversations", "GET", CONFIGURATION, fetch_configuration),
        Endpoint("conversations", "POST", CONFIGURATION, update_configuration, _CONFIGURATION),
        Endpoint("conversations", "POST", _SERVICES, create_service, (_NAME,)),
        Endpoint("conversations", "GET", _SERVICES, list_services, paging(100)),
        Endpoint("conversations", "GET", f"{_SERVICES}/{{Sid}}", fetch_service),
    ]


class ConversationsConfiguration(Record):
    """The settings of the account; there is one, and `sid` is the account's."""

    default_chat_service_sid: str | None = None
    default_messaging_service_sid: str | None = None
    default_inactive_timer: str | None = None
    default_closed_timer: str | None = None


class ConversationService(Record):
    """A container of conversations."""

    friendly_name: str


def fetch_configuration(call: Call) -> Reply:
    return Reply(200, _configuration_body(call.site, configuration(call.ledger, call.site.account_sid)))


def update_configuration(call: Call) -> Reply:
    for name, least in _LEAST_SECONDS.items():
        _check_timer(name, least, call.values)
    wanted = call.values.get("default_chat_service_sid")
    if wanted is not None and call.ledger.table(ConversationService).get(wanted) is None:
        raise Refusal(404, NOT_FOUND, f"The conversation service {wanted} was not found")
    kept = configuration(call.ledger, call.site.account_sid)
    table = call.ledger.table(ConversationsConfiguration)
    if table.get(kept.sid) is None:
        table.add(kept.model_copy(update={"date_created": call.at}))
    return Reply(200, _configuration_body(call.site, table.change(kept.sid, call.at, **call.values)))


def create_service(call: Call) -> Reply:
    sid = call.ledger.mint("IS")
    service = ConversationService(sid=sid, date_created=call.at, date_updated=call.at, **call.values)
    return Reply(201, _service_body(call.site, call.ledger.table(ConversationService).add(service)))


def list_services(call: Call) -> Reply:
    services = call.ledger.table(ConversationService)
    return call.page("services", services, lambda service: _service_body(call.site, service))


def fetch_service(call: Call) -> Reply:
    service = call.ledger.table(ConversationService).get(call.segments["Sid"])
    if service is None:
        raise call.missing()
    return Reply(200, _service_body(call.site, service))


def configuration(ledger: Ledger, account_sid: str) -> ConversationsConfiguration:
    """The account's configuration, blank when nobody has ever set anything."""
    blank = ConversationsConfiguration(sid=account_sid, date_created=0.0, date_updated=0.0)
    return next(iter(ledger.table(ConversationsConfiguration)), blank)


def paging(most: int) -> tuple[Param, ...]:
    """The paging of a list whose pages hold at most `most`; Conversations has smaller ones than other products."""
    return (
        Integer(name="PageSize", least=1, most=most, most_code=PAGE_TOO_LARGE),
        Integer(name="Page", least=0),
        Text(name="PageToken", pattern="P[AB][0-9a-f]{32}"),
    )


def _check_timer(name: str, least: int, values: Any) -> None:
    given = values.get(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    if given is None:
        return
    match = _DURATION.fullmatch(given)
    parts = [int(part or 0) for part in match.groups()] if match else []
    seconds = sum(part * unit for part, unit in zip(parts, (86400, 3600, 60, 1), strict=False))
    if seconds < least:
        raise Refusal(
            400, 20422, f"Invalid parameter {name}: {given!r} is not an ISO 8601 duration of {least} s or more"
        )


def _configuration_body(site: Site, kept: ConversationsConfiguration) -> dict[str, Any]:
    url = site.url("conversations", CONFIGURATION)
    service = site.url("conversations", f"{_SERVICES}/{kept.default_chat_service_sid}/Configuration")
    return {
        "account_sid": site.account_sid,
        "default_chat_service_sid": kept.default_chat_service_sid,
        "default_messaging_service_sid": kept.default_messaging_service_sid,
        "default_inactive_timer": kept.default_inactive_timer,
        "default_closed_timer": kept.default_closed_timer,
        "url": url,
        "links": {"service": service, "webhooks": f"{url}/Webhooks"},
    }


def _service_body(site: Site, service: ConversationService) -> dict[str, Any]:
    url = site.url("conversations", f"{_SERVICES}/{service.sid}")
    links = {
        "conversations": "Conversations",
        "users": "Users",
        "roles": "Roles",
        "bindings": "Bindings",
        "configuration": "Configuration",
        "participant_conversations": "ParticipantConversations",
        "conversation_with_participants": "ConversationWithParticipants",
    }
    return {
        "sid": service.sid,
        "account_sid": site.account_sid,
        "friendly_name": service.friendly_name,
        "date_created": iso_8601(service.date_created),
        "date_updated": iso_8601(service.date_updated),
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in links.items()},
    }


_NAME = Text(name="FriendlyName", required=True, longest=256)
_CONFIGURATION: tuple[Param, ...] = (
    Sid(name="DefaultChatServiceSid", prefix="IS"),
    Sid(name="DefaultMessagingServiceSid", prefix="MG"),
    Text(name="DefaultInactiveTimer"),
    Text(name="DefaultClosedTimer"),
)
