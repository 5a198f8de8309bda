"""`brand.register`: the whole Trust Hub sequence, and what is said before it."""

import json
from typing import Any

import pytest

from bot.catalog.brands.bundles import BrandBundles, CustomerProfileBundle, TrustProductBundle
from bot.catalog.brands.forms import BrandRegister
from bot.catalog.form import mistakes
from bot.catalog.operation import CannotPlanError
from bot.checks import evaluation
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import policies, start_bundles, start_west
from bot.sandbox.twilio.accounts import Account
from bot.sandbox.twilio.bundles import CustomerProfile
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account as TwilioAccount
from tests.catalog.brand_answers import (
    ADDRESS,
    BRAND,
    BUSINESS,
    IDENTIFYING,
    KIND,
    LISTED,
    PERSON,
    SECOND,
    SOLE_PROPRIETOR,
)
from tests.catalog.world import World, codes

LISTED_BRAND = {**BRAND, **LISTED, **SECOND, "brand_kind": "standard"}


def step(plan: Plan, step_id: str) -> CallStep:
    found = next(s for s in plan.steps if s.id == step_id)
    assert isinstance(found, CallStep)
    return found


def swapped() -> BrandBundles:
    profile: Any = CustomerProfileBundle("BU" + "1" * 32)
    product: Any = TrustProductBundle("BU" + "2" * 32)
    return BrandBundles(profile=product, product=profile)


# what must not happen


def test_the_two_bundles_of_a_brand_cannot_be_swapped() -> None:
    with pytest.raises(TypeError, match="customer profile first"):
        swapped()


@pytest.mark.parametrize("values", [BRAND, LISTED_BRAND, SOLE_PROPRIETOR], ids=lambda v: v["brand_kind"])
async def test_nothing_that_identifies_anybody_is_shown(world: World, values: dict[str, Any]) -> None:
    plan = await world.plan("brand.register", **values)
    steps = [{"title": s.title, "params": {n: str(v) for n, v in s.call.params.items()}} for s in plan.steps]  # type: ignore[union-attr]
    said = [m.model_dump(mode="json") for m in (*plan.differences, *plan.findings, *plan.watches)]
    shown = json.dumps([plan.title, steps, said], ensure_ascii=False)
    assert [piece for piece in IDENTIFYING if piece in shown] == []
    assert "W•••" in shown


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"business_registration_number": "123-45-6789"}, "business_registration_number"),
        ({"business_registration_number": "12-34567"}, "business_registration_number"),
        ({"address_region": "Oregon"}, "address_region"),
        ({"address_postal_code": "9720"}, "address_postal_code"),
        ({"representative_email": "wilhelmina@"}, "representative_email"),
        ({"representative_phone": "771-6294"}, "representative_phone"),
        ({"business_industry": "BAKERY"}, "business_industry"),
        ({"company_type": "public"}, "stock_ticker"),
        ({"second_representative": True}, "second_first_name"),
    ],
)
def test_what_twilio_would_refuse_is_refused_on_its_field_without_repeating_it(
    values: dict[str, Any], field: str
) -> None:
    found = mistakes(BrandRegister, {**BRAND, **values})
    assert field in {m.field for m in found}
    secrets = [v for n, v in values.items() if BrandRegister.asks()[n].sensitive]
    assert not any(secret in m.text for m in found for secret in secrets)


async def test_a_brand_without_any_primary_profile_is_explained(world: World) -> None:
    world.twilio._ledger.table(CustomerProfile).remove(start_bundles.PRIMARY_PROFILE)
    with pytest.raises(CannotPlanError, match="Console") as caught:
        await world.plan("brand.register", **BRAND)
    assert caught.value.field == "primary_profile_sid"


async def test_a_profile_that_is_no_primary_one_is_refused(world: World) -> None:
    with pytest.raises(CannotPlanError, match="no primary customer profile"):
        await world.plan("brand.register", **BRAND, primary_profile_sid="BU" + "a1c0" * 8)


async def test_a_primary_profile_that_is_not_approved_blocks(world: World) -> None:
    world.rig(CustomerProfile, start_bundles.PRIMARY_PROFILE, status="in-review")
    assert "primary-not-approved" in codes(await world.plan("brand.register", **BRAND), "block")


async def test_a_trial_account_blocks(world: World) -> None:
    world.rig(Account, world.account.sid, type="Trial")
    assert "trial-account" in codes(await world.plan("brand.register", **BRAND), "block")


async def test_a_policy_that_twilio_dropped_blocks_in_words(world: World) -> None:
    world.twilio.desk.brands.withdraw_policy(policies.A2P)
    plan = await world.plan("brand.register", **BRAND)
    [found] = [f for f in plan.findings if f.code == "policy-gone"]
    assert found.severity == "block"
    assert policies.A2P in found.text


