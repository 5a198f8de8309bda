"""The steps of Event Streams (twilio.md section 8)."""

from collections.abc import Sequence
from typing import Final

from bot.catalog.operation import Context
from bot.plans.call import Call, Json, Param, Ref, Secret, segment
from bot.plans.masking import DOTS
from bot.plans.step import Adopt, CallStep, Undo, WaitStep, Watch
from bot.plans.values import canonical_json
from bot.twilio.gateway import EVENTS_USER, Account
from bot.twilio.reads_events import SINKS, SUBSCRIPTIONS, WEBHOOK, place

GONE: Final = "GONE"
"""The tracker's word for what Twilio no longer has."""
SINK: Final = "sink"
"""The step whose result is the sink."""
_REFUSED: Final = (
    "Twilio did not take the address. It must be one that the internet reaches over https. Whoever runs Tenfour looks "
    "at TENFOUR_PUBLIC_URL."
)
_LASTING: Final = "What was deleted here does not come back: `/a2p-events setup` makes it anew."

Versioned = tuple[str, int | None]
"""A type of event and the version of its schema; without one Twilio decides."""


def named(context: Context) -> str:
    """How what a change makes is described, so that it is found again when an answer was lost (twilio.md 11.7)."""
    return f"Tenfour {context.token}"


def shown_place(url: str) -> str:
    """An address with its password masked."""
    host, path = place(url)
    return f"{url.partition('://')[0]}://{EVENTS_USER}:{DOTS}@{host}{path}"


def sink_watch(account: Account, step_id: str, key: str | Ref) -> Watch:
    """The sink as a registration."""
    return Watch(kind="sink", step=step_id, key=key, title=f"Event Streams of {account.name}")


def create_sink(context: Context) -> CallStep:
    """The step that makes the sink. Its address opens the way in for events: it is sent, and never shown."""
    account = context.account
    name, made = named(context), f"{SINKS}/{{{SINK}.sid}}"
    destination = Secret(value=account.events_url, shown=shown_place(account.events_url))
    configuration = Json(fields={"destination": destination, "method": "POST", "batch_events": True})
    return CallStep(
        id=SINK,
        title=f"Make a sink that sends events to {place(account.events_url)[0]}",
        call=Call(
            product="events",
            method="POST",
            path=SINKS,
            params={"Description": name, "SinkConfiguration": configuration, "SinkType": WEBHOOK},
        ),
        adopt=Adopt(read=_get(SINKS), items="sinks", match={"description": name}),
        keep=("sid", "status"),
        advice={400: _REFUSED},
        undo=Undo(
            title="Delete the sink",
            call=Call(product="events", method="DELETE", path=made),
            adopt=Adopt(read=_get(made), gone=True),
            ends=sink_watch(account, SINK, Ref(step=SINK)),
        ),
    )


def sink_active(account: Account) -> WaitStep:
    """The wait until Twilio has looked at the sink: before that it takes no subscription."""
    return WaitStep(
        id="active",
        title="Twilio finds the sink in order",
        watches=(sink_watch(account, "active", Ref(step=SINK)),),
        until=("active",),
        fails=("failed", GONE),
        meanwhile="Twilio looks at the address by itself, mostly within seconds. It must reach Tenfour over https.",
    )


def create_subscription(context: Context, types: Sequence[Versioned]) -> CallStep:
    """The step that subscribes to types of events, all at once."""
    name, made = named(context), f"{SUBSCRIPTIONS}/{{subscription.sid}}"
    wanted = tuple(canonical_json({"type": t} | ({"schema_version": v} if v else {})) for t, v in types)
    sink = Ref(step=SINK)
    return CallStep(
        id="subscription",
        title=f"Subscribe to {len(types)} types of events",
        call=Call(
            product="events",
            method="POST",
            path=SUBSCRIPTIONS,
            params={"Description": name, "SinkSid": sink, "Types": wanted},
        ),
        adopt=Adopt(
            read=_get(SUBSCRIPTIONS, SinkSid=sink), items="subscriptions", match={"description": name, "sink_sid": sink}
        ),
        undo=_undo("Delete the subscription", made),
    )


def add_type(step_id: str, subscription_sid: str, wanted: Versioned) -> CallStep:
    """The step that adds a type to a subscription; one that is there already counts as done."""
    name, version = wanted
    listing = _of(subscription_sid)
    params: dict[str, Param] = {"Type": name}
    if version:
        params["SchemaVersion"] = str(version)
    return CallStep(
        id=step_id,
        title=f"Subscribe to {name}",
        call=Call(product="events", method="POST", path=listing, params=params),
        adopt=Adopt(read=_get(listing), items="types", match={"type": name}),
        keep=("subscription_sid", "type"),
        undo=_undo(f"End the subscription to {name}", f"{listing}/{segment(name)}"),
    )


def remove_type(step_id: str, subscription_sid: str, held: Versioned) -> CallStep:
    """The step that takes a type out of a subscription."""
    name = held[0]
    path = f"{_of(subscription_sid)}/{segment(name)}"
    again = add_type(step_id, subscription_sid, held)
    return CallStep(
        id=step_id,
        title=f"End the subscription to {name}",
        call=Call(product="events", method="DELETE", path=path),
        adopt=Adopt(read=_get(path), gone=True),
        keep=(),
        undo=Undo(title=again.title, call=again.call, adopt=again.adopt),
    )


def delete_subscription(step_id: str, sid: str) -> CallStep:
    """The step that deletes a subscription: a sink that has one cannot go."""
    return _deletion(step_id, f"Delete the subscription {sid}", f"{SUBSCRIPTIONS}/{segment(sid)}")


def delete_sink(step_id: str, account: Account, sid: str) -> CallStep:
    """The step that deletes a sink: its registration is over then."""
    step = _deletion(step_id, f"Delete the sink {sid}", f"{SINKS}/{segment(sid)}")
    return step.model_copy(update={"ends": sink_watch(account, step_id, sid)})


def _deletion(step_id: str, title: str, path: str) -> CallStep:
    return CallStep(
        id=step_id,
        title=title,
        call=Call(product="events", method="DELETE", path=path),
        adopt=Adopt(read=_get(path), gone=True),
        keep=(),
        lasting=_LASTING,
    )


def _undo(title: str, path: str) -> Undo:
    call = Call(product="events", method="DELETE", path=path)
    return Undo(title=title, call=call, adopt=Adopt(read=_get(path), gone=True))


def _of(subscription_sid: str) -> str:
    return f"{SUBSCRIPTIONS}/{segment(subscription_sid)}/SubscribedEvents"


def _get(path: str, **params: Param) -> Call:
    return Call(product="events", method="GET", path=path, params=params)
