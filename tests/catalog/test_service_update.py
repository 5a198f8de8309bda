"""`service.update`: only what changes is written, it can be taken back, and what it breaks is said before."""

from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.form import parse
from bot.catalog.operation import CannotPlanError
from bot.catalog.services.edit import ServiceUpdate
from bot.plans.plan import Plan
from bot.plans.step import CallStep, ManualStep
from bot.sandbox.twilio import start_senders, start_state
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.services import Service
from tests.catalog.world import World, codes

SERVICE, FREE = start_state.SUPPORT_SERVICE, start_state.FREE_NUMBER
WEBHOOK = {"inbound": "webhook", "inbound_request_url": "https://acme.example/in"}


async def filled(world: World, service: str = SERVICE) -> dict[str, Any]:
    prefill = catalog()["service.update"].prefill
    assert prefill
    return await prefill({"service_sid": service}, world.account)


async def update(world: World, service: str = SERVICE, **values: Any) -> Plan:
    return await world.plan("service.update", **(await filled(world, service) | values))


def written(plan: Plan) -> dict[str, Any]:
    step = plan.steps[0]
    assert isinstance(step, CallStep)
    return dict(step.call.params)


async def test_a_service_that_is_not_there_is_told_on_its_field(world: World) -> None:
    with pytest.raises(CannotPlanError) as refused:
        await filled(world, "MG" + "0" * 32)
    assert refused.value.field == "service_sid"


async def test_a_form_that_was_only_filled_in_changes_nothing_and_is_stopped(world: World) -> None:
    service = await world.service(**WEBHOOK, status_callback="https://acme.example/s", validity_period=600)
    plan = await update(world, service)
    assert plan.steps == ()
    assert codes(plan, "block") == {"nothing-changed"}


async def test_only_what_changes_is_written(world: World) -> None:
    plan = await update(world, sticky_sender=False, validity_period=14400)
    assert written(plan) == {"StickySender": "false", "ValidityPeriod": "14400"}
    assert {(d.field, d.before, d.after) for d in plan.differences} == {
        ("Sticky sender", "Yes", "No"),
        ("Validity period, seconds", "36000", "14400"),
    }


async def test_a_new_inbound_mode_is_written_whole(world: World) -> None:
    plan = await update(world, **WEBHOOK)
    assert written(plan)["UseInboundWebhookOnNumber"] == "false"
    assert written(plan)["InboundRequestUrl"] == "https://acme.example/in"


async def test_an_inbound_mode_that_stays_is_not_written_because_autocreate_shows_as_drop(world: World) -> None:
    service = await world.service(inbound="drop")
    plan = await update(world, service, friendly_name="Acme parcels")
    assert written(plan) == {"FriendlyName": "Acme parcels"}
    assert "inbound-untouched" in codes(plan, "note")


async def test_leaving_a_webhook_clears_it_and_says_so(world: World) -> None:
    service = await world.service(**WEBHOOK)
    plan = await update(world, service, inbound="drop")
    step = plan.steps[0]
    assert isinstance(step, CallStep)
    assert step.call.params == {"UseInboundWebhookOnNumber": "false", "InboundRequestUrl": ""}
    assert step.expect == {"inbound_request_url": ""}
    assert ("Inbound webhook", "https://acme.example/in", None) in {
        (d.field, d.before, d.after) for d in plan.differences
    }
    answer = (await world.carry_out(plan))["service"]
    assert step.unmet(answer) == {}


async def test_an_answer_that_still_shows_a_cleared_url_is_no_success(world: World) -> None:
    service = await world.service(status_callback="https://acme.example/s")
    step = (await update(world, service, status_callback="")).steps[0]
    assert isinstance(step, CallStep)
    assert step.call.params == {"StatusCallback": ""}
    assert step.unmet({"status_callback": "https://acme.example/s"}) == {"status_callback": "https://acme.example/s"}


async def test_a_lost_answer_is_found_by_what_was_written(world: World) -> None:
    step = (await update(world, friendly_name="Acme help", smart_encoding=False)).steps[0]
    assert isinstance(step, CallStep)
    assert step.adopt
    assert await world.adopted(step.adopt, {}) == []
    await world.account.send(step.call)
    assert len(await world.adopted(step.adopt, {})) == 1


