"""Setting up Event Streams: `events.setup` (twilio.md section 8)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.catalog.events import show
from bot.catalog.events.forms import EventsRemove, EventsSetup
from bot.catalog.events.standing import Held, chosen, held
from bot.catalog.events.steps import (
    SINK,
    Versioned,
    add_type,
    create_sink,
    create_subscription,
    delete_sink,
    delete_subscription,
    remove_type,
    shown_place,
    sink_active,
    sink_watch,
)
from bot.catalog.events.types import MESSAGES, Offered, offered, short
from bot.catalog.operation import CannotPlanError, Context, Operation
from bot.plans.call import Ref
from bot.plans.finding import Finding, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import GivenStep, Step
from bot.twilio import reads_events
from bot.twilio.gateway import Account
from bot.twilio.reads_events import EventType, place

NO_ADDRESS: Final = (
    "Twilio could not reach this Tenfour with its events. Whoever runs it sets TENFOUR_PUBLIC_URL, an https address "
    "that the internet reaches, and TENFOUR_EVENTS_SECRET, and starts it again. Until then polling alone follows "
    "registrations, and nothing tells the states of numbers."
)
NO_TYPES: Final = (
    "Twilio lists no event about brands, campaigns or numbers for this account, so there is nothing to subscribe to. "
    "Ask Twilio Support whether the account may use Event Streams."
)


async def _plan_setup(form: EventsSetup, context: Context) -> Plan:
    account = context.account
    if not account.events_url:
        raise CannotPlanError(NO_ADDRESS)
    sinks, listed = await asyncio.gather(held(account), reads_events.types(account))
    choice = offered(listed, messages=form.messages)
    if not any(t.type not in MESSAGES for t in choice.open):
        raise CannotPlanError(NO_TYPES)
    ours = [h for h in sinks if h.ours]
    kept = chosen(ours, account.events_url)
    going = [h for h in ours if h is not kept]
    wanted = await _versioned(account, [t for t in choice.open if kept is None or t.type not in kept.types])
    sink, subscribing = _sink(context, kept), _subscription(context, kept, wanted)
    # looked at again with the last step: what it brings is known only then
    steps = [sink[0], *subscribing[-1:]] if len(sink) > 1 else [*sink, *subscribing][-1:]
    return Plan(
        operation="events.setup",
        account=account.sid,
        title=f"Set up Event Streams for {account.name}",
        steps=(*_deletions(account, going, "old"), *sink, *subscribing),
        differences=tuple(_differences(account, kept, going, wanted)),
        findings=tuple(_findings(form, sinks, kept, going, choice, wanted)),
        watches=tuple(sink_watch(account, step.id, Ref(step=SINK)) for step in steps),
    )


async def _versioned(account: Account, types: Sequence[EventType]) -> list[Versioned]:
    """Types with the newest version of their schemas: older ones lack which service a number is in (twilio.md 8.1)."""
    schemas = sorted({t.schema_id for t in types if t.schema_id})
    found = await asyncio.gather(*(reads_events.latest_version(account, s) for s in schemas))
    versions = dict(zip(schemas, found, strict=True))
    return [(t.type, versions.get(t.schema_id or "")) for t in types]


def _deletions(account: Account, going: Sequence[Held], prefix: str) -> list[Step]:
    """Sinks that go, each after what is subscribed for it."""
    steps: list[Step] = []
    for nth, one in enumerate(going, 1):
        subscriptions = enumerate(one.subscriptions, 1)
        steps += [delete_subscription(f"{prefix}_{nth}_subscription_{i}", sid) for i, sid in subscriptions]
        steps.append(delete_sink(f"{prefix}_{nth}_sink", account, one.sink.sid))
    return steps


def _sink(context: Context, kept: Held | None) -> list[Step]:
    if kept is None:
        return [create_sink(context), sink_active(context.account)]
    there = GivenStep(id=SINK, title=f"The sink {kept.sink.sid} stands", result={"sid": kept.sink.sid})
    return [there] if kept.sink.status == "active" else [there, sink_active(context.account)]


def _subscription(context: Context, kept: Held | None, wanted: Sequence[Versioned]) -> list[Step]:
    if not wanted:
        return []
    if kept is None or not kept.subscriptions:
        return [create_subscription(context, wanted)]
    first = next(iter(kept.subscriptions))
    return [add_type(f"type_{nth}", first, one) for nth, one in enumerate(wanted, 1)]


def _differences(
    account: Account, kept: Held | None, going: Sequence[Held], wanted: Sequence[Versioned]
) -> list[Difference]:
    changes = [Difference(field="Sink", before=f"{h.shown}, {h.sink.status}", after=None) for h in going]
    if kept is None:
        changes.append(Difference(field="Events go to", before=None, after=shown_place(account.events_url)))
    families: dict[str, list[str]] = {}
    for name, _ in wanted:
        family, _, one = short(name).rpartition(".")
        families.setdefault(family, []).append(one)
    return changes + [Difference(field=family, before=None, after=", ".join(of)) for family, of in families.items()]


def _findings(
    form: EventsSetup,
    sinks: Sequence[Held],
    kept: Held | None,
    going: Sequence[Held],
    choice: Offered,
    wanted: Sequence[Versioned],
) -> list[Finding]:
    found = [_going(h, kept) for h in going]
    if kept is not None:
        has = "It gets all of these events already: nothing is sent, it is followed from then on."
        text = f"The sink {kept.shown} brings events here already. {'What it lacks is added.' if wanted else has}"
        found.append(note("sink-stands", text))
        if not form.messages and (more := kept.types & MESSAGES):
            text = f"It also brings outcomes of messages ({_listed(more)}), and goes on doing so."
            found.append(note("messages-stay", text, "`/a2p-events remove what=messages` ends that.", "messages"))
    for one in (h for h in sinks if h.astray):
        text = f"The sink {one.shown} sends the same account's events to another Tenfour, or to where this one was."
        found.append(warn("another-tenfour", text, "If nobody needs it any more, delete it in Twilio's Console."))
    if choice.missing:
        text = f"Twilio does not list {_listed(choice.missing)} for this account: left out."
        found.append(note("types-not-listed", text, "Run this again once Twilio lists them."))
    if choice.closed:
        text = f"Twilio does not let this account subscribe to {_listed(choice.closed)}: left out."
        found.append(note("types-closed", text, "Ask Twilio Support for them, then run this again."))
    if form.messages:
        text = "Each message makes an event, and Twilio charges for events by their number."
        found.append(warn("volume", text, "Answer No where many messages are sent.", "messages"))
    return found


def _going(one: Held, kept: Held | None) -> Finding:
    if one.sink.status == "failed":
        text = f"The sink {one.shown} has failed, and no failed sink recovers: it goes."
    elif kept is None:
        text = f"The sink {one.shown} sends a password of before, with which no event is let in: it goes."
    else:
        text = f"The sink {one.shown} sends what {kept.sink.sid} sends too: it goes."
    return note("sink-goes", text)


def _listed(names: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(short(name) for name in sorted(names))


async def _plan_remove(form: EventsRemove, context: Context) -> Plan:
    account = context.account
    ours = [h for h in await held(account) if h.ours]
    if not ours:
        raise CannotPlanError("No sink of this account brings events to Tenfour: there is nothing to end.", "what")
    only = form.what == "messages"
    steps = _messages(ours) if only else _deletions(account, ours, "our")
    if not steps:
        text = "No outcomes of messages come to Tenfour from this account: there is nothing to end."
        raise CannotPlanError(text, "what")
    return Plan(
        operation="events.remove",
        account=account.sid,
        title=f"End {'the outcomes of messages from' if only else 'Event Streams of'} {account.name}",
        steps=tuple(steps),
        differences=tuple(_ending(h, sorted(h.types & MESSAGES if only else h.types), only=only) for h in ours),
        findings=() if only else (_alone(),),
    )


def _messages(ours: Sequence[Held]) -> list[Step]:
    held_ = [(sid, t, v) for h in ours for sid, types in h.subscriptions.items() for t, v in sorted(types.items())]
    going = [(sid, t, v) for sid, t, v in held_ if t in MESSAGES]
    return [remove_type(f"type_{nth}", sid, (name, version)) for nth, (sid, name, version) in enumerate(going, 1)]


def _ending(one: Held, types: Sequence[str], *, only: bool) -> Difference:
    what = f"{place(one.sink.destination)[0]} gets {_listed(types) or 'nothing'}"
    return Difference(field=f"Sink {one.sink.sid}", before=what, after="gets them no more" if only else None)


def _alone() -> Finding:
    text = (
        "Polling alone follows brands and campaigns then, a little later than events do. Nothing else tells the states "
        "of single numbers: Tenfour cannot say any more whether carriers have registered them."
    )
    return warn("numbers-unknown", text, "Where a sink has failed, `/a2p-events setup` mends it in one go.", "what")


OPERATIONS = (
    Operation(
        name="events.setup",
        title="Set up Event Streams",
        summary="Twilio sends events about brands, campaigns and numbers to Tenfour, at once and unasked.",
        command="/a2p-events",
        word="setup",
        form=EventsSetup,
        plan=_plan_setup,
        notes=(
            "The only way to learn whether carriers have registered a number: no API of Twilio's tells.",
            "Each account has its own sink, subaccounts too. What stands already is kept, and what it lacks is added; "
            "a sink that has failed is replaced.",
            "Whoever runs Tenfour has set TENFOUR_PUBLIC_URL and TENFOUR_EVENTS_SECRET. The secret is sent to Twilio "
            "with the address, and shown to nobody.",
        ),
        next="`/a2p-events show` says when the last event came.",
    ),
    Operation(
        name="events.remove",
        title="End Event Streams",
        summary="Twilio sends Tenfour no more events of this account, or none about messages.",
        command="/a2p-events",
        word="remove",
        form=EventsRemove,
        plan=_plan_remove,
        notes=("Sinks that send events to somebody else stay as they are.",),
        next="`/a2p-events setup` makes it anew at any time.",
    ),
)
INQUIRIES = (show.INQUIRY,)
