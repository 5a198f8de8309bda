"""Slack delivers at least once: the second copy of a delivery is acknowledged, after the first, and nothing else."""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.changes.refusal import Refusal
from bot.redis.keys import Keys
from handlers.delivery import Delivery

log = structlog.get_logger()

REMEMBER_SECONDS = 86400
"""Delayed events come again for up to a day (slack.md 2.8)."""

LOOK_SECONDS = 0.05
"""How often a copy looks whether the first one was answered."""

TAKEN_MILLISECONDS = 3000
"""Slack has given up by then: a copy that comes later means that the first one was not answered."""


class Inbox:
    """Remembers what was answered for a day, and what is being answered for three seconds."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys

    async def first(self, delivery: Delivery) -> bool:
        """Whether this delivery is to be answered; False when it was answered before.

        While another process is at it, this waits: an ack is Slack's word that something is done, whichever copy it is
        for, and that process may die before it has done it. Raises `Refusal` when it has just been refused.
        """
        if not delivery.once:
            return True
        # short at first: the copy of a delivery whose process died before its ack must not be dropped
        while not await self._redis.set(self._key(delivery), "taken", nx=True, px=TAKEN_MILLISECONDS):
            mark = await self._redis.get(self._key(delivery))
            if mark == "done":
                return False
            if mark == "refused":
                raise Refusal(
                    "This could not be done when it was delivered first. Look how things are, then try again."
                )
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def done(self, delivery: Delivery) -> None:
        """The delivery was answered. That its copies are known is not worth losing the answer for."""
        try:
            if delivery.once:
                await self._redis.set(self._key(delivery), "done", ex=REMEMBER_SECONDS)
        except RedisError as error:
            log.warning("delivery_not_remembered", kind=delivery.kind, why=type(error).__name__)

    async def refused(self, delivery: Delivery) -> None:
        """The delivery was answered with words about why it is not done; a copy of a later time is looked at anew."""
        try:
            if delivery.once:
                await self._redis.set(self._key(delivery), "refused", px=TAKEN_MILLISECONDS)
        except RedisError as error:
            log.warning("delivery_not_remembered", kind=delivery.kind, why=type(error).__name__)

    def _key(self, delivery: Delivery) -> str:
        return self._keys.plain(f"seen:{delivery.kind}:{delivery.once}".translate({ord("{"): "(", ord("}"): ")"}))
