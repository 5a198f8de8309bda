"""A run that pauses: for a registration, for a person's hand, for the next approval. It costs nothing meanwhile."""

from typing import Any

import pytest

from bot.catalog.operation import CannotPlanError, Context
from bot.catalog.undo import undo_of
from bot.changes.change import Change, Decision
from bot.changes.refusal import Refusal
from bot.plans.call import Call, Ref
from bot.plans.plan import Plan
from bot.plans.step import Adopt, ApprovalStep, CallStep, GivenStep, ManualStep, Undo, WaitStep, Watch, needs
from bot.policy.verdict import GroupNeed, Requirement
from bot.sandbox.twilio.start_state import PENDING_BRAND, SUPPORT_SERVICE
from tests.runs.rig import INTERIM, NAME, UNSURE, Rig, create_step, rename_step

ANN, RITA = "U0ANN", "U0RITA"
BRAND = Watch(kind="brand", step="brand", key=PENDING_BRAND, title="Brand Acme Pending")
WAIT = WaitStep(id="brand", title="The brand is approved", watches=(BRAND,), until=("APPROVED",), fails=("SUSPENDED",))
SHARE = WaitStep(
    id="share",
    title="Twilio accepts the share",
    watches=(Watch(kind="share", step="share", key="CABC123", title="Share of CABC123"),),
    until=("ACCEPTED",),
    word="I have seen CAMPAIGN_SHARE_ACCEPT",
)
HAND = ManualStep(id="hand", title="Name it in Console", where="Messaging, Services")
GATE = ApprovalStep(id="gate", title="The paid part")
ONE = Requirement(rule="tests", groups=(GroupNeed(group="approvers", label="the approvers", need=1),))


async def decide(rig: Rig, change: Change, digest: str, user: str = ANN) -> str:
    said = Decision(user=user, verb="approve", digest=digest, at=rig.clock(), groups=("approvers",))
    return (await rig.store.decide(change.number, said))[0]


async def test_a_run_waits_for_a_brand_and_goes_on_when_it_is_approved(rig: Rig) -> None:
    tracker = rig.tracked()
    change = await rig.approved(WAIT, create_step())
    rest = await rig.worker().run(change.number)
    waiting = await rig.now(change)
    assert (waiting.state, waiting.steps["brand"].result, rig.sent()) == ("waiting", {"status": "PENDING"}, [])
    rig.twilio.desk.approve_brand(PENDING_BRAND)
    rig.clock.advance(rest or 0)
    rig.started.runs.clear()
    await tracker.look(f"brand|{rig.account.sid}|{PENDING_BRAND}")
    assert rig.started.runs == [change.number]
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, len(rig.services)) == ("succeeded", 1)


async def test_a_wait_that_nobody_wakes_looks_for_itself_ever_more_seldom(rig: Rig) -> None:
    rig.tracked()
    change = await rig.approved(WAIT, create_step())
    rests = []
    for _ in range(30):
        rest = await rig.worker().run(change.number)
        rests.append(rest or 0.0)
        rig.clock.advance(rest or 0.0)
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (5.0, 600.0)
    assert len((await rig.now(change)).timeline) < 5


async def test_a_state_that_ends_a_wait_badly_fails_the_change_with_the_word(rig: Rig) -> None:
    rig.tracked()
    change = await rig.approved(WAIT, create_step())
    rig.twilio.desk.brand_status(PENDING_BRAND, "SUSPENDED")
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, "SUSPENDED" in now.note, rig.sent()) == ("failed", True, [])


async def test_a_plan_that_waited_for_weeks_is_checked_again_before_its_first_call(rig: Rig) -> None:
    rig.tracked()
    change = await rig.approved(WAIT, rename_step(SUPPORT_SERVICE))
    await rig.worker().run(change.number)
    rig.twilio.desk.approve_brand(PENDING_BRAND)
    rig.clock.advance(30)
    rig.plans.append(change.plan.model_copy(update={"steps": (WAIT, create_step())}))
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.sent()) == ("stale", [])


async def test_a_plan_that_has_only_looked_so_far_is_checked_again_after_its_next_approval(rig: Rig) -> None:
    look = CallStep(id="look", title="Look", call=Call(product="messaging", method="GET", path="/v1/Services"))
    change = await rig.approved(look, GATE, rename_step(SUPPORT_SERVICE), requirement=ONE)
    await rig.worker().run(change.number)
    rig.plans.append(change.plan.model_copy(update={"steps": (look, GATE, create_step())}))
    await decide(rig, change, change.plan.digest_at("gate"))
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.sent()) == ("stale", [])


