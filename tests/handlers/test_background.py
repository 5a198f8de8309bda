"""Work that was begun is finished before the process ends, and does not keep it waiting for nothing."""

import asyncio

from handlers.background import Background

AGES = 3600.0


async def test_work_that_keeps_to_a_pace_is_finished_at_once_when_the_bot_stops() -> None:
    background, done = Background(), asyncio.Event()

    async def paced() -> None:
        await background.pause(AGES)
        done.set()

    background.start(paced(), "paced")
    await asyncio.sleep(0)
    await background.finish(AGES)
    assert done.is_set()


async def test_nothing_pauses_once_the_bot_stops() -> None:
    background = Background()
    await background.finish(AGES)
    async with asyncio.timeout(AGES):
        await background.pause(2 * AGES)


async def test_work_that_does_not_end_is_cancelled() -> None:
    background, ended = Background(), asyncio.Event()

    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    background.start(stuck(), "stuck")
    await asyncio.sleep(0)
    await background.finish(0.01)
    assert ended.is_set()
