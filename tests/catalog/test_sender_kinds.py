"""`sender.add` for senders that are no numbers: rules and limits are told before Twilio refuses."""

from typing import Any

import pytest

from bot.catalog.form import mistakes, parse
from bot.catalog.operation import CannotPlanError
from bot.catalog.senders.add import SenderAdd
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_senders, start_state
from tests.catalog.world import World, codes

SERVICE = start_state.SUPPORT_SERVICE
CODE, WHATSAPP, RCS = start_senders.SHORT_CODE, start_senders.WHATSAPP_SENDER, start_senders.RCS_SENDER


async def add(world: World, kind: str, service: str = SERVICE, **values: Any) -> Plan:
    return await world.plan("sender.add", service_sid=service, kind=kind, **values)


def only_step(plan: Plan) -> CallStep:
    (step,) = plan.steps
    assert isinstance(step, CallStep)
    return step


async def found_again_and_taken_back(world: World, plan: Plan) -> None:
    """The step's effect is found after a lost answer, and its undo removes it."""
    step = only_step(plan)
    assert step.adopt
    assert step.undo
    assert step.undo.adopt
    assert await world.adopted(step.adopt, {}) == []
    results = {step.id: await world.account.send(step.call)}
    assert len(await world.adopted(step.adopt, results)) == 1
    await world.account.send(step.undo.call.resolved(results))
    assert await world.adopted(step.undo.adopt, results) == []


@pytest.mark.parametrize("text", ["Acme Deliveries", "12345", "Acme!", "Ácme", "٣٤٥"])
def test_a_sender_id_of_the_wrong_shape_is_told_on_its_field(text: str) -> None:
    wrong = mistakes(SenderAdd, {"service_sid": SERVICE, "kind": "alpha", "alpha_sender": text})
    assert [m.field for m in wrong] == ["alpha_sender"]
    assert "21709" in wrong[0].text


@pytest.mark.parametrize("text", ["Acme", "A-1 +_&x", "ACME 24 HRS"])
def test_a_sender_id_of_the_right_shape_is_taken(text: str) -> None:
    form = parse(SenderAdd, {"service_sid": SERVICE, "kind": "alpha", "alpha_sender": text, "iso_country_code": "de"})
    assert (form.alpha_sender, form.iso_country_code) == (text, "DE")


def test_only_what_belongs_to_the_chosen_kind_is_asked() -> None:
    assert SenderAdd.asked({"kind": "rcs"}).keys() == {"service_sid", "kind", "channel_senders"}
    assert SenderAdd.asked({}).keys() == {"service_sid", "kind", "numbers"}


async def test_a_sender_id_joins_is_found_again_and_can_be_taken_back(world: World) -> None:
    await found_again_and_taken_back(world, await add(world, "alpha", alpha_sender="Acme"))
    await found_again_and_taken_back(world, await add(world, "alpha", alpha_sender="Acme", iso_country_code="DE"))


async def test_a_second_sender_id_for_a_country_is_stopped_and_the_first_is_named(world: World) -> None:
    await world.carry_out(await add(world, "alpha", alpha_sender="AcmeDE", iso_country_code="DE"))
    finding = next(f for f in (await add(world, "alpha", alpha_sender="Acme2", iso_country_code="DE")).findings)
    assert (finding.severity, finding.prevents) == ("block", (21714,))
    assert "AcmeDE" in finding.text
    assert codes(await add(world, "alpha", alpha_sender="Acme2"), "block") == set()
    same = await add(world, "alpha", alpha_sender="AcmeDE", iso_country_code="DE")
    assert codes(same, "block") == {"nothing-to-do"}


async def test_a_sender_id_for_the_us_is_told_to_be_of_no_use(world: World) -> None:
    plan = await add(world, "alpha", alpha_sender="Acme", iso_country_code="US")
    assert "sender-id-not-taken" in codes(plan, "warn")


async def test_a_short_code_joins_by_its_digits_is_found_again_and_can_be_taken_back(world: World) -> None:
    plan = await add(world, "short_code", short_codes="20555")
    assert only_step(plan).call.params == {"ShortCodeSid": CODE}
    assert "short-code-first" in codes(plan, "note")
    await found_again_and_taken_back(world, plan)


async def test_a_short_code_that_is_not_ours_is_told_by_its_digits(world: World) -> None:
    with pytest.raises(CannotPlanError, match="99999") as refused:
        await add(world, "short_code", short_codes="20555 99999")
    assert refused.value.field == "short_codes"


async def test_a_short_code_in_another_service_is_stopped_and_the_service_is_named(world: World) -> None:
    await world.carry_out(await add(world, "short_code", await world.service("Acme parcels"), short_codes=[CODE]))
    finding = next(f for f in (await add(world, "short_code", short_codes=[CODE])).findings if f.severity == "block")
    assert finding.prevents == (21712,)
    assert "Acme parcels" in finding.text


async def test_whatsapp_and_rcs_senders_join_are_found_again_and_can_be_taken_back(world: World) -> None:
    await found_again_and_taken_back(world, await add(world, "whatsapp", channel_senders=[WHATSAPP]))
    await found_again_and_taken_back(world, await add(world, "rcs", channel_senders=[RCS]))


async def test_a_sender_of_the_other_channel_is_told_not_to_be_listed(world: World) -> None:
    assert "sender-not-listed" in codes(await add(world, "whatsapp", channel_senders=[RCS]), "warn")


async def test_a_sender_that_is_not_online_is_told(world: World) -> None:
    plan = await add(world, "rcs", channel_senders=[start_senders.RCS_DRAFT])
    assert "DRAFT" in next(f.text for f in plan.findings if f.code == "sender-not-online")


async def test_a_whatsapp_sender_in_a_service_that_keeps_messages_longer_is_told(world: World) -> None:
    assert "whatsapp-validity" in codes(await add(world, "whatsapp", channel_senders=[WHATSAPP]), "note")
    short = await world.service(validity_period=14400)
    assert "whatsapp-validity" not in codes(await add(world, "whatsapp", short, channel_senders=[WHATSAPP]))


async def test_an_account_without_the_senders_api_can_still_name_a_sender(world: World) -> None:
    world.twilio.faults.add("GET /v2/Channels/Senders", status=403, code=20003, times=5)
    plan = await add(world, "whatsapp", channel_senders=[WHATSAPP])
    assert codes(plan, "block") == set()
    assert "sender-not-listed" in codes(plan, "warn")


async def test_what_is_in_the_pool_already_is_not_added_again(world: World) -> None:
    await world.carry_out(await add(world, "whatsapp", channel_senders=[WHATSAPP]))
    assert codes(await add(world, "whatsapp", channel_senders=[WHATSAPP]), "block") == {"nothing-to-do"}
