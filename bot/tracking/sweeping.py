"""Takes in hand what is due: claimed in batches, several at a time, one account beside the other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError

from bot.tracking.registration import Registration
from bot.tracking.store import CLAIM_SECONDS, RegistrationStore
from bot.twilio.faults import Refused, Throttled, TwilioFault, Unreachable

BATCH = 100
"""Registrations that are claimed in one go."""
AT_ONCE = 20
"""Of one account, looked at at the same time."""

Look = Callable[[Registration, float | None], Awaitable[TwilioFault | None]]
"""Looks at a registration that is due at that time (epoch seconds); gives why Twilio did not let it."""
PutOff = Callable[[Registration, float | None, str], Awaitable[None]]
"""Has a registration looked at later, and says why."""

log = structlog.get_logger()


async def look_at_due(store: RegistrationStore, clock: Callable[[], float], look: Look, put_off: PutOff) -> int:
    """Look at everything that is due, until nothing is; returns how many there were."""
    sweep, looked = _Sweep(store, look, put_off), 0
    while ids := await store.claim(now := clock(), BATCH):
        # a pool of workers, not chunks: one slow answer must not hold up a whole chunk, nor one account another
        pools = [(iter(mine), min(AT_ONCE, len(mine))) for mine in _by_account(ids)]
        work = (sweep.work(queue, now + CLAIM_SECONDS) for queue, workers in pools for _ in range(workers))
        await asyncio.gather(*work)
        looked += len(ids)
    return looked


@dataclass(frozen=True)
class _Sweep:
    """One sweep; `silent` holds the accounts that do not answer in it, and why."""

    store: RegistrationStore
    look: Look
    put_off: PutOff
    silent: dict[str, str] = field(default_factory=dict)

    async def work(self, queue: Iterator[str], until: float) -> None:
        """Look at one after the other; they are ours `until` then (epoch seconds)."""
        for registration_id in queue:
            try:
                await self._one(registration_id, until)
            except RedisError:
                raise
            except Exception as error:  # what is odd about one must not keep the others from being looked at
                log.error("look_broke_off", registration=registration_id, error=type(error).__name__)

    async def _one(self, registration_id: str, until: float) -> None:
        account = _account_sid(registration_id)
        known, due = await self.store.load_due(registration_id)
        if known is None or due is None or due > until:
            return  # a slow answer to others took longer than the claim: by now it is another's
        if account in self.silent:
            await self.put_off(known, due, self.silent[account])
        elif (fault := await self.look(known, due)) and _silences(fault):
            self.silent[account] = str(fault)


def _by_account(ids: list[str]) -> list[list[str]]:
    """The ids of each account, in their order."""
    found: dict[str, list[str]] = {}
    for registration_id in ids:
        found.setdefault(_account_sid(registration_id), []).append(registration_id)
    return list(found.values())


def _account_sid(registration_id: str) -> str:
    # unlike registration_parts it never fails: one odd id must not keep the others from being looked at
    return registration_id.partition("|")[2].partition("|")[0]


def _silences(fault: TwilioFault) -> bool:
    """Whether what went wrong is about the account, so that looking further would only make it worse."""
    return isinstance(fault, Throttled | Unreachable) or (isinstance(fault, Refused) and fault.status == 401)
