"""Draws registrations into channels: a thread for each, its card, and what happened to it."""

import structlog
from slack_sdk.errors import SlackApiError

from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.registration import Announcement, Registration, registration_parts
from bot.tracking.store import RegistrationStore
from handlers.background import Background
from handlers.blocks.help import channel_closed
from handlers.blocks.registration import registration_card, verdict
from handlers.cards import Homes
from handlers.posts import CHANNEL_CLOSED, Posts, why
from handlers.showing import Showing

log = structlog.get_logger()


class Threads:
    """Keeps every thread like the truth. `homes` redraws the App Homes of the people concerned."""

    def __init__(
        self,
        keys: Keys,
        registrations: RegistrationStore,
        posts: Posts,
        showing: Showing,
        background: Background,
        leases: Leases,
        alerts_channel: str,
        homes: Homes,
    ) -> None:
        self._keys, self._registrations, self._posts, self._showing = keys, registrations, posts, showing
        self._background, self._leases, self._alerts, self._homes = background, leases, alerts_channel, homes

    async def registration_moved(self, registration: str) -> None:
        """Announce what a registration has to tell, soon."""
        self._background.start(self._draw(registration), f"draw {registration}")

    async def _draw(self, registration_id: str) -> None:
        """Redraw the thread's card in every channel that hears, and post what was not announced yet, in order."""
        parts = registration_parts(registration_id)
        async with self._leases.held(self._keys.registration(*parts, "drawing")) as ours:
            registration = await self._registrations.load(registration_id) if ours else None
            if registration is None:
                return
            waiting = await self._registrations.announcements(registration_id)
            hearers = {self._alerts, *await self._registrations.subscriptions(), *(a.channel for a in waiting)}
            for channel in sorted(hearers):
                await self._announce(registration, channel, [a for a in waiting if a.channel == channel])
            await self._registrations.all_told(registration_id, registration.version)
            if registration.owner:
                self._background.start(self._homes({registration.owner}), "homes")

    async def _announce(self, registration: Registration, channel: str, waiting: list[Announcement]) -> None:
        """Draw the thread in one channel; one that is closed to us must not keep the others from hearing."""
        book = self._keys.registration(*registration_parts(registration.id), "posts")
        shown = await self._showing.of(registration, channel)
        card = registration_card(shown)
        try:
            root = await self._posts.put(book, f"root:{channel}", channel, card)
            for row in waiting:
                message = verdict(shown, row.transition)
                loud = row.transition.severity != "info"  # verdicts are for the channel, the rest for the thread
                await self._posts.once(book, row.id, channel, message, thread_ts=root, broadcast=loud)
                await self._registrations.told(registration.id, row)
        except SlackApiError as error:
            log.error("slack_refused", registration=registration.id, channel=channel, why=why(error))
            if channel != self._alerts and why(error) in CHANNEL_CLOSED:
                await self._close_channel(registration, channel, waiting, why(error))

    async def _close_channel(
        self, registration: Registration, channel: str, waiting: list[Announcement], reason: str
    ) -> None:
        """A channel that we were put out of hears no more; whoever had subscribed it is told first."""
        subscription = (await self._registrations.subscriptions()).get(channel)
        book = self._keys.registration(*registration_parts(registration.id), "posts")
        try:
            if subscription and subscription.by:
                await self._posts.once(book, f"closed:{channel}", subscription.by, channel_closed(channel, reason))
        except SlackApiError as error:  # the next sweep tries again; the other channels must hear now
            log.error("slack_refused", registration=registration.id, channel=channel, why=why(error))
            return
        for row in waiting:
            await self._registrations.told(registration.id, row)
        await self._registrations.unsubscribe(channel)
