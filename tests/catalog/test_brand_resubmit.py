"""`brand.resubmit`: what the rejection names is corrected in Trust Hub, and the brand goes to TCR again."""

import json
from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.brands.edits import BrandResubmit
from bot.catalog.operation import CannotPlanError
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.bundles import EndUser
from bot.twilio.faults import Refused
from tests.catalog.brand_answers import BRAND, IDENTIFYING, LISTED, SOLE_PROPRIETOR
from tests.catalog.world import CAMPAIGN, World, codes

FAILED = start_state.FAILED_BRAND
MISMATCH = {"brand_sid": FAILED, "brand_kind": "standard"}
NEW_NAME = {**MISMATCH, "business_name": "Quillfeather Bakery Inc"}


async def rejected(world: World, rejection: int, **values: Any) -> dict[str, Any]:
    """Register a brand and have it fail with one code; gives what a resubmission needs to name it."""
    given = BRAND | values
    answers = await world.carry_out(await world.plan("brand.register", **given))
    world.clock.now += 60
    for bundle in ("profile", "product"):
        world.twilio.desk.brands.bundle(answers[bundle]["sid"], "twilio-approved")
    world.twilio.desk.brands.fail(answers["brand"]["sid"], [rejection])
    world.clock.now += 60
    return {"brand_sid": answers["brand"]["sid"], "brand_kind": given["brand_kind"]}


def ids(plan: Plan) -> list[str]:
    return [s.id for s in plan.steps]


# what must not happen


async def test_a_brand_that_is_not_failed_is_not_resubmitted(world: World) -> None:
    plan = await world.plan("brand.resubmit", **{**NEW_NAME, "brand_sid": start_state.APPROVED_BRAND})
    [found] = [f for f in plan.findings if f.code == "brand-not-failed"]
    assert (found.severity, found.prevents) == ("block", (21725,))


async def test_a_brand_that_tcr_never_took_in_is_registered_anew_instead(world: World) -> None:
    world.rig(Brand, FAILED, tcr_id=None)
    [found] = [f for f in (await world.plan("brand.resubmit", **NEW_NAME)).findings if f.code == "brand-unknown-to-tcr"]
    assert found.severity == "block"
    assert "/a2p-brand register" in found.fix


async def test_an_unchanged_brand_is_not_resubmitted(world: World) -> None:
    plan = await world.plan("brand.resubmit", **MISMATCH)
    assert "nothing-changed" in codes(plan, "block")


async def test_a_brand_in_which_only_blanks_have_changed_is_not_resubmitted(world: World) -> None:
    plan = await world.plan("brand.resubmit", **{**MISMATCH, "business_name": "Acme  Failed  Inc"})
    assert "nothing-changed" in codes(plan, "block")
    assert "nothing-changed" not in codes(await world.plan("brand.resubmit", **NEW_NAME))


async def test_a_failure_of_the_system_may_be_resubmitted_as_it_is(world: World) -> None:
    values = await rejected(world, 30791)
    plan = await world.plan("brand.resubmit", **values)
    assert "same-again" in codes(plan, "note")
    assert codes(plan, "block") == set()
    assert ids(plan) == ["brand"]


async def test_a_change_that_misses_what_the_rejection_names_is_called_out(world: World) -> None:
    plan = await world.plan("brand.resubmit", **{**MISMATCH, "website_url": "https://acme.example/about"})
    [found] = [f for f in plan.findings if f.code == "named-field-unchanged"]
    assert "Legal business name" in found.text
    assert found.prevents == (30795,)


async def test_a_brand_with_a_campaign_cannot_be_edited(world: World) -> None:
    values = await rejected(world, 30795)
    world.rig(Brand, values["brand_sid"], status="APPROVED", identity_status="VERIFIED", errors=[])
    await world.campaign(brand_sid=values["brand_sid"], **{k: CAMPAIGN[k] for k in ("service_sid", "use_case")})
    world.twilio.desk.brands.fail(values["brand_sid"], [30795])
    plan = await world.plan("brand.resubmit", **values, business_name="Quillfeather Bakeries Inc")
    [found] = [f for f in plan.findings if f.code == "brand-has-campaign"]
    assert found.severity == "block"
    assert "/a2p-campaign delete" in found.fix


