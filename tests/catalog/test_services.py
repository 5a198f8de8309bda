"""`service.create`: one service, findable again, with both inbound settings explicit."""

import pytest

from bot.catalog.form import parse
from bot.catalog.senders.pool import Place, add_step
from bot.catalog.services.edit import ServiceCreate, create_steps
from bot.plans.plan import Plan
from bot.sandbox.twilio import start_state
from tests.catalog.world import TOKEN, World, codes


async def test_a_lost_answer_can_be_found_again_because_the_first_name_is_unique(world: World) -> None:
    plan = await world.plan("service.create", friendly_name="Acme deliveries")
    create = plan.steps[0]
    assert create.kind == "call"
    assert create.call.params["FriendlyName"] == f"Acme deliveries {TOKEN}"
    assert create.adopt is not None
    assert await world.adopted(create.adopt, {}) == []
    answer = await world.account.send(create.call)
    assert [s["sid"] for s in await world.adopted(create.adopt, {})] == [answer["sid"]]


async def test_the_longest_name_still_leaves_room_for_the_token(world: World) -> None:
    plan = await world.plan("service.create", friendly_name="x" * 64)
    results = await world.carry_out(plan)
    assert results["name"]["friendly_name"] == "x" * 64


async def test_a_service_ends_with_the_name_and_settings_that_were_asked_for(world: World) -> None:
    plan = await world.plan(
        "service.create", friendly_name="Acme", inbound="webhook", inbound_request_url="https://acme.example/in"
    )
    results = await world.carry_out(plan)
    service = results["name"]
    assert service["friendly_name"] == "Acme"
    assert service["inbound_request_url"] == "https://acme.example/in"
    assert service["use_inbound_webhook_on_number"] is False


async def test_a_name_that_looks_like_a_reference_stays_a_name(world: World) -> None:
    plan = await world.plan("service.create", friendly_name="{service.sid} {name.sid}")
    results = await world.carry_out(plan)
    assert results["name"]["friendly_name"] == "{service.sid} {name.sid}"


async def test_a_name_that_is_taken_is_told(world: World) -> None:
    assert "name-in-use" in codes(await world.plan("service.create", friendly_name="Acme support"), "warn")


async def test_dropping_replies_is_told(world: World) -> None:
    assert "inbound-dropped" in codes(await world.plan("service.create", friendly_name="A", inbound="drop"), "warn")


async def test_planning_changes_nothing(world: World) -> None:
    await world.plan("service.create", friendly_name="Acme")
    assert [call for call in world.twilio.log if call.effect] == []


async def test_autocreate_defers_until_a_person_has_switched_it_on_in_console(world: World) -> None:
    plan = await world.plan("service.create", friendly_name="Acme", inbound="autocreate")
    results = await world.carry_out(plan)
    assert results["name"]["use_inbound_webhook_on_number"] is True
    last = plan.steps[-1]
    assert last.kind == "manual"
    assert "Configure Conversations" in last.where


@pytest.mark.parametrize(("inbound", "defers"), [("defer", "true"), ("drop", "false"), ("autocreate", "true")])
async def test_who_answers_is_explicit_in_every_mode(world: World, inbound: str, defers: str) -> None:
    create = (await world.plan("service.create", friendly_name="Acme", inbound=inbound)).steps[0]
    assert create.kind == "call"
    assert create.call.params["UseInboundWebhookOnNumber"] == defers


async def test_undo_deletes_the_service(world: World) -> None:
    plan = await world.plan("service.create", friendly_name="Acme")
    results = await world.carry_out(plan)
    create = plan.steps[0]
    assert create.kind == "call"
    assert create.undo
    assert create.undo.adopt
    assert len(await world.adopted(create.undo.adopt, results)) == 1
    await world.account.send(create.undo.call.resolved(results))
    assert await world.adopted(create.undo.adopt, results) == []


async def test_a_chain_may_make_a_service_under_step_ids_of_its_own(world: World) -> None:
    settings = parse(ServiceCreate, {"friendly_name": "Acme Flex", "inbound": "defer"})
    steps = create_steps(settings, TOKEN, "flex_service", "flex_name")
    add = add_step(Place("{flex_service.sid}", "Acme Flex"), "add", "+15125550120", start_state.FREE_NUMBER)
    plan = Plan(operation="x", account=world.account.sid, title="x", steps=(*steps, add))
    results = await world.carry_out(plan)
    assert add.adopt
    assert [n["sid"] for n in await world.adopted(add.adopt, results)] == [start_state.FREE_NUMBER]
    assert results["flex_name"]["friendly_name"] == "Acme Flex"
