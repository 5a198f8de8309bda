"""Draws changes into the approvals channel, and tells people what they must know of them.

Redis is the truth and a message only its picture, so drawing the same thing twice is harmless, and what was not drawn
because of a crash is drawn by the next sweep.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.catalog.undo import takes_back
from bot.changes.change import Change
from bot.changes.freezes import Freeze
from bot.changes.store import ChangeStore
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from handlers.background import Background
from handlers.blocks.change import change_card, part_decided, told
from handlers.blocks.change_words import refusal
from handlers.blocks.help import card_not_shown
from handlers.blocks.kit import Message
from handlers.calls import ASKS, Calls
from handlers.news import News
from handlers.posts import CHANNEL_CLOSED, Posts, why

Homes = Callable[[set[str]], Coroutine[Any, Any, None]]
"""Redraws the App Homes of these people."""

log = structlog.get_logger()


class Cards:
    """Keeps every card like the truth. `homes` redraws the App Homes of the people concerned.

    `pause` is the least time between two pictures of one change, in seconds. `recorded` says whether all that happened
    to a change stands in the audit; until then it stays among the open ones, where the sweep finds it. `frozen` says
    what stops the calls to an account.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        changes: ChangeStore,
        posts: Posts,
        calls: Calls,
        news: News,
        background: Background,
        leases: Leases,
        approvals_channel: str,
        pause: float,
        homes: Homes,
        recorded: Callable[[int], Awaitable[bool]],
        frozen: Callable[[str], Awaitable[Freeze | None]],
    ) -> None:
        self._redis, self._keys, self._changes, self._posts = redis, keys, changes, posts
        self._calls, self._news, self._background, self._leases = calls, news, background, leases
        self._approvals, self._pause, self._homes = approvals_channel, pause, homes
        self._recorded, self._frozen = recorded, frozen
        self._moved: set[int] = set()
        self._drawing: set[int] = set()
        self._waiting: dict[int, int] = {}
        self._unreviewed: dict[int, int] = {}

    async def change_moved(self, number: int) -> None:
        """Draw a change soon; what moves while it is drawn is drawn by the same hand, which keeps to Slack's pace."""
        self._moved.add(number)
        if number not in self._drawing:
            self._drawing.add(number)
            self._background.start(self._keep_drawing(number), f"draw #{number}")

    async def behind(self, changes: Sequence[tuple[Change, int]]) -> set[int]:
        """The numbers of those whose cards do not show how they stand, or that were not reminded of.

        Each comes with the number of the last reminder that is due, 0 for none. One look for all: that most cards show
        the truth already is what most looks find.
        """
        async with self._redis.pipeline(transaction=False) as pipe:
            for change, reminder in changes:
                slots = ["drawn", self._calls.reminder_slot(change, reminder)]
                pipe.hmget(self._keys.change(change.number, "posts"), slots)
            books = await pipe.execute()
        freezes = {account: await self._frozen(account) for account in {c.plan.account for c, _ in changes}}
        behind = set()
        for (change, reminder), (drawn, reminded) in zip(changes, books, strict=True):
            shown = drawn == _picture(change, freezes[change.plan.account])
            told = not reminder or bool(reminded and json.loads(reminded).get("ts"))
            if change.settled or not shown or not told:  # a settled one is taken off the list of open ones
                behind.add(change.number)
        return behind

    async def change_waits(self, number: int, nth: int) -> None:
        """Remind those whom a change waits for, soon; a reminder that stands already is not posted again."""
        self._waiting[number] = nth
        await self.change_moved(number)

    async def review_waits(self, number: int, nth: int) -> None:
        """Remind of a review that nobody has done, soon."""
        self._unreviewed[number] = nth
        await self.change_moved(number)

    async def _keep_drawing(self, number: int) -> None:
        """Redraw the card until it shows the truth, and tell the requester what they must know."""
        drawn = True
        try:
            while drawn or number in self._moved:
                self._moved.discard(number)
                drawn = await self._draw_alone(number)
                # outside the lease: a process that dies here must not keep others from drawing
                await self._background.pause(self._pause if drawn else 0)
        finally:
            self._drawing.discard(number)

    async def _draw_alone(self, number: int) -> bool:
        # whatever becomes of them: those that are not posted now, the next sweep finds due again
        waits, unreviewed = self._waiting.pop(number, 0), self._unreviewed.pop(number, 0)
        try:
            async with self._leases.held(self._keys.change(number, "drawing")) as ours:
                if not ours:
                    return False
                try:
                    return await self._draw_change(number)
                finally:  # what keeps it from being drawn must not keep people from being reminded
                    await self._remind(number, waits, unreviewed)
        except SlackApiError as error:  # the next sweep tries again
            log.error("slack_refused", change=number, why=why(error))
            return False

    async def _remind(self, number: int, waits: int, unreviewed: int) -> None:
        """Post the reminders with these numbers, 0 for none, unless they stand."""
        book = self._keys.change(number, "posts")
        if not (waits or unreviewed) or not (card := await self._posts.stands(book, "card")):
            return
        if change := await self._changes.load(number):
            await self._calls.remind(book, change, waits, card)
            await self._calls.remind_of_review(book, change, unreviewed, card)

    async def _draw_change(self, number: int) -> bool:
        """Draw a change as it stands; False when its card shows that already."""
        book = self._keys.change(number, "posts")
        change = await self._changes.load(number)
        if change is None:
            return False
        freeze = None if change.settled else await self._frozen(change.plan.account)
        picture = _picture(change, freeze)
        if await self._redis.hget(book, "drawn") == picture:
            # before it is closed: what was not copied yet would be found by nobody
            done = change.settled and await self._recorded(number)
            return done and not await self._changes.close(change)
        if original := takes_back(change):
            # before this one counts as drawn: after a crash in between, the sweep finds the other's card to draw
            await self._changes.reopen(original)
            await self.change_moved(original)
        # what it showed counts no more: should we die before the end, a picture that comes back must be drawn anew
        await self._redis.hdel(book, "drawn")
        try:
            await self._put_card(book, change, freeze)
        finally:  # a channel that is closed to us must not keep the requester from hearing
            if note := told(change, freeze):
                await self._tell(book, change, note)
        await self._news.tell(book, change, await self._posts.stands(book, "card"))
        await self._redis.hset(book, "drawn", picture)
        self._background.start(self._homes({change.requester}), "homes")
        return True

    async def _tell(self, book: str, change: Change, note: Message) -> None:
        """Tell the requester once how a change stands."""
        occasion = f"told:{change.state}:{_occasion(change)}:"
        slot = occasion + change.digest[:8]
        # erasing gives it another digest, and is no news to anybody
        if change.settled and any(s.startswith(occasion) and s != slot for s in await self._posts.slots(book)):
            return
        await self._posts.once(book, slot, change.requester, note)

    async def _put_card(self, book: str, change: Change, freeze: Freeze | None) -> None:
        try:
            card = await self._posts.put(book, "card", self._approvals, change_card(change, freeze))
            asking = await self._calls.asked(book, change, card)
            for slot in map(str, await self._redis.hkeys(book)):
                if slot.startswith(ASKS) and slot != asking:  # its buttons would only refuse
                    gate = slot.removeprefix(ASKS).rpartition(":")[0]
                    await self._posts.close(book, slot, part_decided(change, gate))
        except SlackApiError as error:
            if why(error) in CHANNEL_CLOSED:
                words = card_not_shown(change.number, self._approvals, why(error))
                await self._posts.once(book, f"trouble:{why(error)}", change.requester, words)
            raise


def _picture(change: Change, freeze: Freeze | None) -> str:
    """What a card shows, by a name: another one when it is to be drawn anew."""
    return f"{change.picture}|{freeze.picture}" if freeze else change.picture


def _occasion(change: Change) -> str:
    """What makes the state of a change news again: that it was entered anew.

    A wait is entered anew with whatever is heard of it: it is news once for its step, and with each refusal.
    """
    if change.state != "waiting" or change.at is None:
        return str(change.entries)
    said = hashlib.sha256(change.note.encode()).hexdigest()[:8] if refusal(change) else ""
    return f"{change.at.id}:{said}"
