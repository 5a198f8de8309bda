"""What may be requested, and that nothing is requested that would hang for ever."""

import asyncio

import pytest

from bot.changes.refusal import Refusal
from bot.plans.finding import block, warn
from tests.changes.office import ANN, BOB, CAT, GUS, POLICY, RITA, Office, plan_for, request_for
from tests.conftest import Staff


async def test_a_plan_with_a_blocking_finding_is_refused_with_its_fix(office: Office) -> None:
    stop = block("no-terms", "The terms page is missing.", "Give its address.")
    plan = plan_for().model_copy(update={"findings": (warn("name-in-use", "In use."), stop)})
    with pytest.raises(Refusal, match=r"The terms page is missing\. Give its address\."):
        await office.changes.request(request_for().model_copy(update={"plan": plan}))
    assert await office.store.open_numbers() == []


async def test_an_explicit_deny_wins_though_an_earlier_rule_would_allow(office: Office) -> None:
    with pytest.raises(Refusal, match=r"service\.delete \(policy: nobody deletes\)"):
        await office.asked(operation="service.delete")
    with pytest.raises(Refusal, match="policy: interns watch"):
        await office.asked(requester="U0INTERN")
    assert await office.store.open_numbers() == []


async def test_what_no_rule_speaks_of_is_refused(office: Office) -> None:
    with pytest.raises(Refusal, match="policy: no rule allows it"):
        await office.asked(operation="flex.onboard")


async def test_a_guest_may_not_request(office: Office) -> None:
    with pytest.raises(Refusal, match="You are a guest"):
        await office.asked(requester=GUS)


async def test_a_change_that_nobody_could_approve_is_refused_when_it_is_requested(office: Office) -> None:
    with pytest.raises(Refusal, match=r"4 of the approvers must approve .* only 3 besides you"):
        await office.asked(operation="number.configure")


async def test_the_requester_does_not_count_among_those_who_could_approve(office: Office) -> None:
    await office.asked(draft="a", requester=RITA, operation="brand.register")
    with pytest.raises(Refusal, match=r"4 of the approvers must approve .* only 2 besides you"):
        await office.asked(draft="b", requester=ANN, operation="number.configure")


async def test_a_guest_does_not_count_among_those_who_could_approve(office: Office) -> None:
    with pytest.raises(Refusal, match=r"1 of the guests must approve .* only 0 besides you"):
        await office.asked(operation="number.release")


async def test_a_refusal_to_request_leaves_nothing_behind(office: Office) -> None:
    with pytest.raises(Refusal):
        await office.asked(operation="number.configure")
    assert await office.store.open_numbers() == []
    assert (office.told.changes, office.started.runs) == ([], [])


async def test_a_change_that_needs_an_approval_waits_for_it(office: Office) -> None:
    change = await office.asked()
    assert (change.number, change.state, office.started.runs) == (1, "pending", [])
    assert await office.now(change) == change
    assert await office.store.open_numbers() == [1]
    assert [(e.who, e.what, e.detail) for e in change.timeline] == [(RITA, "asked", "rule: one approval")]


async def test_a_change_that_needs_no_approval_starts_at_once(office: Office) -> None:
    change = await office.asked(operation="message.send_test")
    assert (change.state, office.started.runs) == ("approved", [change.number])


async def test_one_draft_requested_many_times_at_once_becomes_one_change(office: Office) -> None:
    changes = await asyncio.gather(*(office.asked() for _ in range(20)))
    assert {c.number for c in changes} == {(await office.store.open_numbers())[0]}
    assert len((await office.now(changes[0])).timeline) == 1
    assert [c.number async for c in office.store.latest()] == [changes[0].number]


async def test_a_draft_requested_again_shows_the_change_as_it_stands(office: Office) -> None:
    first = await office.asked()
    await office.approve(first, ANN)
    again = await office.asked()
    assert (again.number, again.state, again.plan) == (first.number, "approved", first.plan)


async def test_a_draft_requested_again_with_another_plan_is_refused_and_leaves_the_change_as_it_is(
    office: Office,
) -> None:
    first = await office.asked()
    with pytest.raises(Refusal, match="requested already, as #1, with another plan"):
        await office.asked(name="Something else")
    assert await office.now(first) == first


async def test_a_draft_requested_again_after_its_end_is_not_reopened(office: Office) -> None:
    change = await office.asked()
    await office.changes.cancel(change.number, RITA)
    assert await office.store.close(await office.now(change))
    assert (await office.asked()).state == "cancelled"
    assert await office.store.open_numbers() == []
    assert office.started.runs == []


async def test_a_run_that_a_crash_kept_from_starting_starts_when_the_draft_is_requested_again(office: Office) -> None:
    change = await office.asked(operation="message.send_test")
    office.started.runs.clear()  # as if the process had died between storing and starting
    await office.asked(operation="message.send_test")
    assert office.started.runs == [change.number]


async def test_two_drafts_become_two_changes_newest_first(office: Office) -> None:
    first, second = await office.asked(draft="a"), await office.asked(draft="b")
    assert second.number == first.number + 1
    assert [c.number async for c in office.store.latest()] == [second.number, first.number]


async def test_a_group_by_usergroup_or_channel_counts_like_one_by_list(office: Office) -> None:
    groups = dict(POLICY.groups)
    groups["approvers"] = groups["approvers"].model_copy(update={"users": (), "channel": "$approvals"})
    policy = POLICY.model_copy(update={"groups": groups})
    staff = Staff(channels={"$approvals": [ANN, BOB, CAT, GUS]}, barred={GUS: "You are a guest."})
    changes = office.under(policy, staff).changes
    with pytest.raises(Refusal, match="only 3 besides you"):
        await changes.request(request_for(operation="number.configure"))
    change = await changes.request(request_for())
    assert await changes.decide(change.number, BOB, "approve", change.plan.digest) == "approved"
