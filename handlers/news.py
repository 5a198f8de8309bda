"""What people must hear of a change beside its card: that their approval is void, or was passed over."""

from collections.abc import Awaitable, Callable

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.changes.change import Change
from handlers.blocks.amendment import void_now
from handlers.blocks.glass import glass_broken, glass_mended, passed_over, review_over
from handlers.blocks.kit import Message
from handlers.posts import Posts, why

MOST_TOLD = 50
"""People who are told of one broken glass."""

log = structlog.get_logger()


class News:
    """Tells each person once, also after crashes. `concerned` names those whose approval a change takes.

    Callers hold the lease of the change's book, and call again until nothing is raised.
    """

    def __init__(
        self,
        posts: Posts,
        redis: Redis,
        approvals_channel: str,
        concerned: Callable[[Change, int], Awaitable[list[str]]],
    ) -> None:
        self._posts, self._redis, self._approvals, self._concerned = posts, redis, approvals_channel, concerned

    async def tell(self, book: str, change: Change, card: str) -> None:
        """Everything that has not been told of this change; `card` is the ts of its card, "" where none stands.

        Raises SlackApiError when somebody could not be told, after all others were.
        """
        failed: SlackApiError | None = None
        if change.signed_off:
            await self._posts.close(book, f"glass:{change.breaks}", glass_mended(change))
        for told, channel, message in await self._due(book, change):
            try:
                root = card if channel == self._approvals else ""
                await self._posts.once(book, told, channel, message, thread_ts=root, broadcast=True)
            except SlackApiError as error:  # one person must not keep the others from hearing
                log.error("not_told", change=change.number, slot=told, why=why(error))
                failed = error
        if failed:
            raise failed
        # what is told later is about what comes later: nobody who joins a group meanwhile hears of old things
        await self._redis.hset(book, mapping={"voided": len(change.amendments), "broken": change.breaks})

    async def _due(self, book: str, change: Change) -> list[tuple[str, str, Message]]:
        """Slot, channel and message of what is to be told."""
        voided, broken = map(int, [n or 0 for n in await self._redis.hmget(book, ["voided", "broken"])])
        due: list[tuple[str, str, Message]] = []
        for amended, users in enumerate(change.amendments[voided:], voided + 1):
            due += [(f"void:{amended}:{user}", user, void_now(change)) for user in sorted(users)]
        nth = change.breaks
        if nth > broken and change.glass:  # none where its plan was void before anybody heard of it
            # nobody had heard of it before it was signed off: then there is nothing to press
            said = glass_mended(change) if change.signed_off else glass_broken(change)
            due.append((f"glass:{nth}", self._approvals, said))
            others = [u for u in await self._concerned(change, MOST_TOLD + 1) if u != change.glass_broken_by]
            due += [(f"glass:{nth}:{user}", user, passed_over(change)) for user in others[:MOST_TOLD]]
        if change.signed_off and change.signed_off.who != change.glass_broken_by:
            due.append((f"signed:{nth}", change.glass_broken_by, review_over(change)))
        return due
