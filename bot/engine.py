"""The task engine: keyed, delayed, at-least-once work on the same Redis (docket), and the clock that feeds it.

Tasks carry ids only. Correctness does not rest on delivery: every task reads the truth first, and doing it twice is
harmless. A lost task is found by the sweep, which looks at what is open.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from docket import Docket, Worker
from redis.exceptions import RedisClusterException, RedisError

from bot.closing import LAST_WORDS_SECONDS, SOCKETS_SECONDS, Closing
from bot.logs import bound, bound_request
from bot.tempo import PRODUCTION, Tempo

CONCURRENCY = 50
"""Tasks in hand at a time; each takes connections of docket's, which strands a task that finds none left.

More than runs may be in hand (`bot.runs.shares`), so that there is always room for what is done in turns.
"""
LONG_SECONDS = 30.0
SHARED_SECONDS = 3.0
"""How long shared work may go on after SIGTERM: whatever it leaves, the next slot finds."""
DEAF_BEATS = 15
"""How often it must be found that the worker says nothing, a reconnection's time apart, until it is given up."""
CUT_SECONDS = 1.0
"""How long what was cut off may take to end."""
SILENT_SECONDS = 10.0
"""Without a sign of life for so long, a worker works no more; it gives one each second."""
SOON_SECONDS = 0.5
"""Whatever is asked for together is done once."""

Work = Callable[[], Awaitable[None]]
log = structlog.get_logger()


class WorkerEnded(Exception):
    """Nothing works on tasks any more in this process, so it has to end and be started again."""


