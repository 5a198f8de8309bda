"""`sender.add`: numbers join one pool, once, and what stands in the way is said before."""

import pytest

from bot.catalog.operation import CannotPlanError
from bot.catalog.senders.pool import Pool, joining
from bot.plans.finding import Finding
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.twilio.faults import Refused, Uncertain
from bot.twilio.reads import Campaign, PoolNumber, Service
from tests.catalog.world import World, codes

SERVICE = start_state.SUPPORT_SERVICE
FREE, POOLED, TOLL_FREE = start_state.FREE_NUMBER, start_state.POOLED_NUMBER, start_state.TOLL_FREE_NUMBER


async def add(world: World, *numbers: str, service: str = SERVICE) -> Plan:
    return await world.plan("sender.add", service_sid=service, numbers=list(numbers))


async def test_a_service_that_is_not_there_is_told_on_its_field(world: World) -> None:
    with pytest.raises(CannotPlanError) as refused:
        await add(world, FREE, service="MG" + "0" * 32)
    assert refused.value.field == "service_sid"


async def test_a_number_that_is_not_ours_is_told_by_name(world: World) -> None:
    with pytest.raises(CannotPlanError, match=r"\+15039999999") as refused:
        await add(world, FREE, "+15039999999")
    assert refused.value.field == "numbers"


async def test_a_sid_that_is_not_ours_is_told_by_name(world: World) -> None:
    with pytest.raises(CannotPlanError, match="does not own PN0000"):
        await add(world, "PN" + "0" * 32)


async def test_a_number_in_another_service_stops_the_request_and_names_it(world: World) -> None:
    other = await world.service("Acme deliveries")
    plan = await add(world, POOLED, service=other)
    (finding,) = [f for f in plan.findings if f.severity == "block"]
    assert finding.code == "in-other-service"
    assert "Acme support" in finding.text
    assert SERVICE in finding.text
    assert "deregistered" in finding.fix
    assert finding.prevents == (21712,)


async def test_when_nothing_is_left_to_do_the_request_stops_with_words(world: World) -> None:
    plan = await add(world, POOLED)
    assert plan.steps == ()
    (finding,) = plan.findings
    assert (finding.severity, finding.code) == ("block", "nothing-to-do")
    assert "+14155550110" in finding.text


async def test_a_number_that_is_in_this_pool_gets_no_call(world: World) -> None:
    plan = await add(world, POOLED, FREE)
    assert codes(plan, "note") >= {"already-in-pool"}
    assert [s.call.params for s in plan.steps if isinstance(s, CallStep)] == [{"PhoneNumberSid": FREE}]


async def test_a_number_that_can_only_speak_stops_the_request(world: World) -> None:
    bought = await world.carry_out(await world.plan("number.search_and_buy", phone_numbers="+15035550121", sms=False))
    assert "no-messaging" in codes(await add(world, bought["number_1"]["sid"]), "block")


async def test_a_suspended_campaign_stops_the_request(world: World) -> None:
    await world.campaign()
    world.twilio.desk.suspend(SERVICE)
    finding = next(f for f in (await add(world, FREE)).findings if f.severity == "block")
    assert finding.code == "campaign-suspended"
    assert 21729 in finding.prevents


async def test_a_number_with_its_own_webhook_in_a_service_that_answers_is_told(world: World) -> None:
    bought = await world.carry_out(
        await world.plan("number.search_and_buy", phone_numbers="+15035550101", sms_url="https://acme.example/n")
    )
    service = await world.service(inbound="webhook", inbound_request_url="https://acme.example/in")
    assert "two-webhooks" in codes(await add(world, bought["number_1"]["sid"], service=service), "warn")
    assert "two-webhooks" not in codes(await add(world, bought["number_1"]["sid"]))


async def test_a_service_that_drops_replies_is_told(world: World) -> None:
    service = await world.service(inbound="drop")
    assert "inbound-dropped" in codes(await add(world, FREE, service=service), "warn")


