"""What processes and Redis were busy with, from the outside."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time that these processes have taken so far, all threads, user and system."""
    return sum(_ticks(pid) for pid in pids) / _TICKS


def machine_seconds() -> float:
    """CPU time that the whole machine has spent on anything so far, all cores."""
    of_all = [int(ticks) for ticks in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle, waiting_for_disk = of_all[3:5]
    return (sum(of_all) - idle - waiting_for_disk) / _TICKS


async def commands(redis: Redis) -> dict[str, int]:
    """How often each command was called so far, also by scripts."""
    stats: dict[str, Any] = await redis.info("commandstats")
    return {name.removeprefix("cmdstat_"): int(of["calls"]) for name, of in stats.items()}


def more(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What was called in between, the most frequent first."""
    grown = {name: calls - before.get(name, 0) for name, calls in after.items()}
    return dict(sorted(((n, c) for n, c in grown.items() if c), key=lambda one: -one[1]))


def _ticks(pid: int) -> int:
    # the name of a process may hold spaces and brackets: what follows it begins behind the last one
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
