"""`service.show`: settings in words, every sender, the campaign, and what is odd."""

import pytest

from bot.catalog.operation import CannotPlanError
from bot.catalog.report import Report
from bot.catalog.services.show import INQUIRIES, ServiceShow
from bot.sandbox.twilio import start_senders, start_state
from bot.sandbox.twilio.numbers import Number
from tests.catalog.world import World

SERVICE = start_state.SUPPORT_SERVICE


async def show(world: World, service: str = SERVICE) -> Report:
    return await INQUIRIES[0].answer(ServiceShow(service_sid=service), world.account)


def lines(report: Report, title: str) -> str:
    return "\n".join(next(s.lines for s in report.sections if s.title.startswith(title)))


def found(report: Report) -> set[str]:
    return {f.code for f in report.findings}


async def test_a_service_that_is_not_there_is_told(world: World) -> None:
    with pytest.raises(CannotPlanError, match="no messaging service"):
        await show(world, "MG" + "0" * 32)


async def test_an_empty_pool_is_odd(world: World) -> None:
    report = await show(world, await world.service())
    assert "pool-empty" in found(report)
    assert lines(report, "Pool (0)") == "Empty."


async def test_every_kind_of_sender_is_listed_with_what_answers_it(world: World) -> None:
    add = {"service_sid": SERVICE}
    await world.carry_out(await world.plan("sender.add", **add, numbers=start_state.FLEX_NUMBER))
    await world.carry_out(await world.plan("sender.add", **add, kind="short_code", short_codes="20555"))
    await world.carry_out(await world.plan("sender.add", **add, kind="alpha", alpha_sender="Acme"))
    rcs = start_senders.RCS_SENDER
    await world.carry_out(await world.plan("sender.add", **add, kind="rcs", channel_senders=rcs))
    world.rig(Number, start_state.POOLED_NUMBER, sms_url="https://acme.example/own")
    pool = lines(await show(world), "Pool (5)")
    assert "+19165550140: address created, no webhook" in pool
    assert "+14155550110: no address, webhook https://acme.example/own" in pool
    assert "20555: short code" in pool
    assert "Acme: sender id for all countries" in pool
    assert "rcs:acme_agent: RCS sender" in pool


async def test_settings_and_campaign_are_told_in_words(world: World) -> None:
    await world.campaign()
    report = await show(world)
    facts = dict(report.facts)
    assert facts["Inbound messages"] == "Defers to each number's own webhook or address"
    assert facts["Campaign"].startswith("IN_PROGRESS, DELIVERY_NOTIFICATION")
    assert facts["Registered for US A2P"] == "No"
    assert "Sticky sender: Yes" in lines(report, "Settings")


async def test_a_mode_that_the_api_cannot_tell_is_not_called_a_drop_alone(world: World) -> None:
    report = await show(world, await world.service(inbound="drop"))
    assert "autocreates a Conversation" in dict(report.facts)["Inbound messages"]
    assert "inbound-dropped" in found(report)


async def test_two_toll_free_numbers_are_odd(world: World) -> None:
    bought = await world.carry_out(
        await world.plan("number.search_and_buy", number_type="toll_free", phone_numbers="+18885550131", sms=False)
    )
    both = [start_state.TOLL_FREE_NUMBER, bought["number_1"]["sid"]]
    await world.carry_out(await world.plan("sender.add", service_sid=SERVICE, numbers=both))
    assert "second-toll-free" in found(await show(world))


async def test_a_rejected_campaign_is_told_with_its_codes(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [30896])
    failed = next(f for f in (await show(world)).findings if f.code == "campaign-failed")
    assert "30896" in failed.text


async def test_what_no_api_shows_is_explained_with_where_to_look(world: World) -> None:
    told = lines(await show(world), "What no API shows")
    assert "Advanced Opt-Out" in told
    assert "30018" in told
    assert "country geomatch" in told
