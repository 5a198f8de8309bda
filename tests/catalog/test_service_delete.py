"""`service.delete`: in the safe order, with every consequence told, and never while something is suspended."""

from typing import Any

from bot.plans.plan import Plan
from bot.plans.step import CallStep, WaitStep
from bot.sandbox.twilio import start_senders, start_state
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.conversations import ConversationsConfiguration
from tests.catalog.world import World, codes

SERVICE, FLEX_NUMBER = start_state.SUPPORT_SERVICE, start_state.FLEX_NUMBER


async def delete(world: World, *, wait: bool = False, **values: Any) -> Plan:
    return await world.plan("service.delete", service_sid=SERVICE, wait=wait, **values)


async def add(world: World, **values: Any) -> None:
    await world.carry_out(await world.plan("sender.add", service_sid=SERVICE, **values))


async def everything_in(world: World) -> None:
    """A campaign and a sender of every kind, one of them with an address."""
    await add(world, numbers=[FLEX_NUMBER])
    await add(world, kind="short_code", short_codes=[start_senders.SHORT_CODE])
    await add(world, kind="alpha", alpha_sender="Acme")
    await add(world, kind="alpha", alpha_sender="AcmeDE", iso_country_code="DE")
    await add(world, kind="whatsapp", channel_senders=[start_senders.WHATSAPP_SENDER])
    await world.campaign()


def order(plan: Plan) -> list[str]:
    return [s.id for s in plan.steps]


async def test_a_suspended_campaign_stops_the_request(world: World) -> None:
    await world.campaign()
    world.twilio.desk.suspend(SERVICE)
    finding = next(f for f in (await delete(world)).findings if f.severity == "block")
    assert finding.prevents == (21729,)


async def test_campaign_senders_and_addresses_go_before_the_service(world: World) -> None:
    await everything_in(world)
    plan = await delete(world, delete_addresses=True)
    assert order(plan) == ["standing", "campaign", *(f"remove_{i}" for i in range(1, 7)), "address_1", "service"]
    await world.carry_out(plan)
    assert [s["sid"] for s in world.twilio.services if s["sid"] == SERVICE] == []
    assert {n["sid"] for n in world.twilio.numbers} >= {start_state.POOLED_NUMBER, FLEX_NUMBER}


async def test_senders_can_be_put_back_while_the_service_stands(world: World) -> None:
    removals = [s for s in (await delete(world)).steps if s.id.startswith("remove_") and isinstance(s, CallStep)]
    for step in removals:
        assert step.undo is not None
        assert step.undo.until == "service"
        await world.account.send(step.call)
        await world.account.send(step.undo.call)
    assert [n["sid"] for n in world.twilio.pools[SERVICE]] == [start_state.POOLED_NUMBER]


async def test_addresses_that_may_not_be_read_are_said_to_stay(world: World) -> None:
    world.twilio.faults.add("GET /v1/Configuration/Addresses", status=403)
    assert "addresses-unread" in codes(await delete(world, delete_addresses=True), "warn")


async def test_every_step_knows_that_it_is_done_when_its_thing_is_gone(world: World) -> None:
    await everything_in(world)
    plan = await delete(world, delete_addresses=True)
    await world.carry_out(plan)
    deletes = [s for s in plan.steps if isinstance(s, CallStep)]
    assert {s.call.method for s in deletes} == {"DELETE"}
    assert [await world.adopted(s.adopt, {}) for s in deletes if s.adopt and s.adopt.gone] == [[]] * len(deletes)


async def test_a_verified_campaigns_numbers_are_waited_for(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    plan = await delete(world, wait=True)
    wait = plan.steps[2]
    assert isinstance(wait, WaitStep)
    assert [(w.kind, w.key) for w in wait.watches] == [("number", start_state.POOLED_NUMBER)]
    assert (wait.until, wait.newer_than) == (("UNREGISTERED",), "campaign")
    assert wait.word


async def test_numbers_that_were_never_registered_are_not_waited_for(world: World) -> None:
    await world.campaign()
    assert [s for s in (await delete(world, wait=True)).steps if s.kind == "wait"] == []


async def test_an_association_goes_through_the_lane_of_external_campaigns(world: World) -> None:
    await world.campaign()
    world.rig(Campaign, SERVICE, is_externally_registered=True, campaign_id="CABC123")
    plan = await delete(world)
    step = plan.steps[1]
    assert isinstance(step, CallStep)
    assert (step.lane, step.settle_seconds) == ("external", 5.0)
    assert "external-campaign" in codes(plan, "warn")


async def test_addresses_stay_unless_asked_for_and_either_is_said(world: World) -> None:
    await add(world, numbers=[FLEX_NUMBER])
    kept, gone = await delete(world), await delete(world, delete_addresses=True)
    assert "address_1" not in order(kept)
    assert "+19165550140" in next(f.text for f in kept.findings if f.code == "addresses-stay")
    assert "Flex" in next(f.text for f in gone.findings if f.code == "addresses-go")


async def test_what_stays_behind_and_what_it_costs_is_said(world: World) -> None:
    await everything_in(world)
    plan = await delete(world)
    assert codes(plan) >= {"numbers-stay", "senders-stay", "campaign-goes", "sid-gone"}
    assert {d.after for d in plan.differences if d.field == "the sender id Acme"} == {None}
    assert {d.after for d in plan.differences if d.field == "+14155550110"} == {"in no service"}


async def test_the_default_service_of_conversations_is_told_as_such(world: World) -> None:
    assert "conversations-default" not in codes(await delete(world))
    configured = next(iter(world.twilio._ledger.table(ConversationsConfiguration)))
    world.rig(ConversationsConfiguration, configured.key, default_messaging_service_sid=SERVICE)
    assert "conversations-default" in codes(await delete(world), "warn")


async def test_a_verdict_in_the_meantime_makes_the_approval_stale(world: World) -> None:
    await world.campaign()
    before = await delete(world)
    world.twilio.desk.verify(SERVICE)
    assert (await delete(world)).digest != before.digest


async def test_planning_changes_nothing(world: World) -> None:
    await delete(world)
    assert [call for call in world.twilio.log if call.effect] == []
