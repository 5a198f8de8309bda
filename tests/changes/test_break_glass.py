"""Breaking glass: a change runs without its approvals, and somebody who had no part in it signs it off."""

import asyncio

import pytest

from bot.changes.change import Change, Event, StepRun
from bot.changes.delegations import Delegation, Delegations
from bot.changes.refusal import Refusal
from bot.plans.plan import Plan
from bot.plans.step import ApprovalStep
from bot.policy.policy import Group, Rights, Rule
from tests.changes.office import ANN, BOB, CAT, GUS, LEO, POLICY, RITA, Office, plan_for, request_for

OPS, EVE = "U0OPS", "U0EVE"
"""Ops and Eve may break glass, and approve nothing."""
BREAKERS = Group(label="those on call", users=(OPS, EVE, ANN, RITA, GUS))
GROUPS = {**POLICY.groups, "on-call": BREAKERS}
WITH_GLASS = POLICY.model_copy(update={"groups": GROUPS, "rights": Rights(break_glass=("on-call",))})


@pytest.fixture
def on_call(office: Office) -> Office:
    """The office, in which some may break glass."""
    return office.under(WITH_GLASS)


async def broken(office: Office, change: Change, user: str = OPS, reason: str = "all is down") -> str:
    return await office.changes.decide(change.number, user, "break_glass", change.digest, reason)


async def test_somebody_without_the_right_breaks_no_glass_and_is_told_who_could(on_call: Office) -> None:
    change = await on_call.asked()
    with pytest.raises(Refusal, match=r"by policy that is for those on call\. It takes 1 of the approvers"):
        await broken(on_call, change, BOB)
    assert (await on_call.now(change)).state == "pending"


async def test_nobody_breaks_glass_where_policy_names_nobody(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match="that is for nobody"):
        await broken(office, change)


async def test_a_guest_breaks_no_glass_although_the_list_names_them(on_call: Office) -> None:
    change = await on_call.asked()
    with pytest.raises(Refusal, match="You are a guest"):
        await broken(on_call, change, GUS)
    assert (await on_call.now(change)).review == ""


async def test_breaking_glass_needs_a_reason(on_call: Office) -> None:
    change = await on_call.asked()
    with pytest.raises(Refusal, match="Breaking glass needs a reason"):
        await broken(on_call, change, reason=" \n")
    assert (await on_call.now(change)).state == "pending"


async def test_an_older_plan_is_not_let_through(on_call: Office) -> None:
    change = await on_call.asked()
    with pytest.raises(Refusal, match="older plan of #1"):
        await on_call.changes.decide(change.number, OPS, "break_glass", plan_for("Other").digest, "all is down")
    now = await on_call.now(change)
    assert (now.state, now.review, on_call.started.runs) == ("pending", "", [])


async def test_a_change_that_was_decided_is_not_let_through(on_call: Office) -> None:
    change = await on_call.asked()
    await on_call.changes.decide(change.number, ANN, "reject", change.plan.digest, "no")
    with pytest.raises(Refusal, match=r"#1 is already rejected \(decided by <@U0ANN>"):
        await broken(on_call, change)
    assert [c async for c in on_call.store.reviews()] == []


async def test_a_change_that_the_policy_denies_by_now_is_not_let_through(on_call: Office) -> None:
    change = await on_call.asked()
    deny = Rule(name="no more services", operations=("service.*",), effect="deny")
    stricter = on_call.under(WITH_GLASS.model_copy(update={"rules": (deny, *POLICY.rules)}))
    assert await stricter.changes.judge_again(change)
    with pytest.raises(Refusal, match="not over a rule that denies"):
        await broken(stricter, change)
    assert (await on_call.now(change)).state == "pending"


async def test_two_break_the_same_glass_at_once_and_it_breaks_once(on_call: Office) -> None:
    change = await on_call.asked(operation="campaign.register")
    answers = await asyncio.gather(*(broken(on_call, change, user) for user in (OPS, EVE) * 10), return_exceptions=True)
    assert answers.count("approved") == 1
    assert all(isinstance(a, Refusal) for a in answers if a != "approved")
    assert on_call.started.runs == [change.number]
    assert len((await on_call.now(change)).glass) == 1


