"""Event Streams: set up once for each account, mended when they fail, and no way in is shown to anybody."""

import json
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.catalog import catalog
from bot.catalog.events.types import MESSAGES, REGISTRATIONS, offered, short
from bot.catalog.operation import CannotPlanError
from bot.catalog.report import Report
from bot.plans.call import Call, Json, Secret
from bot.plans.plan import Plan
from bot.plans.step import CallStep, GivenStep, WaitStep
from bot.ports import Known
from bot.redis.keys import Keys
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.sinks import Sink
from bot.tracking.known import HeardAndSeen
from bot.tracking.sinks import Sinks
from bot.tracking.store import RegistrationStore
from bot.twilio import reads_events
from bot.twilio.reads_events import EventType
from handlers.blocks.plan import call_text
from tests.catalog.examples import a_failed_sink, event_streams
from tests.catalog.test_undo import taken_back
from tests.catalog.world import EVENTS_PASSWORD, EVENTS_URL, TOKEN, World, codes

NUMBERS = "com.twilio.messaging.compliance.number-registration."
OTHER = "tf-another0token"
DELIVERED = "com.twilio.messaging.message.delivered"


@pytest.fixture
def known(redis: Redis, keys: Keys, world: World) -> HeardAndSeen:
    sinks = Sinks(redis, keys, world.clock)
    return HeardAndSeen(redis, keys, RegistrationStore(redis, keys), sinks.follows)


async def report(world: World, known: Known, **values: Any) -> Report:
    """What `/a2p-events show` finds."""
    inquiry = next(i for i in catalog().inquiries if i.name == "events.show")
    return await inquiry.answered(inquiry.form(**values), world.account, known)


def sent(plan: Plan) -> list[tuple[str, str]]:
    """Method and path of every call."""
    return [(s.call.method, s.call.path) for s in plan.steps if isinstance(s, CallStep)]


def event_types(*names: str, status: str = "available") -> list[EventType]:
    return [EventType(type=name, status=status) for name in names]


async def make_sink(world: World, destination: str, status: str = "active") -> str:
    configuration = json.dumps({"destination": destination, "method": "POST", "batch_events": True})
    params: Any = {"Description": "Somebody's", "SinkConfiguration": configuration, "SinkType": "webhook"}
    sid = str((await world.account.send(Call(product="events", method="POST", path="/v1/Sinks", params=params)))["sid"])
    world.rig(Sink, sid, status=status)
    return sid


async def test_without_an_address_it_says_which_settings_are_missing(world: World) -> None:
    world.account.events_url = ""
    with pytest.raises(CannotPlanError, match=r"TENFOUR_PUBLIC_URL.*TENFOUR_EVENTS_SECRET"):
        await world.plan("events.setup")


async def test_a_fresh_account_gets_a_sink_that_is_waited_for_and_one_subscription(world: World) -> None:
    plan = await world.plan("events.setup")
    sink, wait, subscription = plan.steps
    assert isinstance(sink, CallStep)
    assert isinstance(wait, WaitStep)
    assert isinstance(subscription, CallStep)
    assert (wait.until, wait.fails) == (("active",), ("failed", "GONE"))
    assert [(w.kind, w.step) for w in plan.watches] == [("sink", "sink"), ("sink", "subscription")]
    assert sink.adopt is not None
    assert TOKEN in str(sink.adopt.match["description"])
    wire = sink.call.resolved({}).params["SinkConfiguration"]
    assert json.loads(str(wire)) == {"destination": EVENTS_URL, "method": "POST", "batch_events": True}
    types = subscription.call.params["Types"]
    assert isinstance(types, tuple)
    assert {f"{NUMBERS}successful", f"{NUMBERS}failed"} <= {json.loads(str(t))["type"] for t in types}
    assert not {json.loads(str(t))["type"] for t in types} & MESSAGES


async def test_the_password_is_sent_and_covered_by_the_digest_and_shown_nowhere(world: World) -> None:
    plan = await world.plan("events.setup")
    sink = plan.steps[0]
    assert isinstance(sink, CallStep)
    shown = [call_text(sink.call), str(sink.call.params), str(plan.differences), plan.title, repr(plan.findings)]
    assert [text for text in shown if EVENTS_PASSWORD in text] == []
    assert "tenfour:•••@bot.acme.example/twilio/events/AC" in call_text(sink.call)
    for words in (f"cannot reach {EVENTS_URL}", "cannot reach " + EVENTS_URL.replace("/", "\\/")):
        assert EVENTS_PASSWORD not in plan.masked(words)
    configuration = sink.call.params["SinkConfiguration"]
    assert isinstance(configuration, Json)
    assert isinstance(configuration.fields["destination"], Secret)
    world.account.events_url = EVENTS_URL.replace(EVENTS_PASSWORD, "another-password")
    assert (await world.plan("events.setup")).digest != plan.digest


async def test_a_sink_whose_answer_was_lost_is_found_by_its_token_and_another_changes_sink_is_not(world: World) -> None:
    mine, theirs = (await world.plan("events.setup")).steps[0], (await world.plan("events.setup", OTHER)).steps[0]
    assert isinstance(mine, CallStep)
    assert isinstance(theirs, CallStep)
    await world.account.send(mine.call.resolved({}))
    assert (len(await world.adopted(mine.adopt, {})), await world.adopted(theirs.adopt, {})) == (1, [])