async def test_a_verified_campaign_does_not_mean_that_the_number_can_send_yet(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    finding = next(f for f in (await add(world, FREE)).findings if f.code == "number-registration")
    assert finding.severity == "note"
    assert finding.prevents == (30034, 30035)


async def test_a_campaign_in_an_unknown_state_is_shown_as_it_is(world: World) -> None:
    await world.campaign()
    world.twilio.desk.status(SERVICE, "HALF_BAKED")
    finding = next(f for f in (await add(world, FREE)).findings if f.code == "campaign-not-verified")
    assert "HALF_BAKED" in finding.text


async def test_a_toll_free_number_is_told_not_to_be_10dlc(world: World) -> None:
    assert "toll-free-not-10dlc" in codes(await add(world, TOLL_FREE), "warn")


async def test_numbers_may_be_named_by_number_or_by_sid_and_count_once(world: World) -> None:
    plan = await add(world, "+15125550120", FREE)
    assert [s.call.params for s in plan.steps if isinstance(s, CallStep)] == [{"PhoneNumberSid": FREE}]


async def test_a_number_joins_and_its_lost_answer_is_found_again(world: World) -> None:
    (step,) = (await add(world, FREE)).steps
    assert isinstance(step, CallStep)
    assert step.adopt is not None
    assert await world.adopted(step.adopt, {}) == []
    world.twilio.faults.add("POST /messaging", drop_after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call)
    assert [n["sid"] for n in await world.adopted(step.adopt, {})] == [FREE]
    with pytest.raises(Refused) as again:
        await world.account.send(step.call)
    assert again.value.code in step.already_done


async def test_planning_changes_nothing(world: World) -> None:
    await add(world, FREE)
    assert [call for call in world.twilio.log if call.effect] == []


def pool(held: int = 0, *numbers: str, codes: int = 0, campaign: Campaign | None = None) -> Pool:
    members = [*(f"+1503555{n:04d}" for n in range(held)), *numbers]
    seen = tuple(PoolNumber(sid=f"PN{i:032x}", phone_number=n) for i, n in enumerate(members))
    return Pool(Service(sid=SERVICE, friendly_name="Acme"), seen, codes, campaign)


def joined(pool: Pool, *adding: str) -> dict[str, Finding]:
    return {f.code: f for f in joining(pool, adding, "numbers")}


def test_a_pool_takes_up_to_its_limit_and_no_more() -> None:
    assert "pool-full" not in joined(pool(399), "+15125550120")
    assert joined(pool(400), "+15125550120")["pool-full"].severity == "block"
    assert joined(pool(399), "+15125550120", "+15125550121")["pool-full"].prevents == (21714,)


def test_short_codes_count_against_the_limit_of_a_pool() -> None:
    assert joined(pool(398, codes=2), "+15125550120")["pool-full"].severity == "block"


def test_a_pool_that_is_past_the_limit_has_a_raised_one_so_nobody_is_stopped() -> None:
    assert joined(pool(401), "+15125550120")["pool-full"].severity == "warn"


def test_a_second_toll_free_number_is_told() -> None:
    assert "second-toll-free" not in joined(pool(), "+18885550130")
    assert "second-toll-free" in joined(pool(0, "+18005550130"), "+18885550130")
    assert "second-toll-free" in joined(pool(), "+18005550130", "+18885550130")


def test_a_second_number_of_a_sole_proprietor_is_told() -> None:
    campaign = Campaign(
        messaging_service_sid=SERVICE, campaign_status="VERIFIED", us_app_to_person_usecase="SOLE_PROPRIETOR"
    )
    assert "sole-proprietor-one-number" not in joined(pool(campaign=campaign), "+15125550120")
    found = joined(pool(1, campaign=campaign), "+15125550120")["sole-proprietor-one-number"]
    assert (found.severity, found.prevents) == ("warn", (30125,))
