"""How messages fare: when that is news, and that it does not flap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.cadence import seconds_until_next_look
from bot.tracking.kinds import kinds
from bot.tracking.registration import FAILING, FLOWING, QUIET, Registration, Transition
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.tracking.traffic import HOUR, Receipt, Tally, Traffic, judged, summary
from bot.twilio.gateway import Account
from tests.conftest import Clock, Told
from tests.intake.receiver import SERVICE

states = st.sampled_from(["", FLOWING, FAILING, QUIET])


def tally(delivered: int, refused: int = 0, code: str = "30034") -> Tally:
    return Tally({"delivered": delivered, "undelivered": refused}, {code: refused} if refused else {})


@pytest.mark.parametrize("code", ["30007", "30022", "30023", "30024", "30027", "30032", "30033", "30034", "30035"])
def test_messages_fail_when_a_handful_and_a_share_are_refused_for_the_registration(code: str) -> None:
    assert judged(day := tally(20, 5, code), day, FLOWING) == FAILING
    assert judged(day := tally(20, 4, code), day, FLOWING) == FLOWING, "four may be one phone"
    assert judged(day := tally(200, 5, code), day, FLOWING) == FLOWING, "five of two hundred are few"


def test_phones_that_cannot_be_reached_say_nothing_of_the_registration() -> None:
    assert judged(day := tally(1, 50, "30003"), day, FLOWING) == FLOWING


def test_what_is_wrong_now_does_not_hide_behind_a_good_day() -> None:
    assert judged(tally(100_000, 6), tally(10, 6), FLOWING) == FAILING


@given(st.integers(0, 400), st.integers(0, 40), states)
def test_judging_the_same_again_never_changes_the_answer(delivered: int, refused: int, before: str) -> None:
    seen = tally(delivered, refused)
    first = judged(seen, seen, before)
    assert judged(seen, seen, first) == first


@given(st.integers(100, 1000), st.integers(1, 100))
def test_between_the_two_shares_everything_stays_as_it_was(finished: int, refused: int) -> None:
    share = refused / (finished + refused)
    seen = tally(finished, refused)
    if 0.02 < share <= 0.05:
        assert [judged(seen, seen, before) for before in (FLOWING, FAILING)] == [FLOWING, FAILING]


def test_a_service_that_nobody_dares_to_use_has_not_recovered() -> None:
    assert judged(tally(10, 10), Tally(), FAILING) == FAILING
    assert judged(tally(13, 10), tally(3), FAILING) == FAILING
    assert judged(tally(15, 10), tally(5), FAILING) == FLOWING
    assert judged(tally(1), Tally(), FAILING) == FLOWING, "a whole day without a refusal"
    assert judged(Tally(), Tally(), FAILING) == QUIET


def test_the_snapshot_names_what_is_met_most_often_in_words() -> None:
    day = Tally({"delivered": 8, "undelivered": 9, "failed": 3, "sent": 20}, {"30003": 9, "30035": 2, "30034": 1}, {})
    found = summary(day)
    assert (found["hours"], found["finished"], found["delivered"], found["rate"]) == (24, 20, 8, 0.15)
    assert found["likely"].startswith("The sender is just being registered or deregistered")
    assert list(found["codes"]) == ["30003", "30035", "30034"]


def test_messages_are_looked_at_every_ten_minutes_until_there_are_none() -> None:
    every = [seconds_until_next_look(state, age=HOUR, base=60.0, kind="traffic") for state in (FLOWING, FAILING, QUIET)]
    assert every == [600.0, 600.0, 86400.0]


async def test_failing_and_recovering_are_news_and_a_first_look_a_quiet_night_and_a_morning_are_not(
    redis: Redis, keys: Keys, clock: Clock, told: Told
) -> None:
    store = RegistrationStore(redis, keys)
    traffic = Traffic(redis, keys, store, clock)
    account = Account("AC" + "5a" * 16, "AC" + "5a" * 16, "token")

    async def nobody_waits(number: int) -> None:
        raise AssertionError(number)

    tracker = Tracker(
        store, lambda _: account, told, clock, 60.0, "C0ALERTS", nobody_waits, kinds=kinds(traffic=traffic.look)
    )
    messages = Registration(
        kind="traffic", account=account.sid, key=SERVICE, title=f"Messages of {SERVICE}", started_at=clock()
    )
    sent = 0

    async def end(status: str, times: int, code: str = "") -> None:
        nonlocal sent
        for _ in range(times):
            sent += 1
            receipt = Receipt(f"SM{sent:032x}", status, SERVICE, code=code)
            for sid, wanting in await traffic.count_all([(account.sid, receipt)]):
                await tracker.hint([messages.model_copy(update={"started_at": clock()})])
                await traffic.hinted(sid, wanting)

    async def news() -> list[tuple[str, str, str]]:
        await tracker.sweep()
        rows = await store.announcements(messages.id)
        for row in rows:
            await store.told(messages.id, row)
        return [(row.transition.before, row.transition.after, row.transition.severity) for row in rows]

    await end("delivered", 30)
    assert (await news(), told.registrations) == ([], [])
    clock.advance(601)
    campaign = messages.model_copy(update={"kind": "campaign", "snapshot": {"readiness": {"service": "Acme alerts"}}})
    await store.begin(campaign)
    await store.forget(campaign.id)
    await end("undelivered", 6, "30034")
    assert await news() == [(FLOWING, FAILING, "bad")]
    named = await store.load(messages.id)
    assert named
    assert named.title == "Messages of “Acme alerts”"
    clock.advance(6 * HOUR)
    await end("delivered", 6)
    assert await news() == [(FAILING, FLOWING, "good")]
    clock.advance(30 * HOUR)
    assert await news() == []
    known = await store.load(messages.id)
    assert known
    assert (known.status, known.snapshot["finished"]) == (QUIET, 0)
    await redis.delete(keys.registration("traffic", account.sid, SERVICE, "hinted"))
    await end("delivered", 1)
    assert await news() == []
    known = await store.load(messages.id)
    assert known
    assert known.status == FLOWING
    await account.close()


async def test_counts_are_dropped_after_eight_days_and_receipts_after_five_hours(
    redis: Redis, keys: Keys, clock: Clock
) -> None:
    traffic = Traffic(redis, keys, RegistrationStore(redis, keys), clock)
    for _ in range(2):
        await traffic.count_all([("AC1", Receipt("SM1", "failed", SERVICE, code="30034"))])
    found = {str(key).rpartition(":")[2]: await redis.ttl(key) async for key in redis.scan_iter(f"{keys.prefix}:*")}
    assert sorted(found.values()) == [5 * 3600, 8 * 86400]
    clock.advance(6 * HOUR)
    await traffic.count_all([("AC1", Receipt("SM2", "failed", SERVICE))])
    assert await redis.zcard(keys.registration("traffic", "AC1", SERVICE, "receipts")) == 1


async def test_messages_that_begin_to_fail_have_their_campaign_looked_at(
    redis: Redis, keys: Keys, clock: Clock
) -> None:
    store = RegistrationStore(redis, keys)
    traffic = Traffic(redis, keys, store, clock)
    campaign = Registration(kind="campaign", account="AC1", key=SERVICE, title="C", started_at=clock())
    await store.begin(campaign)
    await store.look_at(campaign.id, clock() + 86400)
    failing = Transition(id=2, before=FLOWING, after=FAILING, at=clock(), severity="bad", snapshot={})
    await traffic.learn(campaign.model_copy(update={"kind": "traffic"}), [failing])
    assert await store.claim("AC1", clock(), 1) == [campaign.id]