async def test_what_stands_is_kept_and_only_what_it_lacks_is_added(world: World) -> None:
    await event_streams(world)
    whole = await world.plan("events.setup", token=OTHER)
    assert [type(s) for s in whole.steps] == [GivenStep]
    [sink] = await reads_events.sinks(world.account)
    [subscription] = await reads_events.subscriptions(world.account, sink.sid)
    path = f"/v1/Subscriptions/{subscription.sid}/SubscribedEvents"
    for name in ("pending", "failed"):
        await world.account.send(Call(product="events", method="DELETE", path=f"{path}/{NUMBERS}{name}"))
    plan = await world.plan("events.setup", token=OTHER)
    assert sent(plan) == [("POST", path), ("POST", path)]
    assert [w.step for w in plan.watches] == [plan.steps[-1].id]
    await world.carry_out(plan)
    assert [type(s) for s in (await world.plan("events.setup")).steps] == [GivenStep]


async def test_a_failed_sink_is_taken_away_with_what_is_subscribed_for_it_before_a_new_one_is_made(
    world: World,
) -> None:
    await a_failed_sink(world)
    plan = await world.plan("events.setup", token=OTHER)
    methods = [(method, path.split("/")[2]) for method, path in sent(plan)]
    assert methods == [("DELETE", "Subscriptions"), ("DELETE", "Sinks"), ("POST", "Sinks"), ("POST", "Subscriptions")]
    gone = plan.steps[1]
    assert isinstance(gone, CallStep)
    assert gone.ends is not None
    assert "sink-goes" in codes(plan)


async def test_a_sink_with_the_password_of_before_is_replaced_and_one_with_a_hidden_password_is_not(
    world: World,
) -> None:
    before = await make_sink(world, EVENTS_URL.replace(EVENTS_PASSWORD, "what-it-was-before"))
    assert ("DELETE", f"/v1/Sinks/{before}") in sent(await world.plan("events.setup"))
    world.rig(Sink, before, destination=EVENTS_URL.replace(EVENTS_PASSWORD, "********"))
    assert [m for m, _ in sent(await world.plan("events.setup"))] == ["POST"]


async def test_sinks_of_others_are_left_alone_and_one_at_another_address_of_ours_is_named(world: World) -> None:
    other = await make_sink(world, "https://hooks.acme.example/events")
    astray = await make_sink(world, f"https://old.acme.example/twilio/events/{start_state.ACCOUNT_SID}")
    plan = await world.plan("events.setup")
    assert "another-tenfour" in codes(plan, "warn")
    assert not any(other in path or astray in path for _, path in sent(plan))
    with pytest.raises(CannotPlanError, match="nothing to end"):
        await world.plan("events.remove")


async def test_what_was_set_up_can_be_undone_and_the_subscription_goes_before_its_sink(world: World) -> None:
    plan = await world.plan("events.setup")
    back = taken_back(plan, sink={"sid": "DG" + "1" * 32}, subscription={"sid": "DF" + "2" * 32}, active={})
    calls = [s for s in back.steps if isinstance(s, CallStep)]
    assert [s.call.path for s in calls] == ["/v1/Subscriptions/DF" + "2" * 32, "/v1/Sinks/DG" + "1" * 32]
    assert calls[1].ends is not None
    assert calls[1].ends.key == "DG" + "1" * 32


async def test_removing_takes_away_all_of_ours_and_says_what_nobody_can_tell_any_more(world: World) -> None:
    await event_streams(world)
    plan = await world.plan("events.remove")
    assert "numbers-unknown" in codes(plan, "warn")
    await world.carry_out(plan)
    assert await reads_events.sinks(world.account) == []


def test_types_that_twilio_does_not_list_or_keeps_closed_are_left_out_and_named() -> None:
    known = sorted(REGISTRATIONS)
    listed = [*event_types(*known[2:]), *event_types(known[0], status="restricted")]
    choice = offered(listed, messages=True)
    assert {t.type for t in choice.open} == set(known[2:])
    assert (choice.closed, set(choice.missing)) == ((known[0],), {known[1], *MESSAGES})


def test_a_type_of_our_families_that_is_newer_than_our_list_is_wanted_and_others_are_not() -> None:
    choice = offered(event_types(f"{NUMBERS}paused", "com.twilio.voice.call", DELIVERED), messages=False)
    assert [short(t.type) for t in choice.open] == ["number-registration.paused"]


async def test_an_account_without_a_sink_is_told_how_to_get_one(world: World, known: HeardAndSeen) -> None:
    found = await report(world, known)
    assert [f.code for f in found.findings] == ["not-set-up"]
    assert "`/a2p-events setup`" in found.findings[0].fix
    assert dict(found.facts)["Last event"] == "None has come yet"


async def test_the_report_says_when_the_last_event_came_and_what_is_wrong_with_the_sink(
    world: World, known: HeardAndSeen, redis: Redis, keys: Keys
) -> None:
    await a_failed_sink(world)
    other = await make_sink(world, "https://hooks.acme.example/events")
    await redis.set(keys.plain(f"events:last:{world.account.sid}"), 1_790_000_000.0)
    found = await report(world, known)
    assert dict(found.facts)["Last event"] == "2026-09-21 14:13 UTC"
    assert [f.code for f in found.findings] == ["sink-failed"]
    assert any(other in line for section in found.sections for line in section.lines)
    assert EVENTS_PASSWORD not in found.model_dump_json()
    ours = await report(world, known, others=False)
    assert not any(other in line for section in ours.sections for line in section.lines)
