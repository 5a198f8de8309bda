"""What a brand's campaigns were refused for before, and the wording that was accepted last."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from redis.asyncio import Redis

from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.tracking.registration import Registration, Transition


class Refused(Record):
    """One refusal: of which registration, when (epoch seconds), and the errors as Twilio gave them."""

    registration: str
    title: str
    at: float
    errors: tuple[dict[str, Any], ...] = ()


class Accepted(Record):
    """The last campaign of a brand that was accepted: when (epoch seconds), for which use case, and its texts."""

    registration: str
    title: str
    at: float
    use_case: str = ""
    texts: dict[str, Any] = Field(default_factory=dict)


class Past(Record):
    """What is remembered of a brand: refusals, the latest first, and what was accepted last."""

    refused: tuple[Refused, ...] = ()
    accepted: Accepted | None = None


class Memory:
    """Keeps the past of each brand; doing it twice is harmless."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys

    async def past(self, account: str, brand_sid: str) -> Past:
        """What is remembered of a brand; nothing for a brand that is not known."""
        return Past()

    async def learn(self, registration: Registration, transitions: Sequence[Transition]) -> None:
        """Take up what became of a registration."""
