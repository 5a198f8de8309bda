"""The chaos program itself: people work, things go wrong, processes are killed; then it is judged."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from redis.exceptions import RedisError

from bot.sandbox.twilio.inventory import stock
from bot.sandbox.twilio.journal import LoggedCall
from tests.chaos.asking import Asker
from tests.chaos.console import stocked
from tests.chaos.deciding import Decider
from tests.chaos.judge import Broken, broken_promises, calmed, every
from tests.chaos.killer import Killer
from tests.chaos.people import PEOPLE
from tests.chaos.promises import Promises
from tests.chaos.report import Report
from tests.chaos.weather import calm, storms
from tests.chaos.witness import Witness
from tests.chaos.world import ChaosWorld, chaos_world

FAREWELL_SECONDS = 10.0
SERVICES = 60
"""Services that are there, and of whose settings people may ask for others; of each once."""
PACE = 0.3
"""Seconds between two kills, on average: a bot is back after a tenth of a second, and works in the rest."""


async def survive(kills: int, seed: int, folder: Path, pace: float = PACE, limit: float | None = None) -> Report:
    """Kill so many processes, and judge. The seed gives the decisions of everybody who takes part.

    What is not over after `limit` seconds is a broken promise of its own: the report then says how far it came.
    """
    async with chaos_world(folder) as chaos:
        life = Life(chaos, kills, seed, pace)
        living = asyncio.create_task(life.live())
        # not asyncio.timeout: redis-py loses a cancellation now and then (Python 3.11's wait_for)
        ended, _ = await asyncio.wait({living}, timeout=limit or default_limit(kills))
        if ended:
            return await life.report(living.result())
        living.cancel()
        await asyncio.wait({living}, timeout=FAREWELL_SECONDS)
        return await life.report([Broken(f"This was not over in time. What it was at: {life.at}")])


def default_limit(kills: int) -> float:
    """Seconds after which something hangs, also on a machine that has a lot else to do."""
    return 120.0 + 4 * kills


class Life:
    """Everybody who takes part, and what they have seen. `at` says how far it is."""

    def __init__(self, chaos: ChaosWorld, kills: int, seed: int, pace: float) -> None:
        self.at = "people work and processes are killed"
        self._chaos, self._seed = chaos, seed
        self._promises, self._faults, self._witness = Promises(), Counter[str](), Witness(chaos)
        self._killer = Killer(chaos, Random(f"{seed}:killer"), kills, pace, self._promises.kept)
        free = [o.phone_number for o in stock() if o.sms and not o.beta and o.phone_number[-2:] in ("01", "02", "03")]
        services = stocked(chaos.world.twilio, SERVICES)
        self._askers = [
            Asker(
                chaos,
                u,
                Random(f"{seed}:{u} asks"),
                self._promises,
                seed=seed,
                free=free[n :: len(PEOPLE)],
                services=services[n :: len(PEOPLE)],
            )
            for n, u in enumerate(PEOPLE)
        ]
        self._deciders = [Decider(chaos, user, Random(f"{seed}:{user} decides"), self._promises) for user in PEOPLE]
        self._calls: list[LoggedCall] = []
        self._started = self._over = self._settled = time.monotonic()

    async def live(self) -> list[Broken]:
        """All of it. Returns the promises that were broken."""
        chaos, seed = self._chaos, self._seed
        watching = asyncio.create_task(self._witness.work())
        try:
            async with _alongside(_collect(chaos, self._calls)):
                async with _alongside(
                    *(asker.work() for asker in self._askers),
                    *(decider.work() for decider in self._deciders),
                    storms(chaos, Random(f"{seed}:storms"), self._faults),
                ):
                    await self._killer.work()
                self._over = self._settled = time.monotonic()
                self.at = "what was begun comes to its end"
                calm(chaos)
                await asyncio.gather(*(late for person in (*self._askers, *self._deciders) for late in person.late))
                await chaos.redis_up()
                broken = await calmed(chaos, self._promises)
                self._settled = time.monotonic()
                self.at = "promises are judged"
                _take_new(chaos, self._calls)
                broken += await broken_promises(chaos, self._promises, self._calls)
        finally:
            self._witness.over = True
        await watching
        if lost := await self._witness.missing():
            broken.append(Broken(f"Redis has lost {len(lost)} writes that it had acknowledged"))
        return broken

    async def report(self, broken: list[Broken]) -> Report:
        """What was survived."""
        chaos, states = self._chaos, Counter[str]()
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                states.update([str(change.state) async for change in every(chaos)])
        except (RedisError, OSError, TimeoutError) as error:
            broken.append(Broken(f"The changes could not be counted: {error!r}"))
        return Report(
            seed=self._seed,
            seconds=self._over - self._started,
            calmed_in=self._settled - self._over,
            kills=self._killer.kills,
            in_flight=self._killer.in_flight,
            starts=sum(bot.starts for bot in chaos.bots.all),
            gave_up=chaos.bots.gave_up,
            sent=self._promises.sent,
            faults=self._faults,
            calls=_counted(self._calls),
            states=states,
            witnessed=len(self._witness.acknowledged),
            broken=(*broken, *map(Broken, chaos.bots.crashes)),
        )


async def _collect(chaos: ChaosWorld, calls: list[LoggedCall]) -> None:
    """Keep every call that has reached Twilio, whose journal forgets old ones; runs until cancelled."""
    while True:
        _take_new(chaos, calls)
        await asyncio.sleep(0.5)


def _take_new(chaos: ChaosWorld, calls: list[LoggedCall]) -> None:
    last = calls[-1].number if calls else 0
    calls += [call for call in chaos.world.twilio.journal.calls if call.number > last]


def _counted(calls: list[LoggedCall]) -> Counter[str]:
    counted = Counter({"reads": sum(call.method == "GET" for call in calls)})
    for call in calls:
        if call.method != "GET":
            counted["writes"] += 1
            counted["writes that took effect"] += call.effect
            counted["writes without an answer"] += call.status == 0
    return counted


@asynccontextmanager
async def _alongside(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Work that goes on until the body ends. Raises what it raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
