"""Keeps the card at the head of every registration's thread like the truth, and has channels told what is new."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.registration import Registration, registration_parts
from bot.tracking.store import RegistrationStore
from handlers.background import Background
from handlers.blocks.following.registration import Shown, registration_card
from handlers.cards import Homes
from handlers.following.channels import DRAWN, Channels
from handlers.following.showing import Showing
from handlers.following.waiting import ROOT, book_of
from handlers.posts import CHANNEL_CLOSED, Posts, passing, why

AT_ONCE = 8
"""Registrations that are drawn at the same time."""
REST_SECONDS = 20.0
"""How long no card is drawn after Slack has asked for patience, or has given no answer."""

log = structlog.get_logger()


class Threads:
    """Draws registrations. `homes` redraws the App Homes of the people concerned; `channels` tells what is new."""

    def __init__(
        self,
        keys: Keys,
        registrations: RegistrationStore,
        posts: Posts,
        showing: Showing,
        channels: Channels,
        background: Background,
        leases: Leases,
        homes: Homes,
        clock: Callable[[], float],
    ) -> None:
        self._keys, self._registrations, self._posts, self._showing = keys, registrations, posts, showing
        self._channels, self._background, self._leases = channels, background, leases
        self._homes, self._clock = homes, clock
        self._moved: set[str] = set()
        self._drawing: set[str] = set()
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._rests_until = 0.0

    async def registration_moved(self, registration: str) -> None:
        """Redraw a registration's cards soon, and have told what it has to tell."""
        self._moved.add(registration)
        if registration not in self._drawing:
            self._drawing.add(registration)
            self._background.start(self._keep_drawing(registration), f"draw {registration}")

    async def _keep_drawing(self, registration: str) -> None:
        try:
            while registration in self._moved:
                async with self._hands:
                    self._moved.discard(registration)
                    await self._draw(registration)
        finally:
            self._drawing.discard(registration)

    async def _draw(self, registration_id: str) -> None:
        """Redraw the cards that stand, silently; posting is the channels' own work, each in its order."""
        async with self._leases.held(self._keys.registration(*registration_parts(registration_id), "drawing")) as ours:
            registration = await self._registrations.load(registration_id) if ours else None
            if registration is None:
                return
            book = book_of(self._keys, registration_id)
            # what waits for a Slack that refuses it comes up again and again: its cards need not
            moved = await self._posts.noted(book, DRAWN) != str(registration.version)
            drawn = not moved or (self._clock() >= self._rests_until and await self._redraw(registration))
            for channel in sorted(await self._channels.waiting(registration)):
                self._channels.tell(channel)
            if drawn:
                await self._channels.settle(registration, registration.version)
        if moved and registration.owner:
            self._background.start(self._homes({registration.owner}), "homes")

    async def _redraw(self, registration: Registration) -> bool:
        """Whether every card shows this registration now."""
        book, all_drawn = book_of(self._keys, registration.id), True
        roots = [slot for slot in sorted(await self._posts.slots(book)) if slot.startswith(ROOT)]
        if roots:
            shown = await self._showing.of(registration)
            for slot in roots:
                all_drawn &= await self._redraw_in(replace(shown, channel=slot.removeprefix(ROOT)))
        if all_drawn:
            await self._posts.note(book, DRAWN, str(registration.version))
        return all_drawn

    async def _redraw_in(self, shown: Shown) -> bool:
        """Redraw one card; False when Slack has given no clear answer, so that it is to be drawn again."""
        registration, channel = shown.registration, shown.channel
        book = book_of(self._keys, registration.id)
        try:
            await self._posts.redraw(book, ROOT + channel, registration_card(shown))
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            word = why(error) if isinstance(error, SlackApiError) else type(error).__name__
            log.error("card_not_drawn", registration=registration.id, channel=channel, why=word)
            if passing(error):
                self._rests_until = self._clock() + REST_SECONDS
                return False
            if word in CHANNEL_CLOSED and channel != self._channels.alerts_channel:
                await self._posts.forget(book, ROOT + channel)
        return True
