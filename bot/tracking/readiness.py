"""The look at a campaign that also tells whether it is ready to send: its brand, pool, numbers and routing.

Before it is VERIFIED a look costs one call, as nothing else matters yet. What the carriers say of its numbers no API
tells (twilio.md 7): that comes from what events said of them.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from bot.catalog.addresses.checks import odd, read_conversations
from bot.catalog.numbers.owned import Surroundings, addresses_by_number, routing
from bot.checks import ready_to_send as rules
from bot.checks.ready_to_send import NumberStanding
from bot.plans.finding import Finding
from bot.tracking.kinds import look_at_campaign
from bot.tracking.known import FollowsEvents
from bot.tracking.ready import known_verdict, told
from bot.tracking.registration import Registration, registration_id
from bot.tracking.store import RegistrationStore
from bot.twilio import reads
from bot.twilio.faults import Refused, TwilioFault
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free
from bot.twilio.reads_conversations import Address

T = TypeVar("T")
MOMENT: Final = 1.0
"""Seconds for which it is remembered whether an account's events reach us."""
FEW: Final = 20
"""Numbers that are read one by one; of more, the list of all that the account has costs less."""
ADDRESSES: Final = "the Conversations addresses"
NAMED: Final = 20
"""Numbers that wait which the snapshot names."""
FOLLOWED: Final = "events_followed"
"""Where the snapshot of a campaign that is not verified says whether events reached us by then."""


@dataclass
class Gaps:
    """What could not be read: just now, or not at all with this key."""

    passing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def all(self) -> frozenset[str]:
        """Whatever could not be read."""
        return frozenset([*self.passing, *self.refused])

    async def read(self, what: str, reading: Awaitable[T]) -> T | None:
        """What was read, or None; then `what` is written down."""
        try:
            return await reading
        except Refused as fault:
            (self.refused if fault.credentials else self.passing).append(what)
        except (TwilioFault, ValidationError):
            self.passing.append(what)
        return None


class Lately:
    """Whether an account's events reach us, as it was a moment ago: a sweep asks for every look."""

    def __init__(self, ask: FollowsEvents, clock: Callable[[], float]) -> None:
        self._ask, self._clock = ask, clock
        self._heard = dict[str, tuple[float, bool]]()
        self._asking = dict[str, asyncio.Lock]()

    async def follows(self, account_sid: str) -> bool:
        """Whether they do, `MOMENT` ago at the earliest."""
        if (known := self._known(account_sid)) is not None:
            return known
        async with self._asking.setdefault(account_sid, asyncio.Lock()):
            if (known := self._known(account_sid)) is not None:
                return known
            now = self._clock()
            answer = await self._ask(account_sid)
            self._heard[account_sid] = (now, answer)
            return answer

    def _known(self, account_sid: str) -> bool | None:
        at, answer = self._heard.get(account_sid, (-math.inf, False))
        return answer if 0 <= self._clock() - at < MOMENT else None


class Readiness:
    """Looks at campaigns. `follows_events` says whether the events of an account reach us."""

    def __init__(self, store: RegistrationStore, follows_events: FollowsEvents) -> None:
        self._store, self._follows_events = store, follows_events

    async def look(self, account: Account, service_sid: str) -> tuple[str, dict[str, Any]]:
        """Twilio's status of the campaign and its snapshot; that of a verified one has `ready` and `readiness`."""
        return await self._look(
            account, service_sid, await self._store.load(registration_id("campaign", account.sid, service_sid))
        )

    async def again(self, account: Account, known: Registration) -> tuple[str, dict[str, Any]]:
        """The same for a campaign of which this is known."""
        return await self._look(account, known.key, known)

    async def _look(
        self, account: Account, service_sid: str, before: Registration | None
    ) -> tuple[str, dict[str, Any]]:
        status, snapshot = await look_at_campaign(account, service_sid)
        if not snapshot:
            return status, snapshot
        events = await self._follows_events(account.sid)
        if status != "VERIFIED":
            return status, snapshot | {FOLLOWED: events}
        campaign = reads.Campaign.model_validate(snapshot)
        ready, readiness = await self._readiness(account, campaign, before, events=events)
        return status, snapshot | {"ready": ready, "readiness": readiness}

    async def _readiness(
        self, account: Account, campaign: reads.Campaign, before: Registration | None, *, events: bool
    ) -> tuple[rules.Readiness, dict[str, Any]]:
        """The verdict, and what it rests on. What could not be read makes it unsure, and leaves the counts as known."""
        sid, gaps, last = campaign.messaging_service_sid, Gaps(), _last(before)
        service, pool, short_codes, brand, addresses = await asyncio.gather(
            gaps.read("the messaging service", reads.service(account, sid)),
            gaps.read("the sender pool", reads.pool(account, sid)),
            gaps.read("the short codes of the sender pool", reads.short_codes(account, sid)),
            gaps.read("the brand", _brand(account, campaign.brand_registration_sid)),
            gaps.read(ADDRESSES, addresses_by_number(account)),
        )
        name = reads.called(service.friendly_name) if service else str(last.get("service", ""))
        findings = rules.of_campaign(name, campaign)
        findings += [] if "the brand" in gaps.all else rules.of_brand(campaign, brand)
        counts = {key: last[key] for key in _COUNTS if key in last}
        ten_digit = [n for n in pool or () if not toll_free(n.phone_number)]
        if pool is not None:
            numbers = await self._standings(account, sid, ten_digit, before, events=events)
            counts = _counts(numbers, events=events)
            findings += rules.of_pool(name, pool, len(short_codes or ()))
            findings += rules.of_registrations(numbers, events=events)
        if service is None and "the messaging service" not in gaps.all:
            gaps.passing.append("the messaging service")  # there was one a moment ago, as its campaign is there
        if service:
            findings += rules.of_dropped(service)
            findings += await _routing(account, service, ten_digit, addresses, gaps)
        # in one order, whichever answer came first: a card is drawn anew when its snapshot differs
        findings += rules.unreadable(sorted(set(gaps.passing)), sorted(set(gaps.refused)))
        ready = rules.readiness(findings)
        knew = known_verdict(before) if before else ""
        return ready, {
            **counts,
            "events": events,
            "service": name,
            "reasons": [f.model_dump(include={"code", "severity", "text", "fix"}) for f in findings],
            "told": told(knew, ready, complete=not gaps.passing),
        }

    async def _standings(
        self,
        account: Account,
        service_sid: str,
        pool: Sequence[reads.PoolNumber],
        before: Registration | None,
        *,
        events: bool,
    ) -> list[NumberStanding]:
        ids = {n.sid: registration_id("number", account.sid, n.sid) for n in pool}
        known = await self._store.many(ids.values())
        overlooked = _overlooked(before)
        found = []
        for number in sorted(pool, key=lambda n: n.phone_number):
            heard = known.get(ids[number.sid])
            awaited = events and overlooked is not None and number.phone_number not in overlooked
            # a number that only a change waits for has no state: what a person said closes the wait, and tells no more
            status, detail = (heard.status, heard.snapshot) if heard else ("", {})
            found.append(rules.standing(number.phone_number, service_sid, status, detail, awaited=awaited))
        return found


