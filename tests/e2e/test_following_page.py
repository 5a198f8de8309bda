"""A newcomer's walk through the pages: a brand and a campaign on their way, from a rejection to *ready to send*."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.plans.call import Call, Param
from bot.sandbox.twilio.start_state import PENDING_BRAND, POOLED_NUMBER
from tests.e2e import behind
from tests.e2e.answers import CAMPAIGN
from tests.e2e.following import SERVICE, change, event_streams, reachable
from tests.e2e.screen import Screen, open_screen
from tests.e2e.world import ALERTS, RITA

pytestmark = pytest.mark.browser


async def test_the_desk_rejects_and_verifies_and_slack_shows_what_became_of_it(tmp_path: Path) -> None:
    async with reachable(tmp_path) as (world, settings), world.bot(**settings):
        world.slack.twilio_url = world.twilio.url
        params: dict[str, Param] = {
            "UseInboundWebhookOnNumber": "false",
            "InboundRequestUrl": "https://acme.example/in",
        }
        path = f"/v1/Services/{SERVICE}"
        await behind.send(world, Call(product="messaging", method="POST", path=path, params=params))
        await event_streams(world)
        await change(world, "/a2p-campaign", "register", *CAMPAIGN)
        async with open_screen(world.slack.url) as screen:
            desk = await screen.page.context.new_page()
            await desk.goto(f"{world.slack.url}/carrier")
            await screen.be(RITA, ALERTS)
            await _reject(desk, PENDING_BRAND, "30795")
            await screen.hears("was rejected: error 30795")
            await _reject(desk, SERVICE, "30896")
            await screen.hears("was rejected: error 30896")
            await _show_last(screen, "was rejected: error 30896")
            await screen.save("following-rejection")
            await desk.get_by_test_id(f"approve-{PENDING_BRAND}").click()
            await screen.hears("approved")
            await desk.get_by_test_id(f"verify-{SERVICE}").click()
            await desk.get_by_test_id(f"register-{POOLED_NUMBER}").click()
            await screen.hears("is ready to send")
            await screen.page.get_by_test_id("home-link").click()
            home = screen.page.get_by_test_id("home")
            await expect(home).to_contain_text("Campaign of “Acme support”")
            await expect(home).to_contain_text("eady to send")
            await screen.save("following-home")


async def _reject(desk: Page, sid: str, code: str) -> None:
    """What the people at the carriers do to a brand or the campaign of a service."""
    await desk.get_by_test_id(f"reject-{sid}").click()
    await desk.get_by_test_id("code-search").fill(code)
    await desk.get_by_test_id("reject-dialog").get_by_text(code).first.click()
    await desk.get_by_test_id("reject-confirm").click()


async def _show_last(screen: Screen, words: str) -> None:
    """Scroll to the last message with these words."""
    await screen.page.get_by_role("log").first.get_by_text(words).last.scroll_into_view_if_needed()
