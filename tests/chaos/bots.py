"""Two bots that are started again whenever they end, as a process manager does."""

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.world import ROOT
from tests.forking import GAVE_UP


@dataclass
class Bot:
    """One place in which a bot runs. `pid` is 0 while there is none."""

    name: str
    log: Path
    pid: int = 0
    starts: int = 0
    killed: bool = False
    up: asyncio.Event = field(default_factory=asyncio.Event)

    def kill(self) -> bool:
        """`kill -9`, whatever it is doing. False when there is nothing to kill."""
        if not self.pid or self.killed:
            return False
        self.killed = True
        os.kill(self.pid, signal.SIGKILL)
        return True


class Bots:
    """The two bots and the process that forks them. `gave_up` counts exits with words, `crashes` tells of others."""

    def __init__(self, zygote: asyncio.subprocess.Process, environment: dict[str, str], folder: Path) -> None:
        self._zygote, self._environment = zygote, environment
        self.all = tuple(Bot(name, folder / f"{name}.log") for name in ("bot 1", "bot 2"))
        self.gave_up = 0
        self.crashes: list[str] = []
        self.exits: Counter[str] = Counter()
        self._started: asyncio.Queue[int] = asyncio.Queue()
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._ordering = asyncio.Lock()

    async def listen(self) -> None:
        """Hear from the forking process, until cancelled."""
        assert self._zygote.stdout
        async for line in self._zygote.stdout:
            said = json.loads(line)
            if "started" in said:
                self._ended[said["started"]] = asyncio.get_running_loop().create_future()
                self._started.put_nowait(said["started"])
            else:
                self._ended.pop(said["ended"]).set_result(said["code"])
        raise AssertionError("the process that forks bots has ended")

    async def keep(self, bot: Bot) -> None:
        """Start a bot again and again, until cancelled."""
        while True:
            ended = await self._start(bot)
            code = await ended
            bot.pid = 0
            bot.up.clear()
            if code == GAVE_UP:
                self.gave_up += 1
                await asyncio.sleep(0.1)
            elif not bot.killed:
                self.crashes.append(f"{bot.name} ended by itself with code {code}: {_last_words(bot.log)}")
                await asyncio.sleep(0.5)

    def told_no(self) -> Counter[str]:
        """How many clicks of each person were answered with words about why nothing was done, such as without Redis.

        Slack shows nothing for such an ack; that somebody was to be told stands in the log alone.
        """
        logs = [bot.log.read_text(errors="replace") for bot in self.all if bot.log.exists()]
        found = re.findall(r'\{"kind": "block_actions", "user": "(\w+)".*"event": "not_done"', "\n".join(logs))
        return Counter(found)

    async def _start(self, bot: Bot) -> "asyncio.Future[int]":
        async with self._ordering:  # so that the next pid that is told of is this one
            assert self._zygote.stdin
            order = {"environment": self._environment, "log": str(bot.log)}
            self._zygote.stdin.write(f"{json.dumps(order)}\n".encode())
            await self._zygote.stdin.drain()
            bot.pid = await self._started.get()
        bot.killed, bot.starts = False, bot.starts + 1
        bot.up.set()
        return self._ended[bot.pid]


@asynccontextmanager
async def two_bots(environment: dict[str, str], folder: Path) -> AsyncIterator[Bots]:
    """Two bots with the same settings, until the body ends; then both are killed."""
    zygote = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.chaos.zygote",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    bots = Bots(zygote, {"PATH": os.environ["PATH"], **environment}, folder)
    tasks = [asyncio.create_task(bots.listen()), *(asyncio.create_task(bots.keep(bot)) for bot in bots.all)]
    try:
        yield bots
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        for bot in bots.all:
            bot.kill()
        if zygote.returncode is None:
            zygote.kill()
        await zygote.wait()
        bots.crashes += [f"the program broke: {end!r}" for end in ends if isinstance(end, Exception)]


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "it left no log"
