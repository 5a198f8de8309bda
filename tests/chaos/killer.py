"""Kills bots and Redis: at random moments, and just when a call has arrived at Twilio."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

from tests.chaos.world import ChaosWorld

VICTIMS = ("bot 1", "bot 2", "Redis", "both bots", "everything")
WEIGHTS = (8, 8, 6, 2, 1)
FLIGHT_SECONDS = 0.6
"""How long to lie in wait for a call."""
MERCY_ANSWERS, MERCY_SECONDS = 4, 5.0
"""How many deliveries are answered between most kills, and how long to wait for that at most."""


class Killer:
    """Kills until it has killed `wanted` processes. `kills` counts by victim, `in_flight` those amid a call.

    `done` says how much was done for people so far.
    """

    def __init__(self, chaos: ChaosWorld, random: Random, wanted: int, pace: float, done: Callable[[], int]) -> None:
        self._chaos, self._random, self._wanted, self._pace, self._done = chaos, random, wanted, pace, done
        self.kills: Counter[str] = Counter()
        self.in_flight = 0

    async def work(self) -> None:
        """Kill the wanted number of processes."""
        done = 0
        while self.kills.total() < self._wanted:
            victim = self._random.choices(VICTIMS, WEIGHTS)[0]
            pause, aims = self._random.uniform(0.1, 2 * self._pace), self._random.random() < 0.4
            mercy = self._random.random() < 0.8
            await asyncio.sleep(pause)
            if mercy:
                await self._something_is_done(done)
            flies = aims and await self._call_arrives()
            before, done = self.kills.total(), self._done()
            self._kill(victim)
            self.in_flight += flies and self.kills.total() > before

    def _kill(self, victim: str) -> None:
        names = {"both bots": ("bot 1", "bot 2"), "everything": ("bot 1", "bot 2", "Redis")}.get(victim, (victim,))
        for bot in self._chaos.bots.all:
            self.kills[bot.name] += bot.name in names and bot.kill()
        self.kills["Redis"] += "Redis" in names and self._chaos.kill_redis()

    async def _something_is_done(self, since: int) -> None:
        """Wait until people got some answers: on a busy machine, every bot would else be killed while it starts."""
        deadline = asyncio.get_running_loop().time() + MERCY_SECONDS
        while self._done() < since + MERCY_ANSWERS and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def _call_arrives(self) -> bool:
        """Wait until Twilio's journal shows a call that has just arrived and may not be answered yet."""
        journal = self._chaos.world.twilio.journal
        seen = journal.written
        deadline = asyncio.get_running_loop().time() + FLIGHT_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            new = journal.calls[len(journal.calls) - (journal.written - seen) :] if journal.written > seen else []
            if any(call.method == "POST" for call in new):
                return True
            seen = journal.written
            await asyncio.sleep(0.002)
        return False
