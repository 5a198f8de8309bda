"""Amending: another plan takes the place of one that waits, and what was said of the one before counts no more."""

import asyncio
from decimal import Decimal

import pytest

from bot.changes.budget import Budget
from bot.changes.change import Change, Event, StepRun
from bot.changes.refusal import Refusal
from bot.changes.request import Request
from bot.plans.cost import Cost
from bot.plans.plan import Plan
from bot.plans.step import ApprovalStep
from bot.policy.policy import Rule, Tier
from tests.changes.office import ANN, BOB, CAT, LEO, POLICY, RITA, Office, plan_for, request_for


def amendment(change: Change, name: str = "Acme news", marked: str = "tf-amended222", **more: object) -> Request:
    """What its requester asks for in the place of a change."""
    asked = request_for(draft="draft-2", requester=change.requester, operation=change.operation, name=name)
    return asked.model_copy(update={"amends": change.number, "token": marked, **more})


async def amended(office: Office, change: Change, name: str = "Acme news", marked: str = "tf-amended222") -> Change:
    return await office.changes.request(amendment(change, name, marked))


async def test_nobody_else_amends_a_change(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match="Only <@U0RITA>, who asked for #1, can amend it"):
        await office.changes.request(amendment(change, requester=ANN))
    assert (await office.now(change)).plan == change.plan


