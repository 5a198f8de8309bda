"""`kill -9` of the real bot in the middle of things: nothing is lost, nothing is done twice."""

import asyncio
from typing import Any

import pytest

from bot.sandbox.twilio import start_state
from tests.e2e.answers import NUMBER, SERVICE
from tests.e2e.world import ANN, APPROVALS, BOB, RITA, World, shown

pytestmark = pytest.mark.long

BUYING = f"POST /2010-04-01/Accounts/{start_state.ACCOUNT_SID}/IncomingPhoneNumbers.json"

KILLED_WHILE: dict[str, dict[str, Any]] = {
    "the call has not reached Twilio": {"drop": True, "delay": 2.0},
    "Twilio has done it and the answer is on its way": {"delay": 2.0},
}


@pytest.mark.parametrize("moment", KILLED_WHILE)
async def test_a_bot_killed_in_the_middle_of_a_run_leaves_one_service_after_its_restart(
    empty_world: World, moment: str
) -> None:
    world = empty_world
    bot = await world.process()
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services", **KILLED_WHILE[moment])
    await world.approve(ANN, number)
    await world.card(number, "◐ sent")
    await world.kill(bot)
    await world.process()
    await world.done(number)
    assert len([s for s in world.twilio.created("service") if "Acme alerts" in s["friendly_name"]]) == 1
    tellings = [m for m in world.slack.messages("D0RITA") if f"#{number}" in shown(m) and "is done" in shown(m)]
    assert len(tellings) <= 1


async def test_a_bot_killed_while_buying_leaves_one_bought_number(empty_world: World) -> None:
    world = empty_world
    bot = await world.process()
    number = await world.request(RITA, "/a2p-number", "buy", *NUMBER)
    before = len(world.twilio.created("number"))
    world.twilio.faults.add(match=BUYING, drop_after_effect=True, delay=2.0)
    await world.approve(ANN, number)
    await world.card(number, "◐ sent")
    await world.kill(bot)
    await world.process()
    await world.done(number)
    assert len(world.twilio.created("number")) == before + 1


async def test_an_approval_whose_run_never_started_is_picked_up_after_a_restart(empty_world: World) -> None:
    world = empty_world
    bot = await world.process()
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.kill(bot)
    bot = await world.process()
    await world.approve(ANN, number)
    await world.until(lambda: any("Approved by" in shown(m) for m in world.slack.messages(APPROVALS)))
    await world.kill(bot)
    await world.process()
    await world.done(number)


async def test_two_approvals_at_once_by_two_bots_give_one_run(empty_world: World) -> None:
    world = empty_world
    await world.process()
    await world.process()
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number)
    await asyncio.gather(
        *(world.slack.click(user, "change.approve", channel=APPROVALS, ts=card["ts"]) for user in (ANN, BOB))
    )
    await world.done(number)
    creates = [c for c in world.twilio.log if c.method == "POST" and c.path == "/v1/Services"]
    assert len(creates) == 1
    assert len([m for m in world.slack.messages(APPROVALS) if f"#{number} " in shown(m)]) == 1


async def test_redis_away_for_a_while_is_said_to_the_person_and_loses_nothing(empty_world: World) -> None:
    world = empty_world
    async with world.bot():
        number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        world.freeze_redis()
        delivery = await world.slack.command(RITA, "C0A2P", "/a2p-service", "create")
        assert delivery.status == "acked"
        assert "Redis" in str(delivery.ack)
        await asyncio.sleep(6)
        world.thaw_redis()
        await world.approve(ANN, number)
        await world.done(number)
