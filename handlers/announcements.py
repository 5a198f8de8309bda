"""Tells people what somebody did, once for each act, however often it is carried out."""

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.redis.keys import Keys
from bot.tracking.registration import registration_parts
from handlers.acts import Act
from handlers.blocks.kit import Message
from handlers.posts import Posts, passing, why

KEPT_SECONDS = 30 * 86400
"""How long it is remembered what was told of an act: longer than one may be left lying."""

log = structlog.get_logger()


class Announcements:
    """Posts into the approvals channel and to people. Whoever carries the act out holds its lease."""

    def __init__(self, posts: Posts, redis: Redis, keys: Keys, approvals_channel: str) -> None:
        self._posts, self._redis, self._keys, self._approvals = posts, redis, keys, approvals_channel

    async def to_approvers(self, act: Act, message: Message) -> bool:
        """Into the approvals channel; False when Slack refuses it, which undoes nothing of what was done.

        Raises what leaves it open whether it stands: the act is carried out once more, and tells it then.
        """
        return await self._once(act, "approvals", self._approvals, message)

    async def to(self, user: str, act: Act, message: Message) -> bool:
        """By direct message."""
        return await self._once(act, f"to:{user}", user, message)

    async def in_thread(self, act: Act, registration_id: str, channel: str, message: Message) -> bool:
        """Into the thread that a registration has in this channel; False also where it has none."""
        book = self._keys.registration(*registration_parts(registration_id), "posts")
        root = await self._posts.stands(book, f"root:{channel}")
        return bool(root) and await self._once(act, f"thread:{channel}", channel, message, root)

    async def _once(self, act: Act, slot: str, channel: str, message: Message, root: str = "") -> bool:
        book = self._keys.plain(f"announced:{act.id}")
        try:
            await self._posts.once(book, slot, channel, message, thread_ts=root)
        except SlackApiError as error:
            if passing(error):
                raise
            log.error("not_announced", act=act.kind, channel=channel, why=why(error))
            return False
        finally:
            await self._redis.expire(book, KEPT_SECONDS)
        return True
