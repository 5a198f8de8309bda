"""Whether this process can do its work now, part by part, and why not: the answer to /readyz."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.health import PartNow, Pulse

State = Literal["starting", "running", "stopping"]


@dataclass(frozen=True)
class Report:
    """How everything is at one moment."""

    state: State
    parts: Mapping[str, PartNow] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether requests and tasks may come."""
        return self.state == "running" and all(part.ok for part in self.parts.values() if part.counts)

    def as_json(self) -> dict[str, Any]:
        """What an operator reads; `why` stands beside a part that is not well."""
        parts = {name: _in_words(part) for name, part in self.parts.items()}
        return {"ready": self.ready, "state": self.state, "parts": parts}


class Readiness(Collector):
    """Follows a process from its start to its end. Between the two, its `Pulse` says how the parts are."""

    def __init__(self) -> None:
        self._state: State = "starting"
        self._pulse: Pulse | None = None
        self._last = Report("starting")

    def watch(self, pulse: Pulse) -> None:
        """The parts are known from now on; nothing is ready yet."""
        self._pulse = pulse

    def begin(self) -> None:
        """All parts were started."""
        self._state = "running"

    def end(self) -> None:
        """The process was told to stop: nobody shall send it anything more."""
        self._state = "stopping"

    async def report(self) -> Report:
        """How it is now; no part is waited for longer than a probe does."""
        parts = await self._pulse.now() if self._pulse else {}
        self._last = Report(self._state, parts)
        return self._last

    def collect(self) -> Iterator[Metric]:
        """The last report as metrics."""
        ready = GaugeMetricFamily("tenfour_ready", "Whether this process may be sent requests and tasks.")
        ready.add_metric([], int(self._last.ready))
        yield ready
        parts = GaugeMetricFamily("tenfour_part_ok", "Whether a part of this process works.", labels=["part"])
        for name, part in self._last.parts.items():
            parts.add_metric([name], int(part.ok))
        yield parts


def _in_words(part: PartNow) -> dict[str, Any]:
    seconds = {} if part.seconds is None else {"seconds": round(part.seconds, 6)}
    advice = {} if part.counts else {"counts": False}
    return {"ok": part.ok, **({"why": part.why} if part.why else {}), **seconds, **advice}
