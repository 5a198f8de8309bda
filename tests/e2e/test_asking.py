"""Asking for an approval: whom it calls, what Why? says, how far it is, and who is reminded of it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest_asyncio

from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from tests.e2e.answers import SERVICE
from tests.e2e.world import ANN, APPROVALS, BOB, HURRY, PATIENCE, RITA, Json, World, shown

POLICY = """
[group.approvers]
label = "the approvers"
usergroup = "S0APPROVERS"

[group.finance]
label = "finance"
users = ["U0BOB"]

[cap]
main = 500

[rights]
break_glass = ["finance"]

[[rule]]
name = "two groups"
operations = ["service.*"]
approvals = { approvers = 1, finance = 1 }
"""
HOUR, DAY = 3600.0, 86400.0


@dataclass
class Office:
    """A world in which two groups approve, and a bot that lives by a clock which a test can put forward."""

    world: World
    ahead: float = 0.0

    def clock(self) -> float:
        return time.time() + self.ahead

    def replies(self, number: int) -> list[Json]:
        """What stands in the thread of a card."""
        found = self.world.slack.messages(APPROVALS)
        return [m for m in found if m.get("thread_ts") not in (None, m["ts"]) and f"#{number} " in m["text"]]

    async def reply(self, number: int, count: int) -> str:
        """Wait until so many replies stand, and return the words of the last one."""
        await self.world.until(lambda: len(self.replies(number)) >= count, f"reply {count} of #{number}")
        assert len(self.replies(number)) == count
        return shown(self.replies(number)[-1])

    async def why(self, user: str, number: int) -> str:
        """Ask why, and read the answer."""
        card = await self.world.card(number, "Why?")
        await self.world.slack.click(user, "change.why", channel=APPROVALS, ts=card["ts"])
        said = shown(await self.world.sees(user, "Which rule"))
        await self.world.slack.close(user, all_views=True)
        return said


@pytest_asyncio.fixture
async def office(empty_world: World) -> AsyncIterator[Office]:
    office = Office(empty_world)
    policy = empty_world.state.with_name("policy.toml")
    policy.write_text(POLICY)
    tempo = replace(HURRY, sweep=0.3)
    async with empty_world.bot(clock=office.clock, tempo=tempo, TENFOUR_POLICY=str(policy)):
        yield office


async def test_who_must_approve_is_called_once_and_why_explains_it_to_each(office: Office) -> None:
    world = office.world
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    call = await office.reply(number, 1)
    assert f"<!subteam^S0APPROVERS>, <@U0BOB>: #{number} waits for your approval" in call
    assert "so somebody else must decide" in await office.why(RITA, number)
    mine = await office.why(ANN, number)
    assert "your approval counts for the approvers." in mine
    assert "It could be <@U0BOB>." in mine
    assert "Operations: `service.*`" in mine
    await world.approve(ANN, number)
    await world.card(number, "● 1 of 1 of the approvers: <@U0ANN>")
    await world.card(number, "○ 0 of 1 of finance")
    assert "You have approved it" in await office.why(ANN, number)
    assert "counts for the approvers and finance" in await office.why(BOB, number)
    assert len(office.replies(number)) == 1


async def test_reminders_go_to_those_who_are_missing_and_missed_ones_are_left_out(office: Office) -> None:
    world = office.world
    await world.slack.open_home(BOB)
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    other = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, number)
    await world.card(number, "1 of 1 of the approvers")
    office.ahead = 4 * HOUR + 60
    first = await office.reply(number, 2)
    assert f"#{number} has waited 4 hours" in first
    assert "<@U0BOB> can decide." in first
    assert "subteam" not in first
    assert f"#{other} has waited 4 hours" in await office.reply(other, 2)
    office.ahead = 6 * DAY + HOUR
    last = await office.reply(number, 3)
    assert "has waited 6 days" in last
    await world.told(RITA, f"#{number} expires")
    await world.slack.open_home(BOB)
    await world.until(lambda: "About to expire (2)" in shown(world.slack.home(BOB) or {}), "Bob's home")
    await world.slack.open_home(RITA)
    await world.until(lambda: "About to expire (2)" in shown(world.slack.home(RITA) or {}), "Rita's home")
    await world.approve(BOB, number)
    await world.done(number)
    assert len(office.replies(number)) == 3


async def test_a_call_of_which_a_crash_has_left_no_trace_in_redis_is_not_made_twice(office: Office) -> None:
    world = office.world
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await office.reply(number, 1)
    async with open_redis(world.redis_url, world.state) as redis:
        book = Keys().change(number, "posts")
        rows = await redis.client.hgetall(book)
        [(slot, raw)] = [(slot, json.loads(raw)) for slot, raw in rows.items() if str(slot).startswith("call:")]
        await redis.client.hset(book, slot, json.dumps(raw | {"ts": ""}))
        await redis.client.hdel(book, "drawn")
        await world.approve(ANN, number)
        async with asyncio.timeout(PATIENCE):
            while json.loads(str(await redis.client.hget(book, slot)))["ts"] != raw["ts"]:  # noqa: ASYNC110  # Redis tells nobody
                await asyncio.sleep(0.02)
    assert len(office.replies(number)) == 1


async def test_what_ran_without_its_approvals_is_brought_up_until_somebody_signs_it_off(office: Office) -> None:
    world = office.world
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number, "Why?")
    await world.slack.click(BOB, "change.why", channel=APPROVALS, ts=card["ts"])
    await world.sees(BOB, "Break glass")
    await world.slack.click(BOB, "change.break_glass")
    await world.sees(BOB, "Why can this not wait?")
    await world.slack.submit(BOB, {"reason": "The shop is down"})
    await world.done(number)
    office.ahead = DAY + 60
    await world.hears(APPROVALS, f"#{number} ran without its approvals 1 day ago, and nobody has signed it off")
    office.ahead = 2 * DAY + 60
    await world.hears(APPROVALS, f"#{number} ran without its approvals 2 days ago")


async def test_a_card_in_the_channel_whose_members_approve_calls_nobody_one_by_one(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, number)
    await world.done(number)
    assert not Office(world).replies(number)
