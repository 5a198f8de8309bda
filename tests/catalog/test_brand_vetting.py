"""`brand.vet`, `brand.resend_otp`, `brand.show` and the lists of brands."""

import json
from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.brands.vetting import BrandVet
from bot.catalog.form import mistakes, parse
from bot.catalog.report import Report
from bot.catalog.sources import lists as sources
from bot.plans.step import CallStep, WaitStep
from bot.sandbox.twilio import start_bundles, start_state
from bot.sandbox.twilio.brands import Brand
from bot.twilio.faults import Refused
from tests.catalog.brand_answers import BRAND, IDENTIFYING, LISTED, SOLE_PROPRIETOR
from tests.catalog.world import World, codes

TOKEN = "cv|1.0|tcr|10dlc|9975c339-d46f-49b7-a399|GQ3ADAXXBUNBT2AgL"
IMPORT = {"brand_sid": start_state.APPROVED_BRAND, "provider": "campaign-verify", "vetting_id": TOKEN}
ORDER = {"brand_sid": start_state.APPROVED_BRAND}
DAY = 86400.0


async def registered(world: World, **values: Any) -> str:
    answers = await world.carry_out(await world.plan("brand.register", **(BRAND | values)))
    return str(answers["brand"]["sid"])


async def report(world: World, brand_sid: str) -> Report:
    inquiry = next(i for i in catalog().inquiries if i.name == "brand.show")
    return await inquiry.answer(parse(inquiry.form, {"brand_sid": brand_sid}), world.account)


async def listed(world: World, source: str) -> list[str]:
    return [option.value for option in await sources.named(source).load(world.account, {})]


# vetting


@pytest.mark.parametrize(
    ("brand", "finding"),
    [
        (start_state.FAILED_BRAND, "brand-not-vettable"),
        (start_state.PENDING_BRAND, "brand-not-approved"),
    ],
)
async def test_a_brand_that_cannot_be_vetted_is_said_to_be_so(world: World, brand: str, finding: str) -> None:
    plan = await world.plan("brand.vet", **{**IMPORT, "brand_sid": brand})
    [found] = [f for f in plan.findings if f.code == finding]
    assert (found.severity, found.prevents) == ("block", (21721,))


def test_a_token_that_is_none_is_refused_without_being_repeated() -> None:
    [wrong] = mistakes(BrandVet, {**IMPORT, "vetting_id": "secret-token"})
    assert "21722" in wrong.text
    assert "secret-token" not in wrong.text


async def test_a_second_import_waits_for_the_first(world: World) -> None:
    plan = await world.plan("brand.vet", **IMPORT)
    assert TOKEN not in str(plan.steps[0])
    assert plan.costs == ()
    [vetting] = (await world.carry_out(plan)).values()
    again = await world.plan("brand.vet", **IMPORT)
    assert "vetting-under-way" in codes(again, "block")
    world.twilio.desk.brands.vetting(vetting["brand_vetting_sid"], "FAILED")
    with pytest.raises(Refused) as refused:
        await world.carry_out(await world.plan("brand.vet", **IMPORT))
    assert refused.value.code == 21722


async def test_an_ordered_vetting_costs_raises_the_score_and_is_found_again(world: World) -> None:
    plan = await world.plan("brand.vet", **ORDER)
    assert [f"{c.usd:.2f}" for c in plan.costs] == ["41.50"]
    [vetting] = (await world.carry_out(plan)).values()
    step, outcome = plan.steps
    assert isinstance(step, CallStep)
    assert isinstance(outcome, WaitStep)
    assert step.adopt
    assert not step.adopt.repeatable
    [found] = await world.adopted(step.adopt, {})
    assert found["brand_vetting_sid"] == vetting["brand_vetting_sid"]
    world.twilio.desk.brands.vetting(vetting["brand_vetting_sid"], "SUCCESS", 91)
    shown = await report(world, start_state.APPROVED_BRAND)
    assert dict(shown.facts)["Trust score"] == "91"
    assert "vetted-before" in codes(await world.plan("brand.vet", **ORDER), "warn")


