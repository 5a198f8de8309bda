"""All that watches one process, made before anything else and ended after it, so that also its start can be seen."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from bot.health import Pulse
from bot.redis.connection import RedisHandle
from bot.redis.keys import Keys
from bot.settings import Settings, SettingsProblem
from bot.tracing import OFF, Tracing, open_tracing
from bot.watching.depths import Depths, Queue
from bot.watching.listener import PortTaken, listen_for_operators
from bot.watching.metrics import Metrics
from bot.watching.observer import NOBODY, Observer
from bot.watching.readiness import Readiness


@dataclass(frozen=True)
class Watch:
    """What the parts speak to (`observer`, `tracing`), and what is told of them. Without a port nothing is counted."""

    observer: Observer = NOBODY
    tracing: Tracing = OFF
    readiness: Readiness = field(default_factory=Readiness)
    metrics: Metrics | None = None
    depths: Depths | None = None

    def connected(self, pulse: Pulse, redis: RedisHandle, keys: Keys, queue: Queue) -> None:
        """Redis answers: from now on, what waits there can be read."""
        self.readiness.watch(pulse)
        if self.metrics and self.depths:
            self.metrics.at_risk(len(redis.warnings))
            self.depths.connect(redis.client, keys, queue)


UNWATCHED: Final = Watch()
"""For what runs beside a bot: a command, a part in a test."""


@asynccontextmanager
async def watching(settings: Settings, clock: Callable[[], float]) -> AsyncIterator[Watch]:
    """Watch this process until the body ends. Raises `SettingsProblem`, with words for the operator."""
    accounts = {account.sid: account.name for account in settings.accounts}
    with open_tracing(settings.otlp_endpoint) as tracing:
        if settings.ops_port is None:
            yield Watch(tracing=tracing)
            return
        metrics, depths, readiness = Metrics(tuple(accounts.values())), Depths(accounts, clock), Readiness()
        metrics.register(depths)
        metrics.register(readiness)
        try:
            async with listen_for_operators(settings.ops_port, readiness, metrics.registry, depths.refresh):
                yield Watch(metrics, tracing, readiness, metrics, depths)
        except PortTaken as problem:
            raise SettingsProblem([f"TENFOUR_OPS_PORT: {problem}. Choose another one, or free it."]) from None