async def test_what_was_approved_meanwhile_is_not_amended(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    with pytest.raises(Refusal, match=r"#1 can no longer be amended: it is approved\. Ask for a new change"):
        await amended(office, change)
    assert (await office.now(change)).plan == change.plan


async def test_what_has_begun_is_not_amended_although_a_part_of_it_waits(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    fence = await office.ledger.take(change.number)
    assert fence is not None
    run = StepRun(state="done", attempt=1, at=office.clock(), result={"sid": "MG1"})
    await office.ledger.record(change.number, fence, "service", office.store.sealer.run(run))
    assert await office.store.move(change.number, ["approved"], "pending", Event(at=office.clock(), what="asks again"))
    with pytest.raises(Refusal, match="a part of it was let go on already"):
        await amended(office, change)
    assert (await office.now(change)).plan == change.plan


@pytest.mark.parametrize("ending", ["withdrawn", "rejected"])
async def test_what_has_ended_is_not_amended(office: Office, ending: str) -> None:
    change = await office.asked()
    if ending == "withdrawn":
        await office.changes.cancel(change.number, RITA)
    else:
        await office.changes.decide(change.number, ANN, "reject", change.plan.digest, "no")
    with pytest.raises(Refusal, match=f"it is {ending}"):
        await amended(office, change)


async def test_a_form_of_another_kind_does_not_take_its_place(office: Office) -> None:
    change = await office.asked()
    with pytest.raises(Refusal, match=r"#1 is about something else \(service.create\)"):
        await office.changes.request(amendment(change, operation="campaign.register"))


async def test_an_amendment_that_its_requester_may_not_ask_for_leaves_the_change_as_it_was(office: Office) -> None:
    change = await office.asked()
    deny = Rule(name="no more services", operations=("service.*",), effect="deny")
    stricter = office.under(POLICY.model_copy(update={"rules": (deny, *POLICY.rules)}))
    with pytest.raises(Refusal, match="no more services"):
        await amended(stricter, change)
    assert (await office.now(change)).plan == change.plan


async def test_an_amendment_that_is_refused_spends_nothing(office: Office) -> None:
    change = await office.asked()
    cost = Cost(what="a service", usd=Decimal(99), period="once", source="a test")
    dear = plan_for("Acme news").model_copy(update={"costs": (cost,)})
    deny = Rule(name="no more services", operations=("service.*",), effect="deny")
    stricter = office.under(POLICY.model_copy(update={"rules": (deny, *POLICY.rules)}))
    with pytest.raises(Refusal, match="no more services"):
        await stricter.changes.request(amendment(change, plan=dear))
    others = await Budget(office.redis, office.keys, office.clock).hold(99, "", plan_for())
    assert others == 0


async def test_an_approval_of_the_plan_before_lets_nothing_run(office: Office) -> None:
    change = await office.asked()
    await amended(office, change)
    with pytest.raises(Refusal, match="older plan of #1"):
        await office.approve(change, ANN)
    assert office.started.runs == []


async def test_approvals_that_were_given_are_void_and_it_is_known_whose(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    now = await amended(office, change)
    assert (now.number, now.state, now.decisions) == (change.number, "pending", ())
    assert now.amendments == (frozenset({ANN}),)
    assert "FriendlyName was Acme alerts, would be Acme news" in now.note
    assert await office.approve(now, BOB) == "pending"
    assert await office.approve(now, ANN) == "approved"
    assert (await office.now(change)).amendments == (frozenset({ANN}),)


async def test_a_token_that_marks_what_is_made_is_no_difference(office: Office) -> None:
    change = await office.changes.request(request_for(name="Acme tf-k2m9q7xw4a"))
    now = await amended(office, change, "Acme tf-amended222")
    assert "the calls are as they were" in now.note


async def test_each_amendment_voids_what_was_given_since_the_one_before(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    second = await amended(office, change)
    await office.approve(second, BOB)
    third = await amended(office, change, "Acme offers", "tf-amended333")
    assert third.amendments == (frozenset({ANN}), frozenset({BOB}))
    assert third.inputs == {"friendly_name": "Acme offers"}


async def test_what_made_a_change_stale_was_void_before_it_was_amended(office: Office) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    await office.made_stale(change, plan_for("Acme alerts 2"))
    now = await amended(office, change)
    assert (now.state, now.amendments, now.timeline[-1].to) == ("pending", (frozenset(),), "pending")
    assert await office.approve(now, ANN) == "approved"


async def test_of_an_approval_and_an_amendment_in_the_same_moment_nothing_runs_that_was_not_approved(
    office: Office,
) -> None:
    for draft in map(str, range(12)):
        change = await office.asked(draft=draft)
        answers = await asyncio.gather(
            *(office.approve(change, user) for user in (ANN, BOB, CAT)),
            amended(office, change),
            return_exceptions=True,
        )
        assert [a for a in answers if not isinstance(a, str | Change | Refusal)] == []
        now = await office.now(change)
        given = (now.state, now.plan.title, len(now.decisions))
        assert given in (("approved", "Create “Acme alerts”", 1), ("pending", "Create “Acme news”", 0))
        assert office.started.runs.count(change.number) == (now.state == "approved")


async def test_an_approval_that_does_not_complete_the_quorum_does_not_turn_an_amendment_away(office: Office) -> None:
    for draft in map(str, range(8)):
        change = await office.asked(draft=draft, operation="campaign.register")
        await asyncio.gather(office.approve(change, ANN), amended(office, change), return_exceptions=True)
        now = await office.now(change)
        assert (now.plan.title, now.decisions) == ("Create “Acme news”", ())


async def test_an_amendment_that_a_crash_had_left_behind_is_carried_out_once(office: Office) -> None:
    change = await office.asked()
    now = await amended(office, change)
    await office.approve(now, ANN)
    again = await amended(office, change)
    assert (again.state, len(again.decisions), len(again.amendments)) == ("approved", 1, 1)


async def test_one_form_amends_with_one_plan(office: Office) -> None:
    change = await office.asked()
    await amended(office, change)
    with pytest.raises(Refusal, match="with another plan"):
        await amended(office, change, "Acme offers")
    assert (await office.now(change)).inputs == {"friendly_name": "Acme news"}


async def test_an_amendment_takes_the_approvals_of_what_it_is_now(office: Office) -> None:
    dear = Rule(name="dear", operations=("service.*",), tiers=("dear",), approvals={"legal": 1})
    tiers = (Tier(name="paid", over_usd=Decimal(0)), Tier(name="dear", over_usd=Decimal(50)))
    priced = office.under(POLICY.model_copy(update={"rules": (dear, *POLICY.rules), "tiers": tiers}))
    change = await priced.asked()
    cost = Cost(what="a service", usd=Decimal(99), period="once", source="a test")
    plan = plan_for("Acme news").model_copy(update={"costs": (cost,)})
    now = await priced.changes.request(amendment(change, plan=plan))
    assert [need.group for need in now.requirement.groups] == ["legal"]
    with pytest.raises(Refusal, match="You cannot decide on #1"):
        await priced.approve(now, ANN)
    assert await priced.approve(now, LEO) == "approved"


async def test_an_amendment_that_needs_no_approval_any_more_runs(office: Office) -> None:
    change = await office.asked()
    free = Rule(name="services are free", operations=("service.*",), effect="allow")
    now = await amended(office.under(POLICY.model_copy(update={"rules": (free,)})), change)
    assert (now.state, now.plan.title, office.started.runs) == ("approved", "Create “Acme news”", [1])


async def test_an_amended_change_has_its_full_time_again(office: Office) -> None:
    change = await office.asked()
    office.clock.advance(86400)
    assert (await amended(office, change)).expires_at == change.expires_at + 86400


async def test_a_chain_that_has_come_to_its_next_part_is_not_amended(office: Office) -> None:
    plan = plan_for()
    gate = ApprovalStep(id="gate", title="The rest")
    chain: Plan = plan.model_copy(update={"steps": (gate, *plan.steps)})
    change = await office.changes.request(request_for().model_copy(update={"plan": chain}))
    assert change.amendable
    at_gate = change.model_copy(update={"steps": {"gate": StepRun(state="waiting", attempt=0, at=0)}})
    assert not at_gate.amendable
