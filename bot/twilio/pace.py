"""How fast the calls of one Twilio account follow each other, in all processes together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.plans.step import Lane
from bot.redis.clients import Unreachable
from bot.redis.keys import Keys
from bot.redis.scripts import Script

_PACE = Script.beside(__file__, "pace.lua")
_HOLD = Script.beside(__file__, "hold.lua")

LANE_SECONDS: Mapping[Lane, float] = MappingProxyType({"default": 0.0, "registration": 1.0, "external": 5.0})
"""Least time between two calls of one lane of one account (twilio.md 11.8)."""
LONGEST_HOLD = 600.0
"""How long an account is held at most, in seconds, whatever Twilio asks for; then one call finds out how things are."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""How long an account is held when Twilio does not say how long, in seconds: doubled each time, up to the latter."""
SPREAD_SECONDS = 0.2
"""Least time between two calls of a lane at the end of a hold: what waited must not set out all at once.

It shrinks evenly until the calm is over, down to a twentieth of it.
"""
LEAST_CALM = 10.0
"""How long calls are spread after a hold, in seconds, or as long as it has lasted."""
TRUSTED_SECONDS = 0.1
"""How long Redis is not asked again about a lane in which nothing kept calls apart: so late is another's hold seen."""
AWAY_SECONDS = 1.0
"""How long a Redis that did not answer is not asked again: calls that wait in line must not all wait for it in turn."""


class Pace:
    """The lanes of each account, and the hold on it once Twilio has answered 429.

    That limit is one of the account, whatever the call (twilio.md 11.8): a hold stops all lanes of it. It is kept in
    Redis, and measured by the clock of Redis, so that all replicas keep it, also one that starts in the middle of it. A
    hold of this process is seen at once, that of another within `TRUSTED_SECONDS`.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        spread: float = SPREAD_SECONDS,
        least_calm: float = LEAST_CALM,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis, self._keys, self._spread, self._least_calm = redis, keys, spread, least_calm
        self._clock = clock
        self._free = dict[tuple[str, Lane], float]()
        self._asking = dict[tuple[str, Lane], asyncio.Lock]()
        self._away: tuple[float, RedisError] | None = None

    async def turn(self, account: str, lane: Lane, sleep: Callable[[float], Awaitable[None]], longest: float) -> float:
        """Wait for the turn of a call, at most `longest` seconds. Returns 0, or the seconds left if those are more.

        Raises `RedisError` when Redis does not answer, or did not a moment ago.
        """
        if self.known_free(account, lane):
            return 0.0
        # one asks, and what it hears the others know: many set out together
        async with self._asking.setdefault((account, lane), asyncio.Lock()):
            if self.known_free(account, lane):
                return 0.0
            wait, holds = await self._place(account, lane, longest, -1)
        while True:
            if wait == 0 or wait > longest:
                return wait
            # asked again after that: the account may have been held anew meanwhile, and the place is void
            await sleep(wait)
            longest -= wait
            wait, holds = await self._place(account, lane, longest, holds)

    def known_free(self, account: str, lane: Lane) -> bool:
        """Whether nothing kept calls of this lane apart a moment ago, so that the next one need not wait."""
        return self._clock() < self._free.get((account, lane), 0.0)

    async def hold(self, account: str, seconds: float | None) -> float:
        """Hold an account, as Twilio asks to; `seconds` is None when it does not say how long.

        Returns for how many seconds it is held. One that is held already is held no shorter than before.
        """
        self._forget(account)
        asked = "" if seconds is None else _ms(min(seconds, LONGEST_HOLD))
        args = [asked, *map(_ms, (FIRST_PAUSE, LONGEST_PAUSE, LONGEST_HOLD, self._least_calm))]
        lanes = [word for lane, seconds in LANE_SECONDS.items() for word in (lane, _ms(seconds))]
        held = float(await _HOLD(self._redis, keys=[self._key(account)], args=[*args, *lanes])) / 1000
        # and after it: an answer from before the hold may have come in between
        self._forget(account)
        return held

    async def _place(self, account: str, lane: Lane, longest: float, holds: int) -> tuple[float, int]:
        args = [lane, *map(_ms, (LANE_SECONDS[lane], self._spread, longest, LONGEST_HOLD)), holds]
        asked_at = self._clock()
        if self._away and asked_at < self._away[0]:
            raise Unreachable("Redis did not answer a moment ago") from self._away[1]
        try:
            wait, holds, free = await _PACE(self._redis, keys=[self._key(account)], args=args)
        except RedisError as error:
            self._away = self._clock() + AWAY_SECONDS, error
            raise
        if free:
            self._free[account, lane] = asked_at + TRUSTED_SECONDS
        return float(wait) / 1000, int(holds)

    def _forget(self, account: str) -> None:
        for lane in LANE_SECONDS:
            self._free.pop((account, lane), None)

    def _key(self, account: str) -> str:
        return self._keys.plain(f"pace:{account}")


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
