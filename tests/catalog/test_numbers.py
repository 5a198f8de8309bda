"""`number.search_and_buy`: what is bought is what was chosen, at a price that was shown, and once."""

from decimal import Decimal
from typing import Any

import pytest

from bot.catalog.operation import CannotPlanError
from bot.plans.call import Ref
from bot.plans.cost import total
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.twilio.faults import Refused, Throttled, Uncertain
from bot.twilio.numbering import default_name
from tests.catalog.world import TOKEN, World, codes

FIRST, SECOND = "+15035550101", "+15035550102"
TOLL_FREE = "+18885550101"
VOICE_ONLY = "+15035550121"
SERVICE = start_state.SUPPORT_SERVICE


async def buy(world: World, *numbers: str, **values: Any) -> Any:
    return await world.plan("number.search_and_buy", phone_numbers=list(numbers), **values)


async def test_a_number_that_is_gone_stops_the_request(world: World) -> None:
    plan = await buy(world, "+15039999999")
    assert codes(plan, "block") == {"number-gone"}


async def test_a_number_that_is_ours_already_stops_the_request(world: World) -> None:
    plan = await buy(world, start_state.OWNED_NUMBERS[1].phone_number)
    assert codes(plan, "block") == {"number-owned"}


async def test_a_number_that_somebody_buys_in_between_stops_the_run(world: World) -> None:
    assert codes(await buy(world, FIRST), "block") == set()
    await world.carry_out(await world.plan("number.search_and_buy", "tf-another", phone_numbers=FIRST))
    assert codes(await buy(world, FIRST), "block") == {"number-owned"}


async def test_a_number_without_sms_stops_the_request(world: World) -> None:
    assert codes(await buy(world, VOICE_ONLY), "block") == {"no-sms"}


async def test_a_number_without_sms_is_only_told_when_nobody_asked_for_sms(world: World) -> None:
    plan = await buy(world, VOICE_ONLY, sms=False)
    assert (codes(plan, "block"), codes(plan, "warn")) == (set(), {"no-sms"})


async def test_a_number_without_sms_never_joins_a_pool(world: World) -> None:
    assert "no-sms" in codes(await buy(world, VOICE_ONLY, sms=False, service_sid=SERVICE), "block")


async def test_a_service_that_is_not_there_is_told_on_its_field(world: World) -> None:
    with pytest.raises(CannotPlanError, match="no messaging service") as refused:
        await buy(world, FIRST, service_sid="MG" + "0" * 32)
    assert refused.value.field == "service_sid"


async def test_an_unknown_price_is_told_and_never_counted_as_nothing(world: World) -> None:
    world.twilio.faults.add("/pricing/v1/PhoneNumbers", status=403, times=2)
    plan = await buy(world, FIRST)
    assert "price-unknown" in codes(plan, "warn")
    assert [(c.usd, c.period, c.certain) for c in plan.costs] == [(Decimal("1.15"), "month", False)]
    toll_free = await buy(world, TOLL_FREE)
    assert [c.usd for c in toll_free.costs] == [Decimal("2.15")]


async def test_a_price_that_cannot_be_asked_for_just_now_is_no_unknown_price(world: World) -> None:
    world.twilio.faults.add("/pricing/v1/PhoneNumbers", status=429, retry_after=0, times=9)
    with pytest.raises(Throttled):
        await buy(world, FIRST)


async def test_the_price_is_the_live_one_for_each_number_and_in_total(world: World) -> None:
    plan = await buy(world, FIRST, SECOND)
    assert [(c.what, str(c.usd), c.period) for c in plan.costs] == [
        (f"{FIRST} (local)", "1.15", "month"),
        (f"{SECOND} (local)", "1.15", "month"),
    ]
    assert str(total(plan.costs, "month")) == "2.30"


async def test_a_toll_free_number_has_its_own_price_and_its_own_rules(world: World) -> None:
    plan = await buy(world, TOLL_FREE, number_type="toll_free")
    assert str(plan.costs[0].usd) == "2.15"
    assert "toll-free-not-10dlc" in codes(plan, "warn")


async def test_numbers_are_bought_by_number_under_a_name_that_only_this_change_uses(world: World) -> None:
    plan = await buy(world, FIRST)
    (step,) = plan.steps
    assert isinstance(step, CallStep)
    assert step.call.params == {"PhoneNumber": FIRST, "FriendlyName": f"{default_name(FIRST)} {TOKEN}", "SmsUrl": ""}


async def test_a_blank_webhook_is_sent_blank_and_stays_blank(world: World) -> None:
    results = await world.carry_out(await buy(world, FIRST))
    assert results["number_1"]["sms_url"] == ""


async def test_a_webhook_is_set_and_the_trouble_with_flex_is_told(world: World) -> None:
    plan = await buy(world, FIRST, sms_url="https://acme.example/in")
    assert "webhook-and-flex" in codes(plan, "note")
    results = await world.carry_out(plan)
    assert results["number_1"]["sms_url"] == "https://acme.example/in"


