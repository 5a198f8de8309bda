"""Slack delivers at least once: the second copy of a delivery is acknowledged, after the first, and nothing else."""

import asyncio
from collections import OrderedDict
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.changes.refusal import Refusal
from bot.redis.batch import Batch
from bot.redis.keys import Keys
from handlers.delivery import REMEMBER_SECONDS, Delivery

log = structlog.get_logger()

LOOK_SECONDS = 0.05
"""How often a copy looks whether the first one was answered."""

TAKEN_MILLISECONDS = 3000
"""Slack has given up by then: a copy that comes later means that the first one was not answered."""

MOST_IN_HAND: Final = 5000
"""Deliveries that one process knows to have answered: those of minutes, where Slack gives up after seconds."""


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
        return self._keys.plain(f"seen:{delivery.mark}")


class InHand:
    """Remembers what this process answers and has answered, without asking anybody.

    It is for deliveries that other processes may answer as well: because their answer changes nothing, or because what
    it writes carries the mark of the delivery.
    """

    def __init__(self, most: int = MOST_IN_HAND) -> None:
        self._most = most
        self._answered: OrderedDict[str, asyncio.Future[bool]] = OrderedDict()

    async def first(self, delivery: Delivery) -> bool:
        """Whether this delivery is to be answered; False once it was answered, for which this waits.

        A copy of one that was refused is looked at anew.
        """
        while before := self._answered.get(delivery.mark):
            # one who gives up must not take it from the others
            if await asyncio.shield(before):
                return False
        if delivery.mark:
            self._answered[delivery.mark] = asyncio.get_running_loop().create_future()
            self._forget()
        return True

    def done(self, delivery: Delivery) -> None:
        """The delivery was answered."""
        if (mine := self._answered.get(delivery.mark)) and not mine.done():
            mine.set_result(True)

    def refused(self, delivery: Delivery) -> None:
        """The delivery was answered with words about why it is not done."""
        if (mine := self._answered.pop(delivery.mark, None)) and not mine.done():
            mine.set_result(False)

    def _forget(self) -> None:
        """The oldest; whoever still waits for it looks at it anew."""
        while len(self._answered) > self._most:
            _, oldest = self._answered.popitem(last=False)
            if not oldest.done():
                oldest.set_result(False)
