"""Tells the alerts channel, once for all replicas, that nobody looks at Twilio any more, and when somebody does again.

Asked by each process at its own beat, as what has died may be the very engine that does the work of all.
"""

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.health import Overdue, Pulse
from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from handlers.blocks.following.alarms import polling_mended, polling_silent, polling_works
from handlers.desk import SLACK_FAILURES
from handlers.posts import Posts

POLLING = "sweep of registrations"
"""What the sweep that looks at Twilio is called where its signs of life are kept."""
REST = 6
"""Looks that pass before something is tried again that could not be told."""
_OPEN = "open"

log = structlog.get_logger()


class _Silence(Record):
    """A silence that was told: since when (epoch seconds), and the last sign of life before it, which names it."""

    since: float
    done: float

    @property
    def slot(self) -> str:
        return f"silent:{self.done:.3f}"

    @property
    def end_slot(self) -> str:
        return f"works:{self.done:.3f}"


class Alarms:
    """What was told stands in one Redis hash, beside the messages: a silence is told once, and its end once."""

    def __init__(self, posts: Posts, redis: Redis, keys: Keys, leases: Leases, pulse: Pulse, channel: str) -> None:
        self._posts, self._redis, self._leases, self._pulse, self._channel = posts, redis, leases, pulse, channel
        self._book, self._lease, self._rest = keys.plain("alarms:polling"), keys.plain("alarms:telling"), 0

    async def look(self) -> None:
        """Tell what is to be told by now. Never raises for what Slack or Redis refuse: the next look tries again."""
        if self._rest:
            self._rest -= 1
            return
        try:
            if await self._news():
                async with self._leases.held(self._lease) as ours:
                    # looked at again: another replica may have told it while this one waited
                    if ours and (news := await self._news()):
                        await self._tell(*news)
        except (*SLACK_FAILURES, RedisError) as error:
            self._rest = REST
            log.warning("alarm_not_told", channel=self._channel, why=str(error) or type(error).__name__)

    async def _news(self) -> tuple[_Silence, Overdue | None, float] | None:
        """A silence with what is overdue, or with the time at which it ended; None when there is nothing to tell."""
        raw = await self._redis.hget(self._book, _OPEN)
        known = _Silence.model_validate_json(raw) if raw else None
        if known:
            # not by what this process thinks of it: one that was just started finds nothing overdue
            done = await self._pulse.done(POLLING)
            if done > known.done:
                return known, None, done
            if await self._posts.stands(self._book, known.slot):
                return None
        overdue = await self._pulse.overdue(POLLING)
        return (known or _Silence(since=overdue.since, done=overdue.done), overdue, 0.0) if overdue else None

    async def _tell(self, silence: _Silence, overdue: Overdue | None, again: float) -> None:
        if overdue:
            log.error("polling_silent", since=silence.since, error=overdue.error)
            # written down first: a message of which nobody knows would never be mended
            await self._redis.hset(self._book, _OPEN, silence.model_dump_json())
            message = polling_silent(silence.since, overdue.error)
            await self._posts.once(self._book, silence.slot, self._channel, message)
            return
        log.info("polling_works", silent_since=silence.since, again=again)
        if root := await self._posts.stands(self._book, silence.slot):
            message = polling_works(silence.since, again)
            await self._posts.once(self._book, silence.end_slot, self._channel, message, thread_ts=root)
        await self._posts.close(self._book, silence.slot, polling_mended(silence.since, again))
        await self._redis.hdel(self._book, _OPEN, silence.end_slot)