async def test_a_twilio_number_cannot_receive_the_passcode(world: World) -> None:
    plan = await world.plan("brand.register", **{**SOLE_PROPRIETOR, "mobile_phone_number": "+15125550120"})
    assert "mobile-is-ours" in codes(plan, "block")


async def test_a_mobile_that_stands_in_three_brands_is_not_taken_for_a_fourth(world: World) -> None:
    for n in range(3):
        await world.carry_out(await world.plan("brand.register", token=f"tf-aaaaaaaaa{n}", **SOLE_PROPRIETOR))
    plan = await world.plan("brand.register", token="tf-aaaaaaaaa3", **SOLE_PROPRIETOR)
    [found] = [f for f in plan.findings if f.code == "reused-too-often"]
    assert (found.severity, found.field, found.prevents) == ("block", "mobile_phone_number", (30750,))


async def west(world: World, *, parent: bool) -> World:
    """The same world, seen from the subaccount; with or without credentials of its parent."""
    opened = start_west.CREDENTIALS
    template = world.twilio.url + "/{product}"
    above = world.account if parent else None
    account = TwilioAccount(opened.account_sid, opened.account_sid, opened.auth_token, template, parent=above)
    return World(world.twilio, account, world.clock)


async def test_a_subaccount_registers_on_the_primary_profile_of_its_parent(world: World) -> None:
    below = await west(world, parent=True)
    try:
        plan = await below.plan("brand.register", **BRAND)
        assert codes(plan, "block") == set()
        await below.carry_out(plan)
    finally:
        await below.account.close()
    [brand] = world.twilio.account(below.account.sid).created("brand")
    assert (brand["status"], brand["errors"]) == ("PENDING", [])
    assert world.twilio.created("brand") == []


async def test_a_subaccount_whose_parent_cannot_be_seen_is_told_to_look_there(world: World) -> None:
    below = await west(world, parent=False)
    try:
        with pytest.raises(CannotPlanError, match="no credentials of its main account"):
            await below.plan("brand.register", **BRAND)
        plan = await below.plan("brand.register", **BRAND, primary_profile_sid=start_bundles.PRIMARY_PROFILE)
    finally:
        await below.account.close()
    assert "primary-unseen" in codes(plan, "warn")


# what happens


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (BRAND, {"brand_type": "STANDARD", "skip_automatic_sec_vet": True, "mock": False, "status": "PENDING"}),
        (LISTED_BRAND, {"brand_type": "STANDARD", "skip_automatic_sec_vet": False, "status": "PENDING"}),
        (SOLE_PROPRIETOR, {"brand_type": "SOLE_PROPRIETOR", "skip_automatic_sec_vet": False, "status": "PENDING"}),
        ({**BRAND, "mock_brand": True}, {"mock": True}),
    ],
    ids=["low_volume", "standard", "sole_proprietor", "mock"],
)
async def test_every_kind_of_brand_is_registered(world: World, values: dict[str, Any], fields: dict[str, Any]) -> None:
    plan = await world.plan("brand.register", **values)
    assert codes(plan, "block") == set()
    answers = await world.carry_out(plan)
    [brand] = world.twilio.created("brand")
    assert {name: brand[name] for name in fields} == fields
    assert brand["customer_profile_bundle_sid"] == answers["profile"]["sid"]
    assert brand["a2p_profile_bundle_sid"] == answers["product"]["sid"]
    assert brand["errors"] == []
    assert [w.kind for w in plan.watches] == ["bundle", "bundle", "brand"]
    assert {w.step for w in plan.watches} <= {s.id for s in plan.steps}


async def test_an_evaluation_stands_before_each_submission_and_must_be_compliant(world: World) -> None:
    plan = await world.plan("brand.register", **BRAND)
    ids = [s.id for s in plan.steps]
    for name in ("profile", "product"):
        assert ids.index(f"{name}_evaluation") < ids.index(f"{name}_submission") < ids.index("brand")
        assert step(plan, f"{name}_evaluation").expect == {"status": "compliant"}


async def test_a_noncompliant_bundle_is_explained_in_the_words_of_the_form_and_goes_no_further(world: World) -> None:
    plan = await world.plan("brand.register", **BRAND)
    results: dict[str, dict[str, Any]] = {}
    for each in plan.steps:
        assert isinstance(each, CallStep)
        call = each.call.resolved(results)
        if each.id == "representative":
            attributes = json.loads(str(call.params["Attributes"])) | {"job_position": "", "email": ""}
            call = call.model_copy(update={"params": {**call.params, "Attributes": json.dumps(attributes)}})
        results[each.id] = await world.account.send(call)
        if each.id == "profile_evaluation":
            break
    assert step(plan, "profile_evaluation").unmet(results["profile_evaluation"]) == {"status": "noncompliant"}
    words = evaluation.in_words(results["profile_evaluation"])
    assert [w.partition(":")[0] for w in words] == [
        "Authorized Representative 1, “E-mail”",
        "Authorized Representative 1, “Position”",
    ]
    with pytest.raises(Refused) as refused:
        await world.account.send(step(plan, "profile_submission").call.resolved(results))
    assert refused.value.code == 22215


