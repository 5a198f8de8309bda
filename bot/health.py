"""A sign of life that needs no port: a file that a bot writes every few seconds, with what is wrong with it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisClusterException, RedisError

from bot.redis.keys import Keys

FRESH_SECONDS = 30.0
PATIENCE_SECONDS = 60.0
"""How long a part may show no life before that is trouble, and five times as long as its work takes turns."""
ANSWER_SECONDS = 2.0
"""How long a part may take to say how it is; whoever probes a process loses patience soon after."""
SCHEDULER, REDIS = "scheduler", "redis"
_FILE = "alive"

Work = Callable[[], Awaitable[None]]
log = structlog.get_logger()


def beat(state: Path, wrong: Iterable[str] = ()) -> None:
    """Say that the bot is alive, its loop turns and its clock ticks; and what of it does not work."""
    state.mkdir(parents=True, exist_ok=True)
    (state / _FILE).write_text("; ".join(wrong))


def trouble(state: Path) -> str:
    """Why the bot of this state folder does not look healthy, or ""."""
    try:
        age = time.time() - (state / _FILE).stat().st_mtime
        wrong = (state / _FILE).read_text()
    except FileNotFoundError:
        return f"no bot has ever run with the state folder {state}"
    return f"the last sign of life is {age:.0f} s old" if age > FRESH_SECONDS else wrong


@dataclass
class _Part:
    """Something that must show life every `within` seconds. `alive` says whether it does now."""

    within: float
    alive: Callable[[], Awaitable[bool]] | None
    last: float
    error: str = ""
    vital: bool = True


@dataclass(frozen=True)
class Overdue:
    """Work that no replica has done for too long: when it last was (epoch seconds), and what kept it, as far as known.

    `done` is 0 when no replica has ever done it: `since` is then when this process began to wait for it.
    """

    since: float
    done: float
    error: str = ""


@dataclass(frozen=True)
class PartNow:
    """How a part is at this moment: `why` it is not well, `seconds` that it took to answer where that was measured.

    Where it does not count, this process can do its own work without it.
    """

    why: str = ""
    seconds: float | None = None
    counts: bool = True

    @property
    def ok(self) -> bool:
        """Whether it works."""
        return not self.why


class Pulse:
    """Watches the parts of a bot, and writes down how it is. Which replica did a piece of work is all the same."""

    def __init__(self, state: Path, redis: Redis, keys: Keys, clock: Callable[[], float]) -> None:
        self._state, self._redis, self._keys, self._clock = state, redis, keys, clock
        self._parts: dict[str, _Part] = {}
        self._wrong: list[str] = []
        self._ticked: float | None = None

    def watch(self, name: str, alive: Callable[[], Awaitable[bool]]) -> None:
        """Ask at each beat whether this part is alive; short interruptions are no trouble."""
        self._parts[name] = _Part(PATIENCE_SECONDS, alive, self._clock())

    def watched(self, name: str, every: float, work: Work, *, vital: bool = True) -> Work:
        """`work`, which is expected to be done about `every` so many seconds, by any replica.

        Where it is not `vital`, this process is well without it, as starting it again would not bring the work back.
        """
        part = self._parts[name] = _Part(max(PATIENCE_SECONDS, 5 * every), None, self._clock(), vital=vital)

        async def watched() -> None:
            try:
                await work()
            except Exception as error:
                part.error = type(error).__name__
                raise
            part.error = ""
            await self._redis.set(self._done(name), self._clock())

        return watched

    async def done(self, name: str) -> float:
        """When any replica last did a piece of watched work (epoch seconds), 0 when none ever did."""
        return float(await self._redis.get(self._done(name)) or 0)

    async def overdue(self, name: str) -> Overdue | None:
        """A piece of watched work that is overdue; None while it is not, or while this process is too young to say."""
        part, done = self._parts[name], await self.done(name)
        part.last = max(part.last, done)
        if self._clock() - part.last <= part.within:
            return None
        return Overdue(done or part.last, done, part.error)

    async def beat(self) -> None:
        """Write down that the bot is alive, and what is wrong; the log hears when that changes."""
        try:
            wrong = [
                what
                for name, part in list(self._parts.items())
                if part.vital and (what := await self._trouble(name, part))
            ]
        except RedisError as error:
            wrong = [f"Redis does not answer ({type(error).__name__})"]
        if wrong != self._wrong:
            log.log(logging.ERROR if wrong else logging.INFO, "health", wrong=wrong)
        self._wrong, self._ticked = wrong, self._clock()
        beat(self._state, wrong)

    async def now(self) -> dict[str, PartNow]:
        """How each part is at this moment, without the patience that `beat` has with it.

        Work that all replicas share does not count: a process is not at fault for what none of them does.
        """
        names = list(self._parts)
        redis, *others = await asyncio.gather(self._redis_now(), *(self._part_now(self._parts[n], n) for n in names))
        return {REDIS: redis, SCHEDULER: self._scheduler_now(), **dict(zip(names, others, strict=True))}

    async def _redis_now(self) -> PartNow:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._redis.ping()
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            return PartNow(f"does not answer ({type(error).__name__})")
        return PartNow(seconds=loop.time() - began)

    def _scheduler_now(self) -> PartNow:
        if self._ticked is None:
            return PartNow("has not ticked yet")
        age = self._clock() - self._ticked
        return PartNow(f"last ticked {age:.0f} s ago" if age > FRESH_SECONDS else "")

    async def _part_now(self, part: _Part, name: str) -> PartNow:
        shared = part.alive is None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if part.alive:
                    return PartNow("" if await part.alive() else "shows no sign of life")
                return PartNow((await self._trouble(name, part)).removeprefix(f"{name}: "), counts=False)
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            return PartNow(f"cannot be asked ({type(error).__name__})", counts=not shared)

    async def _trouble(self, name: str, part: _Part) -> str:
        if part.alive is None:
            part.last = max(part.last, await self.done(name))
        elif await part.alive():
            part.last = self._clock()
        if self._clock() - part.last <= part.within:
            return ""
        error = f" (last error: {part.error})" if part.error else ""
        return f"{name}: no sign of life since {datetime.fromtimestamp(part.last, UTC):%Y-%m-%d %H:%M:%S} UTC{error}"

    def _done(self, name: str) -> str:
        return self._keys.plain(f"done:{name}")
