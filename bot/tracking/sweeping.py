"""Takes in hand what is due: each account has a pool of workers of its own, fed by claims, and slows no other.

An account that a sweep of this process is still busy with is left to it: the next sweep takes the others.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Protocol, TypeVar, cast

import structlog
from redis.exceptions import RedisError
from structlog.contextvars import bind_contextvars

from bot.tracking.due import CLAIM_SECONDS
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.twilio.faults import Refused, Throttled, TwilioFault, Uncertain, Unreachable

MANY = 100
"""Claimed at a time at least where there is much to do: each claim is some round trips, however few are in it."""
AT_ONCE = 20
"""Of one account, looked at at the same time, where the account does not say."""
LOOK_SECONDS = 40.0
"""How long one look may take. So much of a claim must be left when it begins, or another replica begins it as well."""
LOST = 3
"""Looks in a row without a clear answer, after which the account is left alone for this time."""
GiveWay = Callable[[], Awaitable[None]]
"""Waits for a while where others in this process wait for an answer."""

T = TypeVar("T")
log = structlog.get_logger()


class Looks(Protocol):
    """What is done with what is due. `due` is until when it is ours (epoch seconds)."""

    async def look(self, known: Registration, due: float) -> TwilioFault | None:
        """Look at a registration; gives why Twilio did not let it."""

    async def put_off(self, known: Registration, due: float, why: str) -> None:
        """Have a registration looked at later, and say why."""

    async def record(self) -> None:
        """Write down what looks have left to be written down together."""


class Sweeper:
    """The sweeps of one process. `at_once` says how many looks an account (its SID) takes at the same time."""

    def __init__(
        self,
        store: RegistrationStore,
        clock: Callable[[], float],
        looks: Callable[[], Looks],
        at_once: Callable[[str], int],
        give_way: GiveWay | None = None,
    ) -> None:
        self._store, self._clock, self._looks, self._at_once = store, clock, looks, at_once
        self._give_way = give_way
        self._pools: dict[str, _Pool] = {}

    async def sweep(self) -> int:
        """Look at everything that is due, until nothing is; returns how many there were.

        Accounts at which another sweep of this process still looks are left to that one. Raises `RedisError`, when all
        else is done.
        """
        return sum(await _all(self._of(account) for account in await self._store.accounts()))

    async def _of(self, account: str) -> int:
        if pool := self._pools.get(account):
            pool.asked = True  # it may have found nothing more a moment ago
            return 0
        pool = self._pools[account] = _Pool(
            self._store, self._clock, self._looks(), account, self._at_once(account), self._give_way
        )
        try:
            return await pool.run()
        finally:
            del self._pools[account]


class _Pool:
    """The workers of one account, each with the next one as soon as it is done with the last.

    A pool, not chunks: one slow answer must not hold up those that come after it.
    """

    def __init__(
        self,
        store: RegistrationStore,
        clock: Callable[[], float],
        looks: Looks,
        account: str,
        workers: int,
        give_way: GiveWay | None,
    ) -> None:
        self._give_way = give_way
        self._store, self._clock, self._looks, self._account, self._workers = store, clock, looks, account, workers
        self._queue: deque[tuple[Registration, float]] = deque()
        self._claiming = asyncio.Lock()
        self._looked = self._lost = 0
        self._more = False
        self._silent: dict[str, str] = {}
        self.asked = False

    async def run(self) -> int:
        """Look at what is due until nothing is; returns how many there were."""
        self.asked = True
        while self.asked:
            self.asked = False
            while await self._claim():
                await _all(self._work() for _ in range(min(self._workers, len(self._queue))))
        return self._looked

    async def _claim(self) -> bool:
        """Take what is due next, if there is anything."""
        # first: what comes again must be known as it was seen last
        await self._looks.record()
        now = self._clock()
        # the first leaves some to other replicas, should that be all there is
        least = MANY if self._looked else 0
        ids = await self._store.claim(self._account, now, max(least, 2 * self._workers))
        self._queue.extend((known, now + CLAIM_SECONDS) for known in (await self._store.many(ids)).values())
        self._looked += len(ids)
        self._more = bool(ids)
        return self._more

    async def _next(self) -> tuple[Registration, float] | None:
        # who finds the queue short claims more, while the others go on with what is in it
        while self._more and len(self._queue) <= self._workers and not (self._queue and self._claiming.locked()):
            async with self._claiming:
                if self._more and len(self._queue) <= self._workers:
                    await self._claim()
        return self._queue.popleft() if self._queue else None

    async def _work(self) -> None:
        try:
            while claimed := await self._next():
                try:
                    await self._one(*claimed)
                except RedisError:
                    raise
                except Exception as error:  # as above
                    log.error("look_broke_off", registration=claimed[0].id, error=type(error).__name__)
        finally:
            await self._looks.record()

    async def _one(self, known: Registration, due: float) -> None:
        if self._give_way:
            await self._give_way()
        if self._clock() + LOOK_SECONDS > due:
            return  # slow answers to others took most of the claim: whoever claims it next has time for it
        # for good, as a worker is a task with a context of its own: the next look binds them anew
        bind_contextvars(registration=known.id, account=known.account)
        why = self._silent.get("") or self._silent.get(known.kind)
        if why:
            await self._looks.put_off(known, due, why)
        else:
            self._heed(known, await self._looks.look(known, due))

    def _heed(self, known: Registration, fault: TwilioFault | None) -> None:
        """Leave the account alone where looking further would only make it worse."""
        self._lost = self._lost + 1 if isinstance(fault, Uncertain) else 0
        if fault is None:
            return
        refused = fault.status if isinstance(fault, Refused) else 0
        if isinstance(fault, Throttled | Unreachable) or refused == 401 or self._lost >= LOST:
            self._silent[""] = str(fault)
        elif refused == 403:
            # a restricted key may see one kind of thing and not the other
            self._silent[known.kind] = str(fault)


async def _all(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Everything side by side; one that fails cuts off no other, and is told of when all are done."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for result in done:
        if isinstance(result, BaseException):
            raise result
    return cast("list[T]", done)
