"""Slack delivers at least once: each delivery is answered by one process, and no copy is acknowledged before that."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.changes.refusal import Refusal
from bot.redis.keys import Keys
from handlers.delivery import Delivery
from handlers.inbox import Inbox, InHand

CLICK = Delivery.of({"type": "block_actions", "user": {"id": "U0ANN"}, "trigger_id": "1.2.a"})
A_WHILE = 0.3
"""Longer than a copy rests between two looks."""


async def is_waiting(work: "asyncio.Task[Any]") -> bool:
    """Whether this goes on and on."""
    await asyncio.wait({work}, timeout=A_WHILE)
    return not work.done()


@pytest.fixture
def here(redis: Redis, keys: Keys) -> Inbox:
    return Inbox(redis, keys)


@pytest.fixture
def there(redis: Redis, keys: Keys) -> Inbox:
    return Inbox(redis, keys)


async def test_a_copy_is_not_acknowledged_while_the_first_may_still_die_unanswered(here: Inbox, there: Inbox) -> None:
    assert await here.first(CLICK)
    copy = asyncio.create_task(there.first(CLICK))
    assert await is_waiting(copy)
    await here.done(CLICK)
    assert not await copy


async def test_a_copy_takes_over_what_a_dead_process_left_unanswered(
    here: Inbox, there: Inbox, redis: Redis, keys: Keys
) -> None:
    assert await here.first(CLICK)
    copy = asyncio.create_task(there.first(CLICK))
    assert await is_waiting(copy)
    async for mark in redis.scan_iter(f"{keys.prefix}:seen:*"):
        await redis.delete(mark)  # as when its time is over
    assert await copy
    another = asyncio.create_task(here.first(CLICK))
    assert await is_waiting(another)
    another.cancel()


async def test_what_was_answered_long_ago_is_not_done_again(here: Inbox, there: Inbox) -> None:
    assert await here.first(CLICK)
    await here.done(CLICK)
    assert not await there.first(CLICK)


async def test_a_copy_of_what_was_refused_is_not_acknowledged_as_done(here: Inbox, there: Inbox) -> None:
    assert await here.first(CLICK)
    await here.refused(CLICK)
    with pytest.raises(Refusal, match="could not be done"):
        await there.first(CLICK)


async def test_a_copy_that_comes_to_the_same_process_waits_for_the_answer_and_gets_none() -> None:
    process = InHand()
    assert await process.first(CLICK)
    copy = asyncio.create_task(process.first(CLICK))
    assert await is_waiting(copy)
    process.done(CLICK)
    assert not await copy
    assert not await process.first(CLICK)


async def test_of_the_copies_of_what_was_refused_one_is_looked_at_anew() -> None:
    process = InHand()
    assert await process.first(CLICK)
    copies = [asyncio.create_task(process.first(CLICK)) for _ in range(2)]
    assert await is_waiting(copies[0])
    process.refused(CLICK)
    assert await copies[0]
    assert await is_waiting(copies[1])
    process.done(CLICK)
    assert not await copies[1]


async def test_a_copy_that_gives_up_takes_the_answer_from_no_other() -> None:
    process = InHand()
    assert await process.first(CLICK)
    copies = [asyncio.create_task(process.first(CLICK)) for _ in range(2)]
    assert await is_waiting(copies[0])
    copies[0].cancel()
    process.done(CLICK)
    assert not await copies[1]


async def test_a_process_remembers_so_many_deliveries_and_no_more() -> None:
    process = InHand(most=1)
    assert await process.first(CLICK)
    copy = asyncio.create_task(process.first(CLICK))
    assert await is_waiting(copy)
    assert await process.first(Delivery.of({**CLICK.body, "trigger_id": "another"}))
    assert await copy


async def test_deliveries_that_cannot_be_told_apart_are_each_answered() -> None:
    process, search = InHand(), Delivery.of({"type": "block_suggestion", "user": {"id": "U0ANN"}})
    assert await process.first(search)
    assert await process.first(search)