async def test_what_is_let_through_is_approved_runs_and_waits_to_be_signed_off(on_call: Office) -> None:
    change = await on_call.asked(operation="campaign.register")
    await on_call.approve(change, BOB)
    assert await broken(on_call, change) == "approved"
    now = await on_call.now(change)
    assert (now.review, now.glass_broken_by, now.glass[0].reason) == ("open", OPS, "all is down")
    assert [need.need - now.missing(need) for need in now.requirement.groups] == [1]
    assert (now.timeline[-1].what, now.timeline[-1].to, now.timeline[-1].rule) == (
        "broke glass",
        "approved",
        "two approvals",
    )
    assert on_call.started.runs == [change.number]


async def test_who_has_approved_may_still_break_the_glass(on_call: Office) -> None:
    change = await on_call.asked(operation="campaign.register")
    await on_call.approve(change, ANN)
    assert await broken(on_call, change, ANN) == "approved"
    assert [d.verb for d in (await on_call.now(change)).decisions] == ["approve", "break_glass"]


async def test_the_requester_may_break_the_glass_of_their_own_change_and_not_sign_it_off(on_call: Office) -> None:
    change = await on_call.asked(requester=ANN)
    assert await broken(on_call, change, ANN) == "approved"
    with pytest.raises(Refusal, match=r"You had a part in #1.*These people can: <@U0BOB>, <@U0CAT>\."):
        await on_call.changes.reviews.sign_off(change.number, ANN, "")
    assert (await on_call.now(change)).review == "open"


async def test_who_broke_the_glass_does_not_sign_it_off(on_call: Office) -> None:
    change = await on_call.asked()
    await broken(on_call, change, ANN)
    with pytest.raises(Refusal, match="You had a part in #1"):
        await on_call.changes.reviews.sign_off(change.number, ANN, "")


async def test_who_stands_in_for_the_breaker_does_not_sign_it_off(on_call: Office) -> None:
    change = await on_call.asked()
    await broken(on_call, change, ANN)
    away = Delegation(user=ANN, to=LEO, until=on_call.clock() + 86400, at=on_call.clock(), reason="away")
    await Delegations(on_call.redis, on_call.keys, on_call.vault, on_call.clock).give(away)
    with pytest.raises(Refusal, match="You cannot sign off #1"):
        await on_call.changes.reviews.sign_off(change.number, LEO, "")
    assert (await on_call.now(change)).review == "open"


async def test_somebody_whose_approval_would_not_count_signs_nothing_off(on_call: Office) -> None:
    change = await on_call.asked()
    await broken(on_call, change)
    for outsider in (EVE, LEO, RITA):
        with pytest.raises(Refusal, match=r"These people can: <@U0ANN>, <@U0BOB>, <@U0CAT>\."):
            await on_call.changes.reviews.sign_off(change.number, outsider, "")
    with pytest.raises(Refusal, match="You are a guest"):
        await on_call.changes.reviews.sign_off(change.number, GUS, "")
    assert (await on_call.now(change)).review == "open"


async def test_what_was_approved_properly_needs_no_signing_off(on_call: Office) -> None:
    change = await on_call.asked()
    await on_call.approve(change, ANN)
    with pytest.raises(Refusal, match="no approval of it was passed over"):
        await on_call.changes.reviews.sign_off(change.number, BOB, "")


async def test_two_sign_off_at_once_and_one_of_them_does(on_call: Office) -> None:
    change = await on_call.asked()
    await broken(on_call, change)
    answers = await asyncio.gather(
        *(on_call.changes.reviews.sign_off(change.number, user, f"seen by {user}") for user in (ANN, BOB)),
        return_exceptions=True,
    )
    assert sorted(map(type, answers), key=str) == sorted([type(None), Refusal], key=str)
    now = await on_call.now(change)
    assert [e.what for e in now.timeline].count("signed it off") == 1
    with pytest.raises(Refusal, match=r"#1 was signed off already by <@U0(ANN|BOB)>, 2026"):
        await on_call.changes.reviews.sign_off(change.number, CAT, "")


async def test_signing_off_twice_as_after_a_crash_is_harmless(on_call: Office) -> None:
    change = await on_call.asked()
    await broken(on_call, change)
    await on_call.changes.reviews.sign_off(change.number, BOB, " looked at it ")
    await on_call.changes.reviews.sign_off(change.number, BOB, " looked at it ")
    signed = (await on_call.now(change)).signed_off
    assert signed is not None
    assert (signed.who, signed.detail) == (BOB, "looked at it")


