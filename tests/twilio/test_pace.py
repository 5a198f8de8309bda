"""The calls of an account keep its lanes and its holds, in all processes together, and no hold lasts for ever."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.plans.call import Call
from bot.plans.step import Lane
from bot.redis.connection import open_redis
from bot.redis.embedded import run_embedded_redis
from bot.redis.keys import Keys
from bot.twilio.faults import Throttled
from bot.twilio.gateway import READ_TRIES, Account
from bot.twilio.pace import LONGEST_HOLD, LONGEST_PAUSE, SPREAD_SECONDS, TRUSTED_SECONDS, Pace
from tests.conftest import Clock
from tests.redis.servers import free_port, kill_and_wait, process_id, server
from tests.twilio.scripted import SECRET, SID, Scripted, saying, scripted

LIST = Call(product="messaging", method="GET", path="/v1/Services")
CREATE = Call(product="messaging", method="POST", path="/v1/Services", params={"FriendlyName": "Acme"})
LANES: tuple[Lane, ...] = ("default", "registration", "external")


class Naps:
    """Instead of sleeping: how long it would have been, while time passes in Redis as well."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._key = redis, keys.plain(f"pace:{SID}")
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(round(seconds, 1))
        await self.over(seconds)

    async def over(self, seconds: float) -> None:
        """So many seconds have passed."""
        for name in await self._redis.hkeys(self._key):
            if name not in ("strikes", "holds"):
                await self._redis.hincrby(self._key, name, -round(seconds * 1000))


@pytest.fixture
def pace(redis: Redis, keys: Keys) -> Pace:
    return Pace(redis, keys)


@pytest.fixture
def naps(redis: Redis, keys: Keys) -> Naps:
    return Naps(redis, keys)


async def never(seconds: float) -> None:
    raise AssertionError(f"waited for {seconds}")


class KilledError(Exception):
    """The process of a call ended while that waited for its place."""


async def killed(seconds: float) -> None:
    raise KilledError


async def waits(pace: Pace, lane: Lane, account: str = SID) -> float:
    """How long a call would have to wait now; it takes no place."""
    return await pace.turn(account, lane, never, 0.0)


def assert_about(whole: float, left: float) -> None:
    """So much is left of a hold, of which some has passed by the real clock of Redis."""
    assert whole / 2 < left <= whole


def one_of(server: Scripted, pace: Pace | None) -> Account:
    return Account(SID, SID, SECRET, server.url + "/{product}", pace=pace)


async def test_a_hold_stops_every_lane_of_its_account_and_no_other_account(pace: Pace) -> None:
    assert await pace.hold(SID, 60) == 60
    for lane in LANES:
        assert_about(60, await waits(pace, lane))
    assert [await waits(pace, lane, "AC-other") for lane in LANES] == [0, 0, 0]


async def test_a_hold_is_known_to_a_process_that_starts_in_the_middle_of_it(
    pace: Pace, redis_url: str, keys: Keys, tmp_path: Path
) -> None:
    await pace.hold(SID, 60)
    async with open_redis(redis_url, tmp_path) as handle:
        assert_about(60, await waits(Pace(handle.client, keys), "default"))


