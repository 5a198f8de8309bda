"""`make bench-start`: how long the bot takes from its start until it is ready, and how much memory it holds.

Beside it, a process that imports the same libraries, one by one, and nothing else: whatever other packages the bot has
loaded once it is ready to start. Both write no bytecode that is not there already.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from redis.asyncio import Redis

from bench.bots import POLL_SECONDS
from bench.load import free_port
from bench.rounds import ROUNDS, Figures, interleaved, machine, ms, reached, table, times
from bench.usage import cpu_seconds
from bot.redis.keys import Keys
from bot.sandbox.twilio import start_state
from bot.sandbox.world import APP_TOKEN
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from tests.e2e.world import PRODUCTION, World, open_world

IMPORTS, HTTP, SOCKET = "the imports alone", "Tenfour over HTTP", "Tenfour in Socket Mode"
START_GOAL, MEMORY_GOAL = 1.5, 150.0
"""Times the imports, and megabytes."""
REGISTRATIONS = 10_000
AT_ONCE = 500
READY_SECONDS, LOOK_SECONDS = 60.0, 0.002
SETTLE_SECONDS = 3.0
STILL_CPU = 0.15
"""A bot that uses less processor time in `SETTLE_SECONDS` has nothing under way but its clock."""
LONGEST_SWEEP = 180.0

LOADED = """
import sys, sysconfig
before = set(sys.modules)
import bot.app, bot.__main__
places = tuple({sysconfig.get_paths()[name] for name in ("purelib", "platlib")})
for name, module in sys.modules.items():
    if name not in before and (getattr(module, "__file__", None) or "").startswith(places):
        print(name)
"""


def libraries() -> list[str]:
    """Every module of another package that the bot has loaded when it starts, in the order in which it loads them."""
    found = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    return found.stdout.split()


async def imports_alone(program: Path) -> Figures:
    """Start a process that imports them, until it says so."""
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    await process.stdout.readline()
    took = time.perf_counter() - begun
    memory = resident(process.pid)
    await process.communicate(b"\n")
    return {"seconds": took, "memory": memory}


async def a_start(world: World, **more: str) -> Figures:
    """Start the bot, until it says that it is ready; it is ended before the next turn."""
    log = world.state.with_name("start.log")
    environment = {**world.environment(), "PORT": str(free_port()), "TENFOUR_POLL_SECONDS": POLL_SECONDS, **more}
    begun = time.perf_counter()
    with log.open("w") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *PRODUCTION, env=environment, stderr=stderr
        )
    async with asyncio.timeout(READY_SECONDS):
        while '"ready"' not in log.read_text():
            if process.returncode is not None:
                raise RuntimeError(log.read_text())
            await asyncio.sleep(LOOK_SECONDS)
    took = time.perf_counter() - begun
    memory = resident(process.pid)
    process.terminate()
    await process.wait()
    return {"seconds": took, "memory": memory}


async def at_rest(world: World, count: int) -> float:
    """Megabytes that a bot holds which follows that many registrations, once it has looked at all of them."""
    redis = Redis.from_url(world.redis_url, decode_responses=True)
    await follow(redis, count)
    await redis.aclose()
    bot = await world.process(*PRODUCTION, PORT=str(free_port()), TENFOUR_POLL_SECONDS=POLL_SECONDS)
    begun = time.monotonic()
    while time.monotonic() - begun < LONGEST_SWEEP:
        used = cpu_seconds([bot.pid])
        await asyncio.sleep(SETTLE_SECONDS)
        if cpu_seconds([bot.pid]) - used < STILL_CPU:
            break
    memory = resident(bot.pid)
    await world.kill(bot)
    return memory


async def follow(redis: Redis, count: int) -> None:
    """Put that many campaigns under review into Redis, as the bot does."""
    store, now = RegistrationStore(redis, Keys()), time.time()
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        await store.begin_all([campaign(number, now) for number in numbers])


def campaign(number: int, now: float) -> Registration:
    """A campaign that was asked for at this time."""
    service = f"MG{number:032x}"
    return Registration(
        kind="campaign",
        account=start_state.ACCOUNT_SID,
        account_name="main",
        key=service,
        title=f"Campaign {number}",
        started_at=now,
        since=now,
        stage_since=now,
    )


def resident(pid: int) -> float:
    """Resident memory of a process, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


async def measure(rounds: int, registrations: int) -> None:
    """Measure, and print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "imports.py"
        modules = libraries()
        program.write_text("".join(f"import {m}\n" for m in modules) + "print(flush=True)\ninput()\n")
        async with open_world(Path(folder), http_port=free_port()) as world:
            turns = {
                IMPORTS: partial(imports_alone, program),
                HTTP: partial(a_start, world),
                SOCKET: partial(a_start, world, SLACK_APP_TOKEN=APP_TOKEN),
            }
            results = await interleaved(turns, IMPORTS, rounds)
            print(f"Start to ready, {machine()}; medians of {rounds} rounds; {len(modules)} modules of libraries\n")
            rows = []
            for name in turns:
                ratio, memory = results.ratio(name, "seconds"), results.median(name, "memory")
                met = reached(ratio, START_GOAL) if name != IMPORTS else ""
                rows.append([name, ms(results.median(name, "seconds")), times(ratio), met, f"{memory:.0f} MB"])
            print(table(["", "start to ready", "to the imports", f"≤ {START_GOAL:g}", "resident then"], rows))
            rows = [["none"], [f"{registrations:,}"]]
            for row, count in zip(rows, (0, registrations), strict=True):
                memory = await at_rest(world, count)
                row += [f"{memory:.0f} MB", reached(memory, MEMORY_GOAL)]
            print("\n" + table(["registrations followed", "resident at rest", f"≤ {MEMORY_GOAL:g} MB"], rows))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round and few registrations, to see that it works")
    quick = parser.parse_args().quick
    asyncio.run(measure(1 if quick else ROUNDS, 500 if quick else REGISTRATIONS))


if __name__ == "__main__":
    main()
