"""Posts the weekly digest of each channel: once a week, for all replicas and across crashes."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

import aiohttp
import structlog
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.changes.budget import Budget
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.case import Case, gather
from bot.tracking.portfolio import Portfolio
from bot.tracking.statistics import Span, statistics
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from bot.tracking.weeks import week_due, weeks_before, weeks_so_far
from handlers.blocks.following.digest import Digest, digest_message
from handlers.blocks.help import channel_closed
from handlers.posts import CHANNEL_CLOSED, Posts, why

BOOK_SECONDS = 21 * 86400
DONE_SECONDS = 8 * 86400
REST_SECONDS = 900
"""How long a channel is left alone after a failure that may pass."""
BLOCKS_REFUSED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "invalid_message", "msg_blocks_too_long", "invalid_arguments"}
)
"""What Slack says of blocks that it does not take, such as charts where they are not known yet (slack.md 2.1)."""

log = structlog.get_logger()

Channels = Callable[[], Awaitable[Mapping[str, Subscription]]]
"""Who hears about what, by channel."""


class Digests:
    """What was posted stands in one Redis hash a week; which channels are done with it, in another."""

    def __init__(
        self,
        posts: Posts,
        redis: Redis,
        keys: Keys,
        leases: Leases,
        portfolio: Portfolio,
        store: RegistrationStore,
        budget: Budget,
        channels: Channels,
        clock: Callable[[], float],
    ) -> None:
        self._posts, self._redis, self._keys, self._leases = posts, redis, keys, leases
        self._portfolio, self._store, self._budget = portfolio, store, budget
        self._channels, self._clock = channels, clock

    async def post_due(self) -> None:
        """Post what is due.

        Cheap while nothing is: one read of the subscriptions, and one for each week that is due.
        """
        due = await self._due()
        if not due:
            return
        async with self._leases.held(self._keys.plain("digest:posting")) as ours:
            due = await self._due() if ours else []
            if due:
                cases = await self._cases([subscription for subscription, _ in due])
                for subscription, week in due:
                    await self._post(subscription, week, cases)

    async def of(self, subscription: Subscription, *, so_far: bool = False, cases: list[Case] | None = None) -> Digest:
        """The digest of one channel: of the week that is over, or of the one that is not."""
        now = self._clock()
        weeks = (weeks_so_far if so_far else weeks_before)(subscription.zone, now)
        found = await self._cases([subscription]) if cases is None else cases
        covered = [case for case in found if subscription.covers(case.row.glimpse())]
        narrowed = bool(subscription.accounts or subscription.brands or subscription.kinds)
        spent = await self._spent(subscription, found, weeks[-1])
        return Digest(statistics(covered, weeks), spent, so_far=so_far, narrowed=narrowed)

    async def _due(self) -> list[tuple[Subscription, str]]:
        """Who is to get a digest now, with the week; not who has had it, nor whose last try failed a moment ago."""
        now = self._clock()
        wanted = [(s, week) for s in (await self._channels()).values() if (week := week_due(s, now))]
        done: dict[str, dict[str, str]] = {}
        for week in {week for _, week in wanted}:
            found = await self._redis.hgetall(self._done(week))
            done[week] = {str(channel): str(when) for channel, when in found.items()}
        return [(s, week) for s, week in wanted if _open(done[week].get(s.channel, ""), now)]

    async def _post(self, subscription: Subscription, week: str, cases: list[Case]) -> None:
        """Post one; a channel that is closed to us must not keep the others from hearing."""
        channel, now = subscription.channel, self._clock()
        digest = await self.of(subscription, cases=cases)
        try:
            await self._once(week, channel, digest)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            reason = why(error) if isinstance(error, SlackApiError) else type(error).__name__
            log.warning("digest_not_posted", channel=channel, week=week, why=reason)
            if reason not in CHANNEL_CLOSED:
                await self._mark(week, channel, str(now + REST_SECONDS))
                return
            await self._tell_subscriber(week, subscription, reason)
        await self._mark(week, channel, "done")

    async def _tell_subscriber(self, week: str, subscription: Subscription, reason: str) -> None:
        """A channel that is closed to us and hears the digest alone is told of by nothing else."""
        if not subscription.by or not subscription.digest_only:
            return
        slot, said = f"closed:{subscription.channel}", channel_closed(subscription.channel, reason)
        try:
            await self._posts.once(self._keys.plain(f"digest:{week}"), slot, subscription.by, said)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:  # there is another digest next week
            log.warning("subscriber_not_told", channel=subscription.channel, why=type(error).__name__)

    async def _once(self, week: str, channel: str, digest: Digest) -> None:
        book = self._keys.plain(f"digest:{week}")
        # it must have a first entry to be given an end, and an end before anything is posted
        await self._redis.hsetnx(book, "week", week)
        await self._redis.expire(book, BOOK_SECONDS)
        try:
            await self._posts.once(book, channel, channel, digest_message(digest))
        except SlackApiError as error:
            if why(error) not in BLOCKS_REFUSED:
                raise
            log.warning("charts_refused", channel=channel, why=why(error))
            await self._posts.once(book, channel, channel, digest_message(digest, charts=False))

    async def _mark(self, week: str, channel: str, said: str) -> None:
        await self._redis.hset(self._done(week), channel, said)
        await self._redis.expire(self._done(week), DONE_SECONDS)

    async def _cases(self, subscriptions: list[Subscription]) -> list[Case]:
        return await gather(self._portfolio, self._store, subscriptions, self._clock())

    async def _spent(self, subscription: Subscription, cases: list[Case], week: Span) -> dict[str, Decimal]:
        """What was asked for on each account in the month; nobody knows of which brand or kind it was."""
        if subscription.brands or subscription.kinds:
            return {}
        names = {case.row.account: case.row.account_name or case.row.account for case in cases}
        wanted = [sid for sid in names if not subscription.accounts or sid in subscription.accounts]
        return {names[sid]: await self._budget.spent(sid, week[1] - 1) for sid in sorted(wanted)}

    def _done(self, week: str) -> str:
        return self._keys.plain(f"digest:done:{week}")


def _open(said: str, now: float) -> bool:
    """Whether a channel is still to get its digest: nothing was said of it, or a rest that is over."""
    return not said or (said != "done" and now >= float(said))
