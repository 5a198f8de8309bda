"""External campaigns: associated only after the share was accepted, and once; failures say what they ask for."""

from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.form import mistakes, parse
from bot.catalog.operation import CannotPlanError
from bot.catalog.report import Report
from bot.plans.cost import total
from bot.plans.plan import Plan
from bot.plans.step import CallStep, WaitStep
from bot.sandbox.twilio import start_state
from bot.twilio.faults import Refused, Uncertain
from tests.catalog.world import World, codes

SERVICE, TCR = start_state.SUPPORT_SERVICE, "CACME10"


async def associate(world: World, **values: Any) -> Plan:
    return await world.plan("external.associate", **({"campaign_id": TCR, "service_sid": SERVICE} | values))


async def reassociate(world: World, **values: Any) -> Plan:
    return await world.plan("external.reassociate", **({"service_sid": SERVICE} | values))


async def associated(world: World, *, accepted: bool = True, **values: Any) -> None:
    """A campaign that is associated, and through its intake."""
    if accepted:
        world.twilio.shares.accept(TCR)
    await world.carry_out(await associate(world, **values))
    world.clock.now += 5


def call_of(plan: Plan, step_id: str = "campaign") -> CallStep:
    (step,) = [s for s in plan.steps if isinstance(s, CallStep) and s.id == step_id]
    return step


def wait_of(plan: Plan) -> WaitStep:
    (step,) = [s for s in plan.steps if isinstance(s, WaitStep)]
    return step


def text_of(plan: Plan, code: str) -> str:
    finding = next(f for f in plan.findings if f.code == code)
    return f"{finding.text} {finding.fix}"


# what stands in the way of an association


@pytest.mark.parametrize("campaign_id", ["CACME1", "BACME10", "CM" + "0" * 32, "CACME-1", ""])
async def test_what_is_no_tcr_id_is_told_on_its_field(campaign_id: str) -> None:
    form = catalog()["external.associate"].form
    (wrong,) = mistakes(form, {"campaign_id": campaign_id, "service_sid": SERVICE})
    assert wrong.field == "campaign_id"


async def test_an_id_in_small_letters_is_taken_as_it_is_meant(world: World) -> None:
    assert call_of(await associate(world, campaign_id="cacme10")).call.params["CampaignId"] == TCR


async def test_a_service_that_declares_a_use_stops_the_request_with_the_fix(world: World) -> None:
    service = await world.service("Declared", usecase="marketing")
    plan = await associate(world, service_sid=service)
    assert codes(plan, "block") == {"service-use-declared"}
    assert "/a2p-service update" in text_of(plan, "service-use-declared")


async def test_a_service_with_a_campaign_stops_the_request(world: World) -> None:
    await world.campaign()
    assert codes(await associate(world), "block") == {"campaign-exists"}


async def test_the_same_campaign_on_this_service_points_to_what_can_be_done(world: World) -> None:
    await associated(world)
    assert "/a2p-external show" in text_of(await associate(world), "campaign-exists")
    world.twilio.desk.reject(SERVICE, [30909])
    assert "/a2p-external reassociate" in text_of(await associate(world), "campaign-exists")


async def test_the_same_campaign_on_another_service_stops_the_request(world: World) -> None:
    await associated(world)
    plan = await associate(world, service_sid=await world.service("Other"))
    assert codes(plan, "block") == {"campaign-elsewhere"}
    assert "Acme support" in text_of(plan, "campaign-elsewhere")


# what is worth knowing


async def test_an_empty_pool_a_migration_and_a_second_number_are_told(world: World) -> None:
    empty = await world.service("Empty")
    plan = await associate(world, service_sid=empty, cnp_migration=True)
    assert "pool-empty" in codes(plan, "note")
    assert "cnp-migration" in codes(plan, "warn")
    add = await world.plan("sender.add", service_sid=SERVICE, numbers=start_state.FREE_NUMBER)
    await world.carry_out(add)
    assert "sole-proprietor-one-number" in codes(await associate(world, sole_proprietor=True), "warn")


async def test_the_private_endpoint_and_the_cost_of_each_review_are_told(world: World) -> None:
    plan = await associate(world)
    assert codes(plan) == {"private-endpoint", "judged-later"}
    assert "account executive" in text_of(plan, "private-endpoint")
    assert total(plan.costs, "once") == 15
    assert plan.costs[0].certain is False


# the steps of an association


