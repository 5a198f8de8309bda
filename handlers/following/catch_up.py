"""Much that is told late is summed up first: once, whatever dies in between."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.catalog.rejections import rejections
from bot.checks.guide import Guide
from bot.redis.keys import Keys
from bot.tracking.registration import About, Announcement, Registration, Transition, registration_parts
from handlers.blocks.following.catch_up import NAMED, CatchUp, Named, catch_up
from handlers.blocks.following.standing_words import lower, standing
from handlers.posts import UNREACHABLE, Posts, passing, why

LATE_SECONDS = 600.0
"""What happened longer ago than this is told late."""
HANDFUL = 8
"""So many late ones are told one by one, as if nothing had been; more are summed up first."""
KEPT_SECONDS = 7 * 86400

_WORDS: Mapping[About, str] = MappingProxyType(
    {
        "ready": "cannot send",
        "numbers": "some of its numbers cannot send",
        "stuck": "takes longer than usual",
        "deadline": "a deadline is near or over",
    }
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Item:
    """One thing that a channel is to see: an announcement, or without one the card of what has just begun.

    `at` is when it happened (epoch seconds), or when what came before it in its registration did, if that is later.
    """

    at: float
    registration: Registration
    row: Announcement | None

    @property
    def id(self) -> str:
        """As catch-ups name it."""
        return f"{self.registration.id} {self.row.id if self.row else ''}"

    @property
    def held(self) -> bool:
        """Whether quiet hours have kept it."""
        return self.row is not None and self.row.not_before > self.row.transition.at + 60

    def late(self, now: float) -> bool:
        """Whether it is told later than it should have been."""
        return self.row is not None and (self.held or now - self.row.transition.at > LATE_SECONDS)


class CatchUps:
    """The catch-up that is under way in each channel. Whoever tells the channel holds its lease."""

    def __init__(self, redis: Redis, keys: Keys, posts: Posts) -> None:
        self._redis, self._keys, self._posts = redis, keys, posts
        self._guide = Guide.load()

    async def of(self, channel: str) -> CatchUp | None:
        """The one that is under way, as it was begun."""
        raw = await self._redis.hget(self._at(channel), "batch")
        return CatchUp.model_validate_json(raw) if raw else None

    async def begin(self, channel: str, late: Sequence[Item]) -> CatchUp:
        """Write down what is told late in one go, before any of it is."""
        batch = CatchUp(
            id=secrets.token_hex(4),
            began=min(i.at for i in late),
            ended=max(i.at for i in late),
            quiet=2 * sum(i.held for i in late) > len(late),
            rows=frozenset(i.id for i in late),
            counts=Counter(i.row.transition.severity for i in late if i.row),
            bad=self._bad(late),
        )
        await self._redis.hset(self._at(channel), "batch", batch.model_dump_json())
        await self._redis.expire(self._at(channel), KEPT_SECONDS)
        return batch

    async def announce(self, channel: str, batch: CatchUp) -> bool:
        """Post the summary unless it stands; False when Slack takes it in no way, so that each is to be told loudly."""
        slot = f"summary:{batch.id}"
        try:
            return await self._posts.once(self._at(channel), slot, channel, catch_up(batch, {})) != UNREACHABLE
        except SlackApiError as error:
            if passing(error) or why(error) not in ("invalid_blocks", "msg_too_long", "msg_blocks_too_long"):
                raise
            log.error("slack_refused", channel=channel, what="summary", why=why(error))
            await self._posts.leave_out(self._at(channel), slot)
            return False

    async def finish(self, channel: str, batch: CatchUp) -> None:
        """Link the summary to the threads, which stand by now, and forget it."""
        threads = {
            named.registration: await self._posts.address(book_of(self._keys, named.registration), f"root:{channel}")
            for named in batch.bad[:NAMED]
        }
        await self._posts.redraw(self._at(channel), f"summary:{batch.id}", catch_up(batch, threads))
        await self.forget(channel)

    async def forget(self, channel: str) -> None:
        """Nothing is told late there any more."""
        await self._redis.delete(self._at(channel))

    def _bad(self, late: Sequence[Item]) -> tuple[Named, ...]:
        """What is bad, each registration once, with the last that was said of it."""
        found: dict[str, Named] = {}
        for item in late:
            if item.row and item.row.transition.severity == "bad":
                the = item.registration
                found[the.id] = Named(registration=the.id, title=the.title or the.key, words=self._words(the, item.row))
        return tuple(found.values())

    def _words(self, the: Registration, row: Announcement) -> str:
        moved = row.transition
        if codes := [r.code for r in rejections(moved.snapshot, self._guide)]:
            return f"{'error' if len(codes) == 1 else 'errors'} {', '.join(codes)}"
        return _state(the, moved) if moved.about == "state" else _WORDS.get(moved.about, moved.about)

    def _at(self, channel: str) -> str:
        return self._keys.plain(f"catch-up:{channel}")


def _state(the: Registration, moved: Transition) -> str:
    """The state that it moved to, in words."""
    then = the.model_copy(update={"status": moved.after, "snapshot": moved.snapshot})
    return lower(standing(then).words)


def book_of(keys: Keys, registration_id: str) -> str:
    """Where it is kept which messages show a registration."""
    return keys.registration(*registration_parts(registration_id), "posts")
