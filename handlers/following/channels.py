"""Tells each channel what it hears: everything once, in the order in which it happened, one post after the other."""

import json
from collections.abc import Callable, Mapping, Sequence

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.audit.log import AuditProblem
from bot.audit.row import act_row
from bot.audit.trail import AuditTrail
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.registration import Announcement, Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from handlers.background import Background
from handlers.blocks.following.catch_up import CatchUp, Line
from handlers.blocks.following.registration import registration_card
from handlers.blocks.following.together import together
from handlers.blocks.help import channel_closed
from handlers.blocks.kit import Message
from handlers.following.catch_up import HANDFUL, CatchUps
from handlers.following.channel_pace import ChannelPace
from handlers.following.showing import Showing
from handlers.following.waiting import ROOT, Waiting, book_of
from handlers.posts import CHANNEL_CLOSED, THREAD_GONE, Posts, passing, why

CLOSED, DRAWN, TELLING = "closed", "drawn", "telling:"
"""Words of a book: which version the cards show; and, by channel, which announcements the reply under way tells."""
REST_SECONDS = 5.0
"""How long a channel is left alone after a pass that Slack has ended: much that is new must not begin as many more."""
REFUSED_MOST = 3
"""Registrations that Slack refuses for good before a pass ends: then it is not about them."""
BLOCKS_REFUSED = frozenset({"invalid_blocks", "msg_too_long", "msg_blocks_too_long"})
"""What Slack says of a message that it takes in no way."""

log = structlog.get_logger()


