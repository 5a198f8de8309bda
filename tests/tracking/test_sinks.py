"""A sink that works is told from one that has fallen silent, and bundles are followed to their verdict."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.call import Call, Param
from bot.sandbox.twilio import start_bundles
from bot.sandbox.twilio.bundles import review
from bot.sandbox.twilio.sinks import Sink
from bot.tracking.bundles import look_at_bundle
from bot.tracking.cadence import DAY, seconds_until_next_look
from bot.tracking.kinds import kinds
from bot.tracking.news import state_news
from bot.tracking.registration import GONE, SILENT, Registration, Transition
from bot.tracking.sinks import AFTER_SECONDS, BEFORE_SECONDS, Sinks, status_of
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits, transition_of

NUMBERS = "com.twilio.messaging.compliance.number-registration.successful"
PATH = "/twilio/events/"
PASSWORD = "an-events-password"
times = st.floats(1, 1e9)


@pytest.fixture
def sinks(registry: Registry) -> Sinks:
    registry.account.events_url = f"https://tenfour:{PASSWORD}@bot.acme.example{PATH}{registry.account.sid}"
    return Sinks(registry.redis, registry.keys, registry.clock)


async def post(account: Account, path: str, **params: Param) -> str:
    call = Call(product="events", method="POST", path=path, params=params)
    return str((await account.send(call))["sid"])


async def a_sink(registry: Registry, *types: str) -> str:
    """A sink of ours that has these types; gives its SID."""
    configuration = f'{{"destination":"{registry.account.events_url}","method":"POST","batch_events":true}}'
    made = await post(
        registry.account, "/v1/Sinks", Description="Ours", SinkConfiguration=configuration, SinkType="webhook"
    )
    registry.clock.advance(5)
    if types:
        wanted = tuple(f'{{"type":"{name}"}}' for name in types)
        await post(registry.account, "/v1/Subscriptions", Description="Ours", SinkSid=made, Types=wanted)
    return made


def tracker_of(registry: Registry, sinks: Sinks) -> Tracker:
    return Tracker(
        registry.store,
        lambda _: registry.account,
        registry.told,
        registry.clock,
        BASE,
        ALERTS,
        nobody_waits,
        kinds=kinds(sink=sinks.look, bundle=look_at_bundle),
        projections=(sinks.learn,),
    )


def of_kind(kind: str, registry: Registry, key: str, **more: Any) -> Registration:
    return Registration(
        kind=kind, account=registry.account.sid, key=key, title="It", started_at=registry.clock(), **more
    )


def moved(at: float, before: str = "PENDING", after: str = "VERIFIED", **more: Any) -> Transition:
    return transition_of(1, after).model_copy(update={"before": before, "at": at, **more})


async def heard_at(registry: Registry, at: float) -> None:
    await registry.redis.set(registry.keys.plain(f"events:last:{registry.account.sid}"), at)


# When a sink has fallen silent


@given(st.sampled_from(["initialized", "validating", "failed", "never_seen"]), times, times, times, times)
def test_what_twilio_says_of_a_sink_that_is_not_active_stands(
    word: str, since: float, event: float, move: float, now: float
) -> None:
    assert status_of(word, since, event, move, now) == word


@given(times, st.none() | times, times)
def test_where_nothing_moved_no_sink_is_silent(since: float, event: float | None, now: float) -> None:
    assert status_of("active", since, event, None, now) == "active"


@given(times, times)
def test_a_sink_is_not_blamed_for_what_moved_before_it_got_anything(move: float, later: float) -> None:
    assert status_of("active", move + later, None, move, move + later + DAY) == "active"
    assert status_of("active", 0.0, None, move, move + DAY) == "active"


def test_a_move_without_an_event_is_silence_once_half_an_hour_has_passed() -> None:
    move = 1e6
    at = [status_of("active", 1.0, None, move, move + s) for s in (0, AFTER_SECONDS - 1, AFTER_SECONDS, DAY)]
    assert at == ["active", "active", SILENT, SILENT]


def test_an_event_shortly_before_the_move_or_at_any_time_after_it_is_a_sign_of_life() -> None:
    move = 1e6
    events = (move - BEFORE_SECONDS - 1, move - BEFORE_SECONDS, move - 10, move + 10, move + DAY)
    at = [status_of("active", 1.0, event, move, move + 2 * DAY) for event in events]
    assert at == [SILENT, "active", "active", "active", "active"]


# What is learnt of moves


@pytest.mark.parametrize(
    "transition",
    [
        moved(1e6, before=""),
        moved(1e6, after="IN_PROGRESS"),
        moved(1e6, after=GONE),
        moved(1e6, about="numbers"),
        moved(1e6, before="VERIFIED"),
        moved(1e6, snapshot={"mock": True}),
        moved(1e6, snapshot={"is_externally_registered": True}),
    ],
)
async def test_what_twilio_may_have_no_event_for_is_no_move(
    registry: Registry, sinks: Sinks, transition: Transition
) -> None:
    sink = await a_sink(registry, NUMBERS)
    await sinks.learn(of_kind("campaign", registry, "MG1"), [transition])
    assert (await sinks.look(registry.account, sink))[1]["last_move"] is None


async def test_a_log_that_is_taken_up_again_late_does_not_turn_the_time_back(registry: Registry, sinks: Sinks) -> None:
    sink = await a_sink(registry, NUMBERS)
    for log in ([moved(50.0), moved(2e6)], [moved(50.0)], [moved(1e6)]):
        await sinks.learn(of_kind("brand", registry, "BN1"), log)
    assert (await sinks.look(registry.account, sink))[1]["last_move"] == 2e6


# From a sink that works to one that does not, and back


async def test_silence_is_told_once_and_so_is_the_first_event_after_it(registry: Registry, sinks: Sinks) -> None:
    tracker, key = tracker_of(registry, sinks), await a_sink(registry, NUMBERS)
    sink = of_kind("sink", registry, key)
    await tracker.adopt(sink)
    await tracker.sweep()
    assert ((await registry.known(sink.id)).status, await registry.heard(sink.id)) == ("active", [])
    assert await registry.due(sink.id) == 15 * BASE
    assert await sinks.follows(registry.account.sid)

    registry.clock.advance(60)
    await sinks.learn(of_kind("campaign", registry, "MG1"), [moved(registry.clock())])
    registry.clock.advance(AFTER_SECONDS)
    for _ in range(2):
        await tracker.look(sink.id)
    assert await registry.heard(sink.id) == [(ALERTS, SILENT)]
    assert await registry.due(sink.id) == BASE
    assert not await sinks.follows(registry.account.sid)

    await heard_at(registry, registry.clock())
    for _ in range(2):
        await tracker.look(sink.id)
    assert await registry.heard(sink.id) == [(ALERTS, SILENT), (ALERTS, "active")]
    told = [t.severity for t in await registry.store.transitions(sink.id)]
    assert told == ["bad", "good"]
    assert await sinks.follows(registry.account.sid)


async def test_a_sink_that_failed_or_is_gone_is_bad_news_and_follows_nothing(registry: Registry, sinks: Sinks) -> None:
    tracker, key = tracker_of(registry, sinks), await a_sink(registry, NUMBERS)
    sink = of_kind("sink", registry, key)
    await tracker.adopt(sink)
    await tracker.sweep()
    registry.twilio.ledger.table(Sink).change(key, registry.clock(), status="failed")
    await tracker.look(sink.id)
    assert not await sinks.follows(registry.account.sid)
    [subscription] = await registry.account.pages(
        Call(product="events", method="GET", path="/v1/Subscriptions"), "subscriptions"
    )
    for path in (f"/v1/Subscriptions/{subscription['sid']}", f"/v1/Sinks/{key}"):
        await registry.account.send(Call(product="events", method="DELETE", path=path))
    registry.clock.advance(3600)
    await tracker.look(sink.id)
    assert [(t.after, t.severity) for t in await registry.store.transitions(sink.id)] == [
        ("failed", "bad"),
        (GONE, "bad"),
    ]


async def test_a_sink_of_somebody_else_or_without_numbers_tells_no_state_of_any(
    registry: Registry, sinks: Sinks
) -> None:
    tracker = tracker_of(registry, sinks)
    for key in (await a_sink(registry), await a_sink(registry, NUMBERS)):
        await tracker.adopt(of_kind("sink", registry, key))
        await tracker.sweep()
        followed = await sinks.follows(registry.account.sid)
    assert followed
    registry.account.events_url = "https://tenfour:other@elsewhere.example/twilio/events/AC1"
    await tracker.look(of_kind("sink", registry, key).id)
    assert not await sinks.follows(registry.account.sid)


async def test_what_is_kept_of_a_sink_does_not_open_it(registry: Registry, sinks: Sinks) -> None:
    _, snapshot = await sinks.look(registry.account, await a_sink(registry, NUMBERS))
    assert PASSWORD not in str(snapshot)
    assert (snapshot["host"], snapshot["ours"], snapshot["types"]) == ("bot.acme.example", True, [NUMBERS])


def test_what_is_no_state_of_a_brand_is_looked_at_as_its_own_kind_asks() -> None:
    states = ("active", "failed", SILENT, GONE)
    assert [seconds_until_next_look(s, 60.0, 60, "sink") / 60 for s in states] == [15, 1, 1, 15]
    assert [seconds_until_next_look(s, 9 * DAY, 60, "sink") / 60 for s in states] == [15, 15, 15, 1440]
    assert seconds_until_next_look("twilio-approved", 9 * DAY, 60, "bundle") == DAY
    assert seconds_until_next_look("in-review", 9 * DAY, 60, "bundle") == 15 * 60


@pytest.mark.parametrize(("status", "told"), [("active", None), ("initialized", None), ("failed", "bad")])
def test_of_a_first_look_at_a_sink_only_what_is_wrong_is_news(status: str, told: str | None) -> None:
    old = Registration(kind="sink", account="AC1", key="DG1", title="It", started_at=0.0)
    news = state_news(old, old.model_copy(update={"status": status}), 1.0)
    assert (news.severity if news else None) == told


# Bundles


async def test_a_bundle_is_found_whatever_its_kind_and_its_verdict_comes_with_the_reasons(
    registry: Registry, sinks: Sinks
) -> None:
    tracker, key = tracker_of(registry, sinks), start_bundles.PRIMARY_PROFILE
    bundle = of_kind("bundle", registry, key, status="in-review")
    await tracker.adopt(bundle)
    errors = [{"code": 18601, "message": "The business name does not match the registration"}]
    review(registry.twilio.ledger, key, registry.clock(), "twilio-rejected", errors)
    await tracker.look(bundle.id)
    [verdict] = await registry.store.transitions(bundle.id)
    assert (verdict.after, verdict.severity) == ("twilio-rejected", "bad")
    assert verdict.snapshot["errors"][0]["error_code"] == 18601
    assert "email" not in verdict.snapshot


async def test_a_bundle_that_no_kind_has_is_gone(registry: Registry) -> None:
    assert await look_at_bundle(registry.account, "BU" + "0" * 32) == (GONE, {})
