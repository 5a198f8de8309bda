"""What is registered at Twilio and followed by nobody is found, offered once, and followed as it stands."""

import pytest
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.twilio.start_state import APPROVED_BRAND, SUPPORT_SERVICE
from bot.tracking.discovery import Discovery
from bot.twilio.accounts import Accounts
from tests.tracking.registry import Registry, registration_of


@pytest.fixture
def discovery(registry: Registry, redis: Redis, keys: Keys) -> Discovery:
    return Discovery(redis, keys, registry.tracker(), Accounts([registry.account]), registry.clock)


async def found(discovery: Discovery, registry: Registry) -> dict[str, str]:
    """What is offered: status by key."""
    return {r.key: r.status for r in (await discovery.offer(registry.account.sid)).found}


async def test_an_account_that_does_not_answer_is_asked_again_and_nothing_is_offered(
    discovery: Discovery, registry: Registry
) -> None:
    registry.twilio.faults.add("GET /v1/Services$", status=403, times=1)
    assert await discovery.look() == []
    offer = await discovery.offer(registry.account.sid)
    assert (offer.found, offer.nth) == ((), 0)


async def test_what_nobody_follows_is_offered_once_with_its_state(discovery: Discovery, registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.redis.delete(*[k async for k in registry.redis.scan_iter(match=f"*{SUPPORT_SERVICE}*")])
    assert await discovery.look() == [registry.account.sid]
    seen = await found(discovery, registry)
    assert (seen[APPROVED_BRAND], seen[SUPPORT_SERVICE]) == ("APPROVED", "PENDING")
    offer = await discovery.offer(registry.account.sid)
    assert offer.counts["service"] == len(registry.twilio.services)
    assert await registry.store.load(campaign) is None
    # the next night finds the same: that is no new offer
    await registry.redis.delete(*[k async for k in registry.redis.scan_iter(match="*discovery:due:*")])
    assert await discovery.look() == []
    assert (await discovery.offer(registry.account.sid)).nth == 1


async def test_what_is_followed_from_an_offer_makes_no_news_of_what_stood_there(
    discovery: Discovery, registry: Registry
) -> None:
    await discovery.look()
    taken = await discovery.follow(registry.account.sid)
    assert await found(discovery, registry) == {}
    await registry.tracker().sweep()
    brand = next(r for r in taken if r.key == APPROVED_BRAND)
    assert ((await registry.known(brand.id)).status, await registry.heard(brand.id)) == ("APPROVED", [])
    registry.twilio.desk.brand_status(APPROVED_BRAND, "SUSPENDED")
    await registry.tracker().look(brand.id)
    assert [state for _, state in await registry.heard(brand.id)] == ["SUSPENDED"]


async def test_some_of_an_offer_can_be_followed_and_the_rest_declined_for_good(
    discovery: Discovery, registry: Registry
) -> None:
    await discovery.look()
    first = next(iter((await discovery.offer(registry.account.sid)).found))
    assert [r.id for r in await discovery.follow(registry.account.sid, [first.id, "brand|AC0|forged"])] == [first.id]
    left = len(await found(discovery, registry))
    assert await discovery.decline(registry.account.sid) == left
    await registry.redis.delete(*[k async for k in registry.redis.scan_iter(match="*discovery:due:*")])
    assert await discovery.look() == []
    assert await found(discovery, registry) == {}


async def test_an_account_is_looked_through_once_however_many_ask(discovery: Discovery, registry: Registry) -> None:
    await discovery.look()
    calls = len(registry.twilio.log)
    await discovery.look()
    assert len(registry.twilio.log) == calls


async def test_what_an_event_began_under_its_sid_is_called_by_its_name_from_then_on(
    discovery: Discovery, registry: Registry
) -> None:
    begun = registration_of(SUPPORT_SERVICE, registry.account.sid, registry.clock())
    brand = begun.model_copy(update={"kind": "brand", "key": APPROVED_BRAND, "title": f"Brand {APPROVED_BRAND}"})
    await registry.tracker().hint([brand])
    await discovery.look()
    assert (await registry.known(brand.id)).title == "Brand “Acme Inc”"
