"""Subscriptions of Event Streams: which types of events go to which sink (reference: section 8)."""

from typing import Any

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.event_types import latest_version
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.sinks import Sink
from bot.sandbox.twilio.wire import INVALID, Integer, Jsons, Param, Refusal, Sid, Text, iso_8601

_BASE = "/v1/Subscriptions"
_EVENTS = f"{_BASE}/{{SubscriptionSid}}/SubscribedEvents"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    of_sink: tuple[Param, ...] = (Sid(name="SinkSid", prefix="DG"), *PAGING)
    version = Integer(name="SchemaVersion")
    return [
        Endpoint("events", "POST", _BASE, create, _CREATE),
        Endpoint("events", "GET", _BASE, list_all, of_sink),
        Endpoint("events", "GET", f"{_BASE}/{{Sid}}", fetch),
        Endpoint("events", "POST", f"{_BASE}/{{Sid}}", update, (Text(name="Description"),)),
        Endpoint("events", "DELETE", f"{_BASE}/{{Sid}}", delete),
        Endpoint("events", "POST", _EVENTS, add_type, (Text(name="Type", required=True), version)),
        Endpoint("events", "GET", _EVENTS, list_types, PAGING),
        Endpoint("events", "GET", f"{_EVENTS}/{{Type}}", fetch_type),
        Endpoint("events", "POST", f"{_EVENTS}/{{Type}}", change_type, (version,)),
        Endpoint("events", "DELETE", f"{_EVENTS}/{{Type}}", remove_type),
    ]


class Subscription(Record):
    """A subscription. Its types are records of their own."""

    description: str
    sink_sid: str


class SubscribedType(Record):
    """One type of a subscription; `sid` is the subscription's SID and the type."""

    subscription_sid: str
    type: str
    schema_version: int


def create(call: Call) -> Reply:
    sink = call.ledger.table(Sink).get(call.values["sink_sid"])
    if sink is None:
        raise Refusal(400, INVALID, f"There is no sink {call.values['sink_sid']}")
    if (status := sink.observed(call.at)) != "active":
        raise Refusal(400, INVALID, f"The sink {sink.sid} is {status}: it must be active to be subscribed to")
    chosen = [_chosen(given) for given in call.values["types"]]
    if len({name for name, _ in chosen}) < len(chosen):
        raise _TYPES.refuse("a type is there twice")
    subscription = call.ledger.table(Subscription).add(
        Subscription(
            sid=call.ledger.mint("DF"),
            date_created=call.at,
            date_updated=call.at,
            description=call.values["description"],
            sink_sid=sink.sid,
        )
    )
    for name, version in chosen:
        _add(call, subscription.sid, name, version)
    return Reply(201, _body(call.site, subscription))


def list_all(call: Call) -> Reply:
    sink_sid = call.values.get("sink_sid")
    rows = [row for row in call.ledger.table(Subscription) if sink_sid in {None, row.sink_sid}]
    return call.page("subscriptions", rows, lambda row: _body(call.site, row))


def fetch(call: Call) -> Reply:
    return Reply(200, _body(call.site, _subscription(call, "Sid")))


def update(call: Call) -> Reply:
    subscription = _subscription(call, "Sid")
    if "description" in call.values:
        subscription = call.ledger.table(Subscription).change(
            subscription.sid, call.at, description=call.values["description"]
        )
    return Reply(200, _body(call.site, subscription))


def delete(call: Call) -> Reply:
    subscription = _subscription(call, "Sid")
    for row in _types(call, subscription.sid):
        call.ledger.table(SubscribedType).remove(row.sid)
    call.ledger.table(Subscription).remove(subscription.sid)
    return Reply(204)


def add_type(call: Call) -> Reply:
    subscription = _subscription(call)
    name, version = _checked(call.values["type"], call.values.get("schema_version"))
    there = call.ledger.table(SubscribedType).get(f"{subscription.sid} {name}")
    if there is None:
        return Reply(201, _type_body(call.site, _add(call, subscription.sid, name, version)))
    changed = call.ledger.table(SubscribedType).change(there.sid, call.at, schema_version=version)
    return Reply(200, _type_body(call.site, changed))


def list_types(call: Call) -> Reply:
    return call.page("types", _types(call, _subscription(call).sid), lambda row: _type_body(call.site, row))


def fetch_type(call: Call) -> Reply:
    return Reply(200, _type_body(call.site, _type(call)))


def change_type(call: Call) -> Reply:
    row = _type(call)
    _, version = _checked(row.type, call.values.get("schema_version", row.schema_version))
    changed = call.ledger.table(SubscribedType).change(row.sid, call.at, schema_version=version)
    return Reply(200, _type_body(call.site, changed))


def remove_type(call: Call) -> Reply:
    call.ledger.table(SubscribedType).remove(_type(call).sid)
    return Reply(204)


def _subscription(call: Call, segment: str = "SubscriptionSid") -> Subscription:
    found = call.ledger.table(Subscription).get(call.segments[segment])
    if found is None:
        raise call.missing()
    return found


def _type(call: Call) -> SubscribedType:
    found = call.ledger.table(SubscribedType).get(f"{_subscription(call).sid} {call.segments['Type']}")
    if found is None:
        raise call.missing()
    return found


def _types(call: Call, subscription_sid: str) -> list[SubscribedType]:
    return [row for row in call.ledger.table(SubscribedType) if row.subscription_sid == subscription_sid]


def _add(call: Call, subscription_sid: str, name: str, version: int) -> SubscribedType:
    row = SubscribedType(
        sid=f"{subscription_sid} {name}",
        date_created=call.at,
        date_updated=call.at,
        subscription_sid=subscription_sid,
        type=name,
        schema_version=version,
    )
    return call.ledger.table(SubscribedType).add(row)


def _chosen(given: dict[str, Any]) -> tuple[str, int]:
    """The type and version of one item of `Types`; raises `Refusal`."""
    if unknown := sorted(set(given) - {"type", "schema_version"}):
        raise _TYPES.refuse(f"{unknown[0]!r} is not one of schema_version, type")
    return _checked(given.get("type"), given.get("schema_version"))


def _checked(name: Any, version: Any) -> tuple[str, int]:
    """A type that there is, and a version that it has; the first where none is named, which is not confirmed."""
    latest = latest_version(name) if isinstance(name, str) else None
    if latest is None:
        raise _TYPES.refuse(f"{name!r} is not an event type")
    if version is None:
        return name, 1
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= latest:
        raise _TYPES.refuse(f"{name} has no schema version {version!r}, only 1 to {latest}")
    return name, version


def _body(site: Site, row: Subscription) -> dict[str, Any]:
    url = site.url("events", f"{_BASE}/{row.sid}")
    return {
        "account_sid": site.account_sid,
        "sid": row.sid,
        "date_created": iso_8601(row.date_created),
        "date_updated": iso_8601(row.date_updated),
        "description": row.description,
        "sink_sid": row.sink_sid,
        "url": url,
        "links": {"subscribed_events": f"{url}/SubscribedEvents"},
    }


def _type_body(site: Site, row: SubscribedType) -> dict[str, Any]:
    return {
        "account_sid": site.account_sid,
        "subscription_sid": row.subscription_sid,
        "type": row.type,
        "schema_version": row.schema_version,
        "url": site.url("events", f"{_BASE}/{row.subscription_sid}/SubscribedEvents/{row.type}"),
    }


_TYPES = Jsons(name="Types", required=True)
_CREATE: tuple[Param, ...] = (
    Text(name="Description", required=True),
    Sid(name="SinkSid", prefix="DG", required=True),
    _TYPES,
)
