"""The desk of Event Streams and callbacks: what the carrier page shows of them, and what it may do to them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.sandbox.twilio.callbacks import Callbacks
from bot.sandbox.twilio.event_streams import Delivery, EventStreams
from bot.sandbox.twilio.event_subscriptions import SubscribedType, Subscription
from bot.sandbox.twilio.event_types import MAIL_EVENTS
from bot.sandbox.twilio.journal import masked
from bot.sandbox.twilio.sinks import Sink

if TYPE_CHECKING:
    from bot.sandbox.twilio.account_view import AccountView

SHOWN = 20
"""Deliveries and callbacks that the page shows, the youngest first."""
TRAFFIC = 20
"""Messages that are made up where no count is given."""


def shown(account: "AccountView", at: float) -> dict[str, Any]:
    """Everything about events and callbacks that the page shows. No password is among it."""
    events, ledger = account.events, account.ledger
    types = list(ledger.table(SubscribedType))
    return {
        "sinks": [
            {
                "sid": sink.sid,
                "description": sink.description,
                "destination": masked(sink.destination),
                "status": sink.observed(at),
            }
            for sink in ledger.table(Sink)
        ],
        "subscriptions": [
            {
                "sid": row.sid,
                "description": row.description,
                "sink_sid": row.sink_sid,
                "types": [each.type for each in types if each.subscription_sid == row.sid],
            }
            for row in ledger.table(Subscription)
        ],
        "switches": {
            "paused": events.switches.paused,
            "duplicate": events.switches.duplicate,
            "shuffle": events.switches.shuffle,
            "drop": events.switches.drop,
        },
        "waiting": len(events.waiting),
        "lost": len(events.lost),
        "mail_events": list(MAIL_EVENTS),
        "deliveries": [_delivery(each) for each in list(events.sent)[: -SHOWN - 1 : -1]],
        "callbacks": [
            {"at": each.at, "url": masked(each.url), "fields": each.fields, "status": each.status, "error": each.error}
            for each in list(account.callbacks.sent)[: -SHOWN - 1 : -1]
        ],
    }


def tell(events: EventStreams, given: Mapping[str, Any]) -> None:
    """Publish an event that somebody asked for; raises ValueError and LookupError for what makes none."""
    if given.get("brand_sid"):
        events.mail(str(given["brand_sid"]), str(given.get("event")))
        return
    name, data = given.get("type"), given.get("data")
    if not isinstance(name, str) or not isinstance(data, dict):
        raise ValueError("an event needs brand_sid and event, or a type and data, which is a JSON object")
    events.publish(name, data)


def switch(events: EventStreams, given: Mapping[str, Any]) -> None:
    """Set the switches that are named; raises ValueError for what is none, before any is set."""
    flags, shares = ("paused", "shuffle"), ("duplicate", "drop")
    for name, value in given.items():
        if name not in {*flags, *shares}:
            raise ValueError(f"switch {name[:40]!r} is not one of {', '.join((*flags, *shares))}")
        if name in flags and not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false")
        if name in shares and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1):
            raise ValueError(f"{name} must be a share from 0 to 1")
    for name in set(given) - {"paused"}:
        setattr(events.switches, name, given[name])
    if "paused" in given:
        (events.pause if given["paused"] else events.resume)()


async def traffic(callbacks: Callbacks, given: Mapping[str, Any]) -> int:
    """Make messages up; returns how many callbacks were taken. Raises ValueError and LookupError."""
    return await callbacks.traffic(
        int(given.get("count") or TRAFFIC),
        service_sid=str(given.get("service_sid") or ""),
        number=str(given.get("number") or ""),
        code=int(given["code"]) if given.get("code") else None,
        status=str(given.get("status") or ""),
    )


def _delivery(each: Delivery) -> dict[str, Any]:
    return {
        "at": each.at,
        "sink_sid": each.sink_sid,
        "events": [{"id": event["id"], "type": event["type"], "data": event["data"]} for event in each.events],
        "attempt": each.attempt,
        "status": each.status,
        "error": each.error,
        "last": each.last,
    }
