"""Changes that are read together, and as much of one as a decision needs."""

import pytest

from bot.changes.reads import BATCH
from bot.changes.refusal import Refusal
from bot.changes.store import ChangeStore
from bot.vault import Vault
from tests.changes.office import ANN, BOB, Office


async def test_many_are_read_as_each_alone_and_one_that_is_odd_or_gone_hides_no_other(office: Office) -> None:
    asked = [await office.asked(draft=f"draft-{n}", operation="campaign.register") for n in range(BATCH + 3)]
    await office.approve(asked[2], ANN)
    await office.redis.hset(office.keys.change(asked[1].number, "doc"), "plan", "not sealed by us")
    numbers = [9_999, *(change.number for change in asked)]
    read = [pair async for pair in office.store.many(numbers)]
    expected = [(9_999, None), *[(c.number, await office.store.load(c.number)) for c in asked if c is not asked[1]]]
    assert read[:2] + read[3:] == expected
    assert read[2] == (asked[1].number, None)


async def test_one_that_is_being_undone_is_read_with_what_undoes_it(office: Office) -> None:
    first, second = await office.asked(draft="one"), await office.asked(draft="two")
    await office.redis.hset(office.keys.change(first.number, "doc"), "undoing", second.number)
    ((_, alone),) = [pair async for pair in office.store.many([first.number])]
    assert alone == await office.now(first)
    assert alone
    assert alone.undoing
    assert (alone.undoing.number, alone.undoing.state) == (second.number, "pending")


async def test_a_ballot_counts_as_its_change_does_and_opens_nothing_that_is_sealed(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, BOB)
    known = await office.now(change)
    # with another key: nothing that is sealed could be opened
    ballot = await ChangeStore(office.redis, office.keys, Vault(["a" * 43 + "="])).ballot(change.number)
    assert (ballot.state, ballot.requester, ballot.digest) == (known.state, known.requester, known.digest)
    assert ballot.requirement == known.requirement
    assert ballot.approvals("approvers") == known.approvals("approvers")
    assert ballot.approvals("legal") == ()


async def test_there_is_no_ballot_on_what_does_not_exist(office: Office) -> None:
    with pytest.raises(Refusal, match="There is no change #7"):
        await office.store.ballot(7)
