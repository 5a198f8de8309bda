"""What a channel is told in one go: written down before any of it is told, so that it is told once whatever dies."""

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.redis.keys import Keys
from bot.tracking.registration import SEVERITIES
from handlers.blocks.following.catch_up import CatchUp, Line, Why, catch_up, pages_of
from handlers.following.waiting import ROOT, Pile, book_of
from handlers.posts import THREAD_GONE, Posts, why

HANDFUL = 8
"""News of so many registrations is told in their threads, loudly; of more it is summed up."""
THREADED = 50
"""Registrations with bad news of one catch-up that are told in their threads too."""
KEPT_SECONDS = 7 * 86400

log = structlog.get_logger()


class CatchUps:
    """The catch-up that is under way in each channel: one Redis hash. Whoever tells the channel holds its lease."""

    def __init__(self, redis: Redis, keys: Keys, posts: Posts) -> None:
        self._redis, self._keys, self._posts = redis, keys, posts

    async def of(self, channel: str) -> CatchUp | None:
        """The one that is under way, as it was begun."""
        raw = await self._redis.hget(self.book(channel), "batch")
        try:
            return CatchUp.model_validate_json(raw) if raw else None
        except ValidationError:  # of another version: what it has not told waits in the outboxes
            log.warning("catch_up_of_another_version", channel=channel)
            await self.forget(channel)
            return None

    async def begin(self, channel: str, piles: Sequence[Pile]) -> CatchUp:
        """Write down what is told in one go, before any of it is: bad news first, and what happened first before."""
        ordered = sorted(piles, key=lambda pile: (SEVERITIES.index(pile.severity), pile.at, pile.registration))
        pages = pages_of([_line(pile, threaded=n < THREADED) for n, pile in enumerate(ordered)])
        batch = CatchUp(
            id=secrets.token_hex(4),
            began=min(pile.at for pile in piles),
            ended=max(pile.until for pile in piles),
            why=_why(piles),
            counts=Counter(severity for pile in piles for severity in pile.severities),
            registrations=len(piles),
            pages=len(pages),
        )
        book = self.book(channel)
        for number, lines in enumerate(pages):
            await self.keep(channel, number, lines)
        # last: without it there is no catch-up
        await self._redis.hset(book, "batch", batch.model_dump_json())
        await self._redis.expire(book, KEPT_SECONDS)
        return batch

    async def page(self, channel: str, number: int) -> list[Line]:
        """The registrations of one message."""
        raw = await self._redis.hget(self.book(channel), f"page:{number}")
        return [Line.model_validate(line) for line in json.loads(raw or "[]")]

    async def keep(self, channel: str, number: int, lines: Sequence[Line]) -> None:
        """Say what one message names."""
        kept = json.dumps([line.model_dump() for line in lines])
        await self._redis.hset(self.book(channel), f"page:{number}", kept)

    async def done(self, channel: str) -> int:
        """How many of its messages need no look any more."""
        return int(await self._redis.hget(self.book(channel), "done") or 0)

    async def mark(self, channel: str, pages: int) -> None:
        """So many of its messages were posted, and what they told was crossed off."""
        await self._redis.hset(self.book(channel), "done", str(pages))

    async def begun(self, channel: str, batch: CatchUp, number: int) -> bool:
        """Whether one of its messages stands, or may stand."""
        return slot_of(batch, number) in await self._posts.slots(self.book(channel))

    async def post(self, channel: str, batch: CatchUp, number: int, lines: Sequence[Line]) -> None:
        """Post one of its messages unless it stands: the first in the channel, the others in its thread.

        What is bad is shown in the channel in any case.
        """
        book, slot, message = self.book(channel), slot_of(batch, number), catch_up(batch, number, lines, {})
        head = await self._posts.stands(book, slot_of(batch, 0)) if number else ""
        bad = any(line.severity == "bad" for line in lines)
        try:
            await self._posts.once(book, slot, channel, message, thread_ts=head, broadcast=bool(head) and bad)
        except SlackApiError as error:
            if not head or why(error) not in THREAD_GONE:
                raise
            await self._posts.once(book, slot, channel, message)  # somebody has deleted the first one

    async def finish(self, channel: str, batch: CatchUp) -> None:
        """Link its messages to the threads, which stand by now, and forget it."""
        book = self.book(channel)
        for number in range(batch.pages):
            lines = await self.page(channel, number)
            threads = await self._threads(channel, [line.registration for line in lines if line.threaded])
            if threads:
                await self._posts.redraw(book, slot_of(batch, number), catch_up(batch, number, lines, threads))
        await self.forget(channel)

    async def _threads(self, channel: str, ids: Sequence[str]) -> dict[str, str]:
        """The web addresses of their threads: Slack tells the first, the others differ by their ts alone."""
        slot = f"{ROOT}{channel}"
        roots = {i: ts for i in ids if (ts := await self._posts.stands(book_of(self._keys, i), slot))}
        first = next(iter(roots), "")
        return linked(await self._posts.address(book_of(self._keys, first), slot), roots) if first else {}

    async def forget(self, channel: str) -> None:
        """Nothing is told in one go there any more."""
        await self._redis.delete(self.book(channel))

    def book(self, channel: str) -> str:
        """Where its messages are kept."""
        return self._keys.plain(f"catch-up:{channel}")


def slot_of(batch: CatchUp, page: int) -> str:
    """The slot of one message of it."""
    return f"summary:{batch.id}:{page}"


def linked(address: str, roots: Mapping[str, str]) -> dict[str, str]:
    """The web addresses of messages of one channel by their ts, made from that of another message there."""
    base, slash, _ = address.rpartition("/")
    return {name: f"{base}{slash}p{ts.replace('.', '')}" for name, ts in roots.items() if slash and ts}


def _line(pile: Pile, *, threaded: bool) -> Line:
    return Line(
        registration=pile.registration,
        title=pile.title,
        key=pile.key,
        words=pile.words,
        rows=pile.rows,
        severity=pile.severity,
        threaded=threaded and pile.severity == "bad",
    )


def _why(piles: Sequence[Pile]) -> Why:
    total, held, late = (sum(n) for n in zip(*((len(p.rows), p.held, p.late) for p in piles), strict=True))
    if 2 * held > total:
        return "quiet"
    return "outage" if 2 * late > total else "rush"
