"""Which Twilio account a channel works in, where its people have chosen one."""

from collections.abc import Callable

from pydantic import ValidationError
from redis.asyncio import Redis

from bot.plans.values import Record
from bot.redis.keys import Keys


class Choice(Record):
    """The account of a channel, by SID since names may be changed, and who chose it when (epoch seconds)."""

    account: str
    user: str
    at: float


class ChannelAccounts:
    """One choice per channel, in one Redis hash. A channel without one works in the main account."""

    def __init__(self, redis: Redis, keys: Keys, clock: Callable[[], float]) -> None:
        self._redis, self._key, self._clock = redis, keys.plain("channel-accounts"), clock

    async def of(self, channel: str) -> Choice | None:
        """What was chosen for this channel, if anything."""
        raw = await self._redis.hget(self._key, channel) if channel else None
        try:
            return Choice.model_validate_json(raw) if raw else None
        except ValidationError:  # another version's: as good as none
            return None

    async def use(self, channel: str, account: str, user: str) -> None:
        """From now on this channel works in this account."""
        choice = Choice(account=account, user=user, at=self._clock())
        await self._redis.hset(self._key, channel, choice.model_dump_json())

    async def forget(self, channel: str) -> None:
        """From now on this channel works in the main account."""
        await self._redis.hdel(self._key, channel)