async def test_the_word_of_a_trouble_that_is_over_does_not_stay_on_a_change_that_waits(rig: Rig) -> None:
    rig.tracked()
    change = await rig.approved(WAIT, create_step())
    await rig.worker().run(change.number)
    await rig.store.move(change.number, ["waiting"], "waiting", note="The run was interrupted.")
    await rig.worker().run(change.number)
    assert (await rig.now(change)).note == WAIT.meanwhile


async def test_what_no_api_tells_is_closed_by_a_persons_word_which_is_recorded(rig: Rig) -> None:
    rig.tracked()
    change = await rig.approved(SHARE, create_step())
    await rig.worker().run(change.number)
    await rig.settlement.done(change.number, RITA, "share")
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, [e.who for e in now.timeline if e.what == "said that it is done"]) == ("succeeded", [RITA])


async def test_what_was_said_before_a_step_does_not_end_the_wait_after_it(rig: Rig) -> None:
    tracker = rig.tracked()
    share = ("share", rig.account.sid, "CABC123")
    await tracker.told(*share, "ACCEPTED")
    rig.clock.advance(60)
    change = await rig.approved(create_step(), SHARE.model_copy(update={"newer_than": "service"}))
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "waiting"
    rig.clock.advance(60)
    await tracker.told(*share, "ACCEPTED")
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "succeeded"


async def test_a_failure_of_another_time_does_not_fail_a_wait_that_only_began(rig: Rig) -> None:
    tracker = rig.tracked()
    share = ("share", rig.account.sid, "CABC123")
    await tracker.told(*share, "DECLINED")
    rig.clock.advance(60)
    new = SHARE.model_copy(update={"newer_than": "service", "fails": ("DECLINED",)})
    change = await rig.approved(create_step(), new)
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "waiting"
    rig.clock.advance(60)
    await tracker.told(*share, "DECLINED")
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "failed"


async def waiters(rig: Rig, registration: str) -> list[int]:
    return await rig.tracked().store.waiters(registration)


@pytest.mark.parametrize("how", ["abandoned", "said to be over"])
async def test_a_wait_that_a_person_has_ended_is_woken_no_more(rig: Rig, how: str) -> None:
    rig.tracked()
    share = f"share|{rig.account.sid}|CABC123"
    change = await rig.approved(SHARE, create_step())
    await rig.worker().run(change.number)
    assert await waiters(rig, share) == [change.number]
    over = {
        "abandoned": lambda: rig.settlement.abandon(change.number, RITA),
        "said to be over": lambda: rig.settlement.done(change.number, RITA, "share"),
    }
    await over[how]()
    assert await waiters(rig, share) == []


async def test_a_wait_that_ended_badly_is_woken_no_more_until_it_is_tried_again(rig: Rig) -> None:
    rig.tracked()
    brand = f"brand|{rig.account.sid}|{PENDING_BRAND}"
    change = await rig.approved(WAIT, create_step())
    rig.twilio.desk.brand_status(PENDING_BRAND, "SUSPENDED")
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, await waiters(rig, brand)) == ("failed", [])
    rig.twilio.desk.brand_status(PENDING_BRAND, "PENDING")
    rig.clock.advance(60)
    await rig.settlement.retry(change.number, RITA)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, await waiters(rig, brand)) == ("waiting", [change.number])
    rig.twilio.desk.brand_status(PENDING_BRAND, "APPROVED")
    rig.clock.advance(60)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, await waiters(rig, brand)) == ("succeeded", [])


async def test_a_leftover_of_a_wait_wakes_nothing_to_life(rig: Rig) -> None:
    """As when the process was killed between the end of the wait and taking the change off the list."""
    tracker = rig.tracked()
    change = await rig.approved(SHARE, create_step())
    await rig.worker().run(change.number)
    await rig.settlement.abandon(change.number, RITA)
    await tracker.await_(await rig.now(change), SHARE.watches[0])
    await tracker.told("share", rig.account.sid, "CABC123", "ACCEPTED")
    assert rig.started.runs[-1:] == [change.number]
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.sent()) == ("abandoned", [])


async def test_nobodys_word_closes_a_wait_that_twilio_tells_the_end_of(rig: Rig) -> None:
    rig.tracked()
    change = await rig.approved(WAIT, create_step())
    await rig.worker().run(change.number)
    with pytest.raises(Refusal, match="goes on by itself"):
        await rig.settlement.done(change.number, RITA, "brand")


async def test_a_manual_step_is_done_when_twilio_shows_it(rig: Rig) -> None:
    path = f"/v1/Services/{SUPPORT_SERVICE}"
    check = Adopt(read=Call(product="messaging", method="GET", path=path), match={"friendly_name": NAME})
    change = await rig.approved(HAND.model_copy(update={"check": check}), create_step())
    await rig.worker().run(change.number)
    with pytest.raises(Refusal, match="does not show at Twilio yet"):
        await rig.settlement.done(change.number, RITA, "hand")
    await rig.account.send(Call(product="messaging", method="POST", path=path, params={"FriendlyName": NAME}))
    await rig.settlement.done(change.number, RITA, "hand")
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "succeeded"


