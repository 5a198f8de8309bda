"""What was typed, and who somebody is, can be taken out of what is over; what stays is said."""

import pytest

from bot.audit.trail import AuditTrail
from bot.audit.verify import verify
from bot.changes.delegations import Delegation, Delegations
from bot.changes.drafts import DraftStore
from bot.maintenance.memory import Memory
from bot.maintenance.person import PersonEraser
from bot.maintenance.settled import ERASED, NotSettledError, Retention, SettledChanges
from bot.tracking.portfolio import Filter, Portfolio
from bot.tracking.registration import Mute
from bot.tracking.store import RegistrationStore
from handlers.blocks.change import change_card
from handlers.visitors import Visitors
from tests.changes.office import ANN, BOB, CAT, RITA, Office
from tests.conftest import Clock
from tests.maintenance.test_backup import WATCHED

REASON = "Jane Doe is no customer of ours"


async def rejected(office: Office, **what: str) -> int:
    """A change that is over."""
    change = await office.asked(**what)
    await office.changes.decide(change.number, ANN, "reject", change.plan.digest, REASON)
    return change.number


async def test_nothing_of_a_change_that_is_not_over_is_erased(office: Office, settled: SettledChanges) -> None:
    change = await office.asked()
    with pytest.raises(NotSettledError, match="waiting for approval: only what is over"):
        await settled.erase(change)
    assert await office.now(change) == change


async def test_what_was_typed_goes_and_who_decided_when_stays(
    memory: Memory, office: Office, trail: AuditTrail, settled: SettledChanges
) -> None:
    number = await rejected(office, name="Jane Doe")
    before = await office.now_of(number)
    await settled.erase(before)
    after = await office.now_of(number)
    assert "Jane Doe" not in after.model_dump_json()
    assert after.plan.title == f"service.create {ERASED}"
    assert (after.inputs, after.state, after.requester) == ({}, "rejected", RITA)
    assert [(d.user, d.verb, d.at) for d in after.decisions] == [(d.user, d.verb, d.at) for d in before.decisions]
    assert len(after.timeline) == len(before.timeline)
    assert after.version > before.version
    # its card is to be drawn once more
    assert await office.store.open_numbers() == [number]
    await trail.copy(number)
    assert (await verify(trail.log)).count == len(before.timeline)


async def test_a_change_without_its_content_still_has_a_card(office: Office, settled: SettledChanges) -> None:
    number = await rejected(office, name="Jane Doe")
    await settled.erase(await office.now_of(number))
    assert "Jane Doe" not in str(change_card(await office.now_of(number)))


async def test_a_click_in_the_same_moment_is_not_lost_under_an_erasure(
    memory: Memory, office: Office, settled: SettledChanges
) -> None:
    number = await rejected(office)
    seen = await office.now_of(number)
    await memory.redis.hincrby(memory.keys.change(number, "doc"), "version", 1)
    with pytest.raises(NotSettledError, match="in this moment"):
        await settled.erase(seen)


