"""What is remembered of an account beside what Twilio's API tells: the one `Known` of the bot."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from redis.asyncio import Redis

from bot.ports import NumberState
from bot.redis.keys import Keys
from bot.tracking.registration import registration_id
from bot.tracking.sinks import last_event
from bot.tracking.store import RegistrationStore
from bot.tracking.traffic import OUTSIDE

FollowsEvents = Callable[[str], Awaitable[bool]]
"""Whether the events of an account (its SID) reach us."""


class HeardAndSeen:
    """What events and the results of messages said."""

    def __init__(self, redis: Redis, keys: Keys, store: RegistrationStore, follows_events: FollowsEvents) -> None:
        self._redis, self._keys, self._store, self._follows_events = redis, keys, store, follows_events

    async def last_event(self, account_sid: str) -> float | None:
        """When the last event of this account came in (epoch seconds); None when none ever did."""
        return await last_event(self._redis, self._keys, account_sid)

    async def number(self, account_sid: str, number_sid: str) -> NumberState | None:
        """What events said last of a number; None when nothing was heard of it."""
        known = await self._store.load(registration_id("number", account_sid, number_sid))
        # one that only a change waits for has no state: nothing was heard of it
        return NumberState(known.status, known.since, known.snapshot) if known and known.status else None

    async def follows_events(self, account_sid: str) -> bool:
        """Whether this account's events reach us, so that silence about a number means something."""
        return await self._follows_events(account_sid)

    async def codes(self, account_sid: str, service_sid: str) -> Mapping[str, int]:
        """How often each error code was seen in a service's traffic of late; empty where nobody follows it."""
        codes = await self._of_traffic(account_sid, service_sid, "codes")
        return {str(code): int(n) for code, n in codes.items()}

    async def bypassing(self, account_sid: str, phone_number: str) -> int:
        """How many messages of late went out from a 10DLC number (E.164) outside any messaging service."""
        return int((await self._of_traffic(account_sid, OUTSIDE, "bypass")).get(phone_number, 0))

    async def _of_traffic(self, account_sid: str, key: str, part: str) -> Mapping[str, Any]:
        traffic = await self._store.load(registration_id("traffic", account_sid, key))
        found = traffic.snapshot.get(part) if traffic else None
        return found if isinstance(found, dict) else {}
