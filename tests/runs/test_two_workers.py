"""Any number of workers may try one change: one runs it, and who lost its lease changes nothing any more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.changes.change import Event, StepRun
from bot.redis.connection import open_redis
from bot.runs.ledger import FencedOutError, RunLedger
from tests.redis.servers import kill_and_wait, process_id
from tests.runs.rig import INTERIM, NAME, Rig, create_step, rename_step, until
from tests.runs.wires import RedisWire

CREATE = "POST /v1/Services$"
DONE = StepRun(state="done", attempt=1, at=0.0, result={"sid": "MG" + "00" * 16})


async def under_way(rig: Rig, match: str) -> None:
    """Wait until a call has reached Twilio."""
    await until(lambda: rig.twilio.calls(match))


async def test_many_workers_at_once_send_each_call_once(rig: Rig) -> None:
    change = await rig.approved()
    await asyncio.gather(*(rig.worker(f"worker-{n}").run(change.number) for n in range(20)))
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])
    assert len(rig.sent()) == 2
    assert [e.what for e in (await rig.now(change)).timeline].count("started") == 1


async def test_a_worker_that_comes_while_another_runs_leaves_it_alone(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, delay=0.2)
    running = asyncio.create_task(rig.worker("first").run(change.number))
    await under_way(rig, CREATE)
    assert await rig.worker("second").run(change.number) is None
    await running
    assert (rig.sent(""), rig.services) == (["POST /v1/Services"], [INTERIM])


async def test_a_lease_is_kept_for_as_long_as_its_run_takes(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, delay=1.0)
    running = asyncio.create_task(rig.worker("first", lease_seconds=0.6).run(change.number))
    await under_way(rig, CREATE)
    while not running.done():
        assert await rig.ledger("second").take(change.number) is None
        await asyncio.sleep(0.02)
        if (await rig.now(change)).state == "succeeded":
            break
    await running
    assert ((await rig.now(change)).state, len(rig.sent())) == ("succeeded", 1)


async def test_a_worker_that_lost_its_lease_records_nothing_and_the_next_one_adopts(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    rig.twilio.faults.add(CREATE, delay=0.5)
    lost = asyncio.create_task(rig.worker("first", lease_seconds=0.2).run(change.number))
    await under_way(rig, CREATE)
    await rig.lose_lease(change)
    await rig.worker("second").run(change.number)
    assert await lost is None
    now = await rig.now(change)
    assert (now.state, now.steps["service"].adopted, rig.services) == ("succeeded", True, [NAME])
    assert [e.what for e in now.timeline].count("done") == 1
    assert len(rig.sent()) == 2


@pytest.mark.parametrize("taken", [True, False], ids=["run by another by then", "still its own"])
async def test_a_worker_that_was_frozen_before_it_sent_a_call_asks_first_whether_the_run_is_still_its_own(
    rig: Rig, *, taken: bool
) -> None:
    change = await rig.approved(create_step())

    class Frozen(RunLedger):
        """Its process stands still for a minute once an attempt is written down."""

        async def record(self, number: int, fence: int, step: str, run: StepRun, *event: Any, **more: Any) -> None:
            await super().record(number, fence, step, run, *event, **more)
            if run.state == "attempting" and not rig.slept:
                await rig.sleep(60.0)
                if taken:
                    await rig.lose_lease(change)
                    await rig.worker("another").run(change.number)

    await rig.worker(ledger=Frozen(rig.redis, rig.keys, "frozen")).run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])


async def test_every_record_of_an_old_lease_is_refused(rig: Rig) -> None:
    change = await rig.approved(create_step())
    ledger = rig.ledger("first")
    old = await ledger.take(change.number)
    assert old is not None
    await rig.lose_lease(change)
    new = await rig.ledger("second").take(change.number)
    assert new == old + 1
    before = await rig.now(change)
    with pytest.raises(FencedOutError):
        await ledger.record(change.number, old, "service", DONE, Event(at=0.0, what="late"))
    with pytest.raises(FencedOutError):
        await ledger.record(change.number, old, "service", DONE, to="failed", note="late")
    with pytest.raises(FencedOutError):
        await ledger.renew(change.number, old)
    assert not await rig.store.move(change.number, ["approved"], "succeeded", fence=old)
    await ledger.release(change.number, old)
    assert await rig.ledger("third").take(change.number) is None
    assert await rig.now(change) == before


async def test_a_lease_given_back_is_free_at_once_and_its_fence_grows(rig: Rig) -> None:
    change = await rig.approved(create_step())
    ledger = rig.ledger("first")
    fences = []
    for _ in range(3):
        fence = await ledger.take(change.number)
        assert fence is not None
        fences.append(fence)
        assert await rig.ledger("second").take(change.number) is None
        await ledger.release(change.number, fence)
    assert fences == [1, 2, 3]


async def test_of_many_who_take_at_once_one_gets_the_lease(rig: Rig) -> None:
    change = await rig.approved(create_step())
    fences = await asyncio.gather(*(rig.ledger(f"w{n}").take(change.number) for n in range(50)))
    assert [f for f in fences if f] == [1]


async def test_a_run_is_not_given_up_because_redis_broke_off_for_a_moment(
    rig: Rig, redis_url: str, tmp_path: Path
) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, delay=1.6)
    async with RedisWire(redis_url) as wire, open_redis(wire.url, tmp_path) as handle:
        running = asyncio.create_task(rig.worker("first", redis=handle.client, lease_seconds=1.2).run(change.number))
        await under_way(rig, CREATE)
        wire.broken = True
        await until(lambda: wire.lost)
        wire.broken = False
        while not running.done():
            assert await rig.ledger("second").take(change.number) is None
            await asyncio.sleep(0.05)
            if (await rig.now(change)).state == "succeeded":
                break
        assert await running is None
    assert ((await rig.now(change)).state, len(rig.sent())) == ("succeeded", 1)


async def test_a_worker_that_is_told_to_stop_gives_its_lease_back_and_the_next_one_looks_first(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    rig.twilio.faults.add(CREATE, delay=5)
    stopped = asyncio.create_task(rig.worker("first").run(change.number))
    await under_way(rig, CREATE)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    await rig.worker("second").run(change.number)
    assert ((await rig.now(change)).state, rig.services, len(rig.sent(CREATE))) == ("succeeded", [NAME], 1)


async def test_a_restart_of_redis_during_a_call_loses_nothing_and_repeats_nothing(rig: Rig, tmp_path: Path) -> None:
    async with open_redis(None, tmp_path) as own:
        rig.redis = own.client
        change = await rig.approved(create_step(), rename_step())
        rig.twilio.faults.add(CREATE, delay=0.3)
        running = asyncio.create_task(rig.worker("first").run(change.number))
        await under_way(rig, CREATE)
        await kill_and_wait(await process_id(own.client))
        await asyncio.gather(running, return_exceptions=True)
        assert (await rig.now(change)).steps["service"].attempt == 1
        await rig.lose_lease(change)
        await rig.worker("second").run(change.number)
        assert ((await rig.now(change)).state, rig.services, len(rig.sent(CREATE))) == ("succeeded", [NAME], 1)
