"""Nothing is sent while an account is frozen; what was sent is found out; and what waited goes on afterwards."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.changes.change import Change
from bot.changes.freezes import ALL, HELD, Freeze
from tests.runs.rig import INTERIM, NAME, Rig, create_step, rename_step, until

CREATE = "POST /v1/Services$"
HOUR = 3600.0


async def freeze(rig: Rig, account: str = "") -> None:
    """Somebody freezes the account of the rig, or another one, for an hour."""
    sid, now = account or rig.account.sid, rig.clock()
    await rig.freezes.begin(Freeze(account=sid, user="U0ANN", reason="Carrier outage", at=now, until=now + HOUR))


async def look(rig: Rig, change: Change, sleep: Callable[[float], Awaitable[None]] | None = None) -> Change:
    """What a sweep does with a change that is approved or running."""
    assert await rig.worker(sleep=sleep).run(change.number) is None
    return await rig.now(change)


def held(change: Change) -> list[str]:
    """What the timeline tells of freezes."""
    return [event.detail for event in change.timeline if event.what == HELD]


@pytest.mark.parametrize("whose", ["", ALL])
async def test_what_is_approved_waits_and_is_run_once_when_the_freeze_is_lifted(rig: Rig, whose: str) -> None:
    change = await rig.approved(create_step(), rename_step())
    await freeze(rig, whose)
    waiting = await look(rig, change)
    assert (waiting.state, rig.sent(""), len(held(waiting))) == ("approved", [], 1)
    await rig.freezes.lift(whose or rig.account.sid)
    assert (await rig.finish(change)).state == "succeeded"
    assert rig.services == [NAME]


async def test_looking_again_at_what_a_freeze_holds_back_writes_and_reads_nothing(rig: Rig) -> None:
    change = await rig.approved(create_step())
    await freeze(rig)
    before = await look(rig, change)
    for _ in range(3):
        await rig.later(5)
        assert await look(rig, change) == before
    assert rig.sent("") == []


async def test_its_end_lets_everything_go_on(rig: Rig) -> None:
    change = await rig.approved(create_step())
    await freeze(rig)
    await look(rig, change)
    await rig.later(HOUR)
    assert (await rig.finish(change)).state == "succeeded"


async def test_a_freeze_of_another_account_holds_nothing_back(rig: Rig) -> None:
    change = await rig.approved(create_step())
    await freeze(rig, "AC" + "6b" * 16)
    assert (await rig.finish(change)).state == "succeeded"


async def test_a_freeze_that_begins_during_a_call_stops_the_run_before_the_next_one(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    rig.twilio.faults.add(CREATE, delay=0.3)
    turn = asyncio.create_task(rig.worker().run(change.number))
    await until(lambda: rig.services)
    await freeze(rig)
    assert await turn is None
    stopped = await rig.now(change)
    assert (stopped.state, [step for step, run in stopped.steps.items() if run.state == "done"]) == (
        "running",
        ["service"],
    )
    assert rig.services == [INTERIM]
    await rig.freezes.lift(rig.account.sid)
    assert (await rig.finish(change)).state == "succeeded"
    assert rig.services == [NAME]


async def test_a_freeze_that_begins_while_a_run_lets_twilio_settle_stops_the_call_after_it(rig: Rig) -> None:
    settling = create_step().model_copy(update={"settle_seconds": 5})
    change = await rig.approved(settling, rename_step())

    async def frozen_meanwhile(seconds: float) -> None:
        await freeze(rig)
        await rig.sleep(seconds)

    assert (await look(rig, change, frozen_meanwhile)).state == "running"
    assert rig.services == [INTERIM]


async def test_what_became_of_a_call_in_flight_is_found_out_in_a_freeze(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    rig.twilio.faults.add(CREATE, drop_after_effect=True)

    async def frozen_meanwhile(seconds: float) -> None:
        await freeze(rig)
        await rig.sleep(seconds)

    stopped = await look(rig, change, frozen_meanwhile)
    run = stopped.steps["service"]
    assert (stopped.state, run.state, run.adopted) == ("running", "done", True)
    assert len(rig.sent("POST")) == 1


async def test_a_lost_call_that_surely_did_not_happen_is_sent_again_only_after_the_freeze(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, drop=True)
    assert await rig.worker().run(change.number) is not None  # it may still take effect
    await freeze(rig)
    await rig.later(60)
    await rig.lose_lease(change)
    found = await look(rig, change)
    assert (found.state, found.steps["service"].state, rig.services) == ("running", "waiting", [])
    reads = len(rig.sent("GET"))
    assert await look(rig, change) == found
    assert len(rig.sent("GET")) == reads
    await rig.freezes.lift(rig.account.sid)
    done = await rig.finish(change)
    assert (done.state, done.steps["service"].attempt, rig.services) == ("succeeded", 2, [INTERIM])
