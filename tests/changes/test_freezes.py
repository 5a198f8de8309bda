"""What stands of a freeze, whoever says what, in whichever order it is carried out."""

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.changes.change import State
from bot.changes.freezes import ALL, Freeze, Freezes, frozen_words
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import ANN, BOB, Office, plan_for
from tests.conftest import Clock

MAIN, WEST = plan_for().account, "AC" + "6b" * 16
HOUR = 3600.0


@pytest.fixture
def freezes(redis: Redis, keys: Keys, vault: Vault, clock: Clock) -> Freezes:
    return Freezes(redis, keys, vault, clock)


def freeze(clock: Clock, account: str = MAIN, user: str = ANN, hours: float = 4) -> Freeze:
    """What somebody wants frozen from now on."""
    return Freeze(account=account, user=user, reason="Carrier outage", at=clock(), until=clock() + hours * HOUR)


async def test_a_freeze_that_cannot_be_read_stops_everything_until_somebody_lifts_it(
    redis: Redis, keys: Keys, freezes: Freezes, clock: Clock
) -> None:
    other = Freezes(redis, keys, Vault([Fernet.generate_key().decode()]), clock)
    await other.begin(freeze(clock), "act-1")
    await redis.hset(keys.plain("freezes"), WEST, "what no version has ever written")
    clock.advance(90 * 24 * HOUR)
    held = {account: await freezes.of(account) for account in (MAIN, WEST)}
    for account, found in held.items():
        assert found is not None
        assert (found.account, found.user, found.until) == (account, "", float("inf"))
        assert "cannot be read" in frozen_words(found)
        assert await freezes.lift(account, seen=found.at) == "said"
    assert await freezes.standing() == []


async def test_a_lift_lifts_no_newer_freeze_than_the_one_that_was_seen(freezes: Freezes, clock: Clock) -> None:
    seen = freeze(clock)
    await freezes.begin(seen, "act-1")
    clock.advance(60)
    newer = freeze(clock, user=BOB)
    await freezes.begin(newer, "act-2")
    clock.advance(60)
    assert await freezes.lift(MAIN, "act-3", seen=seen.at) == "later"
    assert await freezes.of(MAIN) == newer
    assert await freezes.lift(MAIN, "act-4", seen=newer.at) == "said"
    assert await freezes.of(MAIN) is None


async def test_a_freeze_that_is_carried_out_again_after_it_was_lifted_does_not_come_back(
    freezes: Freezes, clock: Clock
) -> None:
    first = freeze(clock)
    assert await freezes.begin(first, "act-1") == "said"
    assert await freezes.begin(first, "act-1") == "stands"
    clock.advance(10)
    lifted_at = clock()
    assert await freezes.lift(MAIN, "act-2") == "said"
    assert await freezes.begin(first, "act-1") == "later"
    assert await freezes.lift(MAIN, "act-2", at=lifted_at) == "stands"
    assert await freezes.standing() == []


async def test_a_lift_that_is_carried_out_again_leaves_what_was_frozen_meanwhile(
    freezes: Freezes, clock: Clock
) -> None:
    await freezes.begin(freeze(clock), "act-1")
    clock.advance(1)
    lifted_at = clock()
    await freezes.lift(MAIN, "act-2", at=lifted_at)
    clock.advance(1)
    anew = freeze(clock, user=BOB)
    assert await freezes.begin(anew, "act-3") == "said"
    assert await freezes.lift(MAIN, "act-2", at=lifted_at, seen=lifted_at) == "later"
    assert await freezes.of(MAIN) == anew


async def test_nothing_is_lifted_where_nothing_is_frozen(freezes: Freezes, clock: Clock) -> None:
    assert await freezes.lift(MAIN) == "nothing"
    await freezes.begin(freeze(clock))
    await freezes.lift(MAIN)
    assert await freezes.lift(MAIN) == "nothing"


async def test_a_freeze_holds_its_account_until_its_end_and_no_other(freezes: Freezes, clock: Clock) -> None:
    await freezes.begin(freeze(clock, hours=1))
    assert await freezes.of(WEST) is None
    clock.advance(HOUR - 1)
    assert await freezes.of(MAIN) is not None
    clock.advance(1)
    assert (await freezes.of(MAIN), await freezes.standing()) == (None, [])


async def test_a_freeze_of_all_accounts_holds_each_and_is_lifted_on_its_own(freezes: Freezes, clock: Clock) -> None:
    own, every = freeze(clock, hours=1), freeze(clock, account=ALL, hours=2)
    for begun in (own, every):
        await freezes.begin(begun)
    assert [await freezes.of(account) for account in (MAIN, WEST)] == [every, every]
    await freezes.lift(ALL)
    assert [await freezes.of(account) for account in (MAIN, WEST)] == [own, None]


async def test_who_froze_and_why_is_sealed_at_rest(redis: Redis, keys: Keys, freezes: Freezes, clock: Clock) -> None:
    await freezes.begin(freeze(clock), "act-1")
    stored = await redis.hgetall(keys.plain("freezes"))
    assert "Carrier outage" not in str(stored)
    assert ANN not in str(stored)


@pytest.mark.parametrize(
    ("account", "moved"), [(ALL, ["pending", "approved"]), (MAIN, ["pending", "approved"]), (WEST, [])]
)
async def test_what_a_freeze_concerns_is_drawn_and_started_when_it_moves(
    office: Office, account: str, moved: list[State]
) -> None:
    waiting, approved = await office.asked(), await office.asked(draft="draft-2")
    await office.approve(approved, ANN)
    office.told.changes.clear()
    office.started.runs.clear()
    await office.changes.freeze_moved(account)
    assert [(await office.now(c)).state for c in (waiting, approved) if c.number in office.told.changes] == moved
    assert office.started.runs == ([approved.number] if moved else [])
