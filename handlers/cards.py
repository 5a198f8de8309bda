"""Draws changes and registrations into channels: the `Notifier` of the engine.

Redis is the truth and a message only its picture, so drawing the same thing twice is harmless, and what was not drawn
because of a crash is drawn by the next sweep.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.changes.change import Change
from bot.changes.store import ChangeStore
from bot.checks.guide import Guide
from bot.redis.keys import Keys
from bot.tracking.registration import registration_parts
from bot.tracking.store import RegistrationStore
from handlers.background import Background
from handlers.blocks.change import change_card, told
from handlers.blocks.kit import channel, escape, message, section
from handlers.blocks.registration import registration_card, verdict
from handlers.posts import Posts

DRAWING_SECONDS = 15
"""How long a process that died while drawing keeps others from it."""
LEAST_BETWEEN_SECONDS = 1.2
"""chat.update allows about 50 a minute over all messages (slack.md 5); a run shows its steps within that."""

log = structlog.get_logger()


class Cards:
    """Keeps every card like the truth. `homes` redraws the App Homes of the people concerned."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        changes: ChangeStore,
        registrations: RegistrationStore,
        posts: Posts,
        guide: Guide,
        background: Background,
        approvals_channel: str,
        alerts_channel: str,
        homes: Callable[[set[str]], Coroutine[Any, Any, None]],
        pause: float = LEAST_BETWEEN_SECONDS,
    ) -> None:
        self._redis, self._keys, self._changes, self._registrations = redis, keys, changes, registrations
        self._posts, self._guide, self._background, self._pause = posts, guide, background, pause
        self._approvals, self._alerts, self._homes = approvals_channel, alerts_channel, homes
        self._me, self._at_work = secrets.token_hex(8), set[str]()

    async def change_moved(self, number: int) -> None:
        """Draw a change soon."""
        self._background.start(self.draw_change(number), f"draw #{number}")

    async def registration_moved(self, registration: str) -> None:
        """Announce what a registration has to tell, soon."""
        self._background.start(self.draw_registration(registration), f"draw {registration}")

    async def draw_change(self, number: int) -> None:
        """Redraw the card until it shows the truth, and tell the requester what they must know."""
        drawn = True
        while drawn:
            drawn = await self._draw_change_once(number)
            await asyncio.sleep(self._pause if drawn else 0)

    async def _draw_change_once(self, number: int) -> bool:
        """Draw a change as it stands; False when there is nothing to draw, or another process is at it."""
        book = self._keys.change(number, "posts")
        async with self._drawing(self._keys.change(number, "drawing")) as ours:
            change = await self._changes.load(number) if ours else None
            if change is None or await self._redis.hget(book, "drawn") == str(change.version):
                return False
            await self._put_card(book, change)
            if note := told(change):
                slot = f"told:{change.state}:{change.entries}:{change.plan.digest[:8]}"
                await self._posts.once(book, slot, change.requester, note)
            if change.settled:
                await self._changes.close(number)
            await self._redis.hset(book, "drawn", str(change.version))
            self._background.start(self._homes({change.requester}), "homes")
            return True
        return False  # Slack refused; the next sweep tries again

    async def _put_card(self, book: str, change: Change) -> None:
        try:
            await self._posts.put(book, "card", self._approvals, change_card(change))
        except SlackApiError as error:
            why = str(error.response.get("error"))
            text = (
                f"I cannot show #{change.number} in {channel(self._approvals)}: Slack says `{escape(why)}`. "
                "Nobody can approve it there until I am invited: type `/invite @Tenfour` in that channel."
            )
            await self._posts.once(book, f"trouble:{why}", change.requester, message(text, [section(text)]))
            raise

    async def draw_registration(self, registration_id: str) -> None:
        """Redraw the thread's card in every channel that hears, and post what was not announced yet, in order."""
        parts = registration_parts(registration_id)
        book = self._keys.registration(*parts, "posts")
        async with self._drawing(self._keys.registration(*parts, "drawing")) as ours:
            registration = await self._registrations.load(registration_id) if ours else None
            if registration is None:
                return
            waiting = await self._registrations.announcements(registration_id)
            log_of_it = await self._registrations.transitions(registration_id)
            card = registration_card(registration, log_of_it, self._guide)
            hearers = {self._alerts, *await self._registrations.channels(), *(a.channel for a in waiting)}
            roots = {c: await self._posts.put(book, f"root:{c}", c, card) for c in sorted(hearers)}
            for row in waiting:
                message = verdict(registration, row.transition, self._guide)
                loud = row.transition.severity != "info"  # verdicts are for the channel, the rest for the thread
                await self._posts.once(book, row.id, row.channel, message, thread_ts=roots[row.channel], broadcast=loud)
                await self._registrations.told(registration_id, row)
            await self._registrations.all_told(registration_id)
            if registration.owner:
                self._background.start(self._homes({registration.owner}), "homes")

    @asynccontextmanager
    async def _drawing(self, key: str) -> AsyncIterator[bool]:
        """The right to draw one thing; False when somebody is at it. A refusal by Slack is logged, not lost."""
        if key in self._at_work:
            yield False
            return
        self._at_work.add(key)
        ours = False
        try:
            ours = bool(await self._redis.set(key, self._me, nx=True, ex=DRAWING_SECONDS))
            # a lease of this process that it does not know of is left from a call whose answer Redis never gave
            ours = ours or await self._redis.get(key) == self._me
            yield ours
        except SlackApiError as error:
            log.error("slack_refused", what=key, why=error.response.get("error"), detail=str(error.response.data)[:500])
        finally:
            self._at_work.discard(key)
            if ours:
                await self._redis.delete(key)
