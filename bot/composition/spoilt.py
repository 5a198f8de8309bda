"""Lists of choices that a run has made stale are read again in every process, as those who show them do not run."""

from redis.asyncio import Redis

from bot.catalog.choices import AllChoices
from bot.redis.keys import Keys


class Spoilt:
    """Spoils the lists of this process at once, and those of the others at their next `look`.

    One Redis hash counts for each account how often its lists were spoilt.
    """

    def __init__(self, redis: Redis, keys: Keys, choices: AllChoices) -> None:
        self._redis, self._choices, self._book = redis, choices, keys.plain("choices:spoilt")
        self._to_tell: set[str] = set()
        self._known: dict[str, str] | None = None

    def spoil(self, account_sid: str) -> None:
        """What an account holds has changed."""
        self._choices.spoil(account_sid)
        self._to_tell.add(account_sid)

    async def look(self) -> None:
        """Tell the others, and hear from them. What Redis does not take now is told at the next look."""
        for account_sid in tuple(self._to_tell):
            await self._redis.hincrby(self._book, account_sid, 1)
            self._to_tell.discard(account_sid)
        counted = {str(sid): str(times) for sid, times in (await self._redis.hgetall(self._book)).items()}
        before, self._known = self._known, counted
        for account_sid, times in counted.items():
            if before is not None and times != before.get(account_sid):
                self._choices.spoil(account_sid)
