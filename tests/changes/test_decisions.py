"""Who decides, about what, and that a quorum is counted once."""

import asyncio

import pytest

from bot.changes.change import Change
from bot.changes.refusal import Refusal
from bot.policy.policy import PENDING_SECONDS
from tests.changes.office import ANN, BOB, CAT, GUS, LEO, RITA, Office, plan_for
from tests.conftest import Staff


async def test_the_requester_cannot_approve_their_own_change(office: Office) -> None:
    change = await office.asked(requester=ANN)
    with pytest.raises(Refusal, match=r"You asked for #1, so somebody else must decide.*<@U0BOB>, <@U0CAT>"):
        await office.approve(change, ANN)
    assert (await office.now(change)).decisions == ()


async def test_the_script_refuses_a_requester_even_where_the_code_above_it_does_not(office: Office) -> None:
    change = await office.asked(requester=ANN)
    decision = (
        (await _approved_by(office, BOB)).decisions[0].model_copy(update={"user": ANN, "digest": change.plan.digest})
    )
    assert await office.store.decide(change.number, decision) == ("own", "pending")


async def test_somebody_outside_the_group_cannot_decide_and_is_told_who_could(office: Office) -> None:
    change = await office.asked()
    for verb, reason in (("approve", ""), ("reject", "no")):
        with pytest.raises(Refusal, match=r"You cannot decide on #1.*1 of the approvers \(<@U0ANN>"):
            await office.changes.decide(change.number, LEO, verb, change.plan.digest, reason)  # type: ignore[arg-type]
    assert (await office.now(change)).state == "pending"


async def test_a_guest_cannot_decide_even_when_listed(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match="You are a guest"):
        await office.approve(change, GUS)


async def test_who_asked_and_has_become_a_guest_since_settles_nothing(office: Office) -> None:
    change = await office.asked()
    assert await office.changes.authority.concerns(change, RITA, requester=True)
    staff = Staff(barred={RITA: "You are a guest."})
    later = office.under(staff=staff).changes
    assert not await later.authority.concerns(change, RITA, requester=True)


async def test_an_approval_of_another_digest_is_refused(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match="older plan of #1"):
        await office.changes.decide(change.number, ANN, "approve", plan_for("Other").digest)
    assert (await office.now(change)).decisions == ()


async def test_a_rejection_needs_a_reason(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match="needs a reason"):
        await office.changes.decide(change.number, ANN, "reject", change.plan.digest, "  \n")
    assert (await office.now(change)).state == "pending"


