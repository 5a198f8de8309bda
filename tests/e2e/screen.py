"""The sandbox's pages in headless Chromium, used the way a person uses them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Locator, Page, async_playwright, expect

from tests.needs import needs

ARTIFACTS = Path(os.environ.get("TENFOUR_ARTIFACTS", "artifacts"))
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 20_000.0


class Screen:
    """One browser window. `save` keeps a screenshot under `artifacts/`."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url

    async def be(self, user: str, channel: str) -> None:
        """Open a channel as somebody."""
        await self.page.goto(f"{self._url}/?as={user}&channel={channel}")
        await expect(self.page.get_by_test_id("bot-state")).to_contain_text("connected")

    async def type_command(self, text: str) -> None:
        """Type into the composer and send."""
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()
        await expect(self.modal).to_be_visible()

    @property
    def modal(self) -> Locator:
        """The modal on top."""
        return self.page.get_by_test_id("modal").last

    async def fill(self, field: str, text: str) -> None:
        """Type into a field of the modal."""
        await self.modal.locator(f'[data-block-id="{field}"] :is(input, textarea)').first.fill(text)

    async def choose(self, field: str, words: str) -> None:
        """Search a menu of the modal and take the first choice."""
        box = self.modal.locator(f'[data-block-id="{field}"] [role=combobox]')
        await box.click()
        await box.fill(words)
        await self.modal.get_by_role("option").filter(has_text=words).first.click()

    async def submit(self, then: str) -> None:
        """Press the modal's submit button and wait until it shows these words."""
        await self.page.get_by_test_id("modal-submit").last.click()
        await self.sees(then)

    async def sees(self, words: str) -> None:
        """Wait until the modal shows these words."""
        await expect(self.modal).to_contain_text(words)

    async def close(self) -> None:
        """Close the modal."""
        await self.page.get_by_test_id("modal-close").last.click()
        await expect(self.modal).to_be_hidden()

    async def press(self, action: str) -> None:
        """Press the newest button of this action, and confirm when asked."""
        await self.page.locator(f'[data-action-id="{action}"]').last.click()
        confirm = self.page.get_by_test_id("confirm-yes")
        if await confirm.count():
            await confirm.click()

    async def hears(self, words: str) -> None:
        """Wait until the channel shows these words."""
        await expect(self.page.get_by_role("log").first).to_contain_text(words)

    async def save(self, name: str) -> None:
        """Keep a picture."""
        await self.page.screenshot(path=ARTIFACTS / f"{name}.png")


@asynccontextmanager
async def open_screen(url: str) -> AsyncIterator[Screen]:
    """A window on a running sandbox. Skips where there is no Chromium, except in CI."""
    chromium = needs("chromium")
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(chromium), args=list(FLAGS))
        try:
            context = await browser.new_context(viewport={"width": 1280, "height": 900})
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            yield Screen(page, url)
        finally:
            await browser.close()
