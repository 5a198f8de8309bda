"""The README's five minutes, in a real browser. Screenshots land in `artifacts/`."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.sandbox.twilio import start_state
from tests.e2e.answers import CAMPAIGN_SAMPLES, CAMPAIGN_TEXTS
from tests.e2e.screen import Screen, open_screen
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, RITA, World

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest_asyncio.fixture
async def screen(world: World) -> AsyncIterator[Screen]:
    world.slack.twilio_url = world.twilio.url
    async with open_screen(world.slack.url) as screen:
        yield screen


async def test_a_newcomer_makes_a_service_and_a_colleague_approves_it(screen: Screen) -> None:
    await screen.be(RITA, A2P)
    await screen.type_command("/a2p-service create")
    await screen.fill("friendly_name", "Acme alerts")
    await screen.save("form")
    await screen.submit("Step 2 of 2")
    await screen.submit("Exactly what is done")
    await screen.save("preview")
    await screen.submit("waits for approval")
    await screen.close()
    await screen.be(ANN, APPROVALS)
    await screen.hears("Waiting for approval")
    await screen.save("approval-card")
    await screen.press("change.approve")
    await screen.hears("At Twilio")
    await screen.save("done")
    await screen.page.get_by_test_id("home-link").click()
    await expect(screen.page.get_by_test_id("home")).to_contain_text("/a2p")
    await screen.save("home")


async def test_a_campaign_is_rejected_fixed_and_verified_through_the_pages(screen: Screen) -> None:
    await _register_campaign(screen)
    desk = await screen.page.context.new_page()
    await desk.goto(f"{screen.page.url.partition('/?')[0]}/carrier")
    service = desk.get_by_test_id(f"service-{start_state.SUPPORT_SERVICE}")
    await service.get_by_role("button", name="Reject").click()
    await desk.get_by_test_id("code-search").fill("30896")
    await desk.get_by_test_id("reject-dialog").get_by_text("30896").first.click()
    await desk.get_by_test_id("reject-confirm").click()
    await screen.be(RITA, ALERTS)
    await screen.hears("30896")
    await screen.save("rejection")
    await screen.press("registration.resubmit")
    await screen.sees("Step 2 of 3")
    await screen.fill("message_flow", CAMPAIGN_TEXTS["message_flow"] + " The same box is on our paper order form.")
    await screen.submit("Step 3 of 3")
    await screen.submit("Exactly what is done")
    await screen.save("resubmission-preview")
    await screen.submit("waits for approval")
    await screen.close()
    await _approve(screen)
    await service.get_by_role("button", name="Verify").click()
    await screen.be(RITA, ALERTS)
    await screen.hears("30034")
    await screen.save("verified")
    await desk.screenshot(path="artifacts/carrier-desk.png")


async def _register_campaign(screen: Screen) -> None:
    await screen.be(RITA, A2P)
    await screen.type_command("/a2p-campaign register")
    await screen.choose("service_sid", "Acme support")
    await screen.choose("brand_sid", "Acme Inc")
    await screen.choose("use_case", "Delivery")
    await screen.submit("Step 2 of 4")
    for field, text in CAMPAIGN_TEXTS.items():
        await screen.fill(field, text)
    await screen.submit("Step 3 of 4")
    for field, text in CAMPAIGN_SAMPLES.items():
        await screen.fill(field, text)
    await screen.submit("Step 4 of 4")
    await screen.submit("Exactly what is done")
    await screen.save("campaign-preview")
    await screen.submit("waits for approval")
    await screen.close()
    await _approve(screen)


async def _approve(screen: Screen) -> None:
    await screen.be(ANN, APPROVALS)
    await screen.press("change.approve")
    await screen.hears("2 steps done")