class Channels:
    """Posts what waits in the outboxes. All channels are told side by side, each by one hand in all processes.

    `pace` is the least time between two posts into one channel in the long run (seconds; slack.md 5).
    """

    def __init__(
        self,
        keys: Keys,
        registrations: RegistrationStore,
        posts: Posts,
        catch_ups: CatchUps,
        showing: Showing,
        background: Background,
        leases: Leases,
        trail: AuditTrail,
        alerts_channel: str,
        clock: Callable[[], float],
        pace: float,
    ) -> None:
        self._keys, self._registrations, self._posts, self._catch_ups = keys, registrations, posts, catch_ups
        self._showing, self._background, self._leases, self._trail = showing, background, leases, trail
        self.alerts_channel, self._clock = alerts_channel, clock
        self._waiting, self._pace = Waiting(keys, registrations, posts, alerts_channel, clock), ChannelPace(clock, pace)
        self._asked: set[str] = set()
        self._telling: set[str] = set()
        self._rests_until: dict[str, float] = {}

    def tell(self, channel: str) -> None:
        """Tell a channel soon what waits for it."""
        self._asked.add(channel)
        if channel not in self._telling:
            self._telling.add(channel)
            self._background.start(self._keep_telling(channel), f"tell {channel}")

    async def waiting(self, registration: Registration) -> set[str]:
        """The channels that are to be told something of a registration now."""
        return await self._waiting.channels(registration)

    async def settle(self, registration: Registration, drawn: int) -> None:
        """Take a registration, whose cards show version `drawn`, off the list of what is to be told, if nothing is."""
        openings = (await self._waiting.openings(registration, self._clock())).values()
        await self._registrations.all_told(registration.id, drawn, min(openings, default=None))

    async def hearers(self) -> dict[str, Subscription]:
        """Who hears about what, by channel."""
        return await self._waiting.hearers()

    # One channel

    async def _keep_telling(self, channel: str) -> None:
        try:
            while channel in self._asked:
                self._asked.discard(channel)
                if self._clock() < self._rests_until.get(channel, 0.0):
                    continue  # the next sweep goes on
                async with self._leases.held(self._keys.plain(f"telling:{channel}")) as ours:
                    while ours and await self._tell(channel):
                        pass  # until nothing has come meanwhile
        finally:
            self._telling.discard(channel)

    async def _tell(self, channel: str) -> bool:
        """Post what is due; False when nothing was posted, so that there is nothing more to do now."""
        try:
            if batch := await self._catch_ups.of(channel):
                return await self._catch_up(channel, batch)
            piles = await self._waiting.piles(channel)
            news = [pile for pile in piles if pile.rows]
            if len(news) > HANDFUL:
                return await self._catch_up(channel, await self._catch_ups.begin(channel, news))
            return await self._tell_each(channel, [pile.registration for pile in piles], loud=True)
        except SlackApiError as error:
            log.error("slack_refused", channel=channel, why=why(error))
            if why(error) in CHANNEL_CLOSED and channel != self.alerts_channel:
                await self._close(channel, why(error))
                return False
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack_silent", channel=channel, why=type(error).__name__)
        self._rests_until[channel] = self._clock() + REST_SECONDS
        return False

    # Much at once

    async def _catch_up(self, channel: str, batch: CatchUp) -> bool:
        """Sum up, tell in its own thread what somebody must act on, and link the summary to those threads."""
        for number in range(await self._catch_ups.done(channel), batch.pages):
            lines = await self._sum_up(channel, batch, number)
            told = [line for line in lines if not line.threaded]
            await self._registrations.told_of({line.registration: line.rows for line in told})
            await self._catch_ups.mark(channel, number + 1)
            await self._settle([line.registration for line in told])
        for number in range(batch.pages):
            left = [line for line in await self._catch_ups.page(channel, number) if line.threaded]
            waiting = await self._registrations.waiting([line.registration for line in left], channel)
            rows = {line.registration: line.rows for line in left if line.registration in waiting}
            loud = not await self._catch_ups.begun(channel, batch, number)
            await self._tell_each(channel, list(rows), loud=loud, only=rows)
        await self._catch_ups.finish(channel, batch)
        return True

    async def _sum_up(self, channel: str, batch: CatchUp, number: int) -> list[Line]:
        """Post one message of a catch-up; what it must not tell any more is left out. Returns what it names."""
        lines = await self._catch_ups.page(channel, number)
        if not await self._catch_ups.begun(channel, batch, number):
            lines = await self._fresh(channel, lines)
            # written down first: what is crossed off after a crash must be what was told
            await self._catch_ups.keep(channel, number, lines)
        if lines:
            await self._background.pause(self._pace.wait(channel))
            try:
                await self._catch_ups.post(channel, batch, number, lines)
            except SlackApiError as error:
                if passing(error) or why(error) not in BLOCKS_REFUSED:
                    raise
                log.error("slack_refused", channel=channel, what="summary", why=why(error))
                lines = [line.model_copy(update={"threaded": True}) for line in lines]
                await self._catch_ups.keep(channel, number, lines)
        return lines

    async def _fresh(self, channel: str, lines: Sequence[Line]) -> list[Line]:
        """These lines without what nobody there wants to hear any more, or not now."""
        every = {row for line in lines for row in line.rows}
        wanted = await self._waiting.wanted(channel, every, [line.registration for line in lines])
        kept: list[Line] = []
        for line in lines:
            pairs = zip(line.rows, line.words, strict=True)
            said = [(row, words) for row, words in pairs if (line.registration, row) in wanted]
            if said:
                rows, words = zip(*said, strict=True)
                kept.append(line.model_copy(update={"rows": rows, "words": words}))
        return kept

    # One thread after the other

    async def _tell_each(
        self, channel: str, ids: Sequence[str], *, loud: bool, only: Mapping[str, Sequence[str]] | None = None
    ) -> bool:
        """Tell one registration after the other, of each these announcements `only`; False when nothing was posted.

        What Slack refuses for good holds up its own thread. Raises what ends the pass: SlackApiError of a channel that
        is closed, or of a Slack that gives no clear answer.
        """
        refused = 0
        posted: list[str] = []
        for registration_id in ids:
            try:
                if await self._tell_one(channel, registration_id, loud, only[registration_id] if only else None):
                    posted.append(registration_id)
            except SlackApiError as error:
                if passing(error) or why(error) in CHANNEL_CLOSED or refused >= REFUSED_MOST:
                    raise
                log.error("slack_refused", registration=registration_id, channel=channel, why=why(error))
                refused += 1
        await self._settle(posted)
        return bool(posted)

    async def _tell_one(self, channel: str, registration_id: str, loud: bool, only: Sequence[str] | None) -> bool:
        """Tell in one reply what waits of a registration, in its thread, which begins with a card."""
        book, under_way = book_of(self._keys, registration_id), TELLING + channel
        if before := await self._posts.noted(book, under_way):
            await self._end_reply(registration_id, book, under_way, json.loads(before))
        registration = await self._registrations.load(registration_id)
        if registration is None:
            return False
        rows = await self._waiting.rows(channel, registration, only)
        if not rows and (only is not None or not await self._waiting.opens(channel, registration)):
            return bool(before)
        shown = await self._showing.of(registration, channel)
        root = await self._posts.stands(book, ROOT + channel)
        if not root:
            root = await self._begin_thread(book, channel, registration, registration_card(shown))
        if rows:
            # written down first: what is crossed off after a crash must be what was told
            await self._posts.note(book, under_way, json.dumps([row.id for row in rows]))
            message = together(shown, [row.transition for row in rows])
            # progress is for those who look
            broadcast = loud and any(row.transition.severity != "info" for row in rows)
            try:
                await self._reply(book, channel, root, rows, message, broadcast=broadcast)
            except SlackApiError as error:
                if why(error) not in THREAD_GONE:
                    raise
                # somebody has deleted the card since it was drawn last: the thread begins anew
                await self._posts.forget(book, ROOT + channel)
                root = await self._begin_thread(book, channel, registration, registration_card(shown))
                await self._reply(book, channel, root, rows, message, broadcast=broadcast)
            await self._end_reply(registration_id, book, under_way, [row.id for row in rows])
        return True

    async def _reply(
        self, book: str, channel: str, root: str, rows: Sequence[Announcement], message: Message, *, broadcast: bool
    ) -> None:
        await self._background.pause(self._pace.wait(channel))
        slot = slot_of([row.id for row in rows])
        await self._posts.once(book, slot, channel, message, thread_ts=root, broadcast=broadcast)

    async def _end_reply(self, registration_id: str, book: str, under_way: str, rows: Sequence[str]) -> None:
        """Cross off what a reply has told, if it stands, and forget that it is under way."""
        if await self._posts.landed(book, slot_of(rows)):
            await self._registrations.told_of({registration_id: rows})
        await self._posts.forget(book, under_way)

    async def _begin_thread(self, book: str, channel: str, registration: Registration, card: Message) -> str:
        """Post the card of a registration. It may be old before others know of it: then all cards are drawn again."""
        others = [s for s in await self._posts.slots(book) if s.startswith(ROOT) and s != ROOT + channel]
        drawn, version = await self._posts.noted(book, DRAWN), str(registration.version)
        await self._posts.forget(book, DRAWN)
        await self._background.pause(self._pace.wait(channel))
        root = await self._posts.put(book, ROOT + channel, channel, card)
        if await self._registrations.load(registration.id) != registration:
            # whoever drew the others meanwhile could not draw this one
            await self._posts.forget(book, DRAWN)
            await self._registrations.redraw(registration.id)
        elif drawn == version or not others:
            await self._posts.note(book, DRAWN, version)
        return root

    async def _settle(self, ids: Sequence[str]) -> None:
        """Take these off the list of what is to be told, as far as nothing is left and their cards are drawn."""
        for registration in (await self._registrations.many(ids)).values():
            drawn = await self._posts.noted(book_of(self._keys, registration.id), DRAWN)
            if drawn:
                await self.settle(registration, int(drawn))

    async def _close(self, channel: str, reason: str) -> None:
        """A channel that we were put out of hears no more; whoever had subscribed it is told first.

        What waits for it is dropped when it comes up. The alerts channel keeps it, and hears it once it is open again.
        """
        book = self._keys.plain(f"catch-up:{channel}")
        subscription = (await self._registrations.subscriptions()).get(channel)
        try:
            if subscription and subscription.by:
                await self._posts.once(book, CLOSED, subscription.by, channel_closed(channel, reason))
        except SlackApiError as error:  # the next sweep tries again
            log.error("slack_refused", channel=channel, why=why(error))
            return
        await self._note_closed(channel, reason, subscription)
        await self._registrations.unsubscribe(channel)
        await self._catch_ups.forget(channel)
        self._asked.add(channel)  # to drop what waits for it

    async def _note_closed(self, channel: str, reason: str, was: Subscription | None) -> None:
        what = f"stopped telling {channel}, which is closed to Tenfour"
        detail = f"Slack says {reason}. Chosen by {was.by}." if was and was.by else f"Slack says {reason}."
        key = f"watch:closed:{channel}:{was.at if was else 0}"
        try:
            await self._trail.note(key, act_row("watch", what, "", self._clock(), detail=detail))
        except AuditProblem as error:  # it is closed all the same
            log.error("act_not_noted", kind="watch", channel=channel, why=str(error))


def slot_of(rows: Sequence[str]) -> str:
    """The slot of a reply that tells these announcements."""
    return rows[0] if len(rows) == 1 else f"{rows[0].partition(':')[0]}-{rows[-1]}"
