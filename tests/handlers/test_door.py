"""More deliveries than can be answered in time: some are answered, the others are told, and the log counts them."""

import asyncio

import pytest
from structlog.testing import capture_logs

from handlers.door import LATEST_SECONDS, BusyError, Door


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_who_finds_no_place_in_time_is_turned_away_and_they_are_counted_together() -> None:
    door = Door(most=2, line_seconds=0.01)
    with capture_logs() as logs:
        async with door.place(now()), door.place(now()):
            for _ in range(3):
                with pytest.raises(BusyError):
                    async with door.place(now()):
                        raise AssertionError("a third one was let in")
        async with asyncio.timeout(20):
            while not logs:  # noqa: ASYNC110  # nobody's event
                await asyncio.sleep(0.02)
    assert [(e["event"], e["turned_away"]) for e in logs] == [("too_busy", 3)]


async def test_a_place_is_given_in_the_order_in_which_they_came() -> None:
    door, order = Door(most=1, line_seconds=20), list[int]()

    async def come(number: int) -> None:
        async with door.place(now()):
            order.append(number)

    async with door.place(now()):
        tasks = [asyncio.create_task(come(number)) for number in range(5)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]


async def test_a_place_is_free_again_after_an_answer_that_failed_or_was_given_up() -> None:
    door, forever = Door(most=1, line_seconds=0.01), asyncio.Event()

    async def come() -> None:
        async with door.place(now()):
            await forever.wait()

    with pytest.raises(ValueError, match="no"):
        async with door.place(now()):
            raise ValueError("no")
    given_up = asyncio.create_task(come())
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await door.place(now()).__aenter__()
    given_up.cancel()
    await asyncio.wait({given_up})
    async with door.place(now()):
        pass


async def test_what_came_too_long_ago_is_turned_away_although_there_is_a_place() -> None:
    door = Door(most=1)
    with pytest.raises(BusyError):
        async with door.place(now() - LATEST_SECONDS - 0.1):
            raise AssertionError("it was let in")
    async with door.place(now()):
        pass
