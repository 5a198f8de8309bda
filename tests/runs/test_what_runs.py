"""What runs is what was approved, byte for byte, or nothing."""

import re
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.catalog.operation import CannotPlanError, Context
from bot.changes.change import Change
from bot.plans.call import Call, Ref
from bot.plans.difference import in_words
from bot.plans.finding import block
from bot.plans.masking import secret
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep, Watch
from bot.policy.policy import PENDING_SECONDS
from bot.sandbox.twilio.start_state import SUPPORT_SERVICE
from tests.runs.rig import INTERIM, NAME, UNSURE, Followed, Planner, Rig, create_step, rename_step


def renamed(plan: Plan) -> Plan:
    """The plan as it would be made now that something has changed."""
    call = create_step().call.model_copy(update={"params": {"FriendlyName": "Other", "Usecase": "poll"}})
    return plan.model_copy(update={"steps": (create_step().model_copy(update={"call": call}),)})


def planner(*, plan: Plan | None = None, error: Exception | None = None) -> Planner:
    async def make(form: Any, context: Context) -> Plan:
        if plan is None:
            raise error or AssertionError
        return plan

    return make


async def test_every_call_is_sent_exactly_as_it_was_approved(rig: Rig) -> None:
    change = await rig.approved()
    await rig.worker().run(change.number)
    sent = [(call.method, call.product, call.path, call.params) for call in rig.twilio.calls("POST")]
    sid = rig.twilio.created("service")[0]["sid"]
    approved = [
        (s.call.method, s.call.product, s.call.path.replace("{service.sid}", sid), s.call.params)
        for s in change.plan.steps
        if isinstance(s, CallStep)
    ]
    assert sent == approved
    assert [e.what for e in (await rig.now(change)).timeline] == [
        "asked",
        "started",
        "sent",
        "done",
        "sent",
        "done",
        "finished",
    ]


async def test_a_plan_that_would_differ_now_is_shown_and_nothing_is_sent(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    fresh = renamed(change.plan)
    await rig.worker(planner=planner(plan=fresh)).run(change.number)
    now = await rig.now(change)
    assert (now.state, now.plan.digest, now.steps, rig.twilio.log) == ("stale", fresh.digest, {}, [])
    assert now.note == (
        f"no longer: Name it “{NAME}”; service: FriendlyName was {INTERIM}, would be Other; "
        "service: Usecase was not sent, would be poll"
    )
    assert await rig.worker(planner=planner(plan=fresh)).run(change.number) is None


async def test_a_plan_that_differs_only_in_words_and_prices_runs(rig: Rig) -> None:
    change = await rig.approved(create_step())
    fresh = change.plan.model_copy(update={"title": "The same, in other words"})
    await rig.worker(planner=planner(plan=fresh)).run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])


async def test_what_is_blocked_by_now_does_not_run(rig: Rig) -> None:
    change = await rig.approved(create_step())
    fresh = change.plan.model_copy(update={"findings": (block("brand-suspended", "The brand is suspended.", "Ask."),)})
    await rig.worker(planner=planner(plan=fresh)).run(change.number)
    now = await rig.now(change)
    assert (now.state, now.note, rig.sent()) == ("failed", "The brand is suspended. Ask.", [])


async def test_what_can_no_longer_be_planned_does_not_run(rig: Rig) -> None:
    change = await rig.approved(create_step())
    await rig.worker(planner=planner(error=CannotPlanError("The service is gone."))).run(change.number)
    now = await rig.now(change)
    assert (now.state, now.note, rig.sent()) == ("failed", "It can no longer be done: The service is gone.", [])


async def test_a_plan_that_cannot_be_checked_for_now_waits_and_stays_approved(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add("GET /v1/Services$", status=429, retry_after=0, times=3)
    assert await rig.worker().run(change.number) is not None
    assert ((await rig.now(change)).state, rig.sent()) == ("approved", [])
    await rig.lose_lease(change)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])


@pytest.mark.parametrize("stop", ["refused", "put off", "did not happen"])
async def test_a_run_that_stopped_before_anything_happened_is_planned_anew(rig: Rig, stop: str) -> None:
    change = await rig.approved(create_step(UNSURE), rename_step())
    status = {"refused": 400, "put off": 429}.get(stop)
    rig.twilio.faults.add("POST /v1/Services$", status=status, drop=status is None, retry_after=60)
    if stop == "put off":
        await rig.worker().run(change.number)
        await rig.lose_lease(change)
    else:
        await rig.finish(change)
    if stop == "refused":
        await rig.settlement.retry(change.number, "U0RITA")
    if stop == "did not happen":
        await rig.settlement.did_not_happen(change.number, "U0RITA", "service")
    await rig.worker(planner=planner(plan=renamed(change.plan))).run(change.number)
    now = await rig.now(change)
    assert (now.state, now.plan.digest, now.steps) == ("stale", renamed(change.plan).digest, {})
    assert (len(rig.sent()), rig.services) == (1, [])


