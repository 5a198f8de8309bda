"""Records what events say, however many and whosever, in a few round trips to Redis."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog
from redis.asyncio import Redis

from bot.accounts_file import AccountSettings
from bot.intake.event_types import Heard, Subject
from bot.intake.receipts import Receipts
from bot.intake.recording import NOT_RECORDED
from bot.intake.soon import Soon
from bot.intake.tcr_index import TcrIndex
from bot.redis.keys import Keys
from bot.tracking.registration import Registration, registration_parts
from bot.tracking.store import Said
from bot.tracking.tracker import Tracker

NOTED_SECONDS = 1.0
"""How exactly it is kept when events of an account came last."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Told:
    """What one event said to an account; None for one that says nothing, which still shows that events come."""

    account: AccountSettings
    heard: Heard | None


@dataclass
class _Meant:
    """What some events come to: facts, and what to look at now, gathered (`gently`), or only if somebody follows it."""

    said: list[Said] = field(default_factory=list)
    said_if_followed: list[Said] = field(default_factory=list)
    look: list[Registration] = field(default_factory=list)
    look_gently: list[Registration] = field(default_factory=list)
    look_if_followed: list[Registration] = field(default_factory=list)


class Taking:
    """Records events. `soon` looks at what was hinted at."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        tracker: Tracker,
        receipts: Receipts,
        index: TcrIndex,
        soon: Soon,
        clock: Callable[[], float],
    ) -> None:
        self._redis, self._keys, self._tracker, self._receipts, self._index = redis, keys, tracker, receipts, index
        self._soon, self._clock = soon, clock
        self._noted: dict[str, float] = {}

    async def take(self, told: Sequence[Told], *, quietly: bool = False) -> None:
        """Record all of it. Raises what Redis raises: it is to come again. `quietly`: more follows at once."""
        try:
            await self._take(told, quietly=quietly)
        except NOT_RECORDED:
            raise
        except Exception as error:  # what is odd about one must not make Twilio send all the others for hours
            log.error("events_broke_off", times=len(told), error=type(error).__name__)
            for one in told:
                await self._take_alone(one)

    async def _take_alone(self, one: Told) -> None:
        try:
            await self._take([one])
        except NOT_RECORDED:
            raise
        except Exception as error:
            log.error("event_broke_off", account=one.account.sid, error=type(error).__name__)

    async def _take(self, told: Sequence[Told], *, quietly: bool = False) -> None:
        receipts = [(one.account, one.heard.receipt) for one in told if one.heard and one.heard.receipt]
        meant = _Meant()
        for one in told:
            if one.heard:
                await self._read(one.account, one.heard, meant)
        await self._if_followed(meant)
        work: list[Awaitable[object]] = [self._note_that_events_come({one.account.sid for one in told})]
        if receipts:
            work.append(self._receipts.take_all(receipts))
        if meant.said:
            work.append(self._tracker.hear_all(meant.said, quietly=quietly))
        # side by side: they have nothing to do with each other, and a Redis that writes to disk takes its time
        for outcome in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        # after it: a look must find what was said
        if meant.look:
            await self._tracker.hint(meant.look)
        if meant.look_gently:
            await self._tracker.hint(meant.look_gently, gently=True)
        if meant.look or meant.look_gently:
            self._soon.ask()

    async def _note_that_events_come(self, accounts: Collection[str]) -> None:
        now = self._clock()
        for account in accounts:
            if now - self._noted.get(account, 0.0) >= NOTED_SECONDS:
                await self._redis.set(self._keys.plain(f"events:last:{account}"), now)
                self._noted[account] = now

    async def _read(self, account: AccountSettings, heard: Heard, meant: _Meant) -> None:
        looks = [self._registration(account, subject) for subject in heard.look]
        # a pool has up to 400 numbers, and each look at their campaign reads all of it
        (meant.look_gently if heard.gather else meant.look).extend(looks)
        meant.look_if_followed += [self._registration(account, subject) for subject in heard.look_if_followed]
        about = self._registration(account, heard.subject) if heard.subject else None
        if heard.tcr_campaign and (about := await self._by_tcr(account, heard.tcr_campaign)):
            meant.look.append(about)
        if heard.fact and about:
            said = Said(about, heard.fact, heard.status, heard.snapshot)
            (meant.said if heard.follow else meant.said_if_followed).append(said)

    async def _if_followed(self, meant: _Meant) -> None:
        """Take up what is only for those that somebody follows."""
        asked = {r.id for r in meant.look_if_followed} | {one.registration.id for one in meant.said_if_followed}
        if not asked:
            return
        begun = {one.registration.id for one in meant.said} | {r.id for r in (*meant.look, *meant.look_gently)}
        followed = begun | (await self._tracker.store.looked_last(asked)).keys()
        meant.look += [r for r in meant.look_if_followed if r.id in followed]
        meant.said += [one for one in meant.said_if_followed if one.registration.id in followed]

    async def _by_tcr(self, account: AccountSettings, tcr_campaign: str) -> Registration | None:
        """The followed campaign of this account with an id in TCR."""
        found = await self._index.of(tcr_campaign)
        if found is None or registration_parts(found)[1] != account.sid:
            return None
        known = await self._tracker.store.load(found)
        return known.model_copy(update={"started_at": self._clock(), "change": None}) if known else None

    def _registration(self, account: AccountSettings, subject: Subject) -> Registration:
        return Registration(
            kind=subject.kind,
            account=account.sid,
            account_name=account.name,
            key=subject.key,
            title=subject.title,
            started_at=self._clock(),
        )
