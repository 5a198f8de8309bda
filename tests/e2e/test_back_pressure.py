"""When Redis or Twilio is slow, or everybody asks at once, people are told so: no time-out comes in silence."""

import asyncio
from dataclasses import replace

from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, HURRY, RITA, World, shown

IMPATIENT = replace(HURRY, slow=0.1)


async def test_a_typed_question_that_twilio_answers_slowly_says_so_and_is_answered_then(empty_world: World) -> None:
    world = empty_world
    async with world.bot(tempo=IMPATIENT):
        world.twilio.faults.add(match="GET", delay=0.4, times=99)
        await world.slack.command(RITA, A2P, "/a2p-number", "list")
        await world.hears(A2P, "Still reading Twilio", user=RITA)
        await world.hears(A2P, "+15125550120", user=RITA)


async def test_a_window_that_waits_for_a_slow_twilio_says_so_and_goes_on_then(empty_world: World) -> None:
    world = empty_world
    async with world.bot(tempo=IMPATIENT):
        world.twilio.faults.add(match="GET", delay=0.4, times=99)
        filling = asyncio.create_task(world.fill(RITA, "/a2p-service", "create", *SERVICE))
        await world.sees(RITA, "Still reading Twilio")
        await filling


async def test_a_frozen_redis_and_more_commands_than_can_wait_for_it_are_answered_in_words_in_time(
    empty_world: World,
) -> None:
    world = empty_world
    async with world.bot():
        await world.slack.command(RITA, A2P, "/a2p-service", "create")
        await world.page(RITA, 1)
        await world.slack.command(RITA, A2P, "/a2p-service", "show")
        await world.sees(RITA, "Looks at main")
        world.freeze_redis()
        try:
            submitted = asyncio.create_task(world.slack.submit(RITA, bypass_client=True))
            listed = asyncio.create_task(world.slack.suggest(RITA, "lookup:services", ""))
            lift = "off account=main"
            typed = await asyncio.gather(*(world.slack.command(RITA, A2P, "/a2p-freeze", lift) for _ in range(80)))
            assert (await submitted).acked
            assert "Redis" in str(await listed)
        finally:
            world.thaw_redis()
        assert {delivery.status for delivery in typed} == {"acked"}
        said = [shown(delivery.ack or {}) for delivery in typed]
        assert {("Redis" in words, "very busy, and nothing was done" in words) for words in said} == {
            (True, False),
            (False, True),
        }
        await world.sees(RITA, "Redis")
        number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        await world.card(number, "Approve")
