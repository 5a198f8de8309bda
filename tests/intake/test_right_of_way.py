"""What can wait gives way to deliveries that are being answered, and is done all the same."""

import asyncio

from bot.intake.right_of_way import STEP_SECONDS, RightOfWay


async def test_a_storm_without_end_holds_nothing_up_for_ever() -> None:
    way = RightOfWay()
    with way.taken():
        await way.give(2 * STEP_SECONDS)
        await asyncio.gather(*(way.give_in_turn() for _ in range(3)))


async def test_what_can_wait_goes_on_once_it_is_quiet() -> None:
    now = [100.0]
    way = RightOfWay(lambda: now[0])
    with way.taken():
        waiting = asyncio.create_task(way.give(60))
        await asyncio.sleep(0)
        assert not waiting.done()
    now[0] += 1.0
    async with asyncio.timeout(30):
        await waiting


async def test_nothing_waits_while_it_is_quiet() -> None:
    way = RightOfWay()
    await way.give(60)
    await way.give_in_turn()