async def test_nothing_is_sent_before_the_share_is_accepted(world: World) -> None:
    plan = await associate(world)
    assert [s.id for s in plan.steps] == ["share", "campaign"]
    wait = wait_of(plan)
    (watch,) = wait.watches
    assert (watch.kind, watch.key, wait.until, wait.fails) == ("share", TCR, ("ACCEPTED",), ())
    assert "CAMPAIGN_SHARE_ACCEPT" in wait.word
    assert "CAMPAIGN_SHARE_DELETE" in wait.meanwhile


async def test_the_call_keeps_to_its_lane_and_is_followed_by_its_service(world: World) -> None:
    plan = await associate(world)
    step = call_of(plan)
    assert step.call.params == {"CampaignId": TCR, "MessagingServiceSid": SERVICE}
    assert step.lane == "external"
    (watch,) = plan.watches
    assert (watch.kind, watch.step, watch.key) == ("campaign", "campaign", SERVICE)
    assert call_of(await associate(world, cnp_migration=True)).call.params["CnpMigration"] == "true"


async def test_an_association_whose_answer_was_lost_is_found_and_never_repeated(world: World) -> None:
    step = call_of(await associate(world))
    assert step.adopt is not None
    assert step.adopt.repeatable is False
    assert await world.adopted(step.adopt, {}) == []
    world.twilio.faults.add("PreregisteredUsa2p", status=500, after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call)
    assert len(await world.adopted(step.adopt, {})) == 1


@pytest.mark.parametrize("refusal", [{"status": 403}, {"status": 404}, {"code": 20003}])
async def test_where_the_endpoint_is_closed_the_account_executive_is_named(
    world: World, refusal: dict[str, Any]
) -> None:
    step = call_of(await associate(world))
    world.twilio.faults.add("PreregisteredUsa2p", **refusal)
    with pytest.raises(Refused) as fault:
        await world.account.send(step.call)
    assert "account executive" in (step.advice.get(fault.value.code or 0) or step.advice[fault.value.status])


async def test_an_association_is_undone_by_its_deletion(world: World) -> None:
    step = call_of(await associate(world))
    await world.account.send(step.call)
    assert step.undo is not None
    assert step.undo.adopt is not None
    await world.account.send(step.undo.call)
    assert world.twilio.campaigns == []
    assert await world.adopted(step.undo.adopt, {}) == []


# the end of an association


@pytest.mark.parametrize("operation", ["external.dissociate", "external.reassociate"])
async def test_only_campaigns_of_tcr_are_dissociated(world: World, operation: str) -> None:
    with pytest.raises(CannotPlanError, match="no campaign"):
        await world.plan(operation, service_sid=SERVICE)
    await world.campaign()
    with pytest.raises(CannotPlanError, match="/a2p-campaign"):
        await world.plan(operation, service_sid=SERVICE)


async def test_a_dissociation_says_that_the_campaign_stays_in_tcr(world: World) -> None:
    await associated(world)
    world.twilio.desk.verify(SERVICE)
    plan = await world.plan("external.dissociate", service_sid=SERVICE)
    assert codes(plan) == {"numbers-stop", "stays-in-tcr", "no-undo"}
    step = call_of(plan)
    assert (step.lane, step.settle_seconds) == ("external", 5.0)
    assert step.adopt is not None
    assert step.adopt.gone is True
    await world.carry_out(plan)
    assert world.twilio.campaigns == []


async def test_a_suspended_external_campaign_is_left_alone(world: World) -> None:
    await associated(world)
    world.twilio.desk.suspend(SERVICE)
    for operation in ("external.dissociate", "external.reassociate"):
        assert codes(await world.plan(operation, service_sid=SERVICE), "block") == {"campaign-suspended"}


async def test_deleting_an_external_campaign_as_any_other_says_that_it_stays_in_tcr(world: World) -> None:
    await associated(world)
    plan = await world.plan("campaign.delete", service_sid=SERVICE)
    assert "in TCR" in text_of(plan, "external-campaign")
    assert call_of(plan).lane == "external"


# an association made anew


async def test_a_failed_association_is_deleted_shared_again_and_made_anew_in_this_order(world: World) -> None:
    await associated(world, accepted=False)
    plan = await reassociate(world)
    assert codes(plan, "block") == set()
    assert [s.id for s in plan.steps] == ["standing", "association", "share", "campaign"]
    assert call_of(plan, "association").settle_seconds == 5.0
    assert "after the association that failed" in wait_of(plan).word
    assert wait_of(plan).newer_than == "association"
    assert "30904" in text_of(plan, "failed-with")
    world.twilio.shares.accept(TCR)
    await world.account.send(call_of(plan, "association").call)
    world.clock.now += 5
    await world.account.send(call_of(plan).call)
    world.clock.now += 1
    assert world.twilio.campaigns[0]["campaign_status"] == "IN_PROGRESS"


