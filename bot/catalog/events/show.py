"""Looking at Event Streams: `events.show` (twilio.md section 8)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.catalog.events.forms import EventsShow
from bot.catalog.events.standing import Held, held
from bot.catalog.events.types import MESSAGES, REGISTRATIONS, offered, short
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.checks.standing import SINK, unknown
from bot.plans.finding import Finding, note, warn
from bot.ports import Known
from bot.twilio import reads_events
from bot.twilio.gateway import Account
from bot.twilio.reads import called

SETUP = "`/a2p-events setup`"


async def _show(form: EventsShow, account: Account, known: Known) -> Report:
    sinks, listed, last = await asyncio.gather(
        held(account), reads_events.types(account), known.last_event(account.sid)
    )
    ours = [h for h in sinks if h.ours]
    could = frozenset(t.type for t in offered(listed, messages=False).open)
    return Report(
        title=f"Event Streams of {account.name}",
        facts=(
            ("Set up", _set_up(ours)),
            ("Last event", _moment(last)),
            ("States of numbers", "known from events" if await known.follows_events(account.sid) else "not known"),
        ),
        sections=tuple(_section(h, could) for h in sinks if h.ours or form.others),
        findings=tuple(_findings(account, sinks, could, last)),
    )


def _set_up(ours: Sequence[Held]) -> str:
    works = any(h.sink.status == "active" for h in ours)
    return "Yes" if works else "No" if not ours else "Yes, but it does not work"


def _moment(at: float | None) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" if at else "None has come yet"


def _section(one: Held, could: frozenset[str]) -> Section:
    state = SINK.get(one.sink.status) or unknown(one.sink.status)
    whose = "brings events to Tenfour" if one.ours else "another Tenfour's" if one.astray else "somebody else's"
    lines = [f"{one.shown}: {state.words}", f"{len(one.types)} types subscribed: {_families(one.types)}"]
    if one.ours and (lacks := could - one.types):
        lines.append(f"Not subscribed: {', '.join(map(short, sorted(lacks)))}")
    return Section(title=f"{called(one.sink.description) or 'Sink'} ({whose})", lines=tuple(lines))


def _families(types: frozenset[str]) -> str:
    """How many types of each family, as there are too many of them to name."""
    counts: dict[str, int] = {}
    for name in sorted(types):
        family = short(name).rpartition(".")[0]
        counts[family] = counts.get(family, 0) + 1
    return ", ".join(f"{family} {n}" for family, n in counts.items()) or "none"


def _findings(account: Account, sinks: Sequence[Held], could: frozenset[str], last: float | None) -> list[Finding]:
    ours = [h for h in sinks if h.ours]
    found = [_astray(h) for h in sinks if h.astray]
    if not account.events_url:
        text = "This Tenfour has no address that Twilio could send events to."
        found.append(warn("no-address", text, "Whoever runs it sets TENFOUR_PUBLIC_URL and TENFOUR_EVENTS_SECRET."))
    if not ours:
        text = "Nothing tells Tenfour the states of single numbers, and verdicts come by polling alone."
        return [*found, note("not-set-up", text, f"Set it up with {SETUP}.")]
    failed = [h for h in ours if h.sink.status == "failed"]
    if failed:
        text = f"Twilio has given up on {', '.join(h.sink.sid for h in failed)}: no event comes through it."
        found.append(warn("sink-failed", text, f"See that Tenfour can be reached, then replace it: {SETUP}."))
    got = frozenset[str]().union(*(h.types for h in ours))
    if lacks := (could & REGISTRATIONS) - got:
        found.append(warn("types-missing", f"{len(lacks)} types of events are not subscribed.", f"Add them: {SETUP}."))
    if last is None and len(failed) < len(ours):
        text = "No event has come yet. That is no fault as long as nothing moves at Twilio."
        found.append(note("no-event-yet", text))
    if got & MESSAGES:
        text = "Outcomes of messages come too, an event or more for each message."
        found.append(note("messages-too", text, "End that with `/a2p-events remove what=messages`."))
    return found


def _astray(one: Held) -> Finding:
    text = f"The sink {one.shown} sends this account's events to another Tenfour, or to where this one was."
    return warn("another-tenfour", text, "If nobody needs it any more, delete it in Twilio's Console.")


INQUIRY = Inquiry(
    name="events.show",
    title="Show Event Streams",
    summary="Each sink of the account, what it gets, and when the last event came.",
    command="/a2p-events",
    word="show",
    form=EventsShow,
    recall=_show,
)
