"""Messaging services (reference: section 1)."""

from typing import Any

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import CONFLICT, Boolean, Choice, Integer, Param, Refusal, Text, Url, iso_8601

USECASES = ("notifications", "marketing", "verification", "discussion", "poll", "undeclared")
LINKS = {
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "alpha_senders": "AlphaSenders",
    "messages": "Messages",
    "us_app_to_person": "Compliance/Usa2p",
    "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
    "channel_senders": "ChannelSenders",
    "destination_alpha_senders": "DestinationAlphaSenders",
}


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("messaging", "POST", "/v1/Services", create, _settings(required=True)),
        Endpoint("messaging", "GET", "/v1/Services", list_all, PAGING),
        Endpoint("messaging", "GET", "/v1/Services/Usecases", usecases),
        Endpoint("messaging", "GET", "/v1/Services/{Sid}", fetch),
        Endpoint("messaging", "POST", "/v1/Services/{Sid}", update, _settings(required=False)),
        Endpoint("messaging", "DELETE", "/v1/Services/{Sid}", delete),
    ]


class Service(Record):
    """A messaging service. Defaults are those of a create call that names nothing else."""

    friendly_name: str
    inbound_request_url: str | None = None
    inbound_method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    status_callback: str | None = None
    sticky_sender: bool = True
    mms_converter: bool = True
    smart_encoding: bool = True
    scan_message_content: str = "inherit"
    fallback_to_long_code: bool = True
    area_code_geomatch: bool = True
    validity_period: int = 36000
    synchronous_validation: bool = False
    usecase: str = "undeclared"
    use_inbound_webhook_on_number: bool = False
    us_app_to_person_registered: bool = False
    campaign_leaves_at: float = 0.0


def body(site: Site, service: Service) -> dict[str, Any]:
    """The service as the API shows it."""
    url = site.url("messaging", f"/v1/Services/{service.sid}")
    hidden = {"ordinal", "in_start_state", "campaign_leaves_at", "date_created", "date_updated"}
    return {
        **service.model_dump(exclude=hidden),
        "account_sid": site.account_sid,
        "date_created": iso_8601(service.date_created),
        "date_updated": iso_8601(service.date_updated),
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in LINKS.items()},
    }


def create(call: Call) -> Reply:
    sid = call.ledger.mint("MG")
    service = Service(sid=sid, date_created=call.at, date_updated=call.at, **_cleared(call.values))
    return Reply(201, body(call.site, call.ledger.table(Service).add(service)))


def list_all(call: Call) -> Reply:
    return call.page("services", call.ledger.table(Service), lambda service: body(call.site, service))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, _service(call)))


def update(call: Call) -> Reply:
    service = _service(call)
    _refuse_conflict(call, service)
    changed = call.ledger.table(Service).change(service.sid, call.at, **_cleared(call.values))
    return Reply(200, body(call.site, changed))


def delete(call: Call) -> Reply:
    service = _service(call)
    # What Twilio does here is unconfirmed (reference, section 15 item 2): the safe order is demanded.
    holders = ", ".join(holder for holder, holds in _holdings(call.ledger, service.sid).items() if holds)
    if holders:
        raise Refusal(409, CONFLICT, f"Messaging Service {service.sid} still has {holders}; delete that first")
    call.ledger.table(Service).remove(service.sid)
    return Reply(204)


def usecases(call: Call) -> Reply:
    rows = [
        {"usecase": word, "description": description, "purpose": purpose}
        for word, description, purpose in (
            ("notifications", "Alerts and transactional notices: deliveries, accounts, security.", "Notify my users."),
            ("marketing", "Product information, offers and calls to action.", "Market my services."),
            ("verification", "One-time passcodes and sign-in confirmations.", "Verify users."),
            ("discussion", "Two-way conversations with an agent or another person.", "Engage in a discussion."),
            ("poll", "Surveys, polls and votes.", "Poll my audience."),
            ("undeclared", "The use case has not been stated.", "Not declared."),
        )
    ]
    return Reply(200, {"usecases": rows})


def found(call: Call, sid: str) -> Service:
    """The service with this SID; raises 404."""
    service = call.ledger.table(Service).get(sid)
    if service is None:
        raise call.missing()
    return service


def _service(call: Call) -> Service:
    return found(call, call.segments["Sid"])


def _refuse_conflict(call: Call, service: Service) -> None:
    """Raise 21719 when the new use case does not agree with the campaign's, or when the campaign is TCR's."""
    from bot.sandbox.twilio import campaigns, usecases

    wanted = call.values.get("usecase", service.usecase)
    campaign = call.ledger.table(campaigns.Campaign).get(service.sid)
    if campaign is None or wanted == service.usecase:
        return
    usecase = (not campaign.is_externally_registered and campaign.us_app_to_person_usecase) or ""
    if wanted != "undeclared" and not (usecase and usecases.fits_service(usecase, wanted)):
        message = f"The use case {wanted} does not agree with the campaign's ({usecase or 'an external campaign'})"
        raise Refusal(400, campaigns.USECASE_CONFLICT, message)


def _holdings(ledger: Ledger, service_sid: str) -> dict[str, bool]:
    # Imported late: every kind of sender and a campaign name the service they belong to.
    from bot.sandbox.twilio import alpha_senders, channel_senders, pools, short_codes
    from bot.sandbox.twilio.campaigns import Campaign

    return {
        "a US A2P campaign": ledger.table(Campaign).get(service_sid) is not None,
        "phone numbers": bool(pools.members(ledger, service_sid)),
        "short codes": bool(short_codes.members(ledger, service_sid)),
        "alphanumeric sender ids": bool(alpha_senders.members(ledger, service_sid)),
        "channel senders": bool(channel_senders.members(ledger, service_sid)),
    }


def _cleared(values: Any) -> dict[str, Any]:
    return {field: None if value == "" else value for field, value in values.items()}


def _settings(*, required: bool) -> tuple[Param, ...]:
    return (
        Text(name="FriendlyName", required=required, shortest=1, longest=64),
        Url(name="InboundRequestUrl"),
        Choice(name="InboundMethod", choices=("GET", "POST")),
        Url(name="FallbackUrl"),
        Choice(name="FallbackMethod", choices=("GET", "POST")),
        Url(name="StatusCallback"),
        Boolean(name="StickySender"),
        Boolean(name="MmsConverter"),
        Boolean(name="SmartEncoding"),
        Choice(name="ScanMessageContent", choices=("inherit", "enable", "disable")),
        Boolean(name="FallbackToLongCode"),
        Boolean(name="AreaCodeGeomatch"),
        Integer(name="ValidityPeriod", least=1, most=36000),
        Boolean(name="SynchronousValidation"),
        Choice(name="Usecase", choices=USECASES, invalid_code=21713),
        Boolean(name="UseInboundWebhookOnNumber"),
    )