async def test_a_social_security_number_is_refused_against_what_stands(world: World) -> None:
    with pytest.raises(CannotPlanError, match="social security") as caught:
        await world.plan("brand.resubmit", **MISMATCH, business_registration_number="123-45-6789")
    assert caught.value.field == "business_registration_number"
    assert "6789" not in str(caught.value)


async def test_the_country_of_an_address_cannot_be_changed(world: World) -> None:
    with pytest.raises(CannotPlanError, match="country"):
        await world.plan("brand.resubmit", **MISMATCH, address_country="CA", address_region="ON")


async def test_the_kind_of_a_brand_cannot_be_changed(world: World) -> None:
    with pytest.raises(CannotPlanError, match="standard"):
        await world.plan("brand.resubmit", **{**NEW_NAME, "brand_kind": "low_volume"})


async def test_attributes_that_could_not_be_written_back_whole_are_left_to_the_console(world: World) -> None:
    user = "IT" + "d4b1" * 8
    world.rig(EndUser, user, attributes={"business_name": "Acme Failed Inc", "business_type": ["Corporation"]})
    with pytest.raises(CannotPlanError, match="Console"):
        await world.plan("brand.resubmit", **NEW_NAME)


async def test_nothing_that_identifies_anybody_is_shown_or_filled_in(world: World) -> None:
    values = await rejected(world, 30795, **LISTED, brand_kind="standard")
    prefill = catalog()["brand.resubmit"].prefill
    assert prefill
    filled = await prefill({"brand_sid": values["brand_sid"]}, world.account)
    assert [piece for piece in IDENTIFYING if piece in json.dumps(filled)] == []
    assert filled["business_industry"] == "FOOD_AND_BEVERAGE"
    assert filled["brand_kind"] == "standard"
    assert not any(ask.sensitive and name in filled for name, ask in BrandResubmit.asks().items())
    plan = await world.plan("brand.resubmit", **{**values, "representative_last_name": "Ossington"})
    steps = [[s.title, *map(str, s.call.params.values())] for s in plan.steps if isinstance(s, CallStep)]
    said = [m.model_dump(mode="json") for m in (*plan.differences, *plan.findings, *plan.watches)]
    shown = json.dumps([plan.title, steps, said], ensure_ascii=False)
    assert [piece for piece in IDENTIFYING if piece in shown] == []


# what happens


async def test_an_end_user_is_written_whole_and_its_bundle_goes_to_review_before_the_brand(world: World) -> None:
    plan = await world.plan("brand.resubmit", **NEW_NAME)
    assert ids(plan) == ["business", "address", "profile_evaluation", "profile_submission", "brand"]
    assert codes(plan, "block") == set()
    answers = await world.carry_out(plan)
    held = answers["business"]["attributes"]
    assert held["business_name"] == "Quillfeather Bakery Inc"
    assert held["business_industry"] == "RETAIL"
    assert held["website_url"] == "https://acme.example"
    assert answers["address"]["customer_name"] == "Quillfeather Bakery Inc"
    assert answers["profile_submission"]["status"] == "pending-review"
    assert answers["brand"]["status"] == "PENDING"
    [brand] = [b for b in world.twilio.brands if b["sid"] == FAILED]
    assert brand["errors"] == []


async def test_only_what_changes_goes_to_review(world: World) -> None:
    values = await rejected(world, 30796)
    listed = await world.plan("brand.resubmit", **values, **LISTED)
    assert ids(listed) == ["messaging", "product_evaluation", "product_submission", "brand"]
    moved = await world.plan("brand.resubmit", **values, address_street="12 Larch Row")
    assert ids(moved) == ["address", "profile_evaluation", "profile_submission", "brand"]


