"""How a change ends without a run, and how one that became stale begins anew."""

import asyncio
from typing import Any

import pytest

from bot.changes.change import LEFT_SECONDS, Event, State, Undoing
from bot.changes.people import Person
from bot.changes.refusal import Refusal
from bot.changes.store import ChangeStore
from bot.policy.policy import PENDING_SECONDS
from tests.changes.office import ANN, BOB, CAT, RITA, Office, plan_for, request_for
from tests.conftest import Staff
from tests.runs.mortal import Died, dies_after


async def test_only_the_requester_withdraws(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match="Only <@U0RITA>, who asked for #1, can withdraw it"):
        await office.changes.cancel(change.number, ANN)
    await office.changes.cancel(change.number, RITA)
    assert (await office.now(change)).state == "cancelled"


async def test_what_is_approved_can_be_withdrawn_until_it_runs(office: Office) -> None:
    change, other = await office.asked(draft="a"), await office.asked(draft="b")
    for one in (change, other):
        await office.approve(one, ANN)
    await office.changes.cancel(change.number, RITA)
    assert (await office.now(change)).state == "cancelled"
    assert await office.ledger.take(change.number) is None
    assert await office.store.move(other.number, ["approved"], "running")
    with pytest.raises(Refusal, match="#2 can no longer be withdrawn: it is running"):
        await office.changes.cancel(other.number, RITA)


async def test_what_is_withdrawn_can_no_longer_be_approved(office: Office) -> None:
    change = await office.asked()
    await office.changes.cancel(change.number, RITA)
    with pytest.raises(Refusal, match="#1 is already withdrawn"):
        await office.approve(change, ANN)
    assert office.started.runs == []


async def test_a_change_expires_when_its_time_is_over_and_not_before(office: Office) -> None:
    change = await office.asked()
    office.clock.advance(PENDING_SECONDS - 1)
    assert not await office.changes.expire(change)
    office.clock.advance(1)
    assert await office.changes.expire(change)
    assert ((await office.now(change)).state, office.told.changes) == ("expired", [1, 1])
    assert not await office.changes.expire(change)


async def test_a_stale_change_has_the_full_time_to_be_asked_for_again(office: Office) -> None:
    change = await office.asked()
    office.clock.advance(PENDING_SECONDS - 1)
    await office.approve(change, ANN)
    office.clock.advance(86400)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    office.clock.advance(PENDING_SECONDS - 1)
    assert not await office.changes.expire(await office.now(change))
    office.clock.advance(1)
    assert await office.changes.expire(await office.now(change))


@pytest.mark.parametrize("state", ["failed", "unknown"])
async def test_a_run_that_nobody_settles_is_abandoned_after_thirty_days_and_not_before(
    office: Office, state: State
) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    office.clock.advance(PENDING_SECONDS)
    assert await office.store.move(change.number, ["approved"], state, Event(at=office.clock(), what="stopped"))
    stopped = await office.now(change)
    office.clock.advance(LEFT_SECONDS - 1)
    assert not await office.changes.expire(stopped)
    office.clock.advance(1)
    assert await office.changes.expire(stopped)
    now = await office.now(change)
    assert (now.state, now.timeline[-1].to, now.timeline[-1].who) == ("abandoned", "abandoned", "")
    assert not await office.changes.expire(now)


