"""What answers at a Conversations address, as the wire wants it (twilio.md section 3)."""

from collections.abc import Mapping
from typing import Any

from bot.catalog.addresses.forms import RETRIES, Answering
from bot.catalog.rules import flag
from bot.plans.call import Param, Ref
from bot.twilio.reads_conversations import AutoCreation

SERVICE = "AutoCreation.ConversationServiceSid"

Settings = Mapping[str, Param]
"""Wire parameters `AutoCreation.…`. They are always sent together: whether Twilio merges them is not documented."""


def studio(flow_sid: str | Ref, retries: int = RETRIES, service_sid: str | Ref = "") -> Settings:
    """Settings under which a Studio flow answers, as Flex does it by default. "" is the default service."""
    return {
        **_enabled("studio", service_sid),
        "AutoCreation.StudioFlowSid": flow_sid,
        "AutoCreation.StudioRetryCount": str(retries),
    }


def webhook(url: str, method: str, events: tuple[str, ...], service_sid: str | Ref = "") -> Settings:
    """Settings under which a webhook hears of each conversation's events; `method` is POST or GET."""
    return {
        **_enabled("webhook", service_sid),
        "AutoCreation.WebhookUrl": url,
        "AutoCreation.WebhookMethod": method.lower(),
        "AutoCreation.WebhookFilters": events,
    }


def plain(service_sid: str | Ref = "") -> Settings:
    """Settings under which conversations are made and nothing is attached to them."""
    return _enabled("default", service_sid)


def settings_of(auto: AutoCreation | None) -> Settings:
    """The settings of an address as it stands, to write them back or again."""
    if auto is None or not auto.type:
        return {"AutoCreation.Enabled": flag(bool(auto and auto.enabled))}
    service = auto.conversation_service_sid or ""
    if auto.type == "studio" and auto.studio_flow_sid:
        retries = auto.studio_retry_count
        written = dict(studio(auto.studio_flow_sid, RETRIES if retries is None else retries, service))
    elif auto.type == "webhook" and auto.webhook_url:
        events = tuple(auto.webhook_filters or ())
        written = dict(webhook(auto.webhook_url, auto.webhook_method or "POST", events, service))
    else:
        written = {**plain(service), "AutoCreation.Type": auto.type}
    return {**written, "AutoCreation.Enabled": flag(bool(auto.enabled))}


def wanted(form: Answering) -> Settings:
    """The settings that a form asks for."""
    service = form.conversation_service_sid or ""
    if form.type == "studio":
        return studio(form.flow_sid or "", form.retry_count, service)
    if form.type == "webhook":
        return webhook(form.webhook_url or "", form.webhook_method, form.webhook_filters, service)
    return plain(service)


def as_shown(settings: Settings) -> AutoCreation:
    """The settings as Twilio will show them."""

    def sent(name: str) -> Any:
        return settings.get(f"AutoCreation.{name}")

    retries, method = sent("StudioRetryCount"), sent("WebhookMethod")
    return AutoCreation(
        enabled=sent("Enabled") == "true",
        type=sent("Type"),
        conversation_service_sid=sent("ConversationServiceSid"),
        studio_flow_sid=sent("StudioFlowSid"),
        studio_retry_count=int(retries) if retries else None,
        webhook_url=sent("WebhookUrl"),
        webhook_method=method.upper() if method else None,
        webhook_filters=list(sent("WebhookFilters") or ()) or None,
    )


def same(one: Settings, other: Settings, default_service: str | None) -> bool:
    """Whether two settings do the same; an unset conversation service is the default one."""
    unset = {SERVICE: default_service or ""}
    return {**unset, **one} == {**unset, **other}


def _enabled(kind: str, service_sid: str | Ref) -> dict[str, Param]:
    service: dict[str, Param] = {SERVICE: service_sid} if service_sid else {}
    return {"AutoCreation.Enabled": "true", "AutoCreation.Type": kind, **service}