async def test_a_hold_survives_kill_9_of_redis(keys: Keys, tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as own:
        pace = Pace(own.client, keys)
        await pace.hold(SID, 60)
        await kill_and_wait(await process_id(own.client))
        async with asyncio.timeout(10):
            while True:
                with suppress(RedisError):
                    assert_about(60, await waits(pace, "default"))
                    return


async def test_a_hold_of_another_process_is_seen_within_a_tenth_of_a_second_and_ones_own_at_once(
    redis: Redis, keys: Keys, pace: Pace
) -> None:
    clock = Clock()
    own = Pace(redis, keys, clock=clock)
    assert await waits(own, "default") == 0
    await pace.hold(SID, 60)
    assert await waits(own, "default") == 0
    clock.advance(TRUSTED_SECONDS)
    assert_about(60, await waits(own, "default"))
    assert await waits(own, "default", "AC-other") == 0
    await own.hold("AC-other", 60)
    assert_about(60, await waits(own, "default", "AC-other"))


@pytest.mark.parametrize("asked", [1e9, 3600.0, float("inf")])
async def test_no_hold_lasts_for_ever(pace: Pace, asked: float) -> None:
    assert await pace.hold(SID, asked) == LONGEST_HOLD
    assert await waits(pace, "default") <= LONGEST_HOLD


async def test_a_hold_of_a_clock_that_ran_ahead_is_cut_short(pace: Pace, redis: Redis, keys: Keys) -> None:
    await pace.hold(SID, 60)
    for name in ("held_until", "calm_at", "free:default"):
        await redis.hset(keys.plain(f"pace:{SID}"), name, 10**15)
    assert await waits(pace, "default") <= LONGEST_HOLD + SPREAD_SECONDS
    assert await pace.hold(SID, 1) <= LONGEST_HOLD


async def test_what_is_remembered_of_an_account_goes_away_by_itself(pace: Pace, redis: Redis, keys: Keys) -> None:
    await pace.hold(SID, 60)
    assert 0 < await redis.pttl(keys.plain(f"pace:{SID}")) <= 3 * LONGEST_HOLD * 1000
    await pace.turn("AC-other", "external", never, 0.0)
    assert 0 < await redis.pttl(keys.plain("pace:AC-other")) <= 3 * LONGEST_HOLD * 1000


@pytest.mark.parametrize("lane", LANES)
async def test_calls_do_not_queue_behind_places_that_a_new_hold_has_voided(pace: Pace, lane: Lane) -> None:
    await pace.hold(SID, 1)
    for _ in range(100):
        with suppress(KilledError):
            await pace.turn(SID, lane, killed, LONGEST_HOLD)
    await pace.hold(SID, 5)
    assert await waits(pace, lane) <= 5


async def test_a_shorter_word_of_twilios_does_not_shorten_a_hold(pace: Pace) -> None:
    await pace.hold(SID, 60)
    assert_about(60, await pace.hold(SID, 5))
    assert_about(60, await pace.hold(SID, None))
    assert_about(90, await pace.hold(SID, 90))


async def test_a_hold_without_a_time_doubles_each_time_up_to_a_bound_and_starts_small_again_after_a_calm(
    pace: Pace, naps: Naps
) -> None:
    held = []
    for _ in range(7):
        held.append(await pace.hold(SID, None))
        await naps.over(held[-1])
    assert held == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    await naps.over(2 * LONGEST_PAUSE)
    assert await pace.hold(SID, None) == 1


async def test_many_refusals_of_calls_that_were_under_way_together_count_once(pace: Pace) -> None:
    held = await asyncio.gather(*(pace.hold(SID, None) for _ in range(20)))
    assert max(held) == 1


async def test_what_waited_for_the_end_of_a_hold_sets_out_one_by_one(pace: Pace) -> None:
    await pace.hold(SID, 5)
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    assert await asyncio.gather(*(pace.turn(SID, "default", note, 30) for _ in range(5))) == [0.0] * 5
    assert max(slept) - min(slept) >= SPREAD_SECONDS


async def test_what_waited_for_the_end_of_a_hold_follows_ever_closer(pace: Pace) -> None:
    await pace.hold(SID, 5)
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    await asyncio.gather(*(pace.turn(SID, "default", note, 30) for _ in range(60)))
    first, second, *_, before_last, last = sorted(slept)
    assert 0 < last - before_last < (second - first) / 2


async def test_who_comes_soon_after_a_hold_is_spread_too_and_later_nobody_is(pace: Pace, naps: Naps) -> None:
    await pace.hold(SID, 60)
    await naps.over(61)
    assert await pace.turn(SID, "default", never, 0.0) == 0
    assert 0 < await waits(pace, "default") <= SPREAD_SECONDS
    await naps.over(60)
    assert [await waits(pace, "default") for _ in range(3)] == [0, 0, 0]


async def test_who_has_waited_waits_on_when_the_account_was_held_anew_meanwhile(pace: Pace, naps: Naps) -> None:
    await pace.hold(SID, 5)

    async def held_anew(seconds: float) -> None:
        await naps(seconds)
        if len(naps.taken) == 1:
            await pace.hold(SID, 7)

    assert await pace.turn(SID, "default", held_anew, 30) == 0
    assert len(naps.taken) == 2
    assert_about(7, naps.taken[1])


async def test_who_would_wait_too_long_is_told_so_and_takes_no_place(pace: Pace) -> None:
    await pace.hold(SID, 120)
    for _ in range(9):
        assert_about(120, await pace.turn(SID, "default", never, 30))


async def test_calls_of_a_slow_lane_are_spaced_for_the_whole_account(pace: Pace) -> None:
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    await asyncio.gather(*(pace.turn(SID, "external", note, 30) for _ in range(4)))
    assert [round((wait + 1) / 5) for wait in sorted(slept)] == [1, 2, 3]
    assert await waits(pace, "external", "AC-other") == 0
    assert [await waits(pace, lane) for lane in ("default", "registration")] == [0, 0]


# the gateway


async def test_a_429_to_one_client_holds_the_reads_of_all(pace: Pace) -> None:
    async with scripted(saying(429, Retry_After="60")) as server:
        accounts = [one_of(server, pace) for _ in range(2)]
        with pytest.raises(Throttled):
            await accounts[0].send(CREATE)
        for account in accounts:
            with pytest.raises(Throttled) as fault:
                await account.read(LIST)
            assert_about(60, fault.value.retry_after or 0)
            await account.close()
        assert server.asked == ["POST /messaging/v1/Services"]


async def test_a_read_is_not_repeated_before_twilio_wants_it(pace: Pace) -> None:
    async with scripted(saying(429, Retry_After="60")) as server:
        account = one_of(server, None)
        with pytest.raises(Throttled):
            await account.read(LIST)
        await account.close()
        assert len(server.asked) == 1


async def test_a_read_that_is_refused_once_without_a_time_rests_alone(pace: Pace) -> None:
    answers = iter([saying(429)])

    async def answer(request: web.Request) -> web.StreamResponse:
        return await next(answers, saying())(request)

    async with scripted(answer) as server:
        account = one_of(server, pace)
        await account.read(LIST)
        await account.close()
        assert (len(server.asked), await waits(pace, "default")) == (2, 0)


async def test_reads_that_are_refused_one_after_the_other_hold_the_account(pace: Pace) -> None:
    async with scripted(saying(429)) as server:
        account = one_of(server, pace)
        with pytest.raises(Throttled):
            await account.read(LIST)
        await account.close()
        assert (len(server.asked), await waits(pace, "default") > 0) == (READ_TRIES, True)


async def test_a_read_waits_for_a_short_hold_and_then_sets_out(pace: Pace) -> None:
    async with scripted(saying()) as server:
        account = one_of(server, pace)
        await pace.hold(SID, 0.05)
        await account.read(LIST)
        await account.close()
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "0.5"}, 0.5),
        ({"Retry_After": "-3"}, 0.0),
        ({"Retry_After": "1e12"}, LONGEST_HOLD),
        ({"Retry_After": "inf"}, LONGEST_HOLD),
        ({"Retry_After": "nan"}, None),
        ({"Retry_After": "soon"}, None),
        ({}, None),
        ({"Retry_After": "Sat, 21 Nov 2026 10:00:30 GMT", "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry_After": "Sat, 21 Nov 2026 09:00:00 GMT", "Date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0.0),
    ],
)
async def test_every_way_to_say_when_to_come_back_is_read_and_bounded(
    headers: dict[str, str], seconds: float | None
) -> None:
    async with scripted(saying(429, **headers)) as server:
        account = one_of(server, None)
        with pytest.raises(Throttled) as fault:
            await account.send(CREATE)
        await account.close()
    assert fault.value.retry_after == seconds


async def test_calls_that_wait_together_find_out_once_that_redis_is_away(keys: Keys, tmp_path: Path) -> None:
    port = free_port()
    async with server(tmp_path, port) as process, open_redis(f"redis://127.0.0.1:{port}", tmp_path) as handle:
        pace = Pace(handle.client, keys, clock=Clock())
        process.kill()
        await process.wait()
        turns = (pace.turn(SID, "default", never, 10) for _ in range(12))
        first, *others = await asyncio.gather(*turns, return_exceptions=True)
    assert isinstance(first, RedisError)
    assert [other.__cause__ for other in others if isinstance(other, RedisError)] == [first] * 11


async def test_twilio_is_read_also_while_redis_is_away(keys: Keys, tmp_path: Path) -> None:
    async with run_embedded_redis(tmp_path) as server, open_redis(server.url, tmp_path) as handle:
        pace = Pace(handle.client, keys)
        await handle.client.shutdown(nosave=True)
        async with scripted(saying(429, Retry_After="0")) as twilio:
            account = one_of(twilio, pace)
            with pytest.raises(Throttled):
                await account.read(LIST)
            await account.close()
            assert len(twilio.asked) == READ_TRIES
