"""When each registration is to be looked at next: a sorted set of due times for each account.

Each account has one of its own, so that however much of one is due, another's is found at once, and on Cluster they lie
on several nodes. The index of accounts is written first: a set without an entry in it would never be looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.redis.scripts import Script
from bot.watching.observer import NOBODY, Observer

_CLAIM = Script.beside(__file__, "claim.lua")
_CROSS_OFF = Script.beside(__file__, "cross_off.lua")

_DUE, _ACCOUNTS = "registrations:due", "registrations:accounts"
"""`_DUE` by itself was the one set of all accounts: replicas of an older version still write to it."""
_MOVED_AT_ONCE = 500
CLAIM_SECONDS = 60


class DueTimes:
    """Due times, in epoch seconds; any number of replicas claim what is due."""

    def __init__(self, redis: Redis, keys: Keys, observer: Observer = NOBODY) -> None:
        self._redis, self._keys, self._observer = redis, keys, observer

    async def accounts(self) -> list[str]:
        """The accounts (SIDs) that may have something due."""
        await self._take_over()
        return sorted(str(a) for a in await self._redis.smembers(self._keys.plain(_ACCOUNTS)))

    async def claim(self, account: str, now: float, limit: int) -> list[str]:
        """The ids of an account's registrations whose time has come, the longest due first; each is ours for a minute.

        They are due again at `now + CLAIM_SECONDS`, unless that is set anew.
        """
        rows = await _CLAIM(self._redis, keys=[self._due(account)], args=[now, CLAIM_SECONDS, limit])
        for due in rows[1::2]:
            self._observer.claimed(now - float(due))
        return [str(registration_id) for registration_id in rows[::2]]

    async def due(self, registration_id: str) -> float | None:
        """When a registration is to be looked at next; None when nobody looks at it."""
        due = await self._redis.zscore(self._of(registration_id), registration_id)
        return None if due is None else float(due)

    async def look_at(self, registration_id: str, when: float) -> None:
        """Set when a registration is to be looked at next."""
        await self.look_at_all({registration_id: when})

    async def look_at_all(self, times: Mapping[str, float], *, sooner: bool = False) -> None:
        """Set when each of these is to be looked at next; with `sooner`, only where that is sooner than it is now."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for registration_id, when in times.items():
                account = account_of(registration_id)
                pipe.sadd(self._keys.plain(_ACCOUNTS), account)
                pipe.zadd(self._due(account), {registration_id: when}, lt=sooner)
            await pipe.execute()

    async def look_next(self, registration_id: str, when: float, due: float | None) -> None:
        """The same after a look that began while it was `due`: who asked for a look since then gets one at once.

        What a change has ended meanwhile is looked at no more.
        """
        if due is None:
            await self.look_at(registration_id, when)
        else:
            await self.look_next_at([(registration_id, when, due)])

    async def look_next_at(self, looks: Iterable[tuple[str, float, float]]) -> None:
        """The same for several at once: id, when to look next, and when it was due."""
        by_account = defaultdict[str, list[str | float]](list)
        for registration_id, when, due in looks:
            by_account[account_of(registration_id)] += [registration_id, due, when]
        for account, args in by_account.items():
            await _CROSS_OFF(self._redis, keys=[self._due(account)], args=args)

    async def look_again(self, registration_id: str, now: float) -> None:
        """Look at a registration once more at once, unless nobody looks at it any more."""
        await self._redis.zadd(self._of(registration_id), {registration_id: now}, xx=True)

    async def forget(self, registration_id: str) -> None:
        """Look at a registration no more; what is known of it stays."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrem(self._keys.plain(_DUE), registration_id)
            pipe.zrem(self._of(registration_id), registration_id)
            await pipe.execute()

    async def looked_at(self) -> list[str]:
        """The ids of all registrations that have a due time."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for account in await self.accounts():
                pipe.zrange(self._due(account), 0, -1)
            found: Sequence[Sequence[object]] = await pipe.execute()
        return [str(i) for ids in found for i in ids]

    async def due_since(self, now: float) -> Mapping[str, float]:
        """When the longest due registration of each account fell due; accounts with nothing due are left out."""
        accounts = await self.accounts()
        async with self._redis.pipeline(transaction=False) as pipe:
            for account in accounts:
                pipe.zrangebyscore(self._due(account), "-inf", now, start=0, num=1, withscores=True)
            found = await pipe.execute()
        return {account: float(rows[0][1]) for account, rows in zip(accounts, found, strict=True) if rows}

    async def _take_over(self) -> None:
        """Move what replicas of an older version have written to the one set of all accounts."""
        old = self._keys.plain(_DUE)
        while rows := await self._redis.zrange(old, 0, _MOVED_AT_ONCE - 1, withscores=True):
            moved = [(str(row[0]), float(row[1])) for row in rows]
            async with self._redis.pipeline(transaction=False) as pipe:
                for registration_id, when in moved:
                    pipe.sadd(self._keys.plain(_ACCOUNTS), account_of(registration_id))
                    # the earlier time counts: somebody has asked for a look by then
                    pipe.zadd(self._of(registration_id), {registration_id: when}, lt=True)
                await pipe.execute()
            # last, and only where it was not set anew meanwhile: it is always in one of the two
            await _CROSS_OFF(self._redis, keys=[old], args=[x for i, when in moved for x in (i, when, "")])

    def _of(self, registration_id: str) -> str:
        return self._due(account_of(registration_id))

    def _due(self, account: str) -> str:
        return self._keys.plain(f"{_DUE}:{account}")


def account_of(registration_id: str) -> str:
    """The account of a registration; unlike `registration_parts` it never fails: one odd id must hold up no other."""
    return registration_id.partition("|")[2].partition("|")[0]
