"""What Twilio's events mean here, family by family: pure functions of one CloudEvent (twilio.md 8.1 and 8.2).

Events are hints: the truth of brands and campaigns is read from the API. Numbers have no read, so of them the event's
word counts.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.intake.fields import Fields
from bot.intake.receipts import read_receipt
from bot.plans.values import canonical_json
from bot.tracking.deadlines import MAIL, MAIL_SENT
from bot.tracking.registration import Fact
from bot.tracking.traffic import Receipt

COMPLIANCE, MESSAGE = "com.twilio.messaging.compliance.", "com.twilio.messaging.message."
NUMBER_STATES = frozenset({"REGISTERED", "PENDING_REGISTRATION", "FAILURE", "PENDING_DEREGISTRATION", "UNREGISTERED"})
"""Twilio's words for a number's registration, as its Console writes them (twilio.md 7)."""

_BY_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "number-registration.pending": "PENDING_REGISTRATION",
        "number-registration.successful": "REGISTERED",
        "number-registration.failed": "FAILURE",
        "number-deregistration.pending": "PENDING_DEREGISTRATION",
        "number-deregistration.successful": "UNREGISTERED",
        "number-deregistration.failed": "FAILURE",
    }
)
_MAIL: Mapping[str, str] = MappingProxyType(
    {f"email-2fa-{word}": word for word in ("sent", "opened", "clicked", "completed", "timeout")}
    | {"invalid-contact-email": "invalid_contact_email"}
)
_OVER = frozenset({"campaign-deleted", "suspended-campaign-delete-submitted"})
"""Ends of campaigns: nobody begins following one for those."""
_CODE = re.compile(r"errors/(\d{5})\b|\b(\d{5})\b")


@dataclass(frozen=True)
class Subject:
    """A registration that an event is about; `title` is what it is called until more is known."""

    kind: str
    key: str
    title: str


@dataclass(frozen=True)
class Heard:
    """What one event says.

    `fact` is of `subject`, and with a `status` it tells that one's state, with `snapshot` beside it. Where `follow` is
    not set, only a subject that is followed already hears of it. `look` are those that something may have happened to,
    `look_if_followed` only when somebody follows them; with `gather` there are many such events, and one look does for
    those of a while. A campaign without its service is known by `tcr_campaign` alone.
    """

    fact: Fact | None = None
    subject: Subject | None = None
    status: str = ""
    snapshot: Mapping[str, Any] | None = None
    follow: bool = True
    look: tuple[Subject, ...] = ()
    look_if_followed: tuple[Subject, ...] = ()
    gather: bool = False
    tcr_campaign: str = ""
    receipt: Receipt | None = None


@dataclass(frozen=True)
class Event:
    """One CloudEvent, opened: `type` as it came, `account` as far as it names one, `at` its time in epoch seconds."""

    type: str
    id: str
    account: str
    at: float
    data: Fields


def opened(event: Mapping[str, Any], now: float) -> Event:
    """The event without its envelope; `now` bounds the times that are believed.

    An event without an id is known by its content. One without any sane time is older than all others, so that what
    comes of it does not depend on when it came.
    """
    envelope = Fields(event)
    data = _data(envelope.raw("data"))
    # of the two the later: one of them may be when the registration was begun
    said, sent = data.moment(now, "timestamp", "updateddate"), envelope.moment(now, "time")
    # without a timestamp there is only when a brand was last changed: its mail may go out long after that
    at = said if said and data.moment(now, "timestamp") else max(said or 0.0, sent or 0.0)
    return Event(envelope.text("type"), envelope.text("id") or _content(event), data.text("accountsid"), at, data)


def read_event(event: Event) -> Heard | None:
    """What an event says; None for a type that is not known, and for one that does not say what it is about."""
    if event.type.startswith(MESSAGE):
        status = event.type.removeprefix(MESSAGE)
        receipt = read_receipt(event.data, "" if "." in status else status)
        return Heard(receipt=receipt) if receipt else None
    family, _, what = event.type.removeprefix(COMPLIANCE).partition(".")
    read = _FAMILIES.get(family) if event.type.startswith(COMPLIANCE) else None
    return read(event, what) if read else None


def _number(event: Event, what: str) -> Heard | None:
    number_sid, campaign = event.data.sid("PN", "phonenumbersid"), event.data.text("campaignsid")
    status = _number_state(event)
    if not number_sid or not status:
        return None
    number, service_sid = _e164(event.data.text("phonenumber")), event.data.sid("MG", "messagingservicesid")
    reason = event.data.text("failurereason")
    snapshot = {
        "phone_number": number,
        "service_sid": service_sid,
        "campaign": campaign,
        "error_code": _code(event.data.text("errorcode")) or _code(reason),
        "failure_reason": reason,
    }
    campaigns = (_campaign_of(service_sid),) if service_sid else ()
    leaving = event.type.startswith(f"{COMPLIANCE}number-deregistration.")
    return Heard(
        fact=_fact(event, "state", status, snapshot),
        subject=Subject("number", number_sid, number or f"Number {number_sid}"),
        status=status,
        snapshot=snapshot,
        look=() if leaving else campaigns,
        # the campaign that a number leaves may be gone, and of one that nobody followed that would be no news
        look_if_followed=campaigns if leaving else (),
        gather=True,
    )


def _number_state(event: Event) -> str:
    """Twilio's word in the event, in its one spelling where that is known; else what the type says."""
    said = event.data.text("externalstatus")
    known = said.upper().replace("-", "_").replace(" ", "_")
    return known if known in NUMBER_STATES else said or _BY_TYPE.get(event.type.removeprefix(COMPLIANCE), "")


