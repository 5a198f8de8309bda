"""Kills bots and Redis: at random moments, and just when a call has arrived at Twilio."""

import asyncio
from collections import Counter
from random import Random

from tests.chaos.world import ChaosWorld

VICTIMS = ("bot 1", "bot 2", "Redis", "both bots", "everything")
WEIGHTS = (8, 8, 6, 2, 1)
FLIGHT_SECONDS = 0.6
"""How long to lie in wait for a call."""


class Killer:
    """Kills until it has killed `wanted` processes. `kills` counts by victim, `in_flight` those amid a call."""

    def __init__(self, chaos: ChaosWorld, random: Random, wanted: int, pace: float) -> None:
        self._chaos, self._random, self._wanted, self._pace = chaos, random, wanted, pace
        self.kills: Counter[str] = Counter()
        self.in_flight = 0

    async def work(self) -> None:
        """Kill the wanted number of processes."""
        while self.kills.total() < self._wanted:
            victim = self._random.choices(VICTIMS, WEIGHTS)[0]
            pause, aims = self._random.uniform(0.1, 2 * self._pace), self._random.random() < 0.4
            await asyncio.sleep(pause)
            flies = aims and await self._call_arrives()
            before = self.kills.total()
            self._kill(victim)
            self.in_flight += flies and self.kills.total() > before

    def _kill(self, victim: str) -> None:
        names = {"both bots": ("bot 1", "bot 2"), "everything": ("bot 1", "bot 2", "Redis")}.get(victim, (victim,))
        for bot in self._chaos.bots.all:
            self.kills[bot.name] += bot.name in names and bot.kill()
        self.kills["Redis"] += "Redis" in names and self._chaos.kill_redis()

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