async def test_a_purchase_whose_answer_was_lost_is_found_again(world: World) -> None:
    (step,) = (await buy(world, FIRST)).steps
    assert isinstance(step, CallStep)
    assert step.adopt is not None
    assert await world.adopted(step.adopt, {}) == []
    world.twilio.faults.add("POST /api", drop_after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call)
    assert [n["phone_number"] for n in await world.adopted(step.adopt, {})] == [FIRST]


async def test_a_number_that_another_change_bought_is_not_taken_for_ours(world: World) -> None:
    await world.carry_out(await world.plan("number.search_and_buy", "tf-another", phone_numbers=FIRST))
    step = (await buy(world, FIRST)).steps[0]
    assert await world.adopted(step.adopt, {}) == []


async def test_buying_the_same_number_again_buys_nothing_and_counts_as_done_only_if_it_is_ours(world: World) -> None:
    step = (await buy(world, FIRST)).steps[0]
    await world.account.send(step.call)
    with pytest.raises(Refused) as again:
        await world.account.send(step.call)
    assert again.value.code in step.already_done
    assert len(await world.adopted(step.adopt, {})) == 1
    assert len(world.twilio.created("number")) == 1


async def test_each_number_joins_the_pool_before_the_next_is_bought(world: World) -> None:
    plan = await buy(world, FIRST, SECOND, service_sid=SERVICE)
    assert [s.id for s in plan.steps] == ["number_1", "add_1", "number_2", "add_2"]
    assert plan.steps[1].call.params == {"PhoneNumberSid": Ref(step="number_1")}
    results = await world.carry_out(plan)
    pool = {n["phone_number"] for n in world.twilio.pools[SERVICE]}
    assert {FIRST, SECOND} <= pool
    for step in plan.steps:
        assert len(await world.adopted(step.adopt, results)) == 1


async def test_a_number_that_is_gone_leaves_those_before_it_in_the_pool_and_says_what_to_do(world: World) -> None:
    plan = await buy(world, FIRST, SECOND, service_sid=SERVICE)
    world.twilio.faults.add("POST /api", delay=0)  # the first purchase
    world.twilio.faults.add("POST /api", status=400, code=21422)
    with pytest.raises(Refused) as gone:
        await world.carry_out(plan)
    assert {n["phone_number"] for n in world.twilio.created("number")} == {FIRST}
    assert FIRST in {n["phone_number"] for n in world.twilio.pools[SERVICE]}
    advice = plan.steps[2].advice[gone.value.code]
    assert "choose another number" in advice
    assert "Skip" in advice
    assert plan.steps[2].skippable


@pytest.mark.parametrize(
    "search",
    [{"area_code": "415"}, {"region": "CA"}, {"locality": "Austin"}, {"contains": "+1415"}, {"contains": "0102$"}],
)
async def test_a_number_that_no_longer_fits_the_search_is_not_bought_by_mistake(
    world: World, search: dict[str, str]
) -> None:
    plan = await buy(world, FIRST, **search)
    [finding] = [f for f in plan.findings if f.severity == "block"]
    assert (finding.code, finding.field) == ("not-in-search", "phone_numbers")
    assert FIRST in finding.text


@pytest.mark.parametrize(
    "search",
    [{"area_code": "503"}, {"region": "or"}, {"locality": "portland", "mms": True}, {"contains": "503555*"}],
)
async def test_a_number_that_fits_the_search_is_bought(world: World, search: dict[str, Any]) -> None:
    assert codes(await buy(world, FIRST, **search)) == set()


async def test_a_number_without_the_wanted_mms_does_not_fit(world: World) -> None:
    assert codes(await buy(world, "+15035550104", mms=True), "block") == {"not-in-search"}


async def test_a_purchase_is_taken_back_by_a_release_and_says_what_is_lost(world: World) -> None:
    plan = await buy(world, FIRST)
    results = await world.carry_out(plan)
    undo = plan.steps[0].undo
    assert "lost for good" in undo.title
    await world.account.send(undo.call.resolved(results))
    assert world.twilio.created("number") == []
    assert await world.adopted(undo.adopt, results) == []


async def test_a_number_that_is_in_the_pool_already_counts_as_added(world: World) -> None:
    plan = await buy(world, FIRST, service_sid=SERVICE)
    results = await world.carry_out(plan)
    with pytest.raises(Refused) as again:
        await world.account.send(plan.steps[1].call.resolved(results))
    assert again.value.code in plan.steps[1].already_done


async def test_what_a_pool_means_for_its_new_numbers_is_told(world: World) -> None:
    assert "no-campaign" in codes(await buy(world, FIRST, service_sid=SERVICE), "note")


async def test_a_webhook_that_the_service_would_ignore_is_told(world: World) -> None:
    service = await world.service(inbound="webhook", inbound_request_url="https://acme.example/in")
    plan = await buy(world, FIRST, sms_url="https://acme.example/number", service_sid=service)
    assert "two-webhooks" in codes(plan, "warn")


async def test_planning_changes_nothing(world: World) -> None:
    await buy(world, FIRST, service_sid=SERVICE)
    assert [call for call in world.twilio.log if call.effect] == []