async def test_a_person_is_taken_out_of_what_is_over_and_what_stays_is_said(
    memory: Memory, office: Office, trail: AuditTrail, clock: Clock
) -> None:
    over, waiting = await rejected(office), await office.asked(draft="draft-2")
    other = await office.asked(draft="draft-3", requester=BOB)
    await office.changes.decide(other.number, CAT, "reject", other.plan.digest, REASON)
    drafts = DraftStore(memory.redis, memory.keys, memory.vault, clock)
    await drafts.save(draft := drafts.begin(RITA, "brand.register", {"name": "Jane"}))
    delegations = Delegations(memory.redis, memory.keys, memory.vault, clock)
    await delegations.give(Delegation(user=ANN, to=RITA, at=clock(), until=clock() + 60, reason="ill"))
    registrations = RegistrationStore(memory.redis, memory.keys)
    await registrations.begin(WATCHED.model_copy(update={"owner": RITA}))
    portfolio = Portfolio(memory.redis, memory.keys, registrations, clock)
    await portfolio.learn(WATCHED.model_copy(update={"owner": RITA}))
    await registrations.mute(WATCHED.id, "C0A2P", Mute(by=RITA, at=1.0))
    await Visitors(memory.redis, memory.keys).came(RITA)
    await trail.copy(over)

    told = await PersonEraser(memory, RITA, clock, really=True).erase()

    after = await office.now_of(over)
    assert after.requester == told.name
    assert RITA not in after.model_dump_json()
    assert after.decisions[0].user == ANN
    assert (await office.now(other)).requester == BOB
    assert (await office.now(waiting)).requester == RITA
    assert await drafts.load(draft.id, RITA) is None
    assert await delegations.standing() == []
    watched = await registrations.load(WATCHED.id)
    assert watched
    assert (watched.owner, watched.muted["C0A2P"].by) == ("", told.name)
    assert [row.owner for row in (await portfolio.page(Filter()))[0]] == [""]
    assert await Visitors(memory.redis, memory.keys).among({RITA}) == set()
    stays = " ".join(told.stays)
    assert f"#{waiting.number} is waiting for approval" in stays
    assert "The audit names them in 1 rows" in stays
    assert (await verify(trail.log)).sound


async def test_without_really_nothing_is_written_and_the_same_is_told(
    memory: Memory, office: Office, clock: Clock
) -> None:
    over = await rejected(office)
    before = await office.now_of(over)
    planned = await PersonEraser(memory, RITA, clock, really=False).erase()
    assert await office.now_of(over) == before
    done = await PersonEraser(memory, RITA, clock, really=True).erase()
    assert len(done.done) == len(planned.done) == 1
    nothing = await PersonEraser(memory, RITA, clock, really=True).erase()
    assert nothing.done == []


async def test_what_an_approver_wrote_goes_with_them(memory: Memory, office: Office, clock: Clock) -> None:
    over = await rejected(office)
    told = await PersonEraser(memory, ANN, clock, really=True).erase()
    after = await office.now_of(over)
    assert REASON not in after.model_dump_json()
    assert ANN not in after.model_dump_json()
    assert (after.requester, after.decisions[0].user) == (RITA, told.name)


def retention(memory: Memory, office: Office, settled: SettledChanges, days: float | None) -> Retention:
    return Retention(memory.redis, memory.keys, office.store, settled, office.clock, days)


async def test_settled_changes_go_with_age_and_the_audit_goes_on_telling_of_them(
    memory: Memory, office: Office, trail: AuditTrail, settled: SettledChanges, clock: Clock
) -> None:
    over, waiting = await rejected(office), await office.asked(draft="draft-2")
    told = await office.now_of(over)
    assert await office.store.close(told)
    clock.advance(31 * 86400)
    young = await rejected(office, draft="draft-3")
    assert await retention(memory, office, settled, None).forget() == 0
    assert await retention(memory, office, settled, 30).forget() == 1
    assert await office.store.load(over) is None
    assert await memory.redis.keys(f"{memory.keys.prefix}:{{change:{over}}}:*") == []
    assert (await office.now_of(young)).number == young
    assert (await office.now(waiting)).number == waiting.number
    assert [row.link.told.change async for row in trail.log.forwards() if row.link] == [over] * len(told.timeline)


async def test_a_change_whose_last_word_is_not_told_yet_is_kept(
    memory: Memory, office: Office, settled: SettledChanges, clock: Clock
) -> None:
    over = await rejected(office)
    clock.advance(31 * 86400)
    assert await retention(memory, office, settled, 30).forget() == 0
    assert (await office.now_of(over)).number == over


async def test_old_changes_are_looked_for_once_a_day_however_many_replicas_do(
    memory: Memory, office: Office, settled: SettledChanges, clock: Clock
) -> None:
    over = await rejected(office)
    await retention(memory, office, settled, 30).forget_daily()
    await office.store.close(await office.now_of(over))
    clock.advance(31 * 86400)
    await retention(memory, office, settled, 30).forget_daily()
    assert (await office.now_of(over)).number == over