async def test_a_bundle_that_is_under_review_already_is_not_submitted_twice(world: World) -> None:
    values = await rejected(world, 30795)
    brand = next(b for b in world.twilio.brands if b["sid"] == values["brand_sid"])
    world.twilio.desk.brands.bundle(brand["customer_profile_bundle_sid"], "pending-review")
    plan = await world.plan("brand.resubmit", **values, business_name="Quillfeather Bakeries Inc")
    assert ids(plan) == ["business", "address", "profile_evaluation", "brand"]


async def test_a_company_that_is_private_after_all_loses_its_ticker(world: World) -> None:
    values = await rejected(world, 30796, **LISTED, brand_kind="standard")
    plan = await world.plan("brand.resubmit", **values, company_type="private")
    gone = {d.field: d.after for d in plan.differences}
    assert gone == {"Company type": "Private, for profit", "Stock exchange": None, "Stock ticker": None}
    answers = await world.carry_out(plan)
    assert set(answers["messaging"]["attributes"]) == {"company_type", "brand_contact_email"}


async def test_a_sole_proprietor_is_corrected_through_its_own_bundles(world: World) -> None:
    values = await rejected(world, 30750, **SOLE_PROPRIETOR)
    plan = await world.plan("brand.resubmit", **values, mobile_phone_number="+15037716299")
    assert ids(plan) == ["trade", "product_evaluation", "product_submission", "brand"]
    await world.carry_out(plan)
    world.twilio.desk.brands.confirm_passcode(values["brand_sid"])
    [brand] = [b for b in world.twilio.brands if b["sid"] == values["brand_sid"]]
    assert brand["status"] == "APPROVED"


async def test_a_lost_write_is_found_by_what_it_changed_and_can_be_written_back(world: World) -> None:
    plan = await world.plan("brand.resubmit", **NEW_NAME)
    step = plan.steps[0]
    assert isinstance(step, CallStep)
    assert step.adopt
    assert step.undo
    assert step.undo.adopt
    assert await world.adopted(step.adopt, {}) == []
    await world.account.send(step.call.resolved({}))
    assert len(await world.adopted(step.adopt, {})) == 1
    await world.account.send(step.undo.call.resolved({}))
    assert len(await world.adopted(step.undo.adopt, {})) == 1


async def test_a_lost_resubmission_has_happened_when_the_brand_has_left_failed(world: World) -> None:
    plan = await world.plan("brand.resubmit", **NEW_NAME)
    brand = plan.steps[-1]
    assert isinstance(brand, CallStep)
    assert brand.adopt
    assert brand.adopt.gone
    assert not brand.adopt.repeatable
    assert len(await world.adopted(brand.adopt, {})) == 1
    await world.carry_out(plan)
    assert await world.adopted(brand.adopt, {}) == []


async def test_the_fourth_correction_is_refused_with_what_to_do(world: World) -> None:
    for n in range(3):
        await world.carry_out(await world.plan("brand.resubmit", **MISMATCH, business_name=f"Acme {n}th Inc"))
        world.clock.now += 60
        world.twilio.desk.brands.fail(FAILED, [30795])
        world.clock.now += 60
    plan = await world.plan("brand.resubmit", **NEW_NAME)
    assert "three-free" in codes(plan, "note")
    with pytest.raises(Refused) as refused:
        await world.carry_out(plan)
    assert refused.value.code == 21724
    brand = plan.steps[-1]
    assert isinstance(brand, CallStep)
    assert "Support" in brand.advice[21724]


async def test_what_was_corrected_in_the_console_is_sent_as_it_stands(world: World) -> None:
    values = await rejected(world, 30795)
    correction = await world.plan("brand.resubmit", **values, business_name="Quillfeather Bakeries Inc")
    first = correction.steps[0]
    assert isinstance(first, CallStep)
    await world.account.send(first.call.resolved({}))
    plan = await world.plan("brand.resubmit", **values)
    assert "changed-elsewhere" in codes(plan, "note")
    assert ids(plan) == ["profile_evaluation", "profile_submission", "brand"]


async def test_plans_are_the_same_for_the_same_answers(world: World) -> None:
    first, second = [await world.plan("brand.resubmit", **NEW_NAME) for _ in range(2)]
    assert first.digest == second.digest
