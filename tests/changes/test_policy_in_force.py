"""What waits for approval is judged by the policy in force: a new one takes effect on it, and approvals count on."""

import asyncio
from decimal import Decimal

import pytest

from bot.changes.change import Change, Decision, StepRun
from bot.changes.refusal import Refusal
from bot.plans.cost import Cost
from bot.plans.step import ApprovalStep
from bot.policy.policy import FREE, Group, Policy, Rule
from bot.sweep import Sweep
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from tests.changes.office import ANN, BOB, CAT, LEO, POLICY, RITA, Office, plan_for, request_for
from tests.conftest import Staff

EVERYTHING = ("*",)


def nobody(sid: str) -> Account:
    raise LookupError(sid)


async def behind() -> bool:
    """What a process says that a new file has not reached."""
    return False


async def swept(office: Office) -> None:
    """A sweep of this office."""
    store = RegistrationStore(office.redis, office.keys)
    tracker = Tracker(store, nobody, office.told, office.clock, 60.0, "C0ALERTS", office.started.start_run)
    await Sweep(office.changes, tracker, office.started, office.told, office.clock).all_changes()


def policy(*rules: Rule, **groups: Group) -> Policy:
    """A policy of these rules alone."""
    return Policy(groups=dict(POLICY.groups) | groups, rules=rules)


async def test_a_group_that_the_policy_has_no_more_leaves_no_change_waiting_for_nobody(office: Office) -> None:
    change = await office.asked()
    groups = {"legal": POLICY.groups["legal"]}
    later = office.under(Policy(groups=groups, rules=(Rule(name="legal alone", approvals={"legal": 1}),)))
    await swept(later)
    now = await later.now(change)
    assert ([n.group for n in now.requirement.groups], now.timeline[-1].rule) == (["legal"], "legal alone")
    assert await later.approve(now, LEO) == "approved"


async def test_a_deny_stops_what_waits_until_the_policy_is_another_one(office: Office) -> None:
    change = await office.asked()
    later = office.under(policy(*POLICY.rules, Rule(name="stop", operations=EVERYTHING, effect="deny")))
    await swept(later)
    with pytest.raises(Refusal, match="nobody"):
        await later.approve(change, ANN)
    assert (await later.now(change)).state == "pending"
    await swept(office)
    assert await office.approve(change, ANN) == "approved"


async def test_a_deny_counts_for_the_very_next_click_and_not_from_the_next_sweep_on(office: Office) -> None:
    change = await office.asked()
    later = office.under(policy(*POLICY.rules, Rule(name="stop", operations=EVERYTHING, effect="deny")))
    with pytest.raises(Refusal, match="nobody"):
        await later.approve(change, ANN)
    assert (await later.now(change)).decisions == ()


