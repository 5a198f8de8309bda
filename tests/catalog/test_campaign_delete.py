"""`campaign.delete`: what goes and what that costs is said before, and what has gone is not looked for in vain."""

import pytest

from bot.catalog.operation import CannotPlanError
from bot.plans.difference import in_words
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.campaigns import CAMPAIGN_SID
from bot.twilio.faults import Uncertain
from tests.catalog.world import World, codes

SERVICE = start_state.SUPPORT_SERVICE


async def delete(world: World) -> Plan:
    return await world.plan("campaign.delete", service_sid=SERVICE)


def deletion(plan: Plan) -> CallStep:
    (step,) = [s for s in plan.steps if isinstance(s, CallStep)]
    return step


async def test_without_a_campaign_there_is_nothing_to_delete(world: World) -> None:
    with pytest.raises(CannotPlanError, match="no campaign") as refused:
        await delete(world)
    assert refused.value.field == "service_sid"


async def test_a_suspended_campaign_stops_the_request(world: World) -> None:
    await world.campaign()
    world.twilio.desk.suspend(SERVICE)
    (finding,) = [f for f in (await delete(world)).findings if f.severity == "block"]
    assert finding.prevents == (21729,)
    assert "Do not move its traffic" in finding.fix


async def test_the_numbers_of_a_verified_campaign_are_told_to_stop(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    plan = await delete(world)
    finding = next(f for f in plan.findings if f.code == "numbers-stop")
    assert finding.severity == "warn"
    assert "+14155550110" in finding.text
    assert "+14155550110" in {d.field for d in plan.differences}


async def test_a_rejected_campaign_is_better_edited(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [30896])
    plan = await delete(world)
    assert "/a2p-campaign resubmit" in next(f for f in plan.findings if f.code == "editable-in-place").fix
    assert "numbers-stop" not in codes(plan)


async def test_a_review_under_way_and_the_fees_of_a_new_one_are_told(world: World) -> None:
    await world.campaign()
    plan = await delete(world)
    assert "review-lost" in codes(plan, "warn")
    assert "$15" in next(f for f in plan.findings if f.code == "no-undo").text


async def test_the_call_names_the_constant_sid_and_the_next_one_waits_until_it_has_settled(world: World) -> None:
    await world.campaign()
    step = deletion(await delete(world))
    assert (step.call.method, step.call.path.rsplit("/", 1)[-1]) == ("DELETE", CAMPAIGN_SID)
    assert (step.settle_seconds, step.lane, step.undo) == (5.0, "default", None)
    await world.account.send(step.call)
    assert world.twilio.campaigns == []


async def test_a_deletion_whose_answer_was_lost_is_found_done(world: World) -> None:
    await world.campaign()
    step = deletion(await delete(world))
    assert step.adopt is not None
    assert step.adopt.gone is True
    assert len(await world.adopted(step.adopt, {})) == 1
    world.twilio.faults.add("DELETE /messaging", status=500, after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call)
    assert await world.adopted(step.adopt, {}) == []


async def test_a_campaign_that_was_registered_since_is_not_taken_for_the_one_that_went(world: World) -> None:
    await world.campaign()
    step = deletion(await delete(world))
    await world.account.send(step.call)
    world.clock.now += 5
    await world.campaign()
    assert step.adopt is not None
    assert await world.adopted(step.adopt, {}) == []


async def test_an_approval_to_delete_a_rejected_campaign_is_none_to_delete_a_verified_one(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [30896])
    approved = await delete(world)
    world.twilio.desk.verify(SERVICE)
    fresh = await delete(world)
    assert fresh.digest != approved.digest
    assert "status was FAILED, is VERIFIED" in in_words(approved, fresh)


async def test_a_review_that_goes_on_leaves_the_approval_as_it_is(world: World) -> None:
    await world.campaign()
    approved = await delete(world)
    world.twilio.desk.status(SERVICE, "PENDING")
    assert (await delete(world)).digest == approved.digest