async def test_a_run_that_somebody_tries_again_meanwhile_is_not_abandoned(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    assert await office.store.move(change.number, ["approved"], "failed", Event(at=office.clock(), what="stopped"))
    office.clock.advance(LEFT_SECONDS)
    seen_by_the_sweep = await office.now(change)
    assert await office.store.move(change.number, ["failed"], "approved", Event(at=office.clock(), what="tried again"))
    assert not await office.changes.expire(seen_by_the_sweep)
    assert (await office.now(change)).state == "approved"


async def test_a_change_decided_meanwhile_does_not_expire(office: Office) -> None:
    pending = await office.asked()
    await office.approve(pending, ANN)
    office.clock.advance(PENDING_SECONDS)
    assert not await office.changes.expire(pending)
    assert (await office.now(pending)).state == "approved"


async def test_a_stale_change_that_is_pending_again_is_not_expired_by_a_sweep_that_saw_it_stale(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    office.clock.advance(PENDING_SECONDS)
    seen_by_the_sweep = await office.now(change)
    await office.changes.ask_again(change.number, RITA)
    assert not await office.changes.expire(seen_by_the_sweep)
    assert (await office.now(change)).state == "pending"


async def test_a_change_that_was_amended_is_not_expired_by_a_sweep_that_saw_its_plan_before(office: Office) -> None:
    change = await office.asked()
    office.clock.advance(PENDING_SECONDS)
    seen_by_the_sweep = await office.now(change)
    amended = request_for("draft-2", name="Other").model_copy(update={"amends": change.number, "token": "tf-other"})
    await office.changes.request(amended)
    assert not await office.changes.expire(seen_by_the_sweep)
    assert (await office.now(change)).state == "pending"


async def test_a_stale_change_needs_all_its_approvals_again(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    await office.approve(change, BOB)
    fresh = plan_for("Acme alerts 2", "campaign.register")
    await office.made_stale(change, fresh)
    stale = await office.now(change)
    assert (stale.state, stale.plan, stale.decisions) == ("stale", fresh, ())
    assert stale.note == "the name was taken"
    await office.changes.ask_again(change.number, RITA)
    with pytest.raises(Refusal, match="older plan"):
        await office.approve(change, CAT)
    again = await office.now(change)
    assert [await office.approve(again, user) for user in (ANN, CAT)] == ["pending", "approved"]
    assert office.started.runs == [1, 1]


async def test_an_approval_of_an_earlier_plan_that_was_left_behind_counts_for_nothing(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    await office.approve(change, BOB)
    decisions = office.keys.change(change.number, "decisions")
    left_behind: dict[Any, Any] = await office.redis.hgetall(decisions)
    await office.made_stale(change, plan_for("Acme alerts 2", "campaign.register"))
    await office.redis.hset(decisions, mapping=left_behind)
    await office.changes.ask_again(change.number, RITA)
    again = await office.now(change)
    assert await office.approve(again, CAT) == "pending"
    assert await office.approve(again, ANN) == "approved"


async def test_nobody_decides_on_a_stale_change(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    with pytest.raises(Refusal, match="#1 is already out of date"):
        await office.approve(await office.now(change), BOB)


async def test_only_the_requester_asks_again_and_only_when_stale(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match="#1 is waiting for approval, not out of date"):
        await office.changes.ask_again(change.number, RITA)
    await office.approve(change, ANN)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    with pytest.raises(Refusal, match="Only <@U0RITA>"):
        await office.changes.ask_again(change.number, ANN)


async def test_asking_again_gives_the_full_time_again(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    office.clock.advance(PENDING_SECONDS + 5)
    await office.changes.ask_again(change.number, RITA)
    assert (await office.now(change)).expires_at == office.clock() + PENDING_SECONDS


async def test_a_stale_change_that_needs_nobody_runs_when_its_requester_asks_again(office: Office) -> None:
    change = await office.asked(operation="message.send_test")
    await office.made_stale(change, plan_for("Acme alerts 2", "message.send_test"))
    office.started.runs.clear()
    await office.changes.ask_again(change.number, RITA)
    assert ((await office.now(change)).state, office.started.runs) == ("approved", [1])


async def test_asking_again_many_times_at_once_asks_once(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    answers = await asyncio.gather(
        *(office.changes.ask_again(change.number, RITA) for _ in range(10)), return_exceptions=True
    )
    assert answers.count(None) == 1
    assert [e.what for e in (await office.now(change)).timeline].count("asked again for the new plan") == 1


async def test_asking_again_from_a_card_of_the_plan_before_asks_for_nothing(office: Office) -> None:
    change = await office.asked(operation="message.send_test")
    await office.made_stale(change, plan_for("Acme alerts 2", "message.send_test"))
    with pytest.raises(Refusal, match="older plan"):
        await office.changes.ask_again(change.number, RITA, change.digest)
    seen = await office.now(change)
    await office.changes.ask_again(change.number, RITA, seen.digest)
    assert (await office.now(change)).state == "approved"


class Holding(Staff):
    """A Slack that answers who somebody is when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def person(self, user: str, *, fresh: bool = False) -> Person:
        self.asked.set()
        await self.go.wait()
        return await super().person(user, fresh=fresh)


async def test_asking_again_for_one_plan_does_not_let_another_run_that_came_meanwhile(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    slack = Holding()
    asking = asyncio.create_task(office.under(staff=slack).changes.ask_again(change.number, RITA))
    await slack.asked.wait()
    await office.changes.ask_again(change.number, RITA)
    await office.approve(await office.now(change), ANN)
    await office.made_stale(change, plan_for("Acme alerts 3"))
    slack.go.set()
    with pytest.raises(Refusal, match="has moved in this moment"):
        await asking
    assert (await office.now(change)).state == "stale"


async def test_every_move_raises_the_version_so_that_cards_know(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    seen = [change.version]
    await office.approve(change, ANN)
    seen.append((await office.now(change)).version)
    await office.changes.cancel(change.number, RITA)
    seen.append((await office.now(change)).version)
    assert seen == [1, 2, 3]


async def test_a_worker_that_lost_its_lease_cannot_make_a_change_stale(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    old = await office.ledger.take(change.number)
    assert old is not None
    await office.ledger.release(change.number, old)
    assert await office.ledger.take(change.number) == old + 1
    event = (await office.now(change)).timeline[0]
    assert not await office.store.restate(change.number, plan_for("Acme alerts 2"), event, "late", old, expires_at=1.0)
    now = await office.now(change)
    assert (now.state, len(now.decisions), now.plan) == ("approved", 1, change.plan)


async def test_what_is_undone_is_remembered_with_how_far_its_undoing_is(office: Office) -> None:
    change, undoing = await office.asked(), await office.asked(draft="undo-1-1")
    event = Event(at=office.clock(), who=RITA, what="asked to undo it with #2")
    assert await office.store.move(change.number, ["pending"], "abandoned", event, undoing=undoing.number)
    seen = await office.now(change)
    assert (seen.undoing, seen.undone) == (Undoing(number=2, state="pending"), False)
    await office.changes.cancel(undoing.number, RITA)
    now = await office.now(change)
    assert now.undoing
    assert (now.undoing.stands, now.version, now.picture == seen.picture) == (False, seen.version, False)


async def test_what_was_never_asked_for_takes_nothing_back(office: Office) -> None:
    change = await office.asked()
    event = Event(at=office.clock(), who=RITA, what="asked to undo it with #9")
    assert await office.store.move(change.number, ["pending"], "abandoned", event, undoing=9)
    now = await office.now(change)
    assert now.undoing
    assert not now.undoing.stands


async def test_what_moved_while_its_last_card_was_drawn_stays_on_the_list(office: Office) -> None:
    change, undoing = await office.asked(), await office.asked(draft="undo-1-1")
    event = Event(at=office.clock(), who=RITA, what="asked to undo it with #2")
    assert await office.store.move(change.number, ["pending"], "abandoned", event, undoing=undoing.number)
    drawn = await office.now(change)
    await office.changes.cancel(undoing.number, RITA)
    assert not await office.store.close(drawn)
    assert change.number in await office.store.open_numbers()
    assert await office.store.close(await office.now(change))
    assert change.number not in await office.store.open_numbers()


@pytest.mark.parametrize("last", ["sadd", "srem"])
async def test_what_moved_is_not_lost_when_whoever_took_it_off_the_list_dies(office: Office, last: str) -> None:
    change, undoing = await office.asked(), await office.asked(draft="undo-1-1")
    event = Event(at=office.clock(), who=RITA, what="asked to undo it with #2")
    assert await office.store.move(change.number, ["pending"], "abandoned", event, undoing=undoing.number)
    drawn = await office.now(change)
    await office.changes.cancel(undoing.number, RITA)
    mortal = ChangeStore(dies_after(office.redis, last), office.keys, office.vault)
    with pytest.raises(Died):
        await mortal.close(drawn)
    assert change.number in await office.store.open_numbers()
    assert await office.store.close(await office.now(change))
    assert change.number not in await office.store.open_numbers()