def _brand(event: Event, what: str) -> Heard | None:
    brand_sid = event.data.sid("BN", "brandsid")
    if not brand_sid:
        return None
    brand = Subject("brand", brand_sid, f"Brand {brand_sid}")
    told = _told(event, "brandstatus", "identitystatus", "brandvettingoutcome", "vettingscore", "brandscore")
    mail = _MAIL.get(what)
    return Heard(
        fact=_fact(event, MAIL_SENT if mail == "sent" else MAIL, mail, told)
        if mail
        else _fact(event, "event", event.type, told),
        subject=brand,
        look=(brand,),
        look_if_followed=(Subject("vetting", brand_sid, f"Vetting of brand {brand_sid}"),),
    )


def _campaign(event: Event, what: str) -> Heard | None:
    service_sid, tcr_campaign = event.data.sid("MG", "messagingservicesid"), event.data.text("externalcampaignid")
    told = _told(event, "campaignregistrationstatus", "externalcampaignid", "campaignsid", "errorcode")
    fact = _fact(event, "event", event.type, told)
    if not service_sid:
        return Heard(fact=fact, tcr_campaign=tcr_campaign)
    campaign, over = _campaign_of(service_sid), what in _OVER
    return Heard(
        fact=fact,
        subject=campaign,
        follow=not over,
        look=() if over else (campaign,),
        look_if_followed=(campaign,) if over else (),
    )


_FAMILIES: Mapping[str, Callable[[Event, str], Heard | None]] = MappingProxyType(
    {
        "number-registration": _number,
        "number-deregistration": _number,
        "brand-registration": _brand,
        "campaign-registration": _campaign,
    }
)


def _campaign_of(service_sid: str) -> Subject:
    return Subject("campaign", service_sid, f"Campaign of {service_sid}")


def _fact(event: Event, name: str, value: str, detail: Mapping[str, Any]) -> Fact:
    return Fact(name=name, value=value, at=event.at, event=event.id, detail={"type": event.type, **detail})


def _told(event: Event, *names: str) -> dict[str, Any]:
    """These fields of an event as they came; all others may hold what is nobody's business."""
    return {name: said for name in names if (said := event.data.text(name))}


def _code(said: str) -> int | None:
    found = _CODE.search(said)
    return int(found[1] or found[2]) if found else None


def _e164(number: str) -> str:
    return f"+{number}" if number.isascii() and number.isdecimal() else number


def _data(data: Any) -> Fields:
    """The event's own fields; some senders wrap them in a text (twilio.md 8)."""
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            data = None
    return Fields(data if isinstance(data, dict) else {})


def _content(event: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(event).encode("utf-8", "replace")).hexdigest()
