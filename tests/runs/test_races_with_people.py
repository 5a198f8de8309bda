"""A person's click while a worker is at the same change: one of the two wins, and nothing is sent after a last word."""

import asyncio

import pytest

from bot.changes.change import Change
from bot.changes.refusal import Refusal
from bot.plans.step import Watch
from bot.sandbox.twilio.start_state import PENDING_BRAND
from bot.tracking.tracker import Tracker
from tests.runs.rig import Rig, create_step
from tests.runs.test_pauses import WAIT

RITA = "U0RITA"
LOOK = "GET /v1/a2p/BrandRegistrations"


@pytest.mark.parametrize("status", ["APPROVED", "IN_REVIEW", "SUSPENDED"])
async def test_a_change_that_is_abandoned_while_a_worker_looks_sends_nothing_and_stays_abandoned(
    rig: Rig, status: str
) -> None:
    rig.tracked()
    change = await rig.approved(WAIT, create_step())
    await rig.worker().run(change.number)
    rig.twilio.desk.brand_status(PENDING_BRAND, status)
    rig.clock.advance(60)
    rig.twilio.faults.add(LOOK, delay=0.2)
    looking = asyncio.create_task(rig.worker("second").run(change.number))
    while rig.twilio.faults.waiting():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await rig.settlement.abandon(change.number, RITA)
    await looking
    assert ((await rig.now(change)).state, rig.sent()) == ("abandoned", [])


async def test_a_worker_that_dies_as_a_wait_ends_leaves_no_change_that_may_be_abandoned_while_it_sends(
    rig: Rig,
) -> None:
    class Dying(Tracker):
        async def release(self, change: Change, watch: Watch) -> None:
            raise asyncio.CancelledError

    tracker = rig.tracked()
    change = await rig.approved(WAIT, create_step())
    await rig.worker().run(change.number)
    rig.twilio.desk.approve_brand(PENDING_BRAND)
    rig.clock.advance(60)
    tracker.__class__ = Dying
    with pytest.raises(asyncio.CancelledError):
        await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "running"
    with pytest.raises(Refusal, match="nothing to do here"):
        await rig.settlement.abandon(change.number, RITA)
    await rig.worker("second").run(change.number)
    assert ((await rig.now(change)).state, len(rig.sent())) == ("succeeded", 1)