class TaskEngine:
    """Starts work; the work itself is given to `work`."""

    def __init__(self, url: str, name: str, clock: Callable[[], float], tempo: Tempo = PRODUCTION) -> None:
        self._docket = Docket(name=name, url=url, heartbeat_interval=timedelta(seconds=1))
        self._clock, self._tempo = clock, tempo
        self._scheduler = AsyncIOScheduler()
        self._working: asyncio.Task[None] | None = None
        self._own: Worker | None = None
        self._runs: set[asyncio.Task[Any]] = set()
        self._others: set[asyncio.Task[Any]] = set()
        self._stopping = self._ended = False

    async def start_run(self, number: int) -> None:
        """Run a change soon; any number of starts are one while it waits, within a slot of time.

        Of a task that two workers were given, docket may record the beginning of the one after the end of the other: it
        then takes the key for running, and refuses it, as long as it remembers it. The next slot has another key.
        """
        slot = int(self._clock() // self._tempo.redeliver)
        await self._docket.add("run_change", key=f"start:{number}:{slot}")(number)

    async def start_run_at(self, number: int, seconds: float) -> None:
        """Run a change again after a while.

        Long pauses end on common beats, so that however often a change was woken, one task looks at it per beat.
        """
        beat = seconds // 2 if seconds >= LONG_SECONDS else 1.0
        when = math.ceil((self._clock() + seconds) / beat) * beat
        at = datetime.fromtimestamp(when, UTC)
        await self._docket.add("run_change", when=at, key=f"run:{number}:{math.ceil(when)}")(number)

    async def tick(self, task: str, every: float) -> None:
        """Enqueue a task once for this slot of time, however many replicas tick."""
        slot = int(self._clock() // every)
        try:
            await self._docket.add(task, key=f"{task}:{slot}")(slot)
        except (RedisError, ConnectionError) as error:
            log.warning("tick_missed", task=task, why=repr(error))

    async def ask(self, task: str) -> None:
        """Have shared work done soon, beside its turns; one that cannot be asked for is left to its next turn."""
        await self.tick(task, SOON_SECONDS)

    @asynccontextmanager
    async def work(self, tasks: "Tasks", closing: Closing | None = None, *, takes: bool = True) -> AsyncIterator[None]:
        """Tick, and work on tasks, until the body ends; what is under way is finished first, as far as time allows.

        Unless it `takes` tasks, this process only enqueues them, and does for itself what each process does. Cancels
        the body and raises `WorkerEnded` if the worker ends before it.
        """
        async with AsyncExitStack() as stack:
            docket = await stack.enter_async_context(self._docket)
            self._register(docket, tasks)
            self._schedule(tasks, takes)
            stack.callback(self.stop_taking)
            if not takes:
                self._scheduler.start()
                yield
                return
            worker = self._own = await stack.enter_async_context(self._worker(docket))
            working = self._working = asyncio.create_task(worker.run_forever(), name="docket worker")
            end = self._ending(asyncio.current_task())
            working.add_done_callback(end)
            watching = asyncio.create_task(self._end_when_deaf(working), name="watch over the docket worker")
            self._scheduler.start()
            try:
                yield
            except asyncio.CancelledError:
                if not self._ended:
                    raise
                raise WorkerEnded("The task worker has ended by itself; the log says why.") from None
            finally:
                working.remove_done_callback(end)
                watching.cancel()
                self.stop_taking()
                await self._finish(working, closing or Closing())

    async def depth(self) -> tuple[int, int]:
        """How many tasks wait for a worker, or are in hand, and how many wait for their time."""
        async with self._docket.redis() as redis:
            return int(await redis.xlen(self._docket.stream_key)), int(await redis.zcard(self._docket.queue_key))

    async def alive(self) -> bool:
        """Whether the worker of this process works on tasks, as it says in Redis itself every second."""
        if self._own is None or self._working is None or self._working.done():
            return False
        async with self._docket.redis() as redis:
            said = await redis.zscore(self._docket.workers_set, self._own.name)
        # by the clock with which docket says it
        return said is not None and datetime.now(UTC).timestamp() - float(said) < SILENT_SECONDS

    def _ending(self, body: "asyncio.Task[Any] | None") -> Callable[["asyncio.Task[None]"], None]:
        """What is to happen when the worker ends before the body does."""

        def end(worker: "asyncio.Task[None]") -> None:
            if self._stopping:
                return
            self._ended = True
            error = None if worker.cancelled() else worker.exception()
            log.critical("worker_ended", error=error and type(error).__name__, exc_info=error)
            if body:
                body.cancel()

        return end

    async def _end_when_deaf(self, working: "asyncio.Task[None]") -> None:
        """End a worker that does not work although Redis answers.

        On Cluster, docket listens to one node, and when that one dies looks for no other; a process that is started
        again finds one.
        """
        deaf = 0
        while deaf < DEAF_BEATS:
            await asyncio.sleep(self._tempo.reconnect)
            try:
                deaf = 0 if await self.alive() else deaf + 1
            except (RedisError, RedisClusterException, OSError):
                deaf = 0  # when Redis is away, it is waited for
        log.error("engine_deaf", then="this process ends, to be started again")
        working.cancel()

    def stop_taking(self) -> None:
        """Neither tick nor take a task from now on; what is under way goes on."""
        if self._stopping:  # a second cancellation would cut off what the worker is waiting for
            return
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._working and not self._working.done():
            self._working.cancel()

    async def _finish(self, working: "asyncio.Task[None]", closing: Closing) -> None:
        """Wait for what is under way. What is cut off stays with docket, and another worker finds out about it."""
        if others := set(self._others):
            await closing.wait(asyncio.wait(others, timeout=min(SHARED_SECONDS, closing.left())))
            for task in others:
                task.cancel()
        await closing.wait(asyncio.wait({working}, timeout=closing.left(SOCKETS_SECONDS + LAST_WORDS_SECONDS)))
        # docket waits for them without end
        for task in self._others | self._runs:
            task.cancel()
        await asyncio.wait({working}, timeout=CUT_SECONDS)

    def _worker(self, docket: Docket) -> Worker:
        return Worker(
            docket,
            concurrency=CONCURRENCY,
            redelivery_timeout=timedelta(seconds=self._tempo.redeliver),
            minimum_check_interval=timedelta(milliseconds=50),
            scheduling_resolution=timedelta(milliseconds=100),
            reconnection_delay=timedelta(seconds=self._tempo.reconnect),
        )

    def _register(self, docket: Docket, tasks: "Tasks") -> None:
        async def run_change(number: int) -> None:
            _held(self._runs)
            with bound_request(), bound(change=number):
                if (again := await tasks.run_change(number)) is not None:
                    await self.start_run_at(number, again)

        docket.register(run_change)
        for name, shared in tasks.shared.items():
            docket.register(_slotted(name, shared.work, self._others))

    def _schedule(self, tasks: "Tasks", takes: bool) -> None:
        now = datetime.now(UTC)
        for name, shared in tasks.shared.items() if takes else ():
            self._scheduler.add_job(
                self.tick,
                "interval",
                args=[name, shared.every],
                seconds=shared.every,
                next_run_time=now + timedelta(seconds=0 if shared.at_once else shared.every),
                max_instances=1,
                coalesce=True,
            )
        for own in tasks.own:
            self._scheduler.add_job(own.work, "interval", seconds=own.every, next_run_time=now, coalesce=True)


def _held(tasks: "set[asyncio.Task[Any]]") -> None:
    """Keep the task that runs now in a set until it is done."""
    if task := asyncio.current_task():
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def _slotted(name: str, work: Work, held: "set[asyncio.Task[Any]]") -> Callable[[int], Awaitable[None]]:
    """Shared work as a task of docket's, which goes by its function's name."""

    async def task(slot: int) -> None:
        _held(held)
        with bound_request():
            await work()

    task.__name__ = task.__qualname__ = name
    return task


@dataclass(frozen=True)
class Shared:
    """Work that is done every so many seconds; unless `at_once`, a bot that has just started waits that long first."""

    every: float
    work: Work
    at_once: bool = True


@dataclass(frozen=True)
class Own:
    """Work that each process does for itself every so many seconds, whatever its role: nobody else can."""

    every: float
    work: Work


@dataclass(frozen=True)
class Tasks:
    """The work that the engine does. `run_change` returns the seconds after which to call it again, or None.

    `shared` is done once, however many replicas there are, by name; `own` is done by each process.
    """

    run_change: Callable[[int], Awaitable[float | None]]
    shared: Mapping[str, Shared]
    own: Sequence[Own] = ()