async def test_the_next_part_runs_only_after_an_approval_of_its_own(rig: Rig) -> None:
    change = await rig.approved(create_step(), GATE, rename_step(), requirement=ONE)
    await rig.worker().run(change.number)
    asking = await rig.now(change)
    assert (asking.state, asking.gate, len(rig.sent())) == ("pending", "gate", 1)
    assert await decide(rig, change, change.plan.digest) == "outdated", "an approval of the first part is none of this"
    assert await decide(rig, change, asking.digest) == "recorded"
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])


async def test_a_worker_that_died_at_the_gate_leaves_a_change_that_still_asks(rig: Rig) -> None:
    change = await rig.approved(create_step(), GATE, rename_step(), requirement=ONE)
    await rig.worker().run(change.number)
    await rig.lose_lease(change)
    assert await rig.worker("second").run(change.number) is None
    assert ((await rig.now(change)).state, len(rig.sent())) == ("pending", 1)


async def test_what_stands_already_is_shown_as_done_and_later_steps_refer_to_it(rig: Rig) -> None:
    stands = GivenStep(id="service", title="The service stands", result={"sid": SUPPORT_SERVICE})
    change = await rig.approved(stands, rename_step())
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state) == ("succeeded", "done")
    assert rig.sent() == [f"POST /v1/Services/{SUPPORT_SERVICE}"]


async def test_a_failed_step_that_is_harmless_to_miss_is_skipped_and_so_is_what_stands_on_it(rig: Rig) -> None:
    skippable = create_step().model_copy(update={"skippable": "there is no service"})
    change = await rig.approved(skippable, rename_step(), rename_step(SUPPORT_SERVICE).model_copy(update={"id": "own"}))
    rig.twilio.faults.add("POST /v1/Services$", status=400)
    await rig.worker().run(change.number)
    await rig.settlement.skip(change.number, RITA, "service")
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert {step: run.state for step, run in now.steps.items()} == {
        "service": "skipped",
        "name": "skipped",
        "own": "done",
    }
    assert now.state == "succeeded"
    said = next(e for e in now.timeline if e.who == RITA and e.what == "skipped")
    assert said.detail == f"“{skippable.title}”, so there is no service"


async def test_a_step_that_others_stand_on_cannot_be_skipped(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    rig.twilio.faults.add("POST /v1/Services$", status=400)
    await rig.worker().run(change.number)
    with pytest.raises(Refusal, match="cannot be skipped"):
        await rig.settlement.skip(change.number, RITA, "service")


async def test_a_change_that_failed_before_any_step_did_has_none_to_skip(rig: Rig) -> None:
    async def no_longer(form: Any, context: Context) -> Plan:
        raise CannotPlanError("The service is gone.")

    change = await rig.approved(create_step().model_copy(update={"skippable": "there is no service"}))
    await rig.worker(planner=no_longer).run(change.number)
    with pytest.raises(Refusal, match="has not failed"):
        await rig.settlement.skip(change.number, RITA, "service")


def delete_step() -> CallStep:
    path = "/v1/Services/{service.sid}"
    read = Call(product="messaging", method="GET", path=path)
    delete = Call(product="messaging", method="DELETE", path=path)
    return CallStep(id="delete", title="Delete it", call=delete, adopt=Adopt(read=read, gone=True))


@pytest.mark.parametrize("effect", [True, False], ids=["deleted", "not deleted"])
async def test_a_delete_whose_answer_was_lost_has_happened_when_nothing_is_there(rig: Rig, *, effect: bool) -> None:
    change = await rig.approved(create_step(), delete_step())
    rig.twilio.faults.add("DELETE /v1/Services", drop=not effect, drop_after_effect=effect)
    now = await rig.finish(change)
    assert (now.state, rig.services, now.steps["delete"].adopted) == ("succeeded", [], effect)


async def test_deleting_what_is_gone_already_counts_as_done(rig: Rig) -> None:
    change = await rig.approved(create_step(), delete_step(), delete_step().model_copy(update={"id": "again"}))
    assert (await rig.finish(change)).state == "succeeded"


async def test_an_answer_that_is_not_as_it_must_be_stops_the_run(rig: Rig) -> None:
    path = f"/v1/Services/{SUPPORT_SERVICE}"
    look = CallStep(
        id="look",
        title="The service declares a use",
        call=Call(product="messaging", method="GET", path=path),
        expect={"usecase": "marketing"},
    )
    change = await rig.approved(look, create_step())
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, "usecase is undeclared" in now.note, rig.sent()) == ("failed", True, [])


