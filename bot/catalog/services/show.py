"""Looking at a messaging service: `service.show` (twilio.md section 1)."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from bot.catalog import console
from bot.catalog.answers import in_words
from bot.catalog.form import Ask, Form
from bot.catalog.found import found_service
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.catalog.rules import ServiceSid
from bot.catalog.services import checks as service_checks
from bot.catalog.services.checks import Around
from bot.catalog.services.settings import ALWAYS_ON, CONSOLE_ONLY, ServiceSettings, inbound_of, settings_of
from bot.catalog.webhooks import of_standing
from bot.plans.finding import Finding, note, warn
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free
from bot.twilio.reads_senders import Sender

_INBOUND: Final = {
    "defer": "Defers to each number's own webhook or address",
    "webhook": "Sends everything to one webhook",
    "drop": "Drops it, or autocreates a Conversation (the API shows both in the same way)",
}
_CHANNELS: Final = {"whatsapp": "WhatsApp", "rcs": "RCS"}
_FOR_WEBHOOK: Final = ("inbound_request_url", "inbound_method", "fallback_url", "fallback_method")


class ServiceShow(Form):
    """The messaging service to look at."""

    service_sid: Annotated[
        ServiceSid, Ask("Messaging service", "Settings, pool, campaign, and what is odd.", "lookup", source="services")
    ]


async def _show(form: ServiceShow, account: Account) -> Report:
    service = await found_service(account, form.service_sid)
    around = await service_checks.read(account, service)
    return Report(
        title=f"Messaging service “{service.friendly_name}”",
        facts=tuple(_facts(service, around.campaign)),
        sections=(
            Section(title=f"Pool ({len(around.senders)})", lines=tuple(_pool(around)) or ("Empty.",)),
            Section(title="Settings", lines=tuple(_settings(service))),
            Section(title="What no API shows", lines=(ALWAYS_ON, *CONSOLE_ONLY)),
        ),
        findings=tuple(_findings(service, around)),
        links=(("Open in Console", console.service(service.sid)),),
    )


def _facts(service: reads.Service, campaign: reads.Campaign | None) -> list[tuple[str, str]]:
    declared = ServiceSettings.asks()["usecase"]
    return [
        ("SID", service.sid),
        ("Registered for US A2P", "Yes" if service.us_app_to_person_registered else "No"),
        ("Campaign", _campaign(campaign)),
        ("Inbound messages", _inbound(service)),
        ("Status callback", service.status_callback or "None"),
        ("Declared use", in_words(declared, service.usecase or "undeclared") or ""),
    ]


def _campaign(campaign: reads.Campaign | None) -> str:
    if campaign is None:
        return "None"
    kind = "registered in TCR" if campaign.is_externally_registered else campaign.us_app_to_person_usecase
    mock = "mock" if campaign.mock else ""
    return ", ".join(filter(None, (campaign.campaign_status, kind, campaign.campaign_id, mock)))


def _inbound(service: reads.Service) -> str:
    mode = inbound_of(service)
    url = f": {service.inbound_method or 'POST'} {service.inbound_request_url}" if mode == "webhook" else ""
    return f"{_INBOUND[mode]}{url}"


def _settings(service: reads.Service) -> list[str]:
    settings, asks = settings_of(service), ServiceSettings.asks()
    hidden = {"friendly_name", "usecase", "inbound", "status_callback", *_FOR_WEBHOOK}
    lines = [f"{ask.label}: {_said(in_words(ask, settings[name]))}" for name, ask in asks.items() if name not in hidden]
    if inbound_of(service) == "webhook" and service.fallback_url:
        lines.insert(0, f"Fallback webhook: {service.fallback_method or 'POST'} {service.fallback_url}")
    return lines


def _said(words: Any) -> str:
    return "not given" if words is None else str(words)


def _pool(around: Around) -> list[str]:
    """Every sender in a line; of numbers also whether an address is created and a webhook set."""
    numbers = {n.sid: n for n in around.numbers}
    return [_sender(s, numbers.get(s.sid), around) for s in around.senders]


def _sender(sender: Sender, number: reads.OwnedNumber | None, around: Around) -> str:
    match sender.kind:
        case "short_code":
            return f"{sender.name}: short code"
        case "alpha":
            return f"{sender.name}: sender id for all countries"
        case "country_alpha":
            return f"{sender.name}: sender id for {sender.country or 'all countries'}"
        case "channel":
            return f"{sender.name}: {_CHANNELS.get(sender.channel, 'channel')} sender"
        case "number":
            kind = "toll-free" if toll_free(sender.name) else ""
            webhook = f"webhook {number.handler}" if number and number.handler else "no webhook"
            return f"{sender.name}: {', '.join(filter(None, (kind, _address(sender.name, around), webhook)))}"


def _address(number: str, around: Around) -> str:
    if around.addresses is None:
        return "address not readable with this key"
    found = around.addresses.get(number, ())
    made = [a for a in found if a.type == "sms"]
    if not made:
        return "no address"
    return "address created" if made[0].answers else "address created, but switched off"


def _findings(service: reads.Service, around: Around) -> Sequence[Finding]:
    found = [
        *service_checks.of_pool(service, around),
        *service_checks.of_inbound(inbound_of(service), around, ""),
        *service_checks.of_declared_use(service, around.campaign, ""),
        *service_checks.of_validity(service.validity_period, around.senders, ""),
        *_of_campaign(around.campaign),
        *_of_webhooks(service),
    ]
    if not service.status_callback:
        text = "No status callback: nobody is told what became of messages, unless each message names its own."
        found.append(note("no-status-callback", text, "Set one with `/a2p-service update`."))
    return found


def _of_webhooks(service: reads.Service) -> list[Finding]:
    called = {"The status callback": service.status_callback}
    if inbound_of(service) == "webhook":
        called |= {"The inbound webhook": service.inbound_request_url, "The fallback webhook": service.fallback_url}
    return of_standing(called)


def _of_campaign(campaign: reads.Campaign | None) -> list[Finding]:
    if campaign is None:
        text = "No campaign: its numbers cannot text the US."
        return [note("no-campaign", text, "Register one with `/a2p-campaign register`.", "", (30034,))]
    match campaign.campaign_status:
        case "VERIFIED":
            return []
        case "SUSPENDED":
            text = "The campaign is SUSPENDED: nothing of it, nor of its numbers, can be changed."
            return [
                warn("campaign-suspended", text, "Follow the suspension notice, or ask Twilio Support.", "", (21729,))
            ]
        case "FAILED":
            text = f"The campaign is FAILED: {'; '.join(_errors(campaign)) or 'no reason given'}."
            return [warn("campaign-failed", text, "Edit and resubmit it with `/a2p-campaign resubmit`.", "", (30034,))]
        case status:
            text = f"The campaign is {status}: its numbers cannot text the US until it is VERIFIED."
            return [note("campaign-not-verified", text, "", "", (30034,))]


def _errors(campaign: reads.Campaign) -> list[str]:
    return [f"{e.error_code} {(e.description or '').rstrip('.')}".strip() for e in campaign.errors or []]


INQUIRIES = (
    Inquiry(
        name="service.show",
        title="Show a messaging service",
        summary="Settings in words, every sender, the campaign, and what is odd about it.",
        command="/a2p-service",
        word="show",
        form=ServiceShow,
        answer=_show,
        notes=(ALWAYS_ON, *CONSOLE_ONLY),
    ),
)