async def test_an_accept_that_came_too_late_needs_no_second_share(world: World) -> None:
    world.twilio.shares.share(TCR)
    await associated(world, accepted=False)
    assert "no second share is needed" in text_of(await reassociate(world), "accepted-late")


async def test_a_rejection_by_a_secondary_dca_comes_with_a_ready_appeal(world: World) -> None:
    await associated(world)
    world.twilio.desk.reject(SERVICE, [30909, 39999])
    appeal = text_of(await reassociate(world), "appeal")
    for part in ("10dlc-onboarding@twilio.com", "APPEAL_REJECTION", TCR, SERVICE, start_state.ACCOUNT_SID, "39999"):
        assert part in appeal


async def test_a_rejected_campaign_says_that_its_texts_cannot_be_compared_a_late_accept_does_not(world: World) -> None:
    await associated(world)
    world.twilio.desk.reject(SERVICE, [30905])
    assert "not-compared" not in codes(await reassociate(world))
    world.twilio.desk.reject(SERVICE, [30909, 30944])
    plan = await reassociate(world)
    assert {"not-compared", "not-resubmittable"} <= codes(plan, "warn")
    assert "rejected again" in text_of(plan, "not-compared")
    assert "30944" in text_of(plan, "not-resubmittable")


async def test_a_campaign_that_works_or_is_reviewed_is_not_made_anew_on_the_same_service(world: World) -> None:
    await associated(world)
    assert codes(await reassociate(world), "block") == {"under-review"}
    world.twilio.desk.verify(SERVICE)
    assert codes(await reassociate(world), "block") == {"nothing-to-mend"}


async def test_a_verified_campaign_moves_to_another_service_with_what_that_ends(world: World) -> None:
    await associated(world)
    world.twilio.desk.verify(SERVICE)
    other = await world.service("Other")
    plan = await reassociate(world, new_service_sid=other)
    assert codes(plan, "block") == set()
    assert {"starts-again", "numbers-stop", "numbers-stay"} <= codes(plan)
    assert call_of(plan).call.params["MessagingServiceSid"] == other
    assert wait_of(plan).newer_than == ""
    assert plan.watches[0].key == other
    assert (plan.differences[0].before, plan.differences[0].after) == ("on “Acme support”", "on “Other”")


async def test_an_association_that_works_is_not_ended_before_the_share_is_known_to_be_good(world: World) -> None:
    await associated(world)
    world.twilio.desk.verify(SERVICE)
    plan = await reassociate(world, new_service_sid=await world.service("Other"))
    assert [s.id for s in plan.steps] == ["standing", "share", "association", "campaign"]


async def test_another_service_that_there_is_not_is_told_on_its_own_field(world: World) -> None:
    await associated(world)
    with pytest.raises(CannotPlanError) as refused:
        await reassociate(world, new_service_sid="MG" + "0" * 32)
    assert refused.value.field == "new_service_sid"


async def test_the_other_service_must_be_free_and_undeclared(world: World) -> None:
    await associated(world)
    world.twilio.desk.reject(SERVICE, [30909])
    taken = await world.service("Taken", usecase="notifications")
    await world.campaign(service_sid=taken)
    plan = await reassociate(world, new_service_sid=taken)
    assert codes(plan, "block") == {"campaign-exists", "service-use-declared"}
    assert {f.field for f in plan.findings if f.severity == "block"} == {"new_service_sid"}


async def test_moving_to_the_service_where_it_is_makes_no_sense() -> None:
    form = catalog()["external.reassociate"].form
    (wrong,) = mistakes(form, {"service_sid": SERVICE, "new_service_sid": SERVICE})
    assert wrong.field == "new_service_sid"


# a look at one


async def look(world: World) -> Report:
    inquiry = catalog().looks("/a2p-external")["show"]
    return await inquiry.answer(parse(inquiry.form, {"service_sid": SERVICE}), world.account)


async def test_a_look_says_where_it_stands_what_is_next_and_what_a_failure_asks_for(world: World) -> None:
    with pytest.raises(CannotPlanError):
        await look(world)
    await associated(world)
    assert ("Status", "Being associated (IN_PROGRESS)") in (await look(world)).facts
    world.twilio.desk.reject(SERVICE, [30909])
    failed = await look(world)
    assert {f.code for f in failed.findings} == {"failed-with", "appeal"}
    assert failed.links[0][0] == "Error 30909"
    world.twilio.desk.verify(SERVICE)
    assert any(label == "T-Mobile" for label, _ in (await look(world)).facts)
