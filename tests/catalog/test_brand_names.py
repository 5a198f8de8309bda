"""A brand carries no name; people see and are checked against the one that Trust Hub holds."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.catalog.choices import DESCRIPTION, LABEL, Choices
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.bundles import CustomerProfile
from bot.twilio import reads
from tests.catalog.world import CAMPAIGN, World, codes
from tests.e2e import answers

NAMES = {
    start_state.APPROVED_BRAND: "Acme Inc",
    start_state.LOW_VOLUME_BRAND: "Acme Local LLC",
    start_state.FAILED_BRAND: "Acme Failed Inc",
    start_state.PENDING_BRAND: "Acme Pending Inc",
}
UNNAMED = {"sample-without-brand", "description-without-brand"}


@pytest_asyncio.fixture
async def choices(world: World) -> AsyncIterator[Choices]:
    """Choices that wait as long as it takes."""
    opened = Choices(world.account, world.clock, wait=10)
    yield opened
    await opened.close()


# reading


async def test_every_brand_has_a_name_by_its_profile(world: World) -> None:
    names = await reads.brand_names(world.account)
    found = {b.sid: names[b.customer_profile_bundle_sid or ""] for b in await reads.brands(world.account)}
    assert found == NAMES


async def test_the_legal_name_of_every_brand_can_be_read(world: World) -> None:
    found = {b.sid: await reads.business_name(world.account, b) for b in await reads.brands(world.account)}
    assert found == NAMES


# choosing


async def test_brands_are_offered_by_name_with_those_that_are_approved_first(choices: Choices) -> None:
    options = await choices.find("brands", "", {})
    assert [(o.value, o.label) for o in options] == list(NAMES.items())
    assert all(len(o.label) <= LABEL and len(o.description) <= DESCRIPTION for o in options)


@pytest.mark.parametrize("query", ["local", start_state.LOW_VOLUME_BRAND, "bnc3c3", "acme BNc3"])
async def test_a_brand_is_found_by_its_name_and_by_its_sid(choices: Choices, query: str) -> None:
    options = await choices.find("brands", query, {})
    assert [o.value for o in options] == [start_state.LOW_VOLUME_BRAND]


async def test_two_brands_of_one_name_are_told_apart_by_their_sids(world: World, choices: Choices) -> None:
    low = await reads.brand(world.account, start_state.LOW_VOLUME_BRAND)
    assert low is not None
    world.rig(CustomerProfile, low.customer_profile_bundle_sid or "", friendly_name="Acme Inc")
    first, second = (await choices.find("brands", "Acme Inc", {}))[:2]
    assert [first.label, second.label] == ["Acme Inc", "Acme Inc"]
    assert {first.description.split(" · ")[0], second.description.split(" · ")[0]} == {"BNa1a1…a1a1", "BNc3c3…c3c3"}


async def test_brands_go_by_their_sid_where_trust_hub_may_not_be_read(world: World, choices: Choices) -> None:
    world.twilio.faults.add("GET /trusthub", status=403, times=9)
    options = await choices.find("brands", "", {})
    assert {o.label for o in options} == set(NAMES)
    assert options[0].description == "APPROVED, VERIFIED, standard"


# checking


async def test_texts_that_do_not_name_the_brand_are_told_in_its_preview(world: World) -> None:
    sample = "Your parcel was handed over at [time]. Thank you for your order!"
    plan = await world.plan("campaign.register", **(CAMPAIGN | {"sample_2": sample}))
    (finding,) = [f for f in plan.findings if f.code in UNNAMED]
    assert finding.field == "sample_2"
    assert "“A••• I•••”" in finding.text


async def test_texts_are_held_against_the_name_of_the_brand_that_was_chosen(world: World) -> None:
    low = {"brand_sid": start_state.LOW_VOLUME_BRAND, "use_case": "LOW_VOLUME"}
    plan = await world.plan("campaign.register", **(CAMPAIGN | low))
    assert codes(plan, "warn") == UNNAMED
    assert codes(plan, "block") == set()


async def test_a_resubmission_is_held_against_the_name_too(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(start_state.SUPPORT_SERVICE, [30896])
    texts = {name: value for name, value in CAMPAIGN.items() if name not in ("brand_sid", "use_case")}
    sample = "Your parcel was handed over at [time]. Thank you for your order!"
    plan = await world.plan("campaign.resubmit", **(texts | {"sample_2": sample}))
    assert "sample-without-brand" in codes(plan, "warn")


async def test_a_name_that_may_not_be_read_is_not_held_against_the_texts(world: World) -> None:
    world.twilio.faults.add("GET /trusthub", status=403, times=9)
    low = {"brand_sid": start_state.LOW_VOLUME_BRAND, "use_case": "LOW_VOLUME"}
    plan = await world.plan("campaign.register", **(CAMPAIGN | low))
    assert codes(plan, "warn") == set()
    [brand] = [d.after for d in plan.differences if d.field == "Brand"]
    assert brand == start_state.LOW_VOLUME_BRAND, "it goes by its SID then, said once"


async def test_the_texts_of_the_whole_journey_have_nothing_to_be_told(world: World) -> None:
    pages = {name: value for page in answers.CAMPAIGN for name, value in page.items()}
    plan = await world.plan("campaign.register", **pages)
    assert plan.findings == ()
