"""What a person did is written down in one command with the mark of its delivery: both, or neither."""

import pytest
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.vault import Vault
from handlers import ACTIONS, CLOSED, COMMANDS, SUBMISSIONS, UNMARKED
from handlers.acts import Act, ActStore
from handlers.commands import asks_for_help
from handlers.delivery import Delivery

ACT = Act(id="a1", kind="decide", user="U0ANN", team="T0TENFOUR", at=1.0, what={"number": 1})
MARK = "block_actions:1.2.a"
DEAD = ("a process that has died", 10_000)


@pytest.fixture
def here(redis: Redis, keys: Keys, vault: Vault) -> ActStore:
    return ActStore(redis, keys, vault)


@pytest.fixture
def there(redis: Redis, keys: Keys, vault: Vault) -> ActStore:
    return ActStore(redis, keys, vault)


@pytest.fixture
def leases(redis: Redis) -> Leases:
    return Leases(redis)


async def test_a_copy_that_another_process_hears_writes_nothing_down(
    here: ActStore, there: ActStore, leases: Leases
) -> None:
    assert await here.begin(ACT, MARK, leases.holder)
    assert not await there.begin(ACT, MARK, leases.holder)
    assert await here.left(before=2.0) == [ACT]


async def test_a_copy_of_what_was_carried_out_long_ago_writes_nothing_down(here: ActStore, leases: Leases) -> None:
    assert await here.begin(ACT, MARK, leases.holder)
    await here.done(ACT, leases.holder)
    assert not await here.begin(ACT, MARK, leases.holder)
    assert await here.left(before=2.0) == []


async def test_what_a_process_wrote_down_that_died_before_its_ack_is_left_for_others_once_its_lease_is_over(
    here: ActStore, there: ActStore, leases: Leases, redis: Redis
) -> None:
    assert await here.begin(ACT, MARK, DEAD)
    async with leases.held(there.lease(ACT)) as ours:
        assert not ours
    assert 0 < await redis.pttl(here.lease(ACT)) <= DEAD[1]
    await redis.delete(here.lease(ACT))  # as when its time is over
    async with leases.held(there.lease(ACT)) as ours:
        assert ours
        assert await there.left(before=2.0) == [ACT]
        assert not await there.begin(ACT, MARK, leases.holder)


async def test_who_has_written_an_act_down_may_carry_it_out_and_nobody_else(
    here: ActStore, leases: Leases, redis: Redis
) -> None:
    await here.begin(ACT, MARK, leases.holder)
    async with leases.held(here.lease(ACT), taken=True) as ours:
        assert ours
        async with Leases(redis).held(here.lease(ACT)) as theirs:
            assert not theirs
        await here.done(ACT, leases.holder)
        leases.given_back(here.lease(ACT))
    async with Leases(redis).held(here.lease(ACT)) as theirs:
        assert theirs


async def test_an_act_that_could_not_be_carried_out_gives_its_lease_back_and_stands(
    here: ActStore, leases: Leases, redis: Redis
) -> None:
    await here.begin(ACT, MARK, leases.holder)
    with pytest.raises(ConnectionError):
        async with leases.held(here.lease(ACT), taken=True):
            raise ConnectionError
    assert await here.stands(ACT)
    assert not await redis.exists(here.lease(ACT))


async def test_who_forgets_an_act_late_leaves_the_lease_of_another_alone(
    here: ActStore, leases: Leases, redis: Redis
) -> None:
    await here.begin(ACT, MARK, leases.holder)
    await here.done(ACT, DEAD)
    assert await redis.get(here.lease(ACT)) == leases.holder[0]


async def test_what_has_no_mark_is_written_down_each_time(here: ActStore, leases: Leases) -> None:
    assert await here.begin(ACT, "", leases.holder)
    assert await here.begin(ACT.model_copy(update={"id": "a2"}), "", leases.holder)
    assert len(await here.left(before=2.0)) == 2


async def test_a_server_that_was_restarted_learns_how_acts_are_written_down(
    here: ActStore, leases: Leases, redis: Redis
) -> None:
    await redis.script_flush()
    assert await here.begin(ACT, MARK, leases.holder)
    await redis.script_flush()
    await here.done(ACT, leases.holder)
    assert not await here.stands(ACT)


def test_all_that_is_kept_of_acts_lies_in_one_slot_of_a_cluster(here: ActStore, keys: Keys, redis: Redis) -> None:
    assert here.lease(ACT).startswith(f"{keys.prefix}:{{{keys.plain('acts')}}}:")


def test_only_what_is_on_the_map_goes_unmarked() -> None:
    handlers = {*COMMANDS.values(), *ACTIONS.values(), *SUBMISSIONS.values(), *CLOSED.values()}
    assert set(UNMARKED) <= handlers


@pytest.mark.parametrize("text", ["", "create", 'create friendly_name="help me"', "create friendly_name=a help"])
def test_a_command_that_may_do_something_is_marked_before_it_is_answered(text: str) -> None:
    assert not asks_for_help(Delivery.of({"command": "/a2p-service", "user_id": "U0ANN", "text": text}))


@pytest.mark.parametrize("text", ["help", "help create", "create --HELP", "?"])
def test_help_is_known_by_its_word(text: str) -> None:
    assert asks_for_help(Delivery.of({"command": "/a2p-service", "user_id": "U0ANN", "text": text}))
