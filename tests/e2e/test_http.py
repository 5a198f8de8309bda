"""The same bot over signed HTTP instead of Socket Mode."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, RITA, World, open_world, shown
from tests.redis.servers import free_port


@pytest_asyncio.fixture
async def http_world(tmp_path: Path) -> AsyncIterator[World]:
    """A world with the bot listening on a free port."""
    port = free_port()
    async with open_world(tmp_path, http_port=port) as world, world.bot():
        yield world


async def test_the_main_job_works_over_http(http_world: World) -> None:
    world = http_world
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, number)
    await world.done(number)
    assert [s for s in world.twilio.created("service") if s["friendly_name"] == "Acme alerts"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": None},
        {"X-Slack-Request-Timestamp": str(int(time.time()) - 600)},
        {"X-Slack-Request-Timestamp": None},
    ],
    ids=["forged", "unsigned", "late", "undated"],
)
async def test_a_request_that_is_not_surely_slacks_is_refused(
    http_world: World, headers: dict[str, str | None]
) -> None:
    payload = {
        "command": "/a2p-service",
        "text": "create",
        "user_id": RITA,
        "team_id": "T0TENFOUR",
        "channel_id": A2P,
        "trigger_id": "t.forged",
        "response_url": "http://127.0.0.1:9/none",
    }
    delivery = await http_world.slack.deliver(payload, headers=headers)
    assert delivery.status == "http_401"
    assert not http_world.slack.views(RITA)


async def test_a_replayed_submission_makes_no_second_change(http_world: World) -> None:
    world = http_world
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    first = await world.slack.submit(RITA)
    await world.sees(RITA, "Requested #1")
    again = await world.slack.deliver(first.payload)
    assert again.status == "acked"
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    assert number == 2
    assert len([m for m in world.slack.messages("C0APPROVALS") if "#1 " in shown(m)]) == 1


async def test_what_a_process_did_that_died_right_after_its_ack_is_done_once_when_slack_delivers_it_again(
    http_world: World,
) -> None:
    world = http_world
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    asked = await world.slack.submit(RITA)
    await world.sees(RITA, "Requested #1")
    card = await world.card(1, "Approve")
    approved = await world.slack.click(ANN, "change.approve", channel="C0APPROVALS", ts=card["ts"])
    await world.done(1)
    async with Redis.from_url(world.redis_url) as redis:
        await redis.delete(*[mark async for mark in redis.scan_iter("tenfour:*seen:*")])  # as they die with a process
    copies = [await world.slack.deliver(first.payload) for first in (asked, approved)]
    assert [copy.status for copy in copies] == ["acked", "acked"]
    assert await world.request(RITA, "/a2p-service", "create", *SERVICE) == 2
    assert len([s for s in world.twilio.created("service") if s["friendly_name"] == "Acme alerts"]) == 1


async def test_what_one_bot_has_acknowledged_is_known_to_the_next_one(tmp_path: Path) -> None:
    async with open_world(tmp_path, http_port=free_port()) as world:
        async with world.bot():
            await world.fill(RITA, "/a2p-service", "create", *SERVICE)
            asked = await world.slack.submit(RITA)
            await world.sees(RITA, "Requested #1")
            card = await world.card(1, "Approve")
            approved = await world.slack.click(ANN, "change.approve", channel="C0APPROVALS", ts=card["ts"])
            await world.done(1)
        async with world.bot():
            copies = [await world.slack.deliver(first.payload) for first in (asked, approved)]
            assert [copy.status for copy in copies] == ["acked", "acked"]
            assert await world.request(RITA, "/a2p-service", "create", *SERVICE) == 2
            assert not world.slack.ephemerals(ANN, "C0APPROVALS")
    assert len([s for s in world.twilio.created("service") if s["friendly_name"] == "Acme alerts"]) == 1
