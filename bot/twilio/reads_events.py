"""Typed reads of Event Streams: sinks, what is subscribed for them, and the types there are (twilio.md section 8)."""

from typing import Any
from urllib.parse import urlsplit

from bot.plans.call import Call, segment
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.reads import Seen
from bot.twilio.times import moment

SINKS, SUBSCRIPTIONS, TYPES, SCHEMAS = "/v1/Sinks", "/v1/Subscriptions", "/v1/Types", "/v1/Schemas"
WEBHOOK = "webhook"
AVAILABLE, DEPRECATED = "available", "deprecated"
"""Words of Twilio's for types that can be subscribed to."""


class Sink(Seen):
    """Where events go. What is needed to get there may hold credentials: show `host` and `path` alone."""

    sid: str
    status: str = ""
    description: str | None = None
    sink_type: str | None = None
    sink_configuration: dict[str, Any] | None = None
    date_created: str | None = None

    @property
    def destination(self) -> str:
        """The address of a webhook, with its credentials if Twilio shows them; "" for other kinds."""
        return str((self.sink_configuration or {}).get("destination") or "") if self.sink_type == WEBHOOK else ""

    @property
    def host(self) -> str:
        """Where a webhook is, without what opens it; "" for other kinds."""
        return place(self.destination)[0]

    def goes_to(self, url: str) -> bool:
        """Whether its events go to this address, whatever credentials stand in either."""
        return bool(url and self.destination) and place(self.destination) == place(url)

    @property
    def created_at(self) -> float:
        """When it was made (epoch seconds), 0 when that is not known."""
        return moment(self.date_created) or 0.0


class Subscription(Seen):
    """What a sink gets."""

    sid: str
    sink_sid: str | None = None
    description: str | None = None
    date_created: str | None = None


class SubscribedType(Seen):
    """A type of event that a subscription holds."""

    type: str
    schema_version: int | None = None


class EventType(Seen):
    """A type of event that Twilio has; `status` says whether it can be subscribed to."""

    type: str
    schema_id: str | None = None
    status: str | None = None

    @property
    def open(self) -> bool:
        """Whether it can be subscribed to; one without a status can."""
        return (self.status or AVAILABLE).lower() in (AVAILABLE, DEPRECATED)


async def sinks(account: Account) -> list[Sink]:
    """Every sink of the account."""
    return [Sink.model_validate(i) for i in await account.pages(_get(SINKS), "sinks")]


async def sink(account: Account, sink_sid: str) -> Sink | None:
    """One sink, or None when the account has no such sink."""
    try:
        return Sink.model_validate(await account.read(_get(f"{SINKS}/{segment(sink_sid)}")))
    except Refused as fault:
        if fault.absent:
            return None
        raise


async def subscriptions(account: Account, sink_sid: str) -> list[Subscription]:
    """What is subscribed for a sink."""
    found = await account.pages(_get(SUBSCRIPTIONS, SinkSid=sink_sid), "subscriptions")
    return [s for s in map(Subscription.model_validate, found) if s.sink_sid in (None, sink_sid)]


async def subscribed(account: Account, subscription_sid: str) -> list[SubscribedType]:
    """The types that a subscription holds; none when it is not there any more."""
    path = f"{SUBSCRIPTIONS}/{segment(subscription_sid)}/SubscribedEvents"
    try:
        return [SubscribedType.model_validate(i) for i in await account.pages(_get(path), "types")]
    except Refused as fault:
        if fault.absent:
            return []
        raise


async def types(account: Account) -> list[EventType]:
    """Every type of event that this account can hear of, or that Twilio at least lists for it."""
    return [EventType.model_validate(i) for i in await account.pages(_get(TYPES), "types")]


async def latest_version(account: Account, schema_id: str) -> int | None:
    """The newest version of a schema, or None where Twilio shows none."""
    try:
        answer = await account.read(_get(f"{SCHEMAS}/{segment(schema_id)}"))
    except Refused as fault:
        if fault.absent:
            return None
        raise
    latest = answer.get("latest_version")
    return latest if isinstance(latest, int) and latest > 0 else None


def place(url: str) -> tuple[str, str]:
    """Host (with its port, if one is named) and path of an address; empty texts for what is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.netloc.rpartition("@")[2].lower(), parts.path.rstrip("/")


def password(url: str) -> str:
    """The password that stands in an address, or ""."""
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""


def _get(path: str, **params: str) -> Call:
    return Call(product="events", method="GET", path=path, params=dict(params))
