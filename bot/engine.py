"""The task engine: keyed, delayed, at-least-once work on the same Redis (docket), and the clock that feeds it.

Tasks carry ids only. Correctness does not rest on delivery: every task reads the truth first, and doing it twice is
harmless. A lost task is found by the sweep, which looks at what is open.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from docket import Docket, Worker
from redis.exceptions import RedisError

from bot.tempo import PRODUCTION, Tempo

WARM_SECONDS = 45.0
CONCURRENCY = 20
"""Tasks in hand at a time; each takes connections of docket's, which strands a task that finds none left."""
LONG_SECONDS = 30.0
FINISH_RUNS_SECONDS = 10.0
"""How long runs may take to end after SIGTERM; whoever stops the bot loses patience after about thirty seconds."""
LOOK_SECONDS = 1.0
"""How often each process looks at the files that it was started with."""

Work = Callable[[], Awaitable[None]]
log = structlog.get_logger()


class WorkerEnded(Exception):
    """Nothing works on tasks any more in this process, so it has to end and be started again."""


class TaskEngine:
    """Starts work; the work itself is given to `work`."""

    def __init__(self, url: str, name: str, clock: Callable[[], float], tempo: Tempo = PRODUCTION) -> None:
        self._docket = Docket(name=name, url=url, heartbeat_interval=timedelta(seconds=1))
        self._clock, self._tempo = clock, tempo

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

    @asynccontextmanager
    async def work(self, tasks: "Tasks") -> AsyncIterator[None]:
        """Work on tasks, and tick, until the body ends; what is under way is finished first.

        Cancels the body and raises `WorkerEnded` if the worker ends before it.
        """

        runs: set[asyncio.Task[Any]] = set()

        async def run_change(number: int) -> None:
            if task := asyncio.current_task():
                runs.add(task)
                task.add_done_callback(runs.discard)
            if (again := await tasks.run_change(number)) is not None:
                await self.start_run_at(number, again)

        async with self._docket as docket:
            docket.register(run_change)
            for name, shared in tasks.shared.items():
                docket.register(_slotted(name, shared.work))
            worker = Worker(
                docket,
                concurrency=CONCURRENCY,
                redelivery_timeout=timedelta(seconds=self._tempo.redeliver),
                minimum_check_interval=timedelta(milliseconds=50),
                scheduling_resolution=timedelta(milliseconds=100),
                reconnection_delay=timedelta(seconds=self._tempo.reconnect),
            )
            async with worker:
                working = asyncio.create_task(worker.run_forever(), name="docket worker")
                end = _ending(asyncio.current_task())
                working.add_done_callback(end)
                scheduler = AsyncIOScheduler()
                for name, shared in tasks.shared.items():
                    first = timedelta(seconds=0 if shared.at_once else shared.every)
                    scheduler.add_job(
                        self.tick,
                        "interval",
                        args=[name, shared.every],
                        seconds=shared.every,
                        next_run_time=datetime.now(UTC) + first,
                        max_instances=1,
                        coalesce=True,
                    )
                own = ((tasks.warm, WARM_SECONDS), (tasks.beat, self._tempo.sweep), (tasks.look, LOOK_SECONDS))
                for job, every in own:
                    scheduler.add_job(job, "interval", seconds=every, next_run_time=datetime.now(UTC), coalesce=True)
                scheduler.start()
                try:
                    yield
                except asyncio.CancelledError:
                    if not working.done():
                        raise
                    raise WorkerEnded("The task worker has ended by itself; the log says why.") from None
                finally:
                    scheduler.shutdown(wait=False)
                    working.remove_done_callback(end)
                    working.cancel()
                    await asyncio.wait({working}, timeout=FINISH_RUNS_SECONDS)
                    # docket waits for them without end; what is cut off here another worker finds out about
                    for run in runs:
                        run.cancel()
                    await asyncio.wait({working})


def _ending(body: "asyncio.Task[Any] | None") -> Callable[["asyncio.Task[None]"], None]:
    """What is to happen when the worker ends before the body does."""

    def end(worker: "asyncio.Task[None]") -> None:
        error = None if worker.cancelled() else worker.exception()
        log.critical("worker_ended", error=error and type(error).__name__, exc_info=error)
        if body:
            body.cancel()

    return end


def _slotted(name: str, work: Work) -> Callable[[int], Awaitable[None]]:
    """Shared work as a task of docket's, which goes by its function's name."""

    async def task(slot: int) -> None:
        await work()

    task.__name__ = task.__qualname__ = name
    return task


async def _nothing() -> None:
    """No work."""


@dataclass(frozen=True)
class Shared:
    """Work that is done every so many seconds; unless `at_once`, a bot that has just started waits that long first."""

    every: float
    work: Work
    at_once: bool = True


@dataclass(frozen=True)
class Tasks:
    """The work that the engine does. `run_change` returns the seconds after which to call it again, or None.

    `shared` is done once, however many replicas there are, by name. Each process does `warm`, `beat` and `look` for
    itself.
    """

    run_change: Callable[[int], Awaitable[float | None]]
    shared: Mapping[str, Shared]
    warm: Work
    beat: Work
    look: Work = _nothing
