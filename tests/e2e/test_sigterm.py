"""SIGTERM of the real bot in the middle of a call: it is waited for, and nothing is lost or done twice."""

import asyncio

import pytest

from tests.e2e.answers import SERVICE
from tests.e2e.world import ANN, RITA, Process, World

pytestmark = pytest.mark.long


async def test_a_bot_that_is_told_to_stop_in_the_middle_of_a_call_waits_for_its_answer(empty_world: World) -> None:
    world = empty_world
    bot, number = await in_the_middle_of_a_call(world, 1.0)
    bot.terminate()
    async with asyncio.timeout(30):
        assert await bot.wait() == 0
    creates = len(world.twilio.calls("POST /v1/Services$"))
    await world.process()
    await world.done(number)
    assert (creates, len(world.twilio.calls("POST /v1/Services$"))) == (1, 1)


async def test_a_bot_that_is_told_twice_leaves_what_it_is_at_to_another(empty_world: World) -> None:
    world = empty_world
    bot, number = await in_the_middle_of_a_call(world, 3.5)
    bot.terminate()
    await world.until(lambda: '"stopping"' in (world.state.with_name("bot-0.log")).read_text(), "that it has heard")
    bot.terminate()
    async with asyncio.timeout(30):
        assert await bot.wait() == 0
    assert '"told_twice"' in world.state.with_name("bot-0.log").read_text()
    await world.process()
    await world.done(number)
    assert len([s for s in world.twilio.created("service") if "Acme alerts" in s["friendly_name"]]) == 1


async def in_the_middle_of_a_call(world: World, seconds: float) -> tuple[Process, int]:
    """A bot whose call Twilio answers after so many seconds, and the change that it runs."""
    bot = await world.process()
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services$", delay=seconds)
    await world.approve(ANN, number)
    await world.until(lambda: world.twilio.calls("POST /v1/Services$"), "the call")
    return bot, number
