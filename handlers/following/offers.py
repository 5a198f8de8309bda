"""Offers of what was found at Twilio and is followed by nobody, in the alerts channel, once for all replicas."""

import aiohttp
import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.discovery import Discovery
from handlers.blocks.following.discovered import followed_elsewhere, offer_message
from handlers.posts import Posts, why

_SAID = "said"
"""Where it is kept what was done about an offer, until its message shows it."""

log = structlog.get_logger()


class Offers:
    """One message for each offer: drawn when something new was found, redrawn when somebody has dealt with it."""

    def __init__(
        self, posts: Posts, redis: Redis, keys: Keys, leases: Leases, discovery: Discovery, channel: str
    ) -> None:
        self._posts, self._redis, self._keys, self._leases = posts, redis, keys, leases
        self._discovery, self._channel = discovery, channel

    async def look(self, accounts: list[str]) -> None:
        """Look for what nobody follows, as far as that is due, and offer what has not been offered yet."""
        await self._discovery.look()
        for account in accounts:
            await self.draw(account)

    async def draw(self, account: str, said: str = "") -> None:
        """Post the last offer of an account unless it stands; with `said`, what was done about it, redraw it.

        That is kept until it is shown, for the next look: somebody else may be drawing now, or Slack be away.
        """
        book = self._keys.plain(f"discovery:posts:{account}")
        if said:
            await self._posts.note(book, _SAID, said)
        async with self._leases.held(self._keys.plain(f"discovery:drawing:{account}")) as ours:
            offer = await self._discovery.offer(account) if ours else None
            if offer is None or not offer.nth:
                return
            slot, before = f"offer:{offer.nth}", f"offer:{offer.nth - 1}"
            said = await self._posts.noted(book, _SAID)
            try:
                if said:
                    await self._posts.put(book, slot, self._channel, offer_message(offer, said))
                    await self._posts.forget(book, _SAID)
                elif not await self._posts.stands(book, slot):
                    if await self._discovery.quiet(self._channel):
                        return  # the next look tries again
                    await self._posts.once(book, slot, self._channel, offer_message(offer))
                if await self._posts.stands(book, before):
                    await self._posts.close(book, before, followed_elsewhere(offer))
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:  # it is tried again with the next look
                word = why(error) if isinstance(error, SlackApiError) else type(error).__name__
                log.error("offer_not_shown", account=account, channel=self._channel, why=word)