async def test_where_a_vetting_stands_a_lost_order_is_left_to_people(world: World) -> None:
    [vetting] = (await world.carry_out(await world.plan("brand.vet", **ORDER))).values()
    world.twilio.desk.brands.vetting(vetting["brand_vetting_sid"], "FAILED")
    step, _ = (await world.plan("brand.vet", **ORDER)).steps
    assert isinstance(step, CallStep)
    assert step.adopt is None


# passcodes


async def test_only_a_sole_proprietor_who_waits_gets_a_passcode(world: World) -> None:
    plan = await world.plan("brand.resend_otp", brand_sid=start_state.PENDING_BRAND)
    assert "no-passcode" in codes(plan, "block")
    brand = await registered(world, **SOLE_PROPRIETOR)
    world.twilio.desk.brands.confirm_passcode(brand)
    assert "passcode-confirmed" in codes(await world.plan("brand.resend_otp", brand_sid=brand), "block")


async def test_an_expired_passcode_fails_the_brand_and_a_new_one_saves_it(world: World) -> None:
    brand = await registered(world, **SOLE_PROPRIETOR)
    world.clock.now += 2 * DAY
    plan = await world.plan("brand.resend_otp", brand_sid=brand)
    assert "passcode-24-hours" in codes(plan, "note")
    assert "24 hours" in plan.steps[0].title
    await world.carry_out(plan)
    world.clock.now += DAY / 2
    world.twilio.desk.brands.confirm_passcode(brand)
    assert dict((await report(world, brand)).facts)["Status"] == "APPROVED"


async def test_a_reply_after_a_day_is_too_late(world: World) -> None:
    brand = await registered(world, **SOLE_PROPRIETOR)
    world.clock.now += 2 * DAY
    world.twilio.desk.brands.confirm_passcode(brand)
    shown = await report(world, brand)
    [errors] = [s.lines for s in shown.sections if s.title == "Errors"]
    assert "30752" in errors[0]
    assert "new passcode" in errors[0]


# showing


async def test_a_rejected_brand_is_shown_with_what_fixes_it_and_what_it_stands_on(world: World) -> None:
    shown = await report(world, start_state.FAILED_BRAND)
    sections = {s.title: " ".join(s.lines) for s in shown.sections}
    assert "30795" in sections["Errors"]
    assert "CP 575" in sections["Errors"]
    assert "twilio-approved" in sections["Trust Hub"]
    assert "three-free" in {f.code for f in shown.findings}


async def test_what_runs_out_is_said_with_its_day(world: World) -> None:
    mock = await registered(world, mock_brand=True)
    public = await registered(world, **LISTED)
    trade = await registered(world, **SOLE_PROPRIETOR)
    lines = [
        line
        for brand in (mock, public, trade)
        for s in (await report(world, brand)).sections
        if s.title == "Runs out"
        for line in s.lines
    ]
    assert [line.partition(":")[2].strip()[:10] for line in lines[:1]] == ["Twilio rem"]
    assert "2026-06-27" in lines[0]
    assert "7 days" in lines[1]
    assert "resend_otp" in lines[2]


async def test_an_evaluation_that_found_something_is_shown_in_words_and_nothing_that_identifies(world: World) -> None:
    brand = await registered(world, **SOLE_PROPRIETOR)
    shown = json.dumps((await report(world, brand)).model_dump(mode="json"), ensure_ascii=False)
    assert "last evaluation: compliant" in shown
    assert "Bakery brand" in shown
    assert [piece for piece in IDENTIFYING if piece in shown] == []


# choosing


async def test_each_list_offers_only_what_its_question_is_about(world: World) -> None:
    trade = await registered(world, **SOLE_PROPRIETOR)
    world.rig(Brand, start_state.LOW_VOLUME_BRAND, brand_type="SOLE_PROPRIETOR")
    assert await listed(world, "failed_brands") == [start_state.FAILED_BRAND]
    assert await listed(world, "sole_proprietor_brands") == [trade]
    assert await listed(world, "primary_profiles") == [start_bundles.PRIMARY_PROFILE]
    assert (await listed(world, "standard_brands"))[0] == start_state.APPROVED_BRAND
