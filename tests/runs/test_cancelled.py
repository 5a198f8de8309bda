"""A worker that is cancelled wherever it waits leaves no attempt unrecorded, and nothing is sent twice."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from bot.changes.change import Change
from tests.runs.rig import INTERIM, NAME, Rig, create_step, rename_step, until

CREATE, RENAME = "POST /v1/Services$", "POST /v1/Services/MG"


class CancelledAt:
    """Awaits a run, and cancels the task that awaits it as it comes to wait for the n-th time."""

    def __init__(self, run: Any, nth: int) -> None:
        self._run, self._nth = run, nth
        self.waits = 0

    def __await__(self) -> Generator[Any, None, Any]:
        steps = self._run.__await__()
        thrown: BaseException | None = None
        while True:
            try:
                waited_for = steps.throw(thrown) if thrown else steps.send(None)
            except StopIteration as end:
                return end.value
            self.waits += 1
            task = asyncio.current_task()
            if self.waits == self._nth and task:
                task.cancel()
            thrown = None
            try:
                yield waited_for
            except BaseException as error:  # handed on, into the run
                thrown = error


async def cancelled(rig: Rig, change: Change, nth: int) -> bool:
    """Run a change up to its n-th wait; False when it has ended before that."""

    async def attempt() -> int:
        run = CancelledAt(rig.worker("cancelled").run(change.number), nth)
        await run
        return run.waits

    task = asyncio.create_task(attempt())
    await asyncio.wait({task})
    return task.cancelled() or task.result() >= nth


EVERY_MOMENT = {(), ("attempting",), ("done",), ("done", "attempting"), ("done", "done")}
"""How far the two steps may be when their worker is cancelled."""


async def test_a_worker_cancelled_at_any_wait_leaves_a_run_that_the_next_one_ends_with_each_call_done_once(
    rig: Rig,
) -> None:
    recorded = set[tuple[str, ...]]()
    # an answer that is there already is not waited for, so that one round may pass a moment over
    for _ in range(3):
        if not recorded >= EVERY_MOMENT:
            recorded |= await cancelled_at_each_wait(rig)
    assert recorded >= EVERY_MOMENT


async def cancelled_at_each_wait(rig: Rig) -> set[tuple[str, ...]]:
    """Cancel one run after the other, each a wait later. Returns how far their steps were."""
    nth, recorded = 0, set[tuple[str, ...]]()
    before = rig.services.count(NAME)
    under_way = True
    while under_way:
        nth += 1
        rig.twilio.journal.calls.clear()
        change = await rig.approved(create_step(), rename_step())
        under_way = await cancelled(rig, change, nth)
        left = await rig.now(change)
        recorded.add(tuple(run.state for run in left.steps.values()))
        # a call that reached Twilio was written down before
        assert not rig.sent(CREATE) or "service" in left.steps, nth
        assert not rig.sent(RENAME) or "name" in left.steps, nth
        await rig.lose_lease(change)
        now = await rig.finish(change, rig.worker("next"))
        assert now.state == "succeeded", (nth, now.note)
        assert [call.effect for call in rig.twilio.calls(CREATE)].count(True) == 1, (nth, now.timeline)
        assert [call.effect for call in rig.twilio.calls(RENAME)].count(True) == 1, (nth, now.timeline)
        assert rig.services.count(NAME) == before + nth
        assert INTERIM not in rig.services
        whats = [event.what for event in now.timeline if event.step == "service"]
        assert whats.count("sent") == now.steps["service"].attempt, (nth, whats)
        assert whats.count("done") + whats.count("found done at Twilio") == 1, (nth, whats)
    assert nth > 20
    return recorded


@pytest.mark.parametrize("delay", [0.0, 0.05])
async def test_a_cancelled_worker_gives_its_lease_back_at_once(rig: Rig, delay: float) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, delay=5)
    task = asyncio.create_task(rig.worker("cancelled").run(change.number))
    await until(lambda: rig.twilio.calls(CREATE))
    await asyncio.sleep(delay)
    task.cancel()
    await asyncio.wait({task})
    assert await rig.ledger("next").take(change.number) is not None
    assert (await rig.step(change, "service")).state == "attempting"
