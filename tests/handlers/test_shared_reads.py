"""Reads that are shared: nobody is told by an answer from before they asked."""

import asyncio

import pytest

from handlers.shared_reads import SharedReads


class Slack:
    """Answers with how often it was asked, once it is let go on."""

    def __init__(self) -> None:
        self.asked, self.let_go = 0, asyncio.Event()

    async def read(self) -> int:
        self.asked += 1
        mine = self.asked
        await self.let_go.wait()
        return mine

    async def refuse(self) -> int:
        self.asked += 1
        await self.let_go.wait()
        raise LookupError


async def test_who_asks_while_a_read_is_under_way_is_told_by_the_next_one_and_shares_it() -> None:
    reads, slack = SharedReads(), Slack()
    first = asyncio.create_task(reads.fresh("ann", slack.read))
    while not slack.asked:  # noqa: ASYNC110  # begun, an event of nobody's
        await asyncio.sleep(0)
    later = [asyncio.create_task(reads.fresh("ann", slack.read)) for _ in range(30)]
    other = asyncio.create_task(reads.fresh("bob", Slack().refuse))
    await asyncio.sleep(0)
    slack.let_go.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 30
    other.cancel()


async def test_those_who_ask_in_the_same_moment_share_one_read() -> None:
    reads, slack = SharedReads(), Slack()
    slack.let_go.set()
    assert await asyncio.gather(*(reads.fresh("ann", slack.read) for _ in range(30))) == [1] * 30


async def test_a_refused_read_is_refused_to_all_who_share_it_and_to_nobody_after_it() -> None:
    reads, slack = SharedReads(), Slack()
    slack.let_go.set()
    answers = await asyncio.gather(*(reads.fresh("ann", slack.refuse) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [LookupError] * 3
    assert await reads.fresh("ann", slack.read) == 2


async def test_one_who_gives_up_takes_the_answer_from_nobody() -> None:
    reads, slack = SharedReads(), Slack()
    impatient = asyncio.create_task(reads.fresh("ann", slack.read))
    patient = asyncio.create_task(reads.fresh("ann", slack.read))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    slack.let_go.set()
    assert await patient == 1
