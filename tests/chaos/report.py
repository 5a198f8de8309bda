"""The outcome of a run of the chaos program, as a table."""

import time
from collections import Counter
from dataclasses import dataclass

from bot.changes.change import Change
from tests.chaos.judge import Broken


@dataclass(frozen=True)
class Report:
    """What was survived, and every promise that was not."""

    seed: int
    seconds: float
    calmed_in: float
    kills: Counter[str]
    in_flight: int
    starts: int
    gave_up: int
    sent: Counter[str]
    faults: Counter[str]
    calls: Counter[str]
    states: Counter[str]
    witnessed: int
    broken: tuple[Broken, ...]

    def text(self) -> str:
        """The whole table."""
        rows = [
            ("seed", f"{self.seed} (the same seed makes the same decisions, not the same moments)"),
            ("seconds", f"{self.seconds:.0f}, and {self.calmed_in:.0f} more until all was calm"),
            ("kills", f"{self.kills.total()}: {_counts(self.kills)}; {self.in_flight} of them amid a call to Twilio"),
            ("bots", f"{self.starts} starts, {self.gave_up} of which gave up with words, as Redis was away"),
            ("deliveries", _counts(self.sent)),
            ("faults", _counts(self.faults)),
            ("calls to Twilio", _counts(self.calls)),
            ("changes", f"{self.states.total()}: {_counts(self.states)}"),
            ("writes to Redis that were acknowledged", str(self.witnessed)),
            ("broken promises", str(len(self.broken))),
        ]
        width = max(len(name) for name, _ in rows)
        lines = [f"{name.ljust(width)}  {value}" for name, value in rows]
        return "\n".join([*lines, *(_told(broken) for broken in self.broken)])


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()) if count) or "none"


def _told(broken: Broken) -> str:
    return "\n".join([f"\nBROKEN: {broken.words}", *(_life(broken.change) if broken.change else ())])


def _life(change: Change) -> list[str]:
    events = [
        f"    {time.strftime('%H:%M:%S', time.gmtime(e.at))}.{int(e.at % 1 * 1000):03} {e.who or 'Tenfour':9} {e.what}"
        f"{f' -> {e.to}' if e.to else ''} {e.detail}"
        for e in change.timeline
    ]
    steps = [f"    step {name}: {run.state}, attempt {run.attempt}, {run.error}" for name, run in change.steps.items()]
    return [
        f"  #{change.number} {change.operation} by {change.requester}: {change.state}. {change.note}",
        *events,
        *steps,
    ]