_COUNTS: Final = ("numbers", "total", "failed", "waiting", "overlooked")


def _counts(numbers: Sequence[NumberStanding], *, events: bool) -> dict[str, Any]:
    failed = [n for n in numbers if n.status == rules.FAILURE]
    return {
        "numbers": rules.counted(numbers),
        "total": len(numbers),
        "failed": [{"phone_number": n.phone_number, "error_code": n.error_code, "reason": n.reason} for n in failed],
        "waiting": [n.phone_number for n in numbers if n.waits][:NAMED],
        "overlooked": [n.phone_number for n in numbers if n.unknown] if events else [],
    }


def _last(before: Registration | None) -> Mapping[str, Any]:
    found = before.snapshot.get("readiness") if before and before.status == "VERIFIED" else None
    return found if isinstance(found, Mapping) else {}


def _overlooked(before: Registration | None) -> frozenset[str] | None:
    """The numbers that may have been registered before events reached us; None where that may be so of any.

    The carriers begin with a number when its campaign is verified, or when it joins the pool after that.
    """
    if before is None or before.status == "SUSPENDED":
        return None
    if last := _last(before):
        return frozenset(last.get("overlooked", ())) if last.get("events") and "overlooked" in last else None
    if before.status == "VERIFIED":
        return None
    return frozenset() if before.snapshot.get(FOLLOWED) or (not before.status and before.made_at) else None


async def _brand(account: Account, brand_sid: str | None) -> reads.Brand | None:
    return await reads.brand(account, brand_sid) if brand_sid else None


async def _routing(
    account: Account,
    service: reads.Service,
    pool: Sequence[reads.PoolNumber],
    addresses: Mapping[str, tuple[Address, ...]] | None,
    gaps: Gaps,
) -> list[Finding]:
    """What becomes of inbound messages to these numbers, as far as it matters."""
    if not pool:
        return []
    made = [a for n in pool for a in (addresses or {}).get(n.phone_number, ()) if a.type == "sms" and a.answers]
    owned, on = await asyncio.gather(
        gaps.read("the webhooks of the numbers", _owned(account, pool)),
        gaps.read("Conversations", read_conversations(account) if made else _nothing()),
    )
    if owned is None:
        return []
    around = Surroundings({n.sid: service for n in pool}, addresses)
    found = [f for number in owned for f in routing(number, around)]
    if addresses is None and not service.answers_inbound and any(not n.handler for n in owned):
        gaps.refused += [] if ADDRESSES in gaps.all else [ADDRESSES]
    return rules.of_routing([*found, *((f for a in made for f in odd(a, on)) if on else ())])


async def _owned(account: Account, pool: Sequence[reads.PoolNumber]) -> list[reads.OwnedNumber]:
    if len(pool) > FEW:
        members = {n.sid for n in pool}
        found = [n for n in await reads.owned_numbers(account) if n.sid in members]
    else:
        each = await asyncio.gather(*(reads.owned_number(account, n.sid) for n in pool))
        found = [n for n in each if n]
    return sorted(found, key=lambda n: n.phone_number)


async def _nothing() -> None:
    return None
