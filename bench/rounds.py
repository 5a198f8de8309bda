"""Rounds in which every contestant takes its turn, and the table of their medians."""

import os
import platform
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

ROUNDS = 5
"""The fewest rounds a figure is taken from."""

Figures = dict[str, float]
"""What one turn measured: figure name (with its unit) to value."""
Turn = Callable[[], Awaitable[Figures]]


@dataclass
class Results:
    """What each contestant measured in each round."""

    floor: str
    taken: dict[str, list[Figures]] = field(default_factory=dict)

    def median(self, contestant: str, figure: str) -> float:
        """The median of one figure over all rounds."""
        return statistics.median(f[figure] for f in self.taken[contestant])

    def ratio(self, contestant: str, figure: str, to: str = "") -> float:
        """The median, over the rounds, of this contestant's figure to that of `to` (the floor) in the same round."""
        pairs = zip(self.taken[contestant], self.taken[to or self.floor], strict=True)
        return statistics.median(mine[figure] / theirs[figure] for mine, theirs in pairs)


async def interleaved(contestants: Mapping[str, Turn], floor: str, rounds: int = ROUNDS, warmup: int = 1) -> Results:
    """Let the contestants take turns, so that what the machine does meanwhile falls on all of them.

    The order turns with the rounds. `warmup` rounds are not counted.
    """
    results = Results(floor, {name: [] for name in contestants})
    names = list(contestants)
    for number in range(-warmup, rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            figures = await contestants[name]()
            if number >= 0:
                results.taken[name].append(figures)
    return results


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, as it stands in docs/performance.md."""
    widths = [max(len(str(row[n])) for row in (head, *rows)) for n in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def ms(seconds: float) -> str:
    """Seconds as milliseconds, for people."""
    return f"{seconds * 1000:.2f} ms"


def times(ratio: float) -> str:
    """A ratio, for people."""
    return f"x{ratio:.2f}"


def reached(value: float, goal: float, *, at_least: bool = False) -> str:
    """Whether a goal is met, in words."""
    return "yes" if (value >= goal if at_least else value <= goal) else "NO"


def machine() -> str:
    """What a table was measured on, without the machine's name."""
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