async def test_undo_writes_the_old_values_back(world: World) -> None:
    service = await world.service(**WEBHOOK, status_callback="https://acme.example/s")
    before = await filled(world, service)
    plan = await update(world, service, inbound="defer", status_callback="", validity_period=60)
    await world.carry_out(plan)
    step = plan.steps[0]
    assert isinstance(step, CallStep)
    assert step.undo
    assert step.undo.adopt
    await world.account.send(step.undo.call)
    assert await filled(world, service) == before
    assert len(await world.adopted(step.undo.adopt, {})) == 1


async def test_autocreate_is_a_persons_step_and_sends_nothing(world: World) -> None:
    (step,) = (await update(world, inbound="autocreate")).steps
    assert isinstance(step, ManualStep)
    assert "Configure Conversations" in step.where
    assert "60 seconds" in step.where
    assert SERVICE in step.link


async def test_autocreate_on_a_service_with_senders_names_the_safe_way(world: World) -> None:
    plan = await update(world, inbound="autocreate")
    assert "/a2p-address create" in next(f.fix for f in plan.findings if f.code == "autocreate-by-hand")
    assert "one by one" in next(f.fix for f in plan.findings if f.code == "autocreate-with-senders")


async def test_numbers_that_nobody_would_answer_are_named(world: World) -> None:
    service = await world.service(**WEBHOOK)
    await world.carry_out(await world.plan("sender.add", service_sid=service, numbers=[FREE]))
    plan = await update(world, service, inbound="defer")
    assert "+15125550120" in next(f.text for f in plan.findings if f.code == "nobody-answers")


async def test_a_number_whose_own_webhook_is_no_longer_called_is_named(world: World) -> None:
    world.rig(Number, start_state.POOLED_NUMBER, sms_url="https://acme.example/own")
    plan = await update(world, **WEBHOOK)
    assert "+14155550110" in next(f.text for f in plan.findings if f.code == "two-webhooks")


async def test_an_address_beside_a_service_that_answers_is_told_as_a_double_answer(world: World) -> None:
    service = await world.service()
    await world.carry_out(await world.plan("sender.add", service_sid=service, numbers=[start_state.FLEX_NUMBER]))
    plan = await update(world, service, **WEBHOOK)
    assert "+19165550140" in next(f.text for f in plan.findings if f.code == "answers-twice")


async def test_a_use_that_contradicts_the_campaign_is_told_on_its_field(world: World) -> None:
    await world.campaign()
    plan = await update(world, usecase="marketing")
    (finding,) = [f for f in plan.findings if 21719 in f.prevents]
    assert (finding.code, finding.field) == ("service-use-conflict", "usecase")


async def test_an_external_campaign_forbids_a_declared_use(world: World) -> None:
    await world.campaign()
    world.rig(Campaign, SERVICE, is_externally_registered=True, campaign_id="CABC123")
    assert "external-needs-undeclared" in codes(await update(world, usecase="notifications"), "block")


async def test_a_name_that_another_service_has_is_told(world: World) -> None:
    service = await world.service("Acme parcels")
    assert "name-in-use" in codes(await update(world, service, friendly_name="Acme support"), "warn")
    assert "name-in-use" not in codes(await update(world, service, sticky_sender=False))


async def test_whatsapp_in_the_pool_limits_the_validity_period(world: World) -> None:
    sender = [start_senders.WHATSAPP_SENDER]
    joined = await world.plan("sender.add", service_sid=SERVICE, kind="whatsapp", channel_senders=sender)
    await world.carry_out(joined)
    assert "whatsapp-validity" in codes(await update(world, sticky_sender=False), "note")


async def test_a_declared_use_that_nobody_has_heard_of_stays_as_it_is(world: World) -> None:
    world.rig(Service, SERVICE, usecase="carrier_pigeon")
    assert written(await update(world, sticky_sender=False)) == {"StickySender": "false"}


async def test_what_was_typed_wins_over_what_stands_at_twilio(world: World) -> None:
    prefill = catalog()["service.update"].prefill
    assert prefill
    values = await prefill({"service_sid": SERVICE, "friendly_name": "Acme help"}, world.account)
    assert parse(ServiceUpdate, values).friendly_name == "Acme help"


async def test_planning_changes_nothing_and_twice_gives_one_digest(world: World) -> None:
    first, second = await update(world, **WEBHOOK), await update(world, **WEBHOOK)
    assert first.digest == second.digest
    assert [call for call in world.twilio.log if call.effect] == []