async def test_each_thing_that_was_made_is_found_again_when_its_answer_is_lost(world: World) -> None:
    plan = await world.plan("brand.register", **BRAND)
    answers = await world.carry_out(plan)
    found = {}
    for each in plan.steps:
        assert isinstance(each, CallStep)
        assert each.adopt is not None
        if not each.adopt.gone and "evaluation" not in each.id:
            [item] = await world.adopted(each.adopt, answers)
            found[each.id] = item["sid"]
    assert found == {name: answers[name]["sid"] for name in found}
    assert {"profile", "business", "address", "document", "profile_primary", "product", "brand"} <= set(found)


async def test_a_submission_counts_as_done_once_the_bundle_is_no_draft_any_more(world: World) -> None:
    plan = await world.plan("brand.register", **BRAND)
    submission = step(plan, "profile_submission").adopt
    assert submission is not None
    assert submission.gone
    answers = await world.carry_out(plan)
    assert await world.adopted(submission, answers) == []


async def test_a_lost_brand_is_never_bought_twice(world: World) -> None:
    brand = step(await world.plan("brand.register", **BRAND), "brand")
    assert brand.adopt is not None
    assert not brand.adopt.repeatable
    assert brand.lane == "registration"


async def test_drafts_can_be_taken_back_in_the_opposite_order(world: World) -> None:
    plan = await world.plan("brand.register", **BRAND)
    drafted = plan.model_copy(update={"steps": plan.steps[: [s.id for s in plan.steps].index("profile_evaluation")]})
    answers = await world.carry_out(drafted)
    for each in reversed(drafted.steps):
        assert isinstance(each, CallStep)
        assert each.undo is not None
        await world.account.send(each.undo.call.resolved(answers))
    left = await world.account.pages(step(plan, "profile").adopt.read, "results")  # type: ignore[union-attr]
    assert left == []


async def test_a_mock_brand_costs_nothing_and_stops_the_run_if_twilio_made_a_real_one(world: World) -> None:
    plan = await world.plan("brand.register", **{**BRAND, "mock_brand": True})
    assert plan.costs == ()
    assert "mock-brand" in codes(plan, "warn")
    assert step(plan, "brand").unmet({"mock": False}) == {"mock": "false"}


@pytest.mark.parametrize(
    ("kind", "values", "price"),
    [("low_volume", BRAND, "4.50"), ("standard", LISTED_BRAND, "46.00"), ("sole_proprietor", SOLE_PROPRIETOR, "4.50")],
)
async def test_the_price_is_that_of_the_kind(world: World, kind: str, values: dict[str, Any], price: str) -> None:
    [cost] = (await world.plan("brand.register", **{**values, "brand_kind": kind})).costs
    assert f"{cost.usd:.2f}" == price


async def test_an_attribute_that_twilio_asks_for_and_the_form_lacks_is_said_before_any_call(world: World) -> None:
    users = {"customer_profile_business_information": {"business_name": "x"}}
    requirements = {
        "end_user": [
            {"type": "customer_profile_business_information", "name": "Business", "fields": ["business_name", "lei"]},
            {"type": "authorized_representative_1", "name": "Representative", "fields": []},
            {"type": "authorized_representative_2", "name": "Another", "fields": []},
        ],
        "supporting_document": [[{"name": "Proof", "accepted_documents": [{"type": "proof"}]}]],
        "supporting_customer_profiles": [{"type": "primary", "requirement_name": "primary"}],
    }
    found = evaluation.lacking(requirements, users, (), 0)
    assert [f.prevents for f in found] == [(22215,), (22214,), (22216,), (22216,)]
    assert "lei" in found[0].text


def test_evaluations_speak_in_the_words_of_the_form() -> None:
    labels = {name: ask.label for name, ask in BrandRegister.asks().items()}
    assert {n: w for n, w in evaluation.WORDS.items() if n in labels} == {
        n: labels[n] for n in evaluation.WORDS if n in labels
    }
    assert set(BUSINESS) | {"brand_name", "vertical", "mobile_phone_number"} <= set(evaluation.WORDS)


def test_no_page_of_the_form_is_empty_for_any_kind() -> None:
    for kind in ("standard", "low_volume", "sole_proprietor"):
        assert BrandRegister.open_pages({"brand_kind": kind}) == [1, 2, 3, 4]


def test_the_answers_are_those_of_the_form() -> None:
    assert set(KIND) | set(BUSINESS) | set(PERSON) | set(ADDRESS) <= set(BrandRegister.asks())
