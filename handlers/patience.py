"""What takes long says so: nobody has to guess whether a window or a command is still being worked on."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from bot.catalog.operation import Entry
from bot.changes.drafts import Draft
from handlers.blocks.help import refusal
from handlers.delivery import Delivery, Payload
from handlers.desk import SLACK_FAILURES, Desk
from handlers.drafting import working

STILL = "Still reading Twilio, which is slow to answer. What comes of it appears here by itself; nothing is lost."

Outcome = TypeVar("Outcome")


async def answered(desk: Desk, delivery: Delivery, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Work that ends with a message under a command or click; the person hears when it takes long."""

    async def still() -> None:
        if delivery.response_url:  # on App Home there is nothing to write under
            await desk.answer(delivery, refusal(STILL))

    await patiently(work(), desk.tempo.slow, still)


async def viewed(desk: Desk, entry: Entry, draft: Draft, view_id: str, work: Coroutine[Any, Any, Payload]) -> Payload:
    """Work for which a window waits, as the view that comes next; the window says when it takes long."""
    still = working(entry, draft, STILL)
    return await patiently(work, desk.tempo.slow, lambda: desk.client.views_update(view_id=view_id, view=still))


async def patiently(work: Coroutine[Any, Any, Outcome], slow: float, still: Callable[[], Awaitable[object]]) -> Outcome:
    """The outcome of `work`; `still` is called, and waited for, when there is none after `slow` seconds."""
    working = asyncio.create_task(work)
    try:
        await asyncio.wait({working}, timeout=slow)
        if not working.done():
            # waited for, so that it never comes after the outcome; a window may be closed, and Slack may be slow too
            with suppress(*SLACK_FAILURES):
                await still()
        return await working
    finally:
        working.cancel()
