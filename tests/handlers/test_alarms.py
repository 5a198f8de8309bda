"""The alerts channel hears, once for all replicas, that nobody looks at Twilio, and when somebody does again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.health import Pulse, Work
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT, BOT_TOKEN
from handlers.following.alarms import POLLING, REST, Alarms
from handlers.posts import Posts
from tests.conftest import Clock
from tests.e2e.world import ALERTS, shown

EVERY = 60.0
PATIENCE = 5 * EVERY


class Replica:
    """One process: its pulse, its sweep, its alarms."""

    def __init__(self, slack: LocalSlack, redis: Redis, keys: Keys, clock: Clock, state: Path) -> None:
        pulse = Pulse(state, redis, keys, clock)
        self.fails = False
        self.sweep: Work = pulse.watched(POLLING, EVERY, self._sweep)
        posts = Posts(AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.url}/api/"), redis)
        self.alarms = Alarms(posts, redis, keys, Leases(redis), pulse, ALERTS)

    async def _sweep(self) -> None:
        if self.fails:
            raise ConnectionResetError("Zanzibar")


Start = Callable[[], Replica]


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    server = LocalSlack(rate_limits=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def start(slack: LocalSlack, redis: Redis, keys: Keys, clock: Clock, tmp_path: Path) -> Start:
    """Starts a replica."""
    return lambda: Replica(slack, redis, keys, clock, tmp_path)


def heard(slack: LocalSlack) -> list[str]:
    return [shown(message) for message in slack.messages(ALERTS)]


async def test_many_replicas_tell_one_silence_once_and_its_end_once_in_its_thread(
    slack: LocalSlack, start: Start, clock: Clock
) -> None:
    replicas = [start() for _ in range(4)]
    await replicas[0].sweep()
    clock.advance(PATIENCE)
    for _ in range(2):
        await asyncio.gather(*(r.alarms.look() for r in replicas))
    assert heard(slack) == []
    clock.advance(1)
    for _ in range(3):
        await asyncio.gather(*(r.alarms.look() for r in replicas))
    [alarm] = slack.messages(ALERTS)
    assert "has not looked at Twilio since" in shown(alarm)
    assert "tenfour health" in shown(alarm)

    clock.advance(10 * 60 - PATIENCE - 1)
    await replicas[1].sweep()
    for _ in range(3):
        await asyncio.gather(*(r.alarms.look() for r in replicas))
    mended, reply = slack.messages(ALERTS)
    assert (mended["ts"], reply["thread_ts"]) == (alarm["ts"], alarm["ts"])
    assert mended["text"].startswith("Mended")
    assert "after 10 minutes" in shown(reply)


async def test_a_bot_that_was_just_started_again_does_not_take_its_own_youth_for_the_end_of_the_silence(
    slack: LocalSlack, start: Start, clock: Clock
) -> None:
    old = start()
    await old.sweep()
    clock.advance(PATIENCE + 1)
    await old.alarms.look()
    young = start()
    await young.alarms.look()
    assert len(heard(slack)) == 1
    await young.sweep()
    await young.alarms.look()
    assert len(heard(slack)) == 2


async def test_a_second_silence_is_another_alarm(slack: LocalSlack, start: Start, clock: Clock) -> None:
    replica = start()
    for _ in range(2):
        await replica.sweep()
        await replica.alarms.look()
        clock.advance(PATIENCE + 1)
        await replica.alarms.look()
    roots = [m for m in slack.messages(ALERTS) if "thread_ts" not in m or m["thread_ts"] == m["ts"]]
    assert [m["text"].startswith("Mended") for m in roots] == [True, False]


async def test_why_it_is_silent_is_named_and_what_the_error_says_is_not_quoted(
    slack: LocalSlack, start: Start, clock: Clock
) -> None:
    replica = start()
    replica.fails = True
    with pytest.raises(ConnectionResetError):
        await replica.sweep()
    clock.advance(PATIENCE + 1)
    await replica.alarms.look()
    [alarm] = heard(slack)
    assert "ConnectionResetError" in alarm
    assert "Zanzibar" not in alarm


async def test_an_alarm_whose_writer_died_is_posted_by_the_next_one_and_mended_like_any_other(
    slack: LocalSlack, start: Start, redis: Redis, keys: Keys, clock: Clock
) -> None:
    dying, next_one = start(), start()
    await dying.sweep()
    clock.advance(PATIENCE + 1)
    await dying.alarms.look()
    # as if it had died before the answer to its post was written down
    book = keys.plain("alarms:polling")
    [slot] = [f for f in map(str, await redis.hkeys(book)) if f != "open"]
    row = json.loads(str(await redis.hget(book, slot)))
    await redis.hset(book, slot, json.dumps(row | {"ts": ""}))
    await next_one.alarms.look()
    assert len(heard(slack)) == 1
    await redis.hset(book, slot, json.dumps(row | {"ts": ""}))
    await next_one.sweep()
    await next_one.alarms.look()
    assert slack.messages(ALERTS)[0]["text"].startswith("Mended")
    assert await redis.hkeys(book) == []


async def test_what_slack_refuses_is_told_later_and_slack_is_not_asked_each_time(
    slack: LocalSlack, start: Start, clock: Clock
) -> None:
    replica = start()
    await replica.sweep()
    slack.remove_member(ALERTS, BOT.id)
    clock.advance(PATIENCE + 1)
    await replica.alarms.look()
    slack.store.channels[ALERTS].members.append(BOT.id)
    for _ in range(REST):
        await replica.alarms.look()
    assert heard(slack) == []
    await replica.alarms.look()
    assert len(heard(slack)) == 1
