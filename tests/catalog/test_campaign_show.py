"""`campaign.show`: where a campaign stands, why, what was submitted, and what comes next."""

import pytest

from bot.catalog.operation import CannotPlanError
from bot.catalog.report import Report
from bot.checks.guide import Guide
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.campaigns import Campaign
from tests.catalog.test_external import associated
from tests.catalog.world import CAMPAIGN, CONTENT, World

SERVICE = start_state.SUPPORT_SERVICE
HOPELESS = next(g.code for g in Guide.load() if g.resubmittable is False and g.kind == "campaign_vetting")


async def show(world: World) -> Report:
    return await world.look("campaign.show", service_sid=SERVICE)


def lines(report: Report, title: str) -> str:
    return "\n".join(line for s in report.sections if s.title.startswith(title) for line in s.lines)


async def test_a_service_without_a_campaign_is_told_how_to_register_one(world: World) -> None:
    with pytest.raises(CannotPlanError, match="/a2p-campaign register"):
        await show(world)


async def test_the_status_is_told_in_words_beside_twilios_own(world: World) -> None:
    await world.campaign()
    facts = dict((await show(world)).facts)
    assert facts["Status"] == "Under review (IN_PROGRESS)"
    assert facts["It is up to"] == "the carriers' vetting"
    assert "10 to 15 business days" in facts["Next"]
    assert facts["Use case"] == CAMPAIGN["use_case"]
    assert start_state.APPROVED_BRAND in facts["Brand"]
    assert "APPROVED" in facts["Brand"]
    assert {"Mock", "AT&T"} & facts.keys() == set()


async def test_a_status_that_nobody_knows_is_shown_as_it_is(world: World) -> None:
    await world.campaign()
    world.twilio.desk.status(SERVICE, "EATEN_BY_DOG")
    facts = dict((await show(world)).facts)
    assert "EATEN_BY_DOG" in facts["Status"]
    assert "Console" in facts["Next"]


async def test_a_rejection_is_told_with_code_field_meaning_fix_and_the_way_on(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [30896, 39999])
    report = await show(world)
    told = lines(report, "Error 30896: ")
    for part in ("Twilio says: ", "Field: How people opt in (", "Meaning: ", "Fix: ", "Resubmission: possible"):
        assert part in told
    assert "not in our guide yet" in lines(report, "Error 39999")
    assert "/a2p-campaign resubmit" in dict(report.facts)["Next"]
    assert ("Error 30896", "https://www.twilio.com/docs/api/errors/30896") in report.links


async def test_what_cannot_be_resubmitted_is_not_sent_to_be_resubmitted(world: World) -> None:
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [HOPELESS])
    then = dict((await show(world)).facts)["Next"]
    assert "no resubmission" in then
    assert "/a2p-campaign delete" in then


async def test_everything_that_was_submitted_is_shown_whole(world: World) -> None:
    long = (CONTENT["description"] + " ") * 15
    await world.campaign(description=long, opt_in_keywords="JOIN", opt_in_message="Acme: you joined. STOP to end it.")
    report = await show(world)
    assert lines(report, "Submitted: Description").replace("\n", " ") == long.strip()
    assert lines(report, "Submitted: How people opt in") == CONTENT["message_flow"]
    assert f"2: {CONTENT['sample_2']}" in lines(report, "Submitted: Sample messages")
    rest = lines(report, "Submitted: Everything else")
    for part in ("Privacy policy: https://acme.example/privacy", "Opt-in keywords: JOIN", "Age-gated content: No"):
        assert part in rest


async def test_a_verified_campaign_shows_what_carriers_grant_and_asks_for_a_test(world: World) -> None:
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    report = await show(world)
    facts = dict(report.facts)
    assert facts["Status"] == "Verified (VERIFIED)"
    assert "messages a second" in facts["AT&T"]
    assert "/a2p-message test" in facts["Next"]
    assert lines(report, "Numbers in its pool") == "+14155550110"


async def test_a_mock_is_marked_and_can_only_be_deleted(world: World) -> None:
    await world.campaign()
    world.rig(Campaign, SERVICE, mock=True)
    facts = dict((await show(world)).facts)
    assert "never send" in facts["Mock"]
    assert "/a2p-campaign delete" in facts["Next"]


async def test_what_is_wrong_with_its_brand_is_told(world: World) -> None:
    await world.campaign()
    world.rig(Brand, start_state.APPROVED_BRAND, identity_status="UNVERIFIED")
    assert "brand-unverified" in {f.code for f in (await show(world)).findings}


async def test_a_campaign_of_tcr_is_told_as_external_show_tells_it(world: World) -> None:
    await associated(world)
    world.twilio.desk.reject(SERVICE, [30909])
    assert await show(world) == await world.look("external.show", service_sid=SERVICE)
