"""Which followed campaign has which id in TCR, so that what TCR says finds it."""

import re
from collections.abc import Sequence

from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.registration import GONE, Registration, Transition

CAMPAIGN = re.compile(r"C[A-Z0-9]{6}")
"""A campaign's id in TCR (twilio.md 6)."""


class TcrIndex:
    """One Redis hash: the id in TCR to the registration that has it now."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._key = redis, keys.plain("tcr:campaigns")

    async def of(self, campaign: str) -> str | None:
        """The id of the registration with this campaign, or None."""
        found = await self._redis.hget(self._key, campaign)
        return None if found is None else str(found)

    async def learn(self, registration: Registration, transitions: Sequence[Transition]) -> None:
        """Take up the id of a campaign; doing it twice is harmless.

        One that is gone keeps its place until another service takes the campaign over, and never takes it back.
        """
        campaign = str(registration.snapshot.get("campaign_id") or "")
        if registration.kind == "campaign" and registration.status != GONE and CAMPAIGN.fullmatch(campaign):
            await self._redis.hset(self._key, campaign, registration.id)
