"""What is registered in an account and followed by nobody: found at the first start and every night, and offered.

Twilio has no list of all campaigns: they are found service by service (twilio.md 5). What is taken up is followed from
then on as it stands: what is known by then is no news.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.registration import GONE, Registration
from bot.tracking.tracker import Tracker
from bot.twilio import reads, reads_conversations
from bot.twilio.accounts import Accounts
from bot.twilio.faults import Refused, TwilioFault
from bot.twilio.gateway import Account
from bot.twilio.times import moment

EVERY_SECONDS: Final = 24 * 3600.0
AGAIN_SECONDS: Final = 3600.0
"""How soon an account is asked again that did not answer."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Holdings:
    """What an account has: brands and campaigns as registrations, and how many there are of all else."""

    registrations: tuple[Registration, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Offer:
    """What nobody follows in an account. `nth` grows whenever there is something that was never offered before."""

    account: str
    account_name: str
    found: tuple[Registration, ...]
    counts: Mapping[str, int]
    nth: int


async def holdings(account: Account, now: float) -> Holdings:
    """Everything that is registered in an account. Raises `TwilioFault`."""
    services, brands, numbers, addresses = await asyncio.gather(
        reads.services(account), reads.brands(account), reads.owned_numbers(account), _addresses(account)
    )
    names = await reads.brand_names(account)
    by_sid = {service.sid: service for service in services}
    campaigns = await reads.campaigns(account, list(by_sid))
    of_brands = [
        _registration(
            account, "brand", b.sid, f"Brand “{names.get(b.customer_profile_bundle_sid or '', b.sid)}”", b, now
        )
        for b in brands
    ]
    of_campaigns = [
        _registration(
            account,
            "campaign",
            c.messaging_service_sid,
            f"Campaign of “{reads.called(by_sid[c.messaging_service_sid].friendly_name)}”",
            c,
            now,
        )
        for c in campaigns
        if c.messaging_service_sid in by_sid
    ]
    counts = {"service": len(services), "number": len(numbers), "address": addresses}
    return Holdings((*of_brands, *of_campaigns), {name: n for name, n in counts.items() if n})


class Discovery:
    """Looks for what nobody follows, once a day for each account, and keeps what it found until somebody decides.

    A hash for each account holds what is offered; `declined` is what somebody did not want, `offered` what was ever
    shown. Any number of replicas may ask: looking twice is harmless.
    """

    def __init__(
        self, redis: Redis, keys: Keys, tracker: Tracker, accounts: Accounts, clock: Callable[[], float]
    ) -> None:
        self._redis, self._keys, self._tracker, self._accounts, self._clock = redis, keys, tracker, accounts, clock

    async def look(self) -> list[str]:
        """Look through every account whose time has come; gives the SIDs of those that have something new to offer."""
        due = [account for account in self._accounts.all if await self._claim(account.sid)]
        return [account.sid for account in due if await self._look(account)]

    async def quiet(self, channel: str) -> bool:
        """Whether this channel has quiet hours now, so that an offer waits until they end."""
        now, subscription = self._clock(), (await self._tracker.subscriptions()).get(channel)
        return subscription is not None and subscription.opens_at(now) > now

    async def offer(self, account_sid: str) -> Offer:
        """What nobody follows, as far as it was found and nobody declined it."""
        rows, counts, nth = await asyncio.gather(
            self._redis.hgetall(self._key("found", account_sid)),
            self._redis.hgetall(self._key("counts", account_sid)),
            self._redis.get(self._key("nth", account_sid)),
        )
        found = [Registration.model_validate_json(str(raw)) for raw in rows.values()]
        followed = await self._tracker.store.many(r.id for r in found)
        return Offer(
            account=account_sid,
            account_name=self._accounts[account_sid].name,
            found=tuple(sorted((r for r in found if r.id not in followed), key=_order)),
            counts={str(name): int(n) for name, n in counts.items()},
            nth=int(nth or 0),
        )

    async def follow(self, account_sid: str, ids: Iterable[str] | None = None) -> list[Registration]:
        """Follow what was found, or those of it with these ids; gives what is followed now and was not before."""
        wanted = None if ids is None else set(ids)
        taken = [r for r in (await self.offer(account_sid)).found if wanted is None or r.id in wanted]
        for registration in taken:
            await self._tracker.adopt(registration.model_copy(update={"started_at": self._clock()}))
        for registration in taken:  # only now: what broke off before that is offered again
            await self._redis.hdel(self._key("found", account_sid), registration.id)
        return taken

    async def decline(self, account_sid: str) -> int:
        """Offer no more what is offered now; gives how many those are."""
        found = [r.id for r in (await self.offer(account_sid)).found]
        if found:
            await self._redis.sadd(self._key("declined", account_sid), *found)
            await self._redis.hdel(self._key("found", account_sid), *found)
        return len(found)

    async def _claim(self, account_sid: str) -> bool:
        # for a while only: a look that breaks off is made again by whoever asks next
        return bool(await self._redis.set(self._key("due", account_sid), 1, nx=True, ex=int(AGAIN_SECONDS)))

    async def _look(self, account: Account) -> bool:
        try:
            seen = await holdings(account, self._clock())
        except TwilioFault as fault:
            log.warning("nothing_discovered", account=account.sid, why=str(fault))
            return False
        declined = {str(i) for i in await self._redis.smembers(self._key("declined", account.sid))}
        followed = await self._tracker.store.many(r.id for r in seen.registrations)
        free = {r.id: r for r in seen.registrations if r.id not in followed and r.id not in declined}
        await self._name(seen.registrations, followed)
        known = {str(i) for i in await self._redis.smembers(self._key("offered", account.sid))}
        new = set(free) - known
        await self._keep(account.sid, free, seen.counts)
        if new:
            # counted before it is written down as offered: after a crash in between it is offered once more
            await self._redis.incr(self._key("nth", account.sid))
            await self._redis.sadd(self._key("offered", account.sid), *new)
        await self._redis.set(self._key("due", account.sid), 1, ex=int(EVERY_SECONDS))
        log.info("discovered", account=account.sid, offered=len(free), new=len(new))
        return bool(new)

    async def _name(self, seen: Iterable[Registration], followed: Mapping[str, Registration]) -> None:
        """Call by its name what an event began, which knew a SID alone."""
        for one in seen:
            known = followed.get(one.id)
            if known and one.key in known.title and one.key not in one.title:
                await self._tracker.store.call(one.id, one.title)
                await self._tracker.redraw(one.id)

    async def _keep(self, account_sid: str, free: Mapping[str, Registration], counts: Mapping[str, int]) -> None:
        found, counted = self._key("found", account_sid), self._key("counts", account_sid)
        stale = [i for i in map(str, await self._redis.hkeys(found)) if i not in free]
        if stale:
            await self._redis.hdel(found, *stale)
        if free:
            await self._redis.hset(found, mapping={i: r.model_dump_json() for i, r in free.items()})
        await self._redis.delete(counted)
        if counts:
            await self._redis.hset(counted, mapping={name: str(n) for name, n in counts.items()})

    def _key(self, part: str, account_sid: str) -> str:
        return self._keys.plain(f"discovery:{part}:{account_sid}")


def _registration(account: Account, kind: str, key: str, title: str, seen: reads.Seen, now: float) -> Registration:
    snapshot = seen.model_dump(mode="json")
    status = str(snapshot.get("campaign_status") or snapshot.get("status") or "") or GONE
    return Registration(
        kind=kind,
        account=account.sid,
        account_name=account.name,
        key=key,
        title=title,
        started_at=now,
        status=status,
        since=moment(snapshot.get("date_updated")) or now,
        fetched_at=now,
        snapshot=snapshot,
    )


async def _addresses(account: Account) -> int:
    try:
        return len(await reads_conversations.addresses(account))
    except Refused:  # a key may have no rights there, which keeps nobody from following brands
        return 0


def _order(registration: Registration) -> tuple[bool, str, str]:
    return registration.kind != "brand", registration.title.casefold(), registration.key
