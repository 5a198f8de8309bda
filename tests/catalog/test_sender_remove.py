"""`sender.remove`: any kind leaves, nothing is released, and what it costs to come back is said."""

from typing import Any

import pytest

from bot.catalog.form import mistakes
from bot.catalog.operation import CannotPlanError
from bot.catalog.senders.remove import SenderRemove
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_senders, start_state
from bot.twilio.faults import Refused
from tests.catalog.world import World, codes

SERVICE, POOLED, FREE = start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER, start_state.FREE_NUMBER


async def remove(world: World, *senders: str, service: str = SERVICE) -> Plan:
    return await world.plan("sender.remove", service_sid=service, senders=list(senders))


async def add(world: World, **values: Any) -> str:
    results = await world.carry_out(await world.plan("sender.add", service_sid=SERVICE, **values))
    return str(results["add_1"]["sid"])


def test_a_sid_of_something_else_is_told_on_its_field() -> None:
    wrong = mistakes(SenderRemove, {"service_sid": SERVICE, "senders": "MG" + "0" * 32})
    assert [m.field for m in wrong] == ["senders"]


async def test_what_is_not_in_the_pool_cannot_be_removed(world: World) -> None:
    with pytest.raises(CannotPlanError, match="nothing to remove") as refused:
        await remove(world, FREE)
    assert refused.value.field == "senders"


async def test_what_is_gone_already_is_passed_over(world: World) -> None:
    plan = await remove(world, POOLED, FREE)
    assert len(plan.steps) == 1
    assert next(f for f in plan.findings if f.code == "not-in-pool").prevents == (21711,)


async def test_a_suspended_campaign_stops_the_request(world: World) -> None:
    await world.campaign()
    world.twilio.desk.suspend(SERVICE)
    assert 21729 in next(f for f in (await remove(world, POOLED)).findings if f.severity == "block").prevents


async def test_a_registered_number_is_told_to_lose_its_registration(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    finding = next(f for f in (await remove(world, "+14155550110")).findings if f.code == "deregistered")
    assert (finding.severity, finding.prevents) == ("warn", (30034, 30035))


async def test_lost_mappings_and_an_empty_pool_are_told(world: World) -> None:
    assert codes(await remove(world, POOLED), "warn") >= {"sticky-mappings", "pool-empty"}


async def test_every_kind_leaves_and_can_be_put_back(world: World) -> None:
    senders = [
        POOLED,
        await add(world, kind="short_code", short_codes="20555"),
        await add(world, kind="alpha", alpha_sender="Acme"),
        await add(world, kind="alpha", alpha_sender="AcmeDE", iso_country_code="DE"),
        await add(world, kind="whatsapp", channel_senders=[start_senders.WHATSAPP_SENDER]),
    ]
    plan = await remove(world, *senders)
    await world.carry_out(plan)
    steps = [s for s in plan.steps if isinstance(s, CallStep)]
    assert [await world.adopted(s.adopt, {}) for s in steps if s.adopt and s.adopt.gone] == [[], [], [], [], []]
    undone = [s.undo for s in reversed(steps) if s.undo]
    for undo in undone:
        await world.account.send(undo.call)
    assert [len(await world.adopted(u.adopt, {})) for u in undone if u.adopt] == [1, 1, 1, 1, 1]


async def test_a_removal_that_was_lost_and_sent_again_counts_as_done(world: World) -> None:
    step = (await remove(world, POOLED)).steps[0]
    assert isinstance(step, CallStep)
    await world.account.send(step.call)
    with pytest.raises(Refused) as again:
        await world.account.send(step.call)
    assert again.value.code in step.already_done


async def test_the_number_is_not_released(world: World) -> None:
    await world.carry_out(await remove(world, POOLED))
    assert POOLED in {n["sid"] for n in world.twilio.numbers}
