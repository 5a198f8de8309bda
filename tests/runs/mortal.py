"""A worker that dies at a chosen moment: nothing that it would have done after it reaches Redis or Twilio."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis

from bot.plans.call import Call
from bot.twilio.gateway import Account, Item

_SCRIPTS = frozenset({"evalsha", "eval"})


class Died(BaseException):
    """What the rest of the program sees of `kill -9`: no handler for errors may take it for one."""


@dataclass
class Life:
    """Ends after so many steps that touch the world, before or after the step itself; None: it does not end.

    Or when so many writes at Twilio were heard of, between the effect of the next one and its answer.
    """

    left: int | None = None
    writes: int | None = None

    def step(self) -> None:
        """One moment at which it may end, and after which it is over."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Died

    async def during(self, deed: Callable[[], Awaitable[Any]]) -> Any:
        """Do something in the world, if it is still there to do it, and hear of its outcome, if it still is then."""
        self.step()
        done = await deed()
        self.step()
        return done

    async def writing(self, deed: Callable[[], Awaitable[Any]]) -> Any:
        """The same for a call that changes something at Twilio."""
        done = await self.during(deed)
        if self.writes is not None:
            self.writes -= 1
            self.writes -= 1
            if self.writes < 0:
                self.left = 0
                self.step()
        return done


def mortal_redis(redis: Redis, life: Life) -> Redis:
    """A client whose scripts run as long as `life` lasts."""

    class Mortal:
        def __getattr__(self, name: str) -> Any:
            found = getattr(redis, name)
            if name not in _SCRIPTS:
                return found

            async def run(*arguments: Any) -> Any:
                return await life.during(lambda: found(*arguments))

            return run

    return cast(Redis, Mortal())


class MortalAccount(Account):
    """An account whose calls are made, and heard of, as long as `life` lasts."""

    def __init__(self, account: Account, life: Life) -> None:
        self.__dict__.update(account.__dict__)
        self._life = life

    async def send(self, call: Call) -> Item:
        """See `Account.send`."""
        answer: Item = await self._life.writing(lambda: Account.send(self, call))
        return answer

    async def _read(self, url: str, params: Mapping[str, Any], headers: Mapping[str, str], name: str) -> Item:
        answer: Item = await self._life.during(lambda: Account._read(self, url, params, headers, name))
        return answer


def dies_after(redis: Redis, command: str) -> Redis:
    """A client that does this command, and nothing after it."""

    class Mortal:
        def __getattr__(self, name: str) -> Any:
            found = getattr(redis, name)
            if name != command:
                return found

            async def last(*arguments: Any) -> Any:
                await found(*arguments)
                raise Died

            return last

    return cast(Redis, Mortal())
