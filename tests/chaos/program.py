"""The chaos program itself: people work, things go wrong, processes are killed; then it is judged."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from bot.sandbox.twilio.inventory import stock
from bot.sandbox.twilio.journal import LoggedCall
from tests.chaos.asking import Asker
from tests.chaos.deciding import Decider
from tests.chaos.judge import Broken, broken_promises, calmed, every
from tests.chaos.killer import Killer
from tests.chaos.people import PEOPLE
from tests.chaos.promises import Promises
from tests.chaos.report import Report
from tests.chaos.seldom import thawed
from tests.chaos.weather import calm, console, storms
from tests.chaos.witness import Witness
from tests.chaos.world import ChaosWorld, chaos_world

PACE = 0.3
"""Seconds between two kills, on average: a bot is back after a tenth of a second, and works in the rest."""


async def survive(kills: int, seed: int, folder: Path, pace: float = PACE) -> Report:
    """Kill so many processes, and judge. The seed gives the decisions of everybody who takes part."""
    async with chaos_world(folder) as chaos:
        promises, faults, witness = Promises(), Counter[str](), Witness(chaos)
        killer = Killer(chaos, Random(f"{seed}:killer"), kills, pace, lambda: promises.sent["acknowledged"])
        numbers = [
            o.phone_number for o in stock() if o.sms and not o.beta and o.phone_number[-2:] in ("01", "02", "03")
        ]
        askers = [
            Asker(chaos, user, Random(f"{seed}:{user} asks"), promises, seed=seed, free=numbers[n :: len(PEOPLE)])
            for n, user in enumerate(PEOPLE)
        ]
        deciders = [Decider(chaos, user, Random(f"{seed}:{user} decides"), promises) for user in PEOPLE]
        calls: list[LoggedCall] = []
        started = time.monotonic()
        watching = asyncio.create_task(witness.work())
        async with _alongside(_collect(chaos, calls)):
            async with _alongside(
                *(asker.work() for asker in askers),
                *(decider.work() for decider in deciders),
                storms(chaos, Random(f"{seed}:storms"), faults),
                console(chaos, Random(f"{seed}:console"), faults),
            ):
                await killer.work()
            over = time.monotonic()
            calm(chaos)
            await asyncio.gather(*(late for person in (*askers, *deciders) for late in person.late))
            await chaos.redis_up()
            promises.froze += await thawed(chaos)
            broken = await calmed(chaos)
            settled = time.monotonic()
            _take_new(chaos, calls)
            broken += await broken_promises(chaos, promises, calls)
            witness.over = True
            await watching
            if lost := await witness.missing():
                broken.append(Broken(f"Redis has lost {len(lost)} writes that it had acknowledged"))
        broken += [Broken(crash) for crash in chaos.bots.crashes]
        states = Counter([str(change.state) async for change in every(chaos)])
        return Report(
            seed=seed,
            seconds=over - started,
            calmed_in=settled - over,
            kills=killer.kills,
            in_flight=killer.in_flight,
            starts=sum(bot.starts for bot in chaos.bots.all),
            gave_up=chaos.bots.gave_up,
            sent=promises.sent,
            faults=faults,
            calls=_counted(calls),
            states=states,
            witnessed=len(witness.acknowledged),
            broken=tuple(broken),
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
