"""Processes that answer and processes that work, on one Redis: together they are one bot, and each may be away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from bot.sandbox.slack.deliveries import Delivery
from bot.sandbox.twilio import start_state
from tests.e2e.answers import CAMPAIGN, SERVICE
from tests.e2e.quick_bot import ROLE
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, RITA, Process, World, shown

pytestmark = pytest.mark.long

WEB, WORKER = {ROLE: "web"}, {ROLE: "worker"}
MAKING = "POST /v1/Services$"


async def test_what_is_decided_while_no_worker_lives_is_done_once_one_comes(empty_world: World) -> None:
    world = empty_world
    await world.process(**WEB)
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, number)
    await world.card(number, "Approved")
    assert not world.twilio.calls(MAKING)
    await world.process(**WORKER)
    await world.done(number)
    assert len(world.twilio.calls(MAKING)) == 1


async def test_a_worker_opens_no_connection_to_hear_from_slack(empty_world: World) -> None:
    world = empty_world
    await world.process(**WORKER)
    assert not world.slack.calls("apps.connections.open")
    assert not world.slack.socket.connected


async def test_what_a_web_process_has_acknowledged_is_carried_out_by_a_worker_when_it_dies(empty_world: World) -> None:
    world = empty_world
    web = await world.process(**WEB)
    await world.process(**WORKER)
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.slack.faults.add(method="users.info", delay=5.0, times=1)
    await world.approve(ANN, number)
    await world.kill(web)
    await world.done(number)


async def test_what_workers_find_out_is_told_and_what_webs_hear_is_looked_at(empty_world: World) -> None:
    world = empty_world
    await world.process(**WEB)
    await world.process(**WORKER)
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    await world.hears(ALERTS, "verified")


async def test_restarting_two_webs_and_two_workers_in_turn_loses_nothing_and_doubles_nothing(
    empty_world: World,
) -> None:
    world = empty_world
    bots = [await world.process(**role) for role in (WEB, WORKER, WEB, WORKER)]
    numbers = [await world.request(RITA, "/a2p-service", "create", *service(name)) for name in NAMES]
    world.twilio.faults.add(match=MAKING, delay=0.5, times=100)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask_without_end(world))
        group.create_task(approve_in_turn(world, numbers))
        ends = [await restarted(world, bot, role) for bot, role in zip(bots, (WEB, WORKER) * 2, strict=True)]
        asking.cancel()
    for number in numbers:
        await world.done(number)
        await world.until(lambda: tellings(world, number), "that it is done")  # noqa: B023  # awaited here and now
    assert ends == [0, 0, 0, 0]
    assert sorted(service["friendly_name"] for service in world.twilio.created("service")) == sorted(NAMES)
    assert [len(tellings(world, number)) for number in numbers] == [1] * len(numbers)


NAMES = ("Acme one", "Acme two", "Acme three", "Acme four")


def service(name: str) -> tuple[dict[str, Any], ...]:
    return ({**SERVICE[0], "friendly_name": name}, *SERVICE[1:])


def tellings(world: World, number: int) -> list[dict[str, Any]]:
    return [m for m in world.slack.messages("D0RITA") if f"#{number}" in shown(m) and "is done" in shown(m)]


async def restarted(world: World, bot: Process, role: dict[str, str]) -> int:
    """Replace a process as a rolling restart does, and say how the old one ended."""
    await world.process(**role)
    bot.terminate()
    async with asyncio.timeout(60):
        return await bot.wait()


async def approve_in_turn(world: World, numbers: Iterable[int]) -> None:
    for number in numbers:
        card = await world.card(number, "Approve")
        await insist(lambda: world.slack.click(ANN, "change.approve", channel=APPROVALS, ts=card["ts"]))  # noqa: B023
        await world.done(number)


async def ask_without_end(world: World) -> None:
    while True:
        await insist(lambda: world.slack.command(RITA, A2P, "/a2p-approvals"))


async def insist(deed: Callable[[], Awaitable[Delivery]]) -> None:
    """Do it, and again when Slack says that it was not answered, as a person does."""
    while not (await deed()).acked:
        pass
