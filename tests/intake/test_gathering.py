"""What comes together is recorded together; each hears of its own part, and what is too much is refused at once."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.intake.gathering import LATE_SECONDS, MOST_AT_ONCE, MOST_WAITING, Busy, Gathering
from tests.conftest import Clock


class Record:
    """Records nothing until it may go on; what is `odd` fails."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go_on = asyncio.Event()

    async def __call__(self, items: Sequence[str]) -> None:
        self.batches.append(list(items))
        await self.go_on.wait()
        if "odd" in items:
            raise ConnectionError("not recorded")


async def asked(gathering: Gathering[str], *puts: Sequence[str]) -> list["asyncio.Task[None]"]:
    tasks = [asyncio.create_task(gathering.put(items)) for items in puts]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_comes_while_something_is_recorded_goes_together_after_it() -> None:
    record = Record()
    gathering = Gathering(record)
    tasks = await asked(gathering, ["a"], ["b", "c"], ["d"])
    record.go_on.set()
    await asyncio.gather(*tasks)
    assert record.batches in ([["a"], ["b", "c", "d"]], [["a", "b", "c", "d"]])


async def test_what_could_not_be_recorded_is_told_to_those_of_that_batch_alone() -> None:
    record = Record()
    gathering = Gathering(record)
    first = await asked(gathering, ["a"])
    rest = await asked(gathering, ["odd"], ["b"])
    record.go_on.set()
    outcomes = await asyncio.gather(*first, *rest, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), ConnectionError, ConnectionError]
    await gathering.put(["c"])


async def test_who_does_not_wait_any_longer_stops_nobody_else() -> None:
    record = Record()
    gathering = Gathering(record)
    first, second = await asked(gathering, ["a"], ["b"])
    third = (await asked(gathering, ["c"]))[0]
    first.cancel()
    third.cancel()
    record.go_on.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert second.done()
    assert not second.cancelled()
    assert "c" not in {item for batch in record.batches for item in batch}


async def test_more_than_can_wait_is_refused_at_once_and_so_is_anything_while_redis_is_slow(clock: Clock) -> None:
    record = Record()
    gathering = Gathering(record, clock)
    tasks = await asked(gathering, ["a"])
    tasks += await asked(gathering, *([["x"] * MOST_AT_ONCE] * (MOST_WAITING // MOST_AT_ONCE + 1)))
    with pytest.raises(Busy):
        await gathering.put(["b"])
    record.go_on.set()
    await asyncio.gather(*tasks)
    record.go_on.clear()
    (late,) = await asked(gathering, ["c"])
    clock.advance(LATE_SECONDS + 0.1)
    with pytest.raises(Busy):
        await gathering.put(["d"])
    record.go_on.set()
    await late
    assert max(map(len, record.batches)) <= MOST_AT_ONCE
