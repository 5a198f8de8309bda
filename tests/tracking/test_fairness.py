"""Whatever is wrong with one account, and however much of it is due, another's registrations are looked at in time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.kinds import KINDS, Kind, Look
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.accounts import Accounts
from bot.twilio.faults import Refused, Uncertain
from bot.twilio.gateway import Account
from bot.twilio.pace import Pace
from tests.sandbox.twilio_account import eventually
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits, registration_of
from tests.twilio.scripted import SECRET, saying, scripted

NOISY = "AC" + "0d" * 16
OTHERS = 10
AT_ONCE = 5


@pytest_asyncio.fixture
async def noisy(registry: Registry) -> AsyncIterator[Account]:
    """An account of which much more is due than of the other, and for longer."""
    account = Account(NOISY, NOISY, SECRET, f"{registry.twilio.url}/{{product}}", AT_ONCE)
    yield account
    await account.close()


def tracker_of(registry: Registry, noisy: Account, look: Look | None = None, **others: Look) -> Tracker:
    """A replica that looks at both accounts."""
    given = {name: Kind(one, announced=True) for name, one in ({"campaign": look} | others).items() if one}
    accounts = Accounts([registry.account, noisy])
    return Tracker(
        registry.store, accounts.__getitem__, registry.told, registry.clock, BASE, ALERTS, nobody_waits, given or KINDS
    )


async def due(registry: Registry, account: str, count: int, kind: str = "campaign", since: float = 0.0) -> None:
    """So many registrations of an account are due since then."""
    of_kind = {"kind": kind}
    made = (registration_of(f"MG{n}", account, since).model_copy(update=of_kind) for n in range(count))
    await asyncio.gather(*(registry.store.begin(registration) for registration in made))


async def test_an_account_that_hangs_slows_no_other_in_its_sweep_nor_in_the_next(
    registry: Registry, noisy: Account
) -> None:
    looked, hanging, answered = Counter[str](), Counter[str](), asyncio.Event()

    async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        (hanging if account is noisy else looked)[key] += 1
        if account is noisy:
            await answered.wait()
        return "PENDING", {}

    tracker = tracker_of(registry, noisy, look)
    await due(registry, NOISY, 60)
    await due(registry, registry.account.sid, OTHERS, since=registry.clock())
    sweep = asyncio.create_task(tracker.sweep())
    await eventually(lambda: looked.total() == OTHERS)
    again = {registration_of(f"MG{n}", registry.account.sid).id: registry.clock() for n in range(OTHERS)}
    await registry.store.look_at_all(again)
    more = await tracker.sweep()
    await eventually(lambda: looked.total() == 2 * OTHERS)
    assert (set(looked.values()), hanging.total(), sweep.done()) == ({2}, AT_ONCE, False)
    answered.set()
    assert await sweep + more == 60 + 2 * OTHERS
    assert set(hanging.values()) == {1}


async def test_what_falls_due_while_a_sweep_is_busy_with_its_account_is_looked_at_by_that_sweep(
    registry: Registry, noisy: Account
) -> None:
    looked, answered = Counter[str](), asyncio.Event()

    async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        looked[key] += 1
        await answered.wait()
        return "PENDING", {}

    tracker = tracker_of(registry, noisy, look)
    await due(registry, NOISY, 1)
    sweep = asyncio.create_task(tracker.sweep())
    await eventually(lambda: looked.total() == 1)
    await registry.store.begin(registration_of("MG-late", NOISY))
    assert await tracker.sweep() == 0
    answered.set()
    assert (await sweep, looked) == (2, {"MG0": 1, "MG-late": 1})


async def test_replicas_share_what_is_due_and_look_at_nothing_twice(registry: Registry, noisy: Account) -> None:
    looked = Counter[str]()

    async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        looked[key] += 1
        await asyncio.sleep(0)
        return "PENDING", {}

    await due(registry, NOISY, 90)
    shares = await asyncio.gather(*(tracker_of(registry, noisy, look).sweep() for _ in range(3)))
    assert (sum(shares), len(looked), set(looked.values())) == (90, 90, {1})
    assert min(shares) > 0


async def test_an_account_that_is_to_slow_down_is_left_alone_and_slows_no_other(
    registry: Registry, redis: Redis, keys: Keys
) -> None:
    campaign = await registry.submitted()
    await due(registry, NOISY, 60)
    async with scripted(saying(429, Retry_After="60")) as server:
        held = Account(NOISY, NOISY, SECRET, server.url + "/{product}", AT_ONCE, pace=Pace(redis, keys))
        assert await tracker_of(registry, held).sweep() == 61
        await held.close()
        assert len(server.asked) <= AT_ONCE
    assert (await registry.known(campaign)).status == "PENDING"
    left = registration_of("MG59", NOISY).id
    assert ("slow down" in (await registry.known(left)).trouble, await registry.due(left)) == (True, 5 * BASE)


async def test_an_account_that_gives_no_answer_is_left_alone_after_a_few_looks(
    registry: Registry, noisy: Account
) -> None:
    campaign = await registry.submitted()
    await due(registry, NOISY, 60)
    looks = Counter[str]()

    async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        looks[account.sid] += 1
        if account.sid == NOISY:
            raise Uncertain("GET", "no answer within the time allowed")
        return "PENDING", {}

    assert await tracker_of(registry, noisy, look).sweep() == 61
    assert looks[NOISY] <= 2 * AT_ONCE
    assert "No clear answer" in (await registry.known(registration_of("MG59", NOISY).id)).trouble
    assert (await registry.known(campaign)).status == "PENDING"


async def test_a_key_that_may_not_read_one_kind_of_thing_goes_on_reading_the_others(
    registry: Registry, noisy: Account
) -> None:
    looks = Counter[str]()

    async def refused(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        looks["brand"] += 1
        raise Refused(403, 20003, "Permission denied", "", "GET /v1/a2p/BrandRegistrations")

    async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        looks["campaign"] += 1
        return "PENDING", {}

    await due(registry, NOISY, 40, "brand")
    await due(registry, NOISY, 40, since=1.0)
    assert await tracker_of(registry, noisy, look, brand=refused).sweep() == 80
    assert looks["campaign"] == 40
    assert looks["brand"] <= AT_ONCE


@pytest.mark.parametrize("ahead", [-5.0, 0.0])
async def test_what_an_older_version_has_put_on_the_one_list_of_all_accounts_is_looked_at(
    registry: Registry, noisy: Account, ahead: float
) -> None:
    old, campaign = registry.keys.plain("registrations:due"), await registry.submitted()
    await registry.store.look_at(campaign, registry.clock() + 1e6)
    later = registration_of("MG-later", NOISY).id
    await registry.redis.zadd(old, {campaign: registry.clock() + ahead, later: registry.clock() + 7})
    assert await tracker_of(registry, noisy).sweep() == 1
    assert (await registry.known(campaign)).status == "PENDING"
    assert (await registry.redis.exists(old), await registry.due(later)) == (0, 7)


async def test_what_nobody_follows_any_more_is_on_no_list(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.redis.zadd(registry.keys.plain("registrations:due"), {campaign: 1.0})
    await registry.store.forget(campaign)
    assert await RegistrationStore(registry.redis, registry.keys).looked_at() == []