async def test_approvals_that_are_there_start_the_run_once_they_suffice(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    assert await office.approve(change, ANN) == "pending"
    later = office.under(policy(Rule(name="one is enough", operations=EVERYTHING, approvals={"approvers": 1})))
    await swept(later)
    assert (await later.now(change)).state == "approved"
    assert later.started.runs == [change.number]


async def test_approvals_that_were_given_count_on_when_more_are_needed(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    await office.approve(change, ANN)
    later = office.under(policy(Rule(name="three", operations=EVERYTHING, approvals={"approvers": 2, "legal": 1})))
    await swept(later)
    assert await later.approve(change, BOB) == "pending"
    assert await later.approve(change, LEO) == "approved"


async def test_what_needs_nobody_any_more_runs(office: Office) -> None:
    change = await office.asked()
    later = office.under(policy(Rule(name="free for all", operations=EVERYTHING, effect="allow")))
    await swept(later)
    assert (await later.now(change)).state == "approved"
    assert later.started.runs == [change.number]


async def chain(office: Office) -> Change:
    """A change that is asked for whose second part costs money."""
    first, second = plan_for().steps[0], plan_for().steps[0].model_copy(update={"id": "second"})
    gate = ApprovalStep(id="gate", title="Approve the rest")
    costs = (Cost(what="Brand", usd=Decimal(46), period="once", source="test", part="gate"),)
    plan = plan_for().model_copy(update={"steps": (first, gate, second), "costs": costs})
    return await office.changes.request(request_for().model_copy(update={"plan": plan}))


async def test_a_later_part_that_waits_is_judged_by_its_own_price(office: Office) -> None:
    change = await chain(office)
    await office.approve(change, ANN)
    waiting = await at_gate(office, change)
    dear = Rule(name="dear", tiers=("paid",), approvals={"legal": 1})
    later = office.under(policy(dear, Rule(name="free", tiers=(FREE,), effect="allow")))
    await swept(later)
    now = await later.now(waiting)
    assert (now.state, now.requirement.rule, now.requirement.tier) == ("pending", "dear", "paid")
    cheap = office.under(policy(Rule(name="all free", operations=EVERYTHING, effect="allow")))
    await swept(cheap)
    assert (await cheap.now(waiting)).state == "approved"


async def at_gate(office: Office, change: Change) -> Change:
    """The change as a run leaves it that has come to its approval step."""
    fence = await office.ledger.take(change.number)
    assert fence is not None
    sealed = {"gate": StepRun(state="waiting", attempt=0, at=office.clock())}
    key = office.keys.change(change.number, "steps")
    for step, run in sealed.items():
        await office.redis.hset(key, step, office.store.sealer.run(run).model_dump_json())
    digest = change.plan.digest_at("gate")
    assert await office.store.move(change.number, ["approved"], "pending", None, fence=fence, digest=digest)
    await office.ledger.release(change.number, fence)
    return await office.now(change)


async def test_a_requesters_own_approval_counts_no_more_once_the_policy_does_not_let_it(office: Office) -> None:
    own = Rule(name="own", tiers=(FREE,), approvals={"approvers": 2}, self_approval=True)
    before = office.under(policy(own))
    change = await before.asked(requester=ANN)
    assert await before.approve(change, ANN) == "pending"
    later = office.under(policy(Rule(name="others", operations=EVERYTHING, approvals={"approvers": 2})))
    await swept(later)
    assert await later.approve(change, BOB) == "pending"
    assert (await later.now(change)).missing((await later.now(change)).requirement.groups[0]) == 1


async def test_a_policy_that_asks_for_the_same_says_nothing_on_the_timeline(office: Office) -> None:
    change = await office.asked()
    later = office.under(POLICY.model_copy(update={"caps": {"main": Decimal(5)}}))
    await swept(later)
    now = await later.now(change)
    assert (now.timeline, now.requirement.policy) == (change.timeline, later.changes.authority.policy.fingerprint)


async def test_a_replica_that_has_an_older_policy_judges_nothing(office: Office) -> None:
    change = await office.asked()
    later = office.under(policy(Rule(name="free for all", operations=EVERYTHING, effect="allow")), in_force=behind)
    await swept(later)
    assert (await later.now(change)).version == change.version


async def test_a_click_that_a_replica_with_an_older_policy_hears_decides_nothing(office: Office) -> None:
    change = await office.asked()
    newer = office.under(policy(Rule(name="two", operations=EVERYTHING, approvals={"approvers": 2})))
    await swept(newer)
    older = office.under(in_force=behind)
    with pytest.raises(Refusal, match="Try again in some seconds"):
        await older.approve(change, ANN)
    assert await newer.approve(change, ANN) == "pending"
    assert (await newer.now(change)).requirement.rule == "two"


async def test_many_clicks_in_the_moment_of_a_new_policy_all_count(office: Office) -> None:
    change = await office.asked(operation="brand.register")
    later = office.under(policy(Rule(name="both", approvals={"approvers": 3, "legal": 1})))
    answers = await asyncio.gather(*(later.approve(change, user) for user in (ANN, BOB, LEO)))
    assert answers == ["pending"] * 3
    assert await later.approve(change, CAT) == "approved"


async def test_of_a_decision_and_a_new_policy_in_the_same_moment_neither_is_lost(office: Office) -> None:
    later = office.under(policy(Rule(name="legal too", operations=EVERYTHING, approvals={"approvers": 1, "legal": 1})))
    for draft in map(str, range(10)):
        change = await office.asked(draft=draft)
        await asyncio.gather(office.approve(change, ANN), later.changes.judge_again(change))
        now = await office.now(change)
        assert [d.user for d in now.decisions] == [ANN]
        if now.state == "pending":  # judged first: legal is missing still
            assert await later.approve(change, LEO) == "approved"
        assert office.started.runs.count(change.number) == 1


async def test_what_was_asked_for_by_somebody_who_left_is_judged_as_it_was(office: Office) -> None:
    change = await office.asked(operation="campaign.register")
    later = office.under(policy(Rule(name="any", approvals={"legal": 1})), Staff(barred={RITA: "They have left."}))
    await swept(later)
    assert (await later.now(change)).requirement.rule == "two approvals"


FIRST_FREE = policy(Rule(name="free", tiers=(FREE,), effect="allow"), Rule(name="dear", approvals={"approvers": 2}))
HAS_LEFT = Staff(barred={RITA: "They have left."})


async def test_a_later_part_takes_its_own_approvals_also_when_whoever_asked_has_left(office: Office) -> None:
    change = await chain(office.under(FIRST_FREE))
    assert (change.state, change.requirement.groups) == ("approved", ())
    required = await office.under(FIRST_FREE, HAS_LEFT).changes.authority.required_now(change, "gate")
    assert (required.rule, [n.need for n in required.groups]) == ("dear", [2])


async def test_a_later_part_that_would_need_nobody_does_not_go_on_for_somebody_who_left(office: Office) -> None:
    change = await chain(office.under(FIRST_FREE))
    later = office.under(policy(Rule(name="free for all", effect="allow")), HAS_LEFT)
    [need] = (await later.changes.authority.required_now(change, "gate")).groups
    assert (need.group, need.label) == ("", "nobody (whoever asked for it may not ask for anything now)")


async def test_glass_is_not_broken_for_what_was_denied_between_the_look_and_the_decision(office: Office) -> None:
    change = await office.asked()
    await swept(office.under(policy(*POLICY.rules, Rule(name="stop", operations=EVERYTHING, effect="deny"))))
    word = Decision(user=ANN, verb="break_glass", digest=change.plan.digest, at=office.clock(), reason="an outage")
    assert await office.store.decide(change.number, word) == ("denied", "pending")


class Holding(Staff):
    """A Slack that answers who is in a group when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]:
        self.asked.set()
        await self.go.wait()
        return await super().members(group, fresh=fresh)


async def test_a_policy_that_comes_into_force_while_slack_is_asked_is_not_applied_by_halves(office: Office) -> None:
    old = policy(Rule(name="interns", requesters=("interns",), effect="deny"), Rule(name="rest", effect="allow"))
    deny = Rule(name="not these", requesters=("these",), effect="deny")
    new = policy(deny, Rule(name="rest", effect="allow"), these=Group(users=(RITA,)))
    slack = Holding()
    later = office.under(old, slack)
    asking = asyncio.create_task(later.asked())
    await slack.asked.wait()
    later.changes.authority.rulebook.policy = new
    slack.go.set()
    # as if it had been asked for a moment earlier; judged by the rules of the one and the groups of the other, the deny
    # would be passed over as if it had been looked at
    assert (await asking).requirement.policy == old.fingerprint