async def test_a_change_that_failed_or_ended_is_on_the_list_until_it_is_signed_off(on_call: Office) -> None:
    change = await on_call.asked()
    await broken(on_call, change)
    assert await on_call.store.move(change.number, ["approved"], "failed", Event(at=on_call.clock(), what="failed"))
    assert [c.number async for c in on_call.store.reviews()] == [change.number]
    assert await on_call.store.move(change.number, ["failed"], "abandoned", Event(at=on_call.clock(), what="left"))
    assert await on_call.store.close(await on_call.now(change))
    assert [c.number async for c in on_call.store.reviews()] == [change.number]
    await on_call.changes.reviews.sign_off(change.number, BOB, "")
    assert [c async for c in on_call.store.reviews()] == []
    # its card shows something old by now, and is closed
    assert await on_call.store.open_numbers() == [change.number]
    assert on_call.told.changes[-1] == change.number


async def test_only_those_who_may_are_offered_to_sign_it_off(on_call: Office) -> None:
    change = await on_call.asked(requester=BOB)
    assert not await on_call.changes.reviews.may_sign_off(change, CAT)
    await broken(on_call, change, ANN)
    now = await on_call.now(change)
    assert [u for u in (ANN, BOB, CAT, EVE, GUS) if await on_call.changes.reviews.may_sign_off(now, u)] == [CAT]


async def test_what_became_stale_before_it_ran_has_passed_over_nothing(on_call: Office) -> None:
    change = await on_call.asked()
    await broken(on_call, change)
    await on_call.made_stale(change, plan_for("Acme alerts 2"))
    assert [c async for c in on_call.store.reviews()] == []
    await on_call.changes.ask_again(change.number, RITA)
    again = await on_call.now(change)
    assert (again.review, again.glass) == ("", ())
    assert await broken(on_call, again) == "approved"
    assert [c.number async for c in on_call.store.reviews()] == [change.number]


async def at_its_gate(office: Office, change: Change) -> Change:
    """What a run does when it has done the first part of a chain."""
    fence = await office.ledger.take(change.number)
    assert fence is not None
    seal = office.store.sealer.run
    done = StepRun(state="done", attempt=1, at=office.clock(), result={"sid": "MG1"})
    waits = StepRun(state="waiting", attempt=0, at=office.clock())
    await office.ledger.record(change.number, fence, "service", seal(done))
    digest = change.plan.digest_at("gate")
    asks = Event(at=office.clock(), what="asks for approval", to="pending", digest=digest)
    await office.ledger.record(change.number, fence, "gate", seal(waits), asks, to="pending", digest=digest)
    await office.ledger.release(change.number, fence)
    return await office.now(change)


async def test_at_a_gate_only_the_part_behind_it_is_let_through_and_signed_off_anew(on_call: Office) -> None:
    plan = plan_for()
    later = plan.steps[0].model_copy(update={"id": "later"})
    chain: Plan = plan.model_copy(update={"steps": (*plan.steps, ApprovalStep(id="gate", title="The rest"), later)})
    change = await on_call.changes.request(request_for().model_copy(update={"plan": chain}))
    await broken(on_call, change)
    await on_call.changes.reviews.sign_off(change.number, BOB, "the first part")
    gate = await at_its_gate(on_call, change)
    # signed, and not over yet: a look at the list must not take it off for what comes
    assert [c async for c in on_call.store.reviews()] == []
    with pytest.raises(Refusal, match="older plan"):
        await broken(on_call, change, EVE)
    assert await broken(on_call, gate, EVE) == "approved"
    now = await on_call.now(change)
    assert (now.review, now.signed_off, [d.user for d in now.glass]) == ("open", None, [OPS, EVE])
    assert [c.number async for c in on_call.store.reviews()] == [change.number]


async def test_a_review_whose_groups_the_policy_has_no_more_is_signed_off_by_whoever_approves_now(
    on_call: Office,
) -> None:
    change = await on_call.asked()
    await broken(on_call, change)
    team = Group(label="the team", users=(BOB, LEO, GUS))
    rules = (Rule(name="the team decides", approvals={"team": 1}),)
    later = on_call.under(WITH_GLASS.model_copy(update={"groups": {"team": team, "on-call": BREAKERS}, "rules": rules}))
    for nobody in (ANN, GUS, OPS):
        with pytest.raises(Refusal):
            await later.changes.reviews.sign_off(change.number, nobody, "")
    now = await later.now(change)
    assert [u for u in (ANN, BOB, OPS, LEO) if await later.changes.reviews.may_sign_off(now, u)] == [BOB, LEO]
    await later.changes.reviews.sign_off(change.number, LEO, "")
    assert (await later.now(change)).review == "signed"
