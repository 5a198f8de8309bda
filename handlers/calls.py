"""Calls people to changes that wait for them: once for each occasion, also after a crash."""

import hashlib
from collections.abc import Callable

import structlog

from bot.changes.change import Change
from bot.changes.refusal import Refusal
from bot.changes.reminders import about_to_expire
from bot.changes.roster import Pinged, Roster
from handlers.blocks.calls import call, last_call, next_part, reminder, review_reminder
from handlers.posts import Posts

ASKS = "gate:"
"""The slots of messages that ask for the approval of a part begin with it."""

log = structlog.get_logger()


class Calls:
    """Replies in the thread of a card. Callers hold a lease on the book.

    A reply that mentions nobody is shown in the channel as well: a thread alone calls nobody who is not in it yet.
    """

    def __init__(
        self,
        posts: Posts,
        channel: str,
        roster: Roster,
        clock: Callable[[], float],
    ) -> None:
        self._posts, self._channel, self._roster, self._clock = posts, channel, roster, clock

    async def asked(self, book: str, change: Change, card: str) -> str:
        """Call those whom a change needs that waits. Returns the slot of a message to be closed later, or ""."""
        if change.state != "pending":
            return ""
        slot = f"{ASKS}{change.gate}:{change.askings}" if change.gate else _calling(change)
        if not await self._posts.stands(book, slot):
            whom = await self._whom(change)
            if change.gate:
                # a card that is redrawn tells nobody: whoever approves must hear that something waits for them again
                ask = next_part(change, whom)
                await self._posts.once(book, slot, self._channel, ask, thread_ts=card, broadcast=True)
            elif message := call(change, whom):
                await self._posts.once(book, slot, self._channel, message, thread_ts=card)
            else:
                await self._posts.leave_out(book, slot)
        return slot if change.gate else ""

    def reminder_slot(self, change: Change, nth: int) -> str:
        """Where the `nth` reminder of what is asked for now stands."""
        return f"reminder:{change.askings}:{nth}"

    async def remind(self, book: str, change: Change, nth: int, card: str) -> None:
        """Post the `nth` reminder, unless it stands or is 0; the last one is for the requester too."""
        slot = self.reminder_slot(change, nth)
        if not nth or change.state != "pending" or await self._posts.stands(book, slot):
            return
        if about_to_expire(change, self._clock()):
            await self._posts.once(book, f"last-call:{change.askings}", change.requester, last_call(change))
        whom = await self._whom(change)
        message = reminder(change, whom, self._clock())
        await self._posts.once(book, slot, self._channel, message, thread_ts=card, broadcast=whom == Pinged())

    async def remind_of_review(self, book: str, change: Change, nth: int, card: str) -> None:
        """Post the `nth` reminder that nobody has looked at what ran unapproved, unless it stands or is 0."""
        slot = f"review:{change.breaks}:{nth}"
        if not nth or change.review != "open" or await self._posts.stands(book, slot):
            return
        message = review_reminder(change, self._clock())
        await self._posts.once(book, slot, self._channel, message, thread_ts=card, broadcast=True)

    async def _whom(self, change: Change) -> Pinged:
        try:
            return await self._roster.pinged(change)
        except Refusal as no:  # a group that cannot be read: the card stands all the same
            log.warning("nobody_called", change=change.number, why=str(no))
            return Pinged()


def _calling(change: Change) -> str:
    """One call for each time that approval is asked for, and of whom: a policy that was changed may name others."""
    groups = ",".join(sorted(need.group for need in change.requirement.groups))
    return f"call:{change.askings}:{hashlib.sha256(groups.encode()).hexdigest()[:8]}"
