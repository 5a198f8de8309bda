"""What following costs in a day: calls to Twilio and to Slack, and commands of Redis: `python -m bench.costs`.

Computed from the cadence itself and from how long things usually stay in each state. Nothing is measured here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from bench.rounds import table
from bot.tracking.cadence import DAY, HOUR, NUMBERS, READY, seconds_until_next_look
from bot.tracking.registration import FLOWING, QUIET

BASE = 60.0
"""TENFOUR_POLL_SECONDS as it comes."""
SIZES = (100, 10_000, 1_000_000)
SPREAD = 1.05
"""Long waits are up to a tenth shorter (`bot.tracking.cadence.spread`): so much more often on average."""
COMMANDS_OF_A_LOOK = 7
"""Commands that Redis counts for a look that finds nothing new: its document, its record, claim and next time."""
COMMANDS_OF_A_CHANGE = 60
"""The same for one that finds something: transition, outbox, index, history and card."""
COMMANDS_OF_A_TICK = 4
SLACK_CALLS_OF_A_CHANGE = 3
"""For each channel that hears it: the card, a line in its thread, and the card once more when somebody takes it."""
ANSWER_SECONDS, AT_ONCE = 0.1, 20
CPU_SECONDS_OF_A_LOOK = 0.001


@dataclass(frozen=True)
class Stay:
    """A share of all registrations: of this kind, in this state, which lasts so many days. `calls`: of one look."""

    kind: str
    state: str
    share: float
    days: float
    calls: int


MIX: Sequence[Stay] = (
    Stay("campaign", "IN_PROGRESS", 0.04, 5, 1),
    Stay("campaign", NUMBERS, 0.01, 2, 8),
    Stay("campaign", READY, 0.35, 365, 8),
    Stay("campaign", "FAILED", 0.02, 7, 1),
    Stay("brand", "PENDING", 0.01, 2, 1),
    Stay("brand", "APPROVED", 0.24, 365, 1),
    Stay("brand", "FAILED", 0.01, 7, 1),
    Stay("bundle", "pending-review", 0.01, 2, 2),
    Stay("bundle", "twilio-approved", 0.19, 365, 1),
    Stay("traffic", FLOWING, 0.06, 90, 0),
    Stay("traffic", QUIET, 0.05, 90, 0),
    Stay("sink", "active", 0.01, 365, 3),
)
"""A team that has followed its customers for a year: nine of ten are settled."""


@cache
def looks_a_day(kind: str, state: str, days: float) -> float:
    """Looks at one registration in a day, on average over its whole stay, by the real cadence."""
    age, looks = 0.0, 0
    while age < days * DAY:
        wait = seconds_until_next_look(state, age, BASE, kind)
        age, looks = age + (wait / SPREAD if wait > 15 * BASE else wait), looks + 1
    return looks / days


def each_day(count: int, per: Callable[[Stay], float]) -> float:
    """The sum over the mix, for so many registrations."""
    return sum(stay.share * count * per(stay) for stay in MIX)


def looks(stay: Stay) -> float:
    """Looks at one in a day."""
    return looks_a_day(stay.kind, stay.state, stay.days)


def main() -> None:
    """Print both tables."""
    of_states = [
        [s.kind, s.state, f"{s.share:.0%}", f"{s.days:g}", f"{looks(s):.1f}", str(s.calls), f"{looks(s) * s.calls:.1f}"]
        for s in MIX
    ]
    head = ("kind", "state", "share", "days", "looks a day", "calls a look", "calls a day")
    print(table(head, of_states), "\n")
    rows = []
    for count in SIZES:
        looked = each_day(count, looks)
        calls = each_day(count, lambda s: looks(s) * s.calls)
        changes = each_day(count, lambda s: 1 / s.days)
        commands = looked * COMMANDS_OF_A_LOOK + changes * COMMANDS_OF_A_CHANGE + DAY / BASE * COMMANDS_OF_A_TICK
        rows.append(
            [
                f"{count:,}",
                f"{looked:,.0f}",
                f"{calls:,.0f}",
                f"{calls / DAY:,.2f}",
                f"{calls / DAY * ANSWER_SECONDS:,.1f} of {AT_ONCE}",
                f"{commands:,.0f}",
                f"{changes:,.0f}",
                f"{changes * SLACK_CALLS_OF_A_CHANGE:,.0f}",
                f"{looked * CPU_SECONDS_OF_A_LOOK / DAY:.1%}",
            ]
        )
    head = ("registrations", "looks", "Twilio calls", "a second", "under way", "Redis commands", "changes")
    print(table((*head, "Slack calls", "of one core"), rows))
    print(f"\nAll by day. In the first hour of a review there are {_first_hour():.0f} looks at each.")


def _first_hour() -> float:
    return HOUR / seconds_until_next_look("PENDING", 0.0, BASE, "campaign")


if __name__ == "__main__":
    main()
