"""Tells each channel what it hears: everything once, in the order in which it happened, one post after the other."""

from collections.abc import Callable, Sequence

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.audit.log import AuditProblem
from bot.audit.row import act_row
from bot.audit.trail import AuditTrail
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.kinds import KINDS
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription, hearers
from handlers.background import Background
from handlers.blocks.following.catch_up import CatchUp
from handlers.blocks.following.registration import registration_card, verdict
from handlers.blocks.help import channel_closed
from handlers.blocks.kit import Message
from handlers.following.catch_up import HANDFUL, CatchUps, Item, book_of
from handlers.following.showing import Showing
from handlers.posts import CHANNEL_CLOSED, THREAD_GONE, Posts, passing, why

ROOT, CLOSED, DRAWN = "root:", "closed", "drawn"
"""Slots of a book: the card at the head of a thread, by channel; and which version the cards show."""
REST_SECONDS = 5.0
"""How long a channel is left alone after a pass that Slack has ended: much that is new must not begin as many more."""
REFUSED_MOST = 3
"""Registrations that Slack refuses for good before a pass ends: then it is not about them."""

log = structlog.get_logger()


class Channels:
    """Posts what waits in the outboxes. All channels are told side by side, each by one hand in all processes.

    `pace` is the least time between two posts into one channel when there are many (seconds; slack.md 5).
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
        self.alerts_channel, self._clock, self._pace = alerts_channel, clock, pace
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
        now = self._clock()
        rows = await self._registrations.announcements(registration.id)
        new = await self._openings(registration, now)
        return {a.channel for a in rows if a.not_before <= now} | {c for c, at in new.items() if at <= now}

    async def settle(self, registration: Registration, drawn: int) -> None:
        """Take a registration, whose cards show version `drawn`, off the list of what is to be told, if nothing is."""
        openings = (await self._openings(registration, self._clock())).values()
        await self._registrations.all_told(registration.id, drawn, min(openings, default=None))

    async def hearers(self) -> dict[str, Subscription]:
        """Who hears about what, by channel."""
        return hearers(await self._registrations.subscriptions(), self.alerts_channel)

    async def _openings(self, registration: Registration, now: float) -> dict[str, float]:
        """Where the card of something that has just begun is still to be posted, and from when on (epoch seconds)."""
        if not _begun(registration) or await self._registrations.transitions(registration.id):
            return {}
        standing = await self._posts.slots(book_of(self._keys, registration.id))
        return {
            channel: subscription.opens_at(now)
            for channel, subscription in (await self.hearers()).items()
            if subscription.follows(registration)
            and channel not in registration.muted
            and not (ROOT + channel in standing and await self._root(registration, channel))
        }

    async def _root(self, registration: Registration, channel: str) -> str:
        return await self._posts.stands(book_of(self._keys, registration.id), ROOT + channel)

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
            due, batch = await self._due(channel), await self._catch_ups.of(channel)
            late = [i for i in due if i.late(self._clock())]
            if batch is None and len(late) > HANDFUL:
                batch = await self._catch_ups.begin(channel, late)
            if batch is None:
                return await self._post_all(channel, due, loud=True)
            return await self._catch_up(channel, batch, [i for i in due if i.id in batch.rows])
        except SlackApiError as error:
            log.error("slack_refused", channel=channel, why=why(error))
            if why(error) in CHANNEL_CLOSED and channel != self.alerts_channel:
                await self._close(channel, why(error))
                return False
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack_silent", channel=channel, why=type(error).__name__)
        self._rests_until[channel] = self._clock() + REST_SECONDS
        return False

    async def _catch_up(self, channel: str, batch: CatchUp, due: Sequence[Item]) -> bool:
        """Sum up, tell each in its thread, and link the summary to the threads."""
        if due:
            summed_up = await self._catch_ups.announce(channel, batch)
            await self._post_all(channel, due, loud=not summed_up)
        await self._catch_ups.finish(channel, batch)
        return True

    async def _due(self, channel: str) -> list[Item]:
        """All that is due for a channel, the oldest first; what it does not want is dropped on the way."""
        now, subscription = self._clock(), (await self.hearers()).get(channel)
        ids = await self._registrations.untold(now)
        rows, known = await self._registrations.waiting(ids, channel), await self._registrations.many(ids)
        due: list[Item] = []
        for registration_id in ids:
            registration = known.get(registration_id)
            if registration is None:
                continue
            at = 0.0
            for row in rows.get(registration_id, ()):
                at = max(at, row.transition.at)  # one clock of several may be behind
                item = Item(at, registration, row)
                if row.not_before <= now and await self._wanted(registration, item, subscription):
                    due.append(item)
            new = {} if registration_id in rows or subscription is None else await self._openings(registration, now)
            if new.get(channel, now + 1) <= now:
                due.append(Item(registration.since, registration, None))
        return sorted(due, key=lambda i: (i.at, i.registration.id))  # stable: each registration keeps its own order

    async def _wanted(self, registration: Registration, item: Item, subscription: Subscription | None) -> bool:
        """Whether something is to be posted now. What nobody there wants any more is dropped, in quiet hours it waits.

        A channel may have been switched off or muted, or its quiet hours changed, since it was addressed.
        """
        now = self._clock()
        opens = subscription.opens_at(now) if subscription else now
        if item.row is None:
            return subscription is not None and opens <= now
        heard = subscription is not None and subscription.hears(registration, item.row.transition)
        if not heard or item.row.channel in registration.muted or not _announced(registration):
            await self._registrations.told(registration.id, item.row)
            return False
        if opens > now:
            await self._registrations.put_off(registration.id, item.row, opens)
        return opens <= now

    async def _post_all(self, channel: str, due: Sequence[Item], *, loud: bool) -> bool:
        """Post them one after the other; False when none was. What Slack refuses for good holds up its own thread.

        Raises what ends the pass: SlackApiError of a channel that is closed or a Slack that gives no clear answer.
        """
        refused: set[str] = set()
        posted: dict[str, Registration] = {}
        for number, item in enumerate(due):
            registration_id = item.registration.id
            if registration_id in refused:
                continue
            if number and len(due) > HANDFUL:
                await self._background.pause(self._pace)
            try:
                await self._post(channel, item, loud=loud)
            except SlackApiError as error:
                if passing(error) or why(error) in CHANNEL_CLOSED or len(refused) >= REFUSED_MOST:
                    raise
                log.error("slack_refused", registration=registration_id, channel=channel, why=why(error))
                refused.add(registration_id)
            else:
                posted[registration_id] = item.registration
        for registration in posted.values():
            await self._settle_if_drawn(registration)
        return bool(posted)

    async def _post(self, channel: str, item: Item, *, loud: bool) -> None:
        """Post one thing into its thread, which begins with a card."""
        registration = await self._registrations.load(item.registration.id)
        subscription = (await self.hearers()).get(channel)
        if registration is None or not await self._wanted(registration, item, subscription):
            return
        book, shown = book_of(self._keys, registration.id), await self._showing.of(registration, channel)
        root = await self._posts.stands(book, ROOT + channel)
        if not root:
            root = await self._begin_thread(book, channel, registration, registration_card(shown))
        if item.row:
            broadcast = loud and item.row.transition.severity != "info"  # progress is for those who look
            message = verdict(shown, item.row.transition)
            try:
                await self._posts.once(book, item.row.id, channel, message, thread_ts=root, broadcast=broadcast)
            except SlackApiError as error:
                if why(error) not in THREAD_GONE:
                    raise
                # somebody has deleted the card since it was drawn last: the thread begins anew
                await self._posts.forget(book, ROOT + channel)
                root = await self._begin_thread(book, channel, registration, registration_card(shown))
                await self._posts.once(book, item.row.id, channel, message, thread_ts=root, broadcast=broadcast)
            await self._registrations.told(registration.id, item.row)

    async def _begin_thread(self, book: str, channel: str, registration: Registration, card: Message) -> str:
        """Post the card of a registration. It may be old before others know of it: then all cards are drawn again."""
        others = [s for s in await self._posts.slots(book) if s.startswith(ROOT) and s != ROOT + channel]
        drawn, version = await self._posts.noted(book, DRAWN), str(registration.version)
        await self._posts.forget(book, DRAWN)
        root = await self._posts.put(book, ROOT + channel, channel, card)
        if await self._registrations.load(registration.id) != registration:
            # whoever drew the others meanwhile could not draw this one
            await self._posts.forget(book, DRAWN)
            await self._registrations.redraw(registration.id)
        elif drawn == version or not others:
            await self._posts.note(book, DRAWN, version)
        return root

    async def _settle_if_drawn(self, registration: Registration) -> None:
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


def _announced(registration: Registration) -> bool:
    kind = KINDS.get(registration.kind)
    return kind is not None and kind.announced


def _begun(registration: Registration) -> bool:
    """Whether a change of ours has made this, so that people wait to see it on its way."""
    kind, seen = KINDS.get(registration.kind), bool(registration.status) or registration.out_of_sight
    shown = kind is not None and kind.announced and registration.status not in kind.unshown
    return registration.change is not None and seen and shown