ODD = create_step(UNSURE).model_copy(update={"expect": {"usecase": "marketing"}})
"""It makes a service that is not for what it must be."""


async def test_what_was_made_otherwise_than_it_must_be_is_not_made_twice_and_goes_on_once_it_is_mended(
    rig: Rig,
) -> None:
    change = await rig.approved(ODD)
    await rig.worker().run(change.number)
    await rig.settlement.retry(change.number, RITA)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, len(rig.services)) == ("failed", 1)
    made = rig.twilio.created("service")[0]["sid"]
    mended = Call(product="messaging", method="POST", path=f"/v1/Services/{made}", params={"Usecase": "marketing"})
    await rig.account.send(mended)
    await rig.settlement.retry(change.number, RITA)
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, now.results["service"]["sid"], len(rig.services)) == ("succeeded", made, 1)


async def test_what_was_made_otherwise_than_it_must_be_is_not_gone_on_with_on_a_persons_word_either(rig: Rig) -> None:
    change = await rig.approved(ODD, rename_step())
    rig.twilio.faults.add("POST /v1/Services$", drop=True)
    assert (await rig.finish(change)).state == "unknown"
    made = await rig.account.send(ODD.call)
    with pytest.raises(Refusal, match="not as it must be: usecase is undeclared"):
        await rig.settlement.happened(change.number, RITA, made["sid"], "service")


async def test_what_was_made_otherwise_than_it_must_be_stands_at_twilio_and_can_be_taken_back(rig: Rig) -> None:
    path = "/v1/Services/{service.sid}"
    undo = Undo(title="Delete it", call=Call(product="messaging", method="DELETE", path=path))
    change = await rig.approved(ODD.model_copy(update={"undo": undo}))
    await rig.worker().run(change.number)
    now = await rig.now(change)
    made = rig.twilio.created("service")[0]["sid"]
    taken_back = undo_of(now)
    assert (now.begun, now.effects["service"]["sid"], now.results) == (True, made, {})
    assert taken_back is not None
    assert [s.call.path for s in taken_back.steps if isinstance(s, CallStep)] == [f"/v1/Services/{made}"]


async def test_a_call_waits_until_the_one_before_has_settled_also_after_a_crash(rig: Rig) -> None:
    slow = create_step().model_copy(update={"settle_seconds": 5.0})
    change = await rig.approved(slow, rename_step())
    await rig.worker().run(change.number)
    assert 4.9 < max(rig.slept) <= 5.0


def test_a_wait_depends_on_the_step_whose_result_it_watches() -> None:
    watch = Watch(kind="campaign", step="w", key=Ref(step="campaign", field="messaging_service_sid"), title="C")
    assert needs(WaitStep(id="w", title="W", watches=(watch,), until=("VERIFIED",))) == {"campaign"}


def registered(*steps: str) -> WaitStep:
    watches = tuple(Watch(kind="number", step="numbers", key=Ref(step=s), title=s) for s in steps)
    return WaitStep(id="numbers", title="They are registered", watches=watches, until=("REGISTERED",), word="I know")


@pytest.mark.parametrize(
    ("waits_for", "state"), [(("name", "service"), "waiting"), (("service",), "skipped")], ids=["one of two", "none"]
)
async def test_a_wait_goes_on_for_what_was_made_and_is_skipped_with_what_was_not(
    rig: Rig, waits_for: tuple[str, ...], state: str
) -> None:
    rig.tracked()
    lacking = create_step().model_copy(update={"skippable": "there is no service"})
    change = await rig.approved(rename_step(SUPPORT_SERVICE), lacking, registered(*waits_for))
    rig.twilio.faults.add("POST /v1/Services$", status=400)
    await rig.worker().run(change.number)
    await rig.settlement.skip(change.number, RITA, "service")
    await rig.worker().run(change.number)
    assert (await rig.now(change)).steps["numbers"].state == state


async def test_a_wait_that_ended_badly_can_be_skipped_where_that_is_harmless(rig: Rig) -> None:
    rig.tracked()
    wait = WAIT.model_copy(update={"skippable": "the brand is suspended"})
    change = await rig.approved(wait, create_step())
    rig.twilio.desk.brand_status(PENDING_BRAND, "SUSPENDED")
    await rig.worker().run(change.number)
    await rig.settlement.skip(change.number, RITA, "brand")
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])


def test_an_answer_may_show_one_of_several_things() -> None:
    call = Call(product="messaging", method="GET", path="/v1/Services")
    look = CallStep(id="look", title="Look", call=call, expect={"status": ("VERIFIED", "VETTED")})
    assert look.unmet({"status": "VETTED"}) == {}
    assert look.unmet({"status": "UNVERIFIED"}) == {"status": "UNVERIFIED"}
