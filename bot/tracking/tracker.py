"""Looks at registrations at Twilio when their time has come, and records what changed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from bot.changes.change import Change
from bot.plans.call import resolve
from bot.plans.plan import Watch
from bot.ports import Notifier
from bot.tracking.cadence import seconds_until_next_look
from bot.tracking.registration import GONE, Announcement, Registration, transition_between
from bot.tracking.store import RegistrationStore
from bot.twilio import reads
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import Account

BATCH = 100
AT_ONCE = 20
NOT_YET_SECONDS = 600.0
"""How long something new may be missing from Twilio's answers before that counts as gone."""

log = structlog.get_logger()

Look = Callable[[Account, str], Awaitable[tuple[str, dict[str, Any]]]]
"""Reads one registration: Twilio's status word (`GONE` when it has none) and the snapshot to keep."""


async def look_at_campaign(account: Account, service_sid: str) -> tuple[str, dict[str, Any]]:
    """A campaign is found by its messaging service: its own SID is a constant (twilio.md 0.3)."""
    seen = await reads.campaign(account, service_sid)
    return (seen.campaign_status, seen.model_dump(mode="json")) if seen else (GONE, {})


LOOKS: Mapping[str, Look] = {"campaign": look_at_campaign}


class Tracker:
    """Follows registrations. Any number of replicas may sweep: what is due is claimed, each look is recorded once."""

    def __init__(
        self,
        store: RegistrationStore,
        account: Callable[[str], Account],
        notifier: Notifier,
        clock: Callable[[], float],
        base_seconds: float,
        alerts_channel: str,
        looks: Mapping[str, Look] = LOOKS,
    ) -> None:
        self.store = store
        self._account, self._notifier, self._clock = account, notifier, clock
        self._base, self.alerts_channel, self._looks = base_seconds, alerts_channel, looks

    async def follow(self, change: Change, watch: Watch, results: dict[str, dict[str, Any]]) -> None:
        """Start or revive a registration that a change has made."""
        key = resolve(watch.key, results)
        registration = Registration(
            kind=watch.kind,
            account=change.plan.account,
            key=key,
            title=watch.title,
            owner=change.requester,
            change=change.number,
            started_at=self._clock(),
        )
        await self.store.begin(registration)

    async def sweep(self) -> int:
        """Look at everything that is due; returns how many were looked at."""
        looked = 0
        while ids := await self.store.claim(self._clock(), BATCH):
            # a pool of workers, not chunks: one slow answer must not hold up a whole chunk
            queue = iter(ids)
            await asyncio.gather(*(self._work(queue) for _ in range(min(AT_ONCE, len(ids)))))
            looked += len(ids)
        return looked

    async def look(self, registration_id: str) -> None:
        """Look at one registration now, and say when to look next."""
        known = await self.store.load(registration_id)
        if known is None or known.kind not in self._looks:
            return
        now = self._clock()
        try:
            status, snapshot = await self._looks[known.kind](self._account(known.account), known.key)
        except TwilioFault as fault:
            await self._failed(known, str(fault))
            return
        except ValidationError as error:  # its own words would quote the answer
            await self._failed(known, f"Twilio's answer has {error.error_count()} fields that Tenfour cannot read")
            return
        if status == GONE and not known.status and now - known.started_at < NOT_YET_SECONDS:
            status = ""  # made a moment ago, and Twilio does not list it yet
        transition = transition_between(known, status, snapshot, now)
        moved = status != known.status
        seen = known.model_copy(
            update={
                "status": status,
                "since": now if moved else known.since,
                "fetched_at": now,
                "snapshot": snapshot,
                "trouble": "",
                "failures": 0,
            }
        )
        rows = [Announcement(channel=c, transition=transition) for c in await self._hearers()] if transition else []
        tell = moved or bool(transition) or known.out_of_sight
        if await self.store.observe(seen, transition, rows, tell=tell):
            await self.store.look_at(
                registration_id, now + seconds_until_next_look(status, now - seen.since, self._base)
            )
            if tell:
                await self._notifier.registration_moved(registration_id)

    async def _failed(self, known: Registration, why: str) -> None:
        """Look again later; when looks have failed for long, the card says so once."""
        log.warning("look_failed", registration=known.id, why=why)
        seen = known.model_copy(update={"trouble": why, "failures": known.failures + 1})
        tell = seen.out_of_sight and not known.out_of_sight
        recorded = await self.store.observe(seen, tell=tell)
        await self.store.look_at(known.id, self._clock() + 5 * self._base)
        if recorded and tell:
            await self._notifier.registration_moved(known.id)

    async def _work(self, queue: Iterator[str]) -> None:
        for registration_id in queue:
            try:
                await self.look(registration_id)
            except RedisError:
                raise
            except Exception as error:  # what is odd about one must not keep the others from being looked at
                log.error("look_broke_off", registration=registration_id, error=type(error).__name__)

    async def _hearers(self) -> list[str]:
        return sorted({self.alerts_channel, *await self.store.channels()})