async def test_a_plan_found_out_of_date_late_can_still_be_asked_for_again(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.clock.advance(change.expires_at - rig.clock() + 1)
    await rig.worker(planner=planner(plan=renamed(change.plan))).run(change.number)
    now = await rig.now(change)
    assert (now.state, now.expires_at) == ("stale", rig.clock() + PENDING_SECONDS)


async def test_a_run_that_has_begun_is_not_planned_anew(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    rig.twilio.faults.add("POST /v1/Services/MG", status=429, retry_after=60)
    await rig.worker().run(change.number)
    await rig.later(60)
    await rig.lose_lease(change)
    await rig.worker(planner=planner(plan=renamed(change.plan))).run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])


@pytest.mark.parametrize("state", ["pending", "rejected", "cancelled", "expired", "stale", "failed", "abandoned"])
async def test_nothing_but_an_approved_or_running_change_runs(rig: Rig, state: Any) -> None:
    change = await rig.approved(create_step())
    await rig.store.move(change.number, ["approved"], state)
    assert await rig.worker().run(change.number) is None
    assert ((await rig.now(change)).state, rig.twilio.log) == (state, [])


async def test_a_change_that_does_not_exist_does_not_run(rig: Rig) -> None:
    assert await rig.worker().run(404) is None


async def test_what_a_step_made_is_followed_also_when_its_worker_died_right_after_it(rig: Rig) -> None:
    class Dying(Followed):
        async def follow(self, change: Change, watch: Watch, results: dict[str, dict[str, Any]]) -> None:
            await super().follow(change, watch, results)
            if len(self.keys) == 1:
                raise ConnectionError("the worker dies here")

    rig.followed = Dying()
    watch = Watch(kind="campaign", step="service", key=Ref(step="service"), title="A campaign")
    change = await rig.approved(create_step(), rename_step(), watches=(watch,))
    await rig.worker().run(change.number)
    await rig.lose_lease(change)
    await rig.worker("another").run(change.number)
    assert (await rig.now(change)).state == "succeeded"
    assert len(rig.followed.keys) == 2


async def test_what_a_step_makes_is_followed_once_it_is_done_and_not_before(rig: Rig) -> None:
    watch = Watch(kind="campaign", step="service", key=Ref(step="service"), title="Campaign")
    change = await rig.approved(create_step(), rename_step(), watches=(watch,))
    rig.twilio.faults.add("POST /v1/Services$", status=400)
    await rig.worker().run(change.number)
    assert rig.followed.keys == []
    await rig.settlement.retry(change.number, "U0RITA")
    await rig.worker().run(change.number)
    assert rig.followed.keys == [rig.twilio.created("service")[0]["sid"]]


async def test_what_a_step_has_ended_is_not_ended_again_when_the_run_goes_on_later(rig: Rig) -> None:
    class Ending(Followed):
        async def end(self, change: Change, watch: Watch) -> None:
            self.keys.append(f"ended by {watch.step}")

    rig.followed = Ending()
    ends = Watch(kind="campaign", step="service", key="MG1", title="Campaign")
    change = await rig.approved(
        create_step().model_copy(update={"ends": ends}),
        rename_step(),
        rename_step(SUPPORT_SERVICE).model_copy(update={"id": "other"}),
    )
    rig.twilio.faults.add(f"POST /v1/Services/{SUPPORT_SERVICE}", status=400)
    await rig.worker().run(change.number)
    await rig.settlement.retry(change.number, "U0RITA")
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.followed.keys) == ("succeeded", ["ended by service"])


async def test_twilios_words_about_a_secret_are_masked_in_the_log_as_well(rig: Rig) -> None:
    hidden = secret("+15035550199")
    read = Call(product="messaging", method="GET", path="/v1/Services/+15035550199")
    step = create_step().model_copy(update={"adopt": Adopt(read=read, match={})})
    step = step.model_copy(
        update={"call": step.call.model_copy(update={"params": {**step.call.params, "InboundRequestUrl": hidden}})}
    )
    change = await rig.approved(step)
    rig.twilio.faults.add("POST /v1/Services$", drop=True)
    rig.twilio.faults.add("GET /v1/Services/", status=400)
    with capture_logs() as logs:
        await rig.worker().run(change.number)
    assert any("•••99" in str(entry) for entry in logs)
    assert "5035550199" not in str(logs)


def test_the_difference_of_plans_that_only_change_places_is_said() -> None:
    plan = Plan(operation="made.by_hand", account="AC", title="", steps=(create_step(), rename_step()))
    turned = plan.model_copy(update={"steps": plan.steps[::-1]})
    assert plan.digest != turned.digest
    assert in_words(plan, turned) == "the order of the calls"


def test_the_difference_names_what_is_new_and_where_it_goes() -> None:
    old = Plan(operation="made.by_hand", account="AC", title="", steps=(create_step(),))
    step = create_step()
    elsewhere = step.model_copy(update={"call": Call(product="messaging", method="DELETE", path="/v1/Services/MG1")})
    new = old.model_copy(update={"steps": (elsewhere, rename_step())})
    said = in_words(old, new)
    assert re.search(r"^new: Name it .*; service: DELETE /v1/Services/MG1; service: FriendlyName was .*not sent$", said)