async def test_entering_a_state_twice_counts_twice_so_that_it_is_told_twice(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    assert [e.to for e in (await office.now(change)).timeline] == ["", ""]  # still pending
    await office.approve(change, BOB)
    approved = await office.now(change)
    assert (approved.state, approved.entries, approved.timeline[-1].what) == ("approved", 1, "approved")
    await office.made_stale(change, change.plan)
    await office.changes.ask_again(change.number, RITA)
    await office.approve(change, ANN)
    await office.approve(change, CAT)
    assert ((await office.now(change)).state, (await office.now(change)).entries) == ("approved", 2)


async def test_a_rejection_counts_as_the_move_that_it_is(office: Office) -> None:
    change = await office.asked()
    await office.changes.decide(change.number, ANN, "reject", change.plan.digest, "no")
    now = await office.now(change)
    assert (now.entries, now.timeline[-1].to, now.timeline[-1].detail) == (1, "rejected", "no")


async def test_one_person_decides_once(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    with pytest.raises(Refusal, match="You have already decided on #1"):
        await office.approve(change, ANN)
    with pytest.raises(Refusal, match="You have already decided on #1"):
        await office.changes.decide(change.number, ANN, "reject", change.plan.digest, "changed my mind")
    assert ((await office.now(change)).state, office.started.runs) == ("pending", [])


async def test_who_comes_late_is_told_who_decided_and_when(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    with pytest.raises(Refusal, match=r"#1 is already approved \(decided by <@U0ANN>, 2026-09-21 \d\d:\d\d UTC\)"):
        await office.approve(change, BOB)


async def test_an_expired_change_cannot_be_approved_even_before_the_sweep_has_seen_it(office: Office) -> None:
    change = await office.asked()
    office.clock.advance(PENDING_SECONDS)
    with pytest.raises(Refusal, match=r"#1 has expired\. Ask <@U0RITA>"):
        await office.approve(change, ANN)
    assert office.started.runs == []


async def test_a_change_that_does_not_exist_cannot_be_decided(office: Office) -> None:
    with pytest.raises(Refusal, match="There is no change #7"):
        await office.changes.decide(7, ANN, "approve", "x")


async def test_one_rejection_ends_a_change_that_needs_two(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    assert await office.changes.decide(change.number, BOB, "reject", change.plan.digest, " no terms ") == "rejected"
    with pytest.raises(Refusal, match="already rejected"):
        await office.approve(change, CAT)
    now = await office.now(change)
    assert [(d.user, d.verb, d.reason) for d in now.decisions] == [(ANN, "approve", ""), (BOB, "reject", "no terms")]
    assert [e.what for e in now.timeline] == ["asked", "approved", "rejected"]
    assert office.started.runs == []


async def test_an_approval_that_completes_the_quorum_starts_the_run(office: Office) -> None:
    change = await office.asked()
    assert await office.approve(change, BOB) == "approved"
    assert office.started.runs == [change.number]
    assert (await office.now(change)).decisions[0].groups == ("approvers",)


async def test_two_groups_are_one_quorum_that_both_must_fill(office: Office) -> None:
    change = await office.asked(operation="brand.register")
    assert await office.approve(change, ANN) == "pending"
    assert await office.approve(change, BOB) == "pending"
    assert office.started.runs == []
    assert await office.approve(change, LEO) == "approved"
    assert office.started.runs == [change.number]


async def test_a_member_of_both_groups_counts_once_in_each(office: Office) -> None:
    change = await office.asked(operation="brand.register")
    assert await office.approve(change, CAT) == "pending"
    now = await office.now(change)
    assert (len(now.approvals("approvers")), len(now.approvals("legal"))) == (1, 1)
    assert await office.approve(change, ANN) == "approved"


async def test_many_approvers_in_the_same_millisecond_start_one_run(office: Office) -> None:
    change = await office.asked()
    answers = await asyncio.gather(
        *(office.approve(change, user) for user in (ANN, BOB, CAT) * 20), return_exceptions=True
    )
    assert answers.count("approved") == 1
    assert all(isinstance(a, Refusal) for a in answers if a != "approved")
    assert office.started.runs == [change.number]
    assert len((await office.now(change)).decisions) == 1


async def test_a_quorum_of_two_clicked_all_at_once_is_counted_once(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    answers = await asyncio.gather(
        *(office.approve(change, user) for user in (ANN, BOB, CAT, RITA, LEO) * 20), return_exceptions=True
    )
    assert sorted(a for a in answers if isinstance(a, str)) == ["approved", "pending"]
    assert office.started.runs == [change.number]
    assert len((await office.now(change)).decisions) == 2


async def test_of_an_approval_and_a_rejection_at_once_one_wins(office: Office) -> None:
    for draft in map(str, range(10)):
        change = await office.asked(draft=draft)
        digest = change.plan.digest
        answers = await asyncio.gather(
            office.changes.decide(change.number, ANN, "approve", digest),
            office.changes.decide(change.number, BOB, "reject", digest, "no"),
            office.changes.cancel(change.number, RITA),
            return_exceptions=True,
        )
        approved, rejected, withdrawn = (not isinstance(a, Refusal) for a in answers)
        now = await office.now(change)
        # what is approved may be withdrawn still, as long as it does not run
        assert (approved, rejected, withdrawn, now.state) in (
            (True, False, False, "approved"),
            (False, True, False, "rejected"),
            (False, False, True, "cancelled"),
            (True, False, True, "cancelled"),
        )
        assert (change.number in office.started.runs) == approved


async def test_a_decision_is_announced(office: Office) -> None:
    change = await office.asked()
    office.told.changes.clear()
    await office.changes.decide(change.number, ANN, "reject", change.plan.digest, "not now")
    assert office.told.changes == [change.number]
    assert [e.detail for e in (await office.now(change)).timeline][-1] == "not now"


async def _approved_by(office: Office, user: str) -> Change:
    change = await office.asked(draft="another")
    await office.approve(change, user)
    return await office.now(change)
