"""Many accounts share the room for runs: one whose calls hang, or that asks for much, keeps no other one waiting."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.operation import Context
from bot.engine import CONCURRENCY
from bot.plans.plan import Plan
from bot.runs.shares import ROOM, Room, Shares
from bot.sandbox.twilio.start_state import SUPPORT_SERVICE
from tests.runs.rig import Rig, create_step, rename_step, until

CREATE = "POST /v1/Services$"
NOISY, OTHER = "AC" + "0a" * 16, "AC" + "0b" * 16


async def test_sixty_runs_of_an_account_whose_calls_hang_keep_no_run_of_another_waiting(rig: Rig) -> None:
    hanging = [await rig.approved(create_step(), account=NOISY) for _ in range(60)]
    other = await rig.approved(rename_step(SUPPORT_SERVICE), account=OTHER)
    plans = iter([*rig.plans[:-1][: ROOM.each], rig.plans[-1]])

    async def as_before(form: Any, context: Context) -> Plan:
        return next(plans)

    rig.twilio.faults.add(CREATE, delay=30, times=60)
    worker = rig.worker(planner=as_before)
    runs = [asyncio.create_task(worker.run(change.number)) for change in hanging]
    await until(lambda: len(rig.twilio.calls(CREATE)) == ROOM.each)
    assert await worker.run(other.number) is None
    assert (await rig.now(other)).state == "succeeded"
    assert (len(rig.twilio.calls(CREATE)), sum(run.done() for run in runs)) == (ROOM.each, 60 - ROOM.each)
    for run in runs:
        run.cancel()
    await asyncio.wait(runs)


async def test_a_run_that_was_sent_away_is_the_one_that_is_started_when_a_place_is_free(rig: Rig) -> None:
    first, second = await rig.approved(create_step()), await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, delay=0.2)
    worker = rig.worker(shares=Shares(Room(total=1, each=1, kept=0)))
    running = asyncio.create_task(worker.run(first.number))
    await until(lambda: rig.twilio.calls(CREATE))
    assert await worker.run(second.number) is None
    assert worker.next_waiting() is None
    await running
    assert ((await rig.now(second)).state, worker.next_waiting()) == ("approved", second.number)
    await worker.run(second.number)
    assert ((await rig.now(second)).state, worker.next_waiting()) == ("succeeded", None)


def test_there_is_room_for_other_work_beside_all_runs() -> None:
    assert ROOM.total < CONCURRENCY


async def test_busy_accounts_together_leave_places_for_those_that_have_none() -> None:
    shares = Shares(Room(total=5, each=3, kept=2))
    async with AsyncExitStack() as stack:
        took = [await stack.enter_async_context(shares.place(who, n)) for n, who in enumerate("aaaabbcde")]
        # a has its three; b and c and d, which have none, get what was kept; e finds no place left
        assert took == [True, True, True, False, True, False, True, False, False]
        assert shares.next() is None
    assert [shares.next(), shares.next(), shares.next(), shares.next()] == [3, 5, 7, 8]


async def test_of_those_that_wait_the_account_with_the_fewest_in_hand_comes_first() -> None:
    shares = Shares(Room(total=4, each=2, kept=0))
    async with AsyncExitStack() as stack:
        for number, account in enumerate("aabc"):
            assert await stack.enter_async_context(shares.place(account, number))
        async with shares.place("b", 8) as early, shares.place("d", 9) as late:
            assert (early, late) == (False, False)
    async with shares.place("b", 2):
        assert (shares.next(), shares.next(), shares.next()) == (9, 8, None)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans())))
def test_whatever_comes_and_goes_no_account_has_more_than_its_share_and_no_place_is_lost(
    moves: list[tuple[str, bool]],
) -> None:
    asyncio.run(_come_and_go(moves))


async def _come_and_go(moves: list[tuple[str, bool]]) -> None:
    room = Room(total=4, each=2, kept=1)
    shares, held = Shares(room), dict[str, list[AsyncExitStack]]()
    for number, (account, comes) in enumerate(moves):
        mine = held.setdefault(account, [])
        if comes:
            stack = AsyncExitStack()
            if await stack.enter_async_context(shares.place(account, number)):
                mine.append(stack)
        elif mine:
            await mine.pop().aclose()
        assert len(mine) <= room.each
        assert sum(map(len, held.values())) <= room.total
    for stack in (stack for mine in held.values() for stack in mine):
        await stack.aclose()
    assert all([await AsyncExitStack().enter_async_context(shares.place(account, 1)) for account in "abcd"])
