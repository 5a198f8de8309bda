"""The weekly digest comes once a week to every channel that wants it, whatever fails, and says what it covers only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.changes.budget import Budget, Hold
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT, BOT_TOKEN
from bot.tracking.portfolio import Portfolio
from bot.tracking.registration import Registration, Transition
from bot.tracking.row import DAY
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from handlers.following.digests import Digests
from handlers.posts import Posts
from tests.conftest import Clock
from tests.e2e.world import A2P, ALERTS, shown

MAIN, EAST = "AC" + "5a" * 16, "AC" + "e5" * 16
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC).timestamp()

Start = Callable[..., Digests]


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    server = LocalSlack(rate_limits=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def start(slack: LocalSlack, redis: Redis, keys: Keys, clock: Clock) -> Start:
    """Starts a replica; the alerts channel hears everything unless it is told otherwise."""
    clock.now = MONDAY

    def started(*channels: Subscription) -> Digests:
        async def subscribed() -> dict[str, Subscription]:
            return {s.channel: s for s in channels or (Subscription(channel=ALERTS),)}

        store, client = (
            RegistrationStore(redis, keys),
            AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[]),
        )
        portfolio, budget = Portfolio(redis, keys, store, clock), Budget(redis, keys, clock)
        return Digests(Posts(client, redis), redis, keys, Leases(redis), portfolio, store, budget, subscribed, clock)

    return started


@pytest_asyncio.fixture(autouse=True)
async def week(redis: Redis, keys: Keys, clock: Clock) -> None:
    """A campaign that was rejected last week in the main account, and one under review in the other."""
    store = RegistrationStore(redis, keys)
    portfolio = Portfolio(redis, keys, store, clock)
    for key, account, status in (("MG1", MAIN, "FAILED"), ("MG2", EAST, "PENDING")):
        at = MONDAY - 3 * DAY
        registration = Registration(
            kind="campaign",
            account=account,
            account_name=account[2:4],
            key=key,
            title=f"Campaign {key}",
            started_at=at,
            made_at=at - DAY,
            status=status,
            since=at,
            snapshot={"errors": [{"error_code": 30896}] if status == "FAILED" else []},
        )
        await store.begin(registration)
        known = await store.load(registration.id)
        assert known
        moved = Transition(
            id=1, before="IN_REVIEW", after=status, at=at, severity="info", snapshot=dict(known.snapshot)
        )
        assert await store.observe(known, [moved])
        await portfolio.learn(registration)


def heard(slack: LocalSlack, channel: str = ALERTS) -> list[str]:
    return [shown(message) for message in slack.messages(channel)]


async def test_five_replicas_post_one_digest_and_none_again_that_week(
    slack: LocalSlack, start: Start, clock: Clock
) -> None:
    clock.now = MONDAY - 1
    await start().post_due()
    assert heard(slack) == []
    clock.now = MONDAY
    await asyncio.gather(*(start().post_due() for _ in range(5)))
    clock.advance(2 * DAY)
    await start().post_due()
    (said,) = heard(slack)
    assert "1 rejected" in said
    assert "Campaign MG1" in said
    assert "half of" not in said
    assert "1 day in one case" in said
    assert said.count("data_visualization") == 2
    clock.advance(5 * DAY)
    await start().post_due()
    assert len(heard(slack)) == 2


async def test_a_bot_that_was_down_on_monday_posts_until_wednesday_and_not_later(
    slack: LocalSlack, start: Start, clock: Clock
) -> None:
    clock.now = MONDAY + 3 * DAY
    await start().post_due()
    assert heard(slack) == []
    clock.now = MONDAY + 2 * DAY
    await start().post_due()
    assert len(heard(slack)) == 1


async def test_a_slack_that_refuses_charts_gets_the_same_numbers_in_words(slack: LocalSlack, start: Start) -> None:
    slack.faults.add("chat.postMessage", error="invalid_blocks")
    await start().post_due()
    await start().post_due()
    (said,) = heard(slack)
    assert "data_visualization" not in said
    assert "|30896> (1)" in said


async def test_an_answer_that_was_lost_makes_no_second_post(slack: LocalSlack, start: Start, clock: Clock) -> None:
    slack.faults.add("chat.postMessage", drop_response=True)
    await start().post_due()
    clock.advance(3600)
    await start().post_due()
    assert len(heard(slack)) == 1


async def test_a_slack_that_is_away_is_asked_again_later_and_not_each_minute(
    slack: LocalSlack, start: Start, clock: Clock
) -> None:
    slack.faults.add("chat.postMessage", error="internal_error", times=2)
    await start().post_due()
    clock.advance(60)
    await start().post_due()
    assert len(slack.calls("chat.postMessage")) == 1
    clock.advance(1000)
    await start().post_due()
    clock.advance(1000)
    await start().post_due()
    assert len(heard(slack)) == 1


async def test_a_channel_that_is_closed_keeps_no_other_from_hearing(slack: LocalSlack, start: Start) -> None:
    slack.remove_member(A2P, BOT.id)
    replica = start(Subscription(channel=A2P), Subscription(channel=ALERTS))
    await replica.post_due()
    await replica.post_due()
    assert len(heard(slack)) == 1
    assert len(slack.calls("chat.postMessage")) == 2


async def test_who_subscribed_a_closed_channel_to_the_digest_alone_is_told_once(
    slack: LocalSlack, start: Start
) -> None:
    slack.remove_member(A2P, BOT.id)
    replica = start(Subscription(channel=A2P, by="U0RITA", digest_only=True))
    for _ in range(2):
        await replica.post_due()
    (said,) = slack.messages("D0RITA")
    assert said["text"].startswith(f"<#{A2P}> does not hear")


async def test_a_channel_hears_of_what_it_follows_and_of_nothing_else(
    slack: LocalSlack, start: Start, redis: Redis, keys: Keys
) -> None:
    for account, usd in ((MAIN, "15"), (EAST, "44")):
        hold = Hold(usd=Decimal(usd), step="s1", at=MONDAY).model_dump_json()
        await redis.hset(keys.plain(f"spend:{account}:2026-11"), "7:first", hold)
    east = Subscription(channel=A2P, accounts=(EAST,), digest_only=True)
    none = Subscription(channel=ALERTS, weekly=False)
    await start(east, none).post_due()
    (said,) = heard(slack, A2P)
    assert "Campaign MG1" not in said
    assert "1 under review" in said
    assert "$44.00 in e5" in said
    assert "$15" not in said
    assert heard(slack) == []


async def test_the_week_so_far_is_of_this_week(start: Start, clock: Clock) -> None:
    digest = await start().of(Subscription(channel=ALERTS), so_far=True)
    assert digest.statistics.refused == ()
    assert (await start().of(Subscription(channel=ALERTS))).statistics.refused == ("Campaign MG1",)


async def test_spend_leaves_out_what_came_to_nothing_and_other_months(redis: Redis, keys: Keys, clock: Clock) -> None:
    hold = Hold(usd=Decimal(15), step="s1", at=MONDAY).model_dump_json()
    await redis.hset(keys.plain(f"spend:{MAIN}:2026-11"), mapping={"7:first": hold, "8:first": hold})
    await redis.hset(keys.change(7, "doc"), "state", "pending")
    await redis.hset(keys.change(8, "doc"), "state", "rejected")
    clock.now = MONDAY + DAY
    budget = Budget(redis, keys, clock)
    assert await budget.spent(MAIN, MONDAY) == Decimal(15)
    assert await budget.spent(MAIN, MONDAY - 30 * DAY) == Decimal(0)
