"""Slack delivers at least once: the second copy of a delivery is acknowledged, after the first, and nothing else."""

import asyncio
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.changes.refusal import Refusal
from bot.redis.batch import Batch
from bot.redis.keys import Keys
from handlers.delivery import Delivery

log = structlog.get_logger()

REMEMBER_SECONDS = 86400
"""Delayed events come again for up to a day (slack.md 2.8)."""

LOOK_SECONDS = 0.05
"""How often a copy looks whether the first one was answered."""

TAKEN_MILLISECONDS = 3000
"""Slack has given up by then: a copy that comes later means that the first one was not answered."""

_UNTAGGED: Final = {ord("{"): "(", ord("}"): ")"}
"""Braces would say which hash slot a key is in."""


class Inbox:
    """Remembers what was answered for a day, and what is being answered for three seconds."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys
        self._write = Batch(redis)

    async def first(self, delivery: Delivery) -> bool:
        """Whether this delivery is to be answered; False when it was answered before.

        While another process is at it, this waits: an ack is Slack's word that something is done, whichever copy it is
        for, and that process may die before it has done it. Raises `Refusal` when it has just been refused.
        """
        if not delivery.once:
            return True
        key = self._key(delivery)
        # short at first: the copy of a delivery whose process died before its ack must not be dropped
        while not await self._write("SET", key, "taken", "NX", "PX", TAKEN_MILLISECONDS):
            mark = await self._redis.get(key)
            if mark == "done":
                return False
            if mark == "refused":
                raise Refusal(
                    "This could not be done when it was delivered first. Look how things are, then try again."
                )
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def done(self, delivery: Delivery) -> None:
        """The delivery was answered; may be noted beside the ack. That its copies are known is not worth losing it for.

        Where this is lost with the process, a copy that comes after the three seconds is answered anew: what is done
        for a delivery must be harmless to repeat, as it is when a process dies before its ack.
        """
        try:
            if delivery.once:
                await self._write("SET", self._key(delivery), "done", "EX", REMEMBER_SECONDS)
        except RedisError as error:
            log.warning("delivery_not_remembered", kind=delivery.kind, why=type(error).__name__)

    async def refused(self, delivery: Delivery) -> None:
        """The delivery was answered with words about why it is not done; a copy of a later time is looked at anew."""
        try:
            if delivery.once:
                await self._write("SET", self._key(delivery), "refused", "PX", TAKEN_MILLISECONDS)
        except RedisError as error:
            log.warning("delivery_not_remembered", kind=delivery.kind, why=type(error).__name__)

    def _key(self, delivery: Delivery) -> str:
        return self._keys.plain(f"seen:{delivery.kind}:{delivery.once}".translate(_UNTAGGED))
