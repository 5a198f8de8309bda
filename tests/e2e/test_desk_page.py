"""The carrier desk in a real browser: shares, numbers, phones and faults are decided there."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.sandbox.twilio import start_state
from tests.e2e import behind
from tests.e2e.behind import NUMBER, TCR
from tests.e2e.screen import ARTIFACTS, open_screen
from tests.e2e.world import World

pytestmark = pytest.mark.browser
PHONE = "+15035550101"


@pytest_asyncio.fixture
async def desk(empty_world: World) -> AsyncIterator[Page]:
    empty_world.slack.twilio_url = empty_world.twilio.url
    async with open_screen(empty_world.slack.url) as screen:
        await screen.page.goto(f"{empty_world.slack.url}/carrier")
        await expect(screen.page.get_by_test_id("desk-state")).to_contain_text("connected")
        yield screen.page


async def test_what_carriers_and_twilio_do_in_weeks_is_done_by_buttons(empty_world: World, desk: Page) -> None:
    world = empty_world
    await desk.get_by_test_id("tcr-id").fill(TCR)
    await desk.get_by_test_id("tcr-share").click()
    await desk.get_by_test_id(f"decline-{TCR}").click()
    await desk.get_by_test_id("words-field").fill("The website does not work.")
    await desk.get_by_test_id("words-confirm").click()
    await expect(desk.get_by_test_id(f"tcr-{TCR}")).to_contain_text("The website does not work.")
    await desk.get_by_test_id(f"tcr-{TCR}").get_by_role("button", name="Share again").click()
    await desk.get_by_test_id(f"accept-{TCR}").click()
    await expect(desk.get_by_test_id(f"tcr-{TCR}")).to_contain_text("ACCEPTED")
    await behind.association(world)
    await desk.get_by_test_id(f"verify-{behind.SERVICE}").click()
    await desk.get_by_test_id(f"register-{NUMBER}").click()
    await expect(desk.get_by_test_id(f"number-{NUMBER}")).to_contain_text("REGISTERED")
    await behind.message(world, PHONE)
    await expect(desk.get_by_test_id(f"phone-{PHONE}")).to_contain_text("delivered")
    await desk.get_by_test_id(f"stop-{PHONE}").click()
    await desk.get_by_text("30007").click()
    await desk.get_by_test_id("reject-confirm").click()
    await behind.message(world, PHONE)
    await expect(desk.get_by_test_id(f"phone-{PHONE}")).to_contain_text("undelivered")
    await desk.get_by_role("button", name="500 after effect").click()
    await desk.get_by_test_id("fault-add").click()
    await expect(desk.get_by_text("takes effect all the same")).to_be_visible()
    await desk.screenshot(path=ARTIFACTS / "carrier-desk-external.png", full_page=True)


async def test_what_only_console_sets_is_set_by_buttons(empty_world: World, desk: Page) -> None:
    service = start_state.SUPPORT_SERVICE
    await desk.get_by_test_id(f"console-autocreate-{service}").click()
    await expect(desk.get_by_test_id(f"console-defer-{service}")).to_be_visible()
    await desk.get_by_test_id(f"console-default-{service}").click()
    await expect(desk.get_by_text("default of Conversations", exact=True)).to_be_visible()
    assert empty_world.twilio.console.default_service == service
    await desk.screenshot(path=ARTIFACTS / "carrier-desk-console.png", full_page=True)
    await desk.get_by_test_id(f"console-defer-{service}").click()
    await expect(desk.get_by_test_id(f"console-autocreate-{service}")).to_be_visible()
