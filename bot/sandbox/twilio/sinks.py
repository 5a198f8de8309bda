"""Sinks: where Event Streams sends an account's events (reference: section 8)."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import CONFLICT, INVALID, Boolean, Choice, Json, Param, Refusal, Text, iso_8601

VALIDATING_AFTER, ACTIVE_AFTER = 0.3, 1.0
"""Seconds from the creation until a sink is looked at, and until it may be used. How long Twilio takes is not known."""

STATUSES = ("initialized", "validating", "active", "failed")
TEST_EVENT = "com.twilio.eventstreams.test-event"


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    description = Text(name="Description", required=True)
    filters: tuple[Param, ...] = (Boolean(name="InUse"), Choice(name="Status", choices=STATUSES), *PAGING)
    return [
        Endpoint("events", "POST", "/v1/Sinks", create, (description, *_CREATE)),
        Endpoint("events", "GET", "/v1/Sinks", list_all, filters),
        Endpoint("events", "GET", "/v1/Sinks/{Sid}", fetch),
        Endpoint("events", "POST", "/v1/Sinks/{Sid}", update, (description,)),
        Endpoint("events", "DELETE", "/v1/Sinks/{Sid}", delete),
        Endpoint("events", "POST", "/v1/Sinks/{Sid}/Test", ask_for_test),
    ]


class Sink(Record):
    """A webhook sink. `status` is the desk's word on it, "" while things take their course.

    `tests` counts the test events that somebody has asked for.
    """

    description: str
    destination: str
    method: str
    batch_events: bool
    status: str = ""
    tests: int = 0

    def observed(self, at: float) -> str:
        """Its status at a time."""
        if self.status:
            return self.status
        if at < self.date_created + VALIDATING_AFTER:
            return "initialized"
        return "validating" if at < self.date_created + ACTIVE_AFTER else "active"


def body(site: Site, sink: Sink, at: float) -> dict[str, Any]:
    """The sink as the API shows it. Whether Twilio masks the destination's password is not known: it does not here."""
    url = site.url("events", f"/v1/Sinks/{sink.sid}")
    return {
        "sid": sink.sid,
        "date_created": iso_8601(sink.date_created),
        "date_updated": iso_8601(sink.date_updated),
        "description": sink.description,
        "sink_configuration": {
            "destination": sink.destination,
            "method": sink.method,
            "batch_events": sink.batch_events,
        },
        "sink_type": "webhook",
        "status": sink.observed(at),
        "url": url,
        "links": {"sink_test": f"{url}/Test", "sink_validate": f"{url}/Validate"},
    }


def create(call: Call) -> Reply:
    if call.values["sink_type"] != "webhook":
        raise Refusal(400, INVALID, f"The local Twilio has no sinks of type {call.values['sink_type']}, only webhook")
    sink = Sink(
        sid=call.ledger.mint("DG"),
        date_created=call.at,
        date_updated=call.at,
        description=call.values["description"],
        **_configuration(call.values["sink_configuration"]),
    )
    return Reply(201, body(call.site, call.ledger.table(Sink).add(sink), call.at))


def list_all(call: Call) -> Reply:
    used = used_sinks(call.ledger)
    status, in_use = call.values.get("status"), call.values.get("in_use")
    wanted = [
        sink
        for sink in call.ledger.table(Sink)
        if status in {None, sink.observed(call.at)} and in_use in {None, sink.sid in used}
    ]
    return call.page("sinks", wanted, lambda sink: body(call.site, sink, call.at))


def fetch(call: Call) -> Reply:
    return Reply(200, body(call.site, _sink(call), call.at))


def update(call: Call) -> Reply:
    sink = call.ledger.table(Sink).change(_sink(call).sid, call.at, description=call.values["description"])
    return Reply(200, body(call.site, sink, call.at))


def delete(call: Call) -> Reply:
    sink = _sink(call)
    if sink.sid in used_sinks(call.ledger):
        # Which code Twilio gives here is not known; 20409 is its general conflict.
        raise Refusal(409, CONFLICT, f"The sink {sink.sid} is used by a subscription; delete that first")
    call.ledger.table(Sink).remove(sink.sid)
    return Reply(204)


def ask_for_test(call: Call) -> Reply:
    sink = _sink(call)
    call.ledger.table(Sink).change(sink.sid, sink.date_updated, tests=sink.tests + 1)
    return Reply(201, {"result": "submitted"})


def used_sinks(ledger: Ledger) -> set[str]:
    """The SIDs of the sinks that subscriptions name."""
    # Imported late: a subscription names its sink.
    from bot.sandbox.twilio.event_subscriptions import Subscription

    return {subscription.sink_sid for subscription in ledger.table(Subscription)}


def is_loopback(host: str | None) -> bool:
    """Whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _sink(call: Call) -> Sink:
    sink = call.ledger.table(Sink).get(call.segments["Sid"])
    if sink is None:
        raise call.missing()
    return sink


def _configuration(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a webhook's configuration; raises `Refusal` for what is missing, unknown or of the wrong kind."""
    _refuse_other_keys(given, {"destination", "method", "batch_events"})
    destination, method, batch = given.get("destination"), given.get("method"), given.get("batch_events")
    if not isinstance(destination, str) or not _may_receive(destination):
        raise _CONFIGURATION.refuse("destination must be an https URL (http only on this machine)")
    if method not in {"GET", "POST"}:
        raise _CONFIGURATION.refuse("method must be GET or POST")
    if method == "GET":
        raise _CONFIGURATION.refuse("the local Twilio sends events by POST only")
    if not isinstance(batch, bool):
        raise _CONFIGURATION.refuse("batch_events must be true or false")
    return {"destination": destination, "method": method, "batch_events": batch}


def _may_receive(destination: str) -> bool:
    try:
        parts = urlsplit(destination)
        return (
            bool(parts.hostname)
            and (parts.port or True)
            and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)))
        )
    except ValueError:
        return False


def _refuse_other_keys(given: Iterable[str], known: set[str]) -> None:
    if unknown := sorted(set(given) - known):
        raise _CONFIGURATION.refuse(f"{unknown[0]!r} is not one of {', '.join(sorted(known))}")


_CONFIGURATION = Json(name="SinkConfiguration", required=True)
_CREATE: tuple[Param, ...] = (
    _CONFIGURATION,
    Choice(name="SinkType", choices=("kinesis", "webhook", "segment", "email"), required=True),
)
