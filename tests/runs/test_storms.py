"""Twilio asks to slow down: one call finds out when it is over, whatever waits, in however many processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.changes.change import Change
from bot.plans.step import Watch
from bot.redis.connection import open_redis
from bot.runs.runner import Runner
from bot.sandbox.twilio.start_state import PENDING_BRAND
from bot.twilio.gateway import Account
from bot.twilio.pace import Pace
from tests.runs.rig import Rig, create_step

CREATE = "POST /v1/Services$"
BRAND = Watch(kind="brand", step="brand", key=PENDING_BRAND, title="Brand Acme Pending")


class Hourglass:
    """Time that passes only when everybody sleeps, and then up to whoever is to wake first."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self.now = 0.0
        self.bursts: list[int] = []

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.now + seconds, woken))
        await woken.wait()

    async def run(self, *runs: "asyncio.Task[float | None]", storm: float) -> None:
        """Let everybody run to the end; counts the calls that reach Twilio at each wake. The storm ends some time."""
        counted = 0
        while open_ := [run for run in runs if not run.done()]:
            if len(self._sleepers) < len(open_):
                await asyncio.sleep(0.001)
                continue
            self.bursts.append(len(self._rig.sent()) - counted)
            counted = len(self._rig.sent())
            first = min(due for due, _ in self._sleepers)
            await self._rig.later(first - self.now)
            self.now = max(self.now, first)
            if self.now > storm:
                self._rig.twilio.faults.clear()
            for due, woken in self._sleepers:
                if due <= self.now:
                    woken.set()
            self._sleepers = [(due, woken) for due, woken in self._sleepers if due > self.now]
        self.bursts.append(len(self._rig.sent()) - counted)


@asynccontextmanager
async def replica(rig: Rig, redis_url: str, folder: Path, glass: Hourglass) -> AsyncIterator[Runner]:
    """A worker with clients of its own, as in a process of its own."""
    async with open_redis(redis_url, folder) as handle:
        url, pace = f"{rig.twilio.url}/{{product}}", Pace(handle.client, rig.keys)
        account = Account(rig.account.sid, rig.twilio.account_sid, rig.twilio.auth_token, url, pace=pace)
        yield rig.worker("replica", account=account, redis=handle.client, sleep=glass.sleep)
        await account.close()


async def many(rig: Rig, count: int) -> list[Change]:
    """Approved changes, each of which makes one service."""
    return [await rig.approved(create_step()) for _ in range(count)]


async def test_a_429_stops_the_calls_of_all_workers_for_as_long_as_twilio_asks(
    rig: Rig, redis_url: str, tmp_path: Path
) -> None:
    glass = Hourglass(rig)
    changes = await many(rig, 12)
    rig.twilio.faults.add(CREATE, status=429, retry_after=120)
    async with replica(rig, redis_url, tmp_path, glass) as one, replica(rig, redis_url, tmp_path, glass) as two:
        await one.run(changes[0].number)
        rests = await asyncio.gather(*((one, two)[n % 2].run(c.number) for n, c in enumerate(changes[1:])))
    assert len(rig.sent()) == 1
    assert all(rest and 60 < rest <= 120 for rest in rests)
    assert {(await rig.now(c)).state for c in changes} == {"running"}
    assert "Twilio takes only so many calls" in (await rig.now(changes[-1])).note
    assert [e.what for e in (await rig.now(changes[-1])).timeline] == ["asked", "started"]


async def test_in_a_storm_of_429_one_call_at_a_time_finds_out_whether_it_is_over(
    rig: Rig, redis_url: str, tmp_path: Path
) -> None:
    glass = Hourglass(rig)
    changes = await many(rig, 8)
    rig.twilio.faults.add(CREATE, status=429, times=999)
    async with replica(rig, redis_url, tmp_path, glass) as one, replica(rig, redis_url, tmp_path, glass) as two:
        runs = [asyncio.create_task((one, two)[n % 2].run(c.number)) for n, c in enumerate(changes)]
        await glass.run(*runs, storm=4.0)
    # some are under way together; then one goes after a second, one two seconds later, and after the storm all in turn
    assert max(glass.bursts[1:]) == 1
    throttled = [call for call in rig.twilio.calls(CREATE) if call.status == 429]
    assert len(throttled) - glass.bursts[0] <= 3
    assert {(await rig.now(c)).state for c in changes} == {"succeeded"}
    assert len(rig.services) == len(changes)


async def test_what_a_hold_has_put_off_is_told_once_in_the_timeline(rig: Rig) -> None:
    change = (await many(rig, 1))[0]
    rig.twilio.faults.add(CREATE, status=429, retry_after=60, times=3)
    assert (await rig.finish(change)).state == "succeeded"
    whats = [e.what for e in (await rig.now(change)).timeline]
    assert (whats.count("sent"), whats.count("put off"), len(rig.sent())) == (1, 1, 4)


async def test_the_sweep_of_registrations_does_not_read_an_account_that_is_held(rig: Rig) -> None:
    tracker = rig.tracked()
    change = (await many(rig, 1))[0]
    await tracker.await_(change, BRAND)
    rig.clock.advance(3600)
    rig.twilio.journal.calls.clear()
    await Pace(rig.redis, rig.keys).hold(rig.account.sid, 60)
    assert await tracker.sweep() == 1
    assert rig.sent("GET") == []
    await rig.later(3600)
    assert await tracker.sweep() == 1
    assert len(rig.sent("GET")) > 0
