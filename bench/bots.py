"""The real bot as a process of its own, as it runs in production, between the local Slack, the local Twilio and Redis.

The local Slack and Twilio live in the benchmark's own process. What a delivery has them do after its ack takes their
time there: deliveries that call Slack measure the local Slack as well, and each benchmark says where that is so. Redis
is a real server with `appendfsync always`, as the bot's own embedded one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load import free_port
from bot.settings import Settings
from tests.e2e.world import PRODUCTION, World, open_world

POLL_SECONDS = str(Settings.model_fields["poll_seconds"].default)


@dataclass(frozen=True)
class Bots:
    """Bots that share one Redis, ready."""

    world: World
    ports: Sequence[int]
    """Where each listens to Slack, over HTTP."""
    pids: Sequence[int]


@asynccontextmanager
async def bots(folder: Path, count: int = 1, **more: str) -> AsyncIterator[Bots]:
    """That many bots over HTTP; `more` is added to their environment."""
    ports = [free_port() for _ in range(count)]
    async with open_world(folder, http_port=ports[0]) as world:
        pids = [await started(world, PORT=str(port), **more) for port in ports]
        yield Bots(world, ports, pids)


async def started(world: World, **more: str) -> int:
    """One more bot of this world, ready, as `tenfour run` starts it. Gives its process id."""
    process = await world.process(*PRODUCTION, **{"TENFOUR_POLL_SECONDS": POLL_SECONDS, **more})
    return process.pid
