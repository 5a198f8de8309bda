"""How much waits in Redis, as it is shown to Prometheus."""

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.watching.depths import FRESH_SECONDS, Depths
from bot.watching.metrics import Metrics
from tests.conftest import START, Clock

SID = "AC" + "1" * 32
CAMPAIGN = Registration(kind="campaign", account=SID, key="MG1", title="A campaign", started_at=START)


async def queue() -> tuple[int, int]:
    return 3, 4


@pytest.fixture
def depths(redis: Redis, keys: Keys, clock: Clock) -> Depths:
    depths = Depths({SID: "main"}, clock)
    depths.connect(redis, keys, queue)
    return depths


@pytest.fixture
def registry(depths: Depths) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(depths)
    return registry


async def test_a_redis_that_is_away_is_said_and_nothing_old_is_shown(
    keys: Keys, clock: Clock, depths: Depths, registry: CollectorRegistry
) -> None:
    await depths.refresh()
    assert registry.get_sample_value("tenfour_redis_up") == 1.0
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        depths.connect(nowhere, keys, queue)
        clock.advance(FRESH_SECONDS)
        await depths.refresh()
    assert registry.get_sample_value("tenfour_redis_up") == 0.0
    assert registry.get_sample_value("tenfour_acts_left") is None
    assert registry.get_sample_value("tenfour_registrations", {"account": "main"}) is None


async def test_a_redis_that_is_back_is_shown_at_once(
    redis: Redis, keys: Keys, clock: Clock, depths: Depths, registry: CollectorRegistry
) -> None:
    async with Redis.from_url("redis://127.0.0.1:1") as nowhere:
        depths.connect(nowhere, keys, queue)
        await depths.refresh()
    depths.connect(redis, keys, queue)
    await depths.refresh()
    assert registry.get_sample_value("tenfour_redis_up") == 1.0


async def test_before_redis_is_connected_it_counts_as_away(clock: Clock) -> None:
    registry, depths = CollectorRegistry(auto_describe=True), Depths({}, clock)
    registry.register(depths)
    await depths.refresh()
    assert registry.get_sample_value("tenfour_redis_up") == 0.0


async def test_registrations_are_counted_by_account_with_how_late_the_first_is(
    redis: Redis, keys: Keys, clock: Clock, depths: Depths, registry: CollectorRegistry
) -> None:
    store = RegistrationStore(redis, keys)
    await store.begin(CAMPAIGN)
    await store.look_at(f"campaign|{SID}|MG2", START + 1000)
    clock.advance(40)
    await depths.refresh()
    assert registry.get_sample_value("tenfour_registrations", {"account": "main"}) == 2
    assert registry.get_sample_value("tenfour_registrations_due", {"account": "main"}) == 1
    assert registry.get_sample_value("tenfour_registrations_overdue_seconds", {"account": "main"}) == 40


async def test_the_lag_of_each_claimed_registration_is_counted(redis: Redis, keys: Keys, clock: Clock) -> None:
    metrics = Metrics(process=False)
    store = RegistrationStore(redis, keys, metrics)
    await store.begin(CAMPAIGN)
    clock.advance(40)
    assert await store.claim(SID, clock(), 10) == [CAMPAIGN.id]
    assert metrics.registry.get_sample_value("tenfour_poll_lag_seconds_sum") == 40
    assert metrics.registry.get_sample_value("tenfour_poll_lag_seconds_count") == 1


async def test_unknown_changes_acts_and_the_queue_are_counted(
    redis: Redis, keys: Keys, depths: Depths, registry: CollectorRegistry
) -> None:
    for number, state in ((1, "unknown"), (2, "pending"), (3, "pending"), (4, "a state of next year")):
        await redis.sadd(keys.plain("changes:open"), number)
        await redis.hset(keys.change(number, "doc"), "state", state)
    await redis.hset(keys.plain("acts"), "id", "sealed")
    await depths.refresh()
    assert registry.get_sample_value("tenfour_changes_open") == 4
    assert registry.get_sample_value("tenfour_unknown_steps_open") == 1
    assert registry.get_sample_value("tenfour_changes", {"state": "pending"}) == 2
    assert registry.get_sample_value("tenfour_changes", {"state": "other"}) == 1
    assert registry.get_sample_value("tenfour_acts_left") == 1
    assert registry.get_sample_value("tenfour_queue_tasks", {"queue": "ready"}) == 3
    assert registry.get_sample_value("tenfour_queue_tasks", {"queue": "scheduled"}) == 4


async def test_redis_is_read_again_only_after_a_while(
    redis: Redis, keys: Keys, clock: Clock, depths: Depths, registry: CollectorRegistry
) -> None:
    await depths.refresh()
    await redis.hset(keys.plain("acts"), "id", "sealed")
    await depths.refresh()
    assert registry.get_sample_value("tenfour_acts_left") == 0
    clock.advance(FRESH_SECONDS)
    await depths.refresh()
    assert registry.get_sample_value("tenfour_acts_left") == 1
