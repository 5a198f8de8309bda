"""What a week brought, from the cases of it: pure functions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bot.tracking.case import Case, Verdict
from bot.tracking.row import STATES

Span = tuple[float, float]
"""From and until, which it does not include (epoch seconds)."""


@dataclass(frozen=True)
class Typically:
    """How long half of the cases took at most (seconds), and how many cases there were."""

    p50: float
    count: int


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    part: int
    whole: int


@dataclass(frozen=True)
class Weekly:
    """One figure of this week and of the week before; None where there was no case."""

    now: Typically | None
    before: Typically | None


@dataclass(frozen=True)
class Unsent:
    """A campaign whose numbers cannot all send: those that failed, and how many wait for the carriers."""

    title: str
    failed: tuple[str, ...]
    waiting: int


@dataclass(frozen=True)
class Statistics:
    """What stands and what the week of `span` brought. `states` counts by group, `needs` what somebody must see to.

    `codes` are Twilio's, the most frequent first. `weeks` holds when each week with verdicts began, and its median.
    """

    span: Span
    states: Mapping[str, int]
    needs: int
    verified: tuple[str, ...]
    refused: tuple[str, ...]
    to_verdict: Weekly
    to_ready: Weekly
    first_pass: Share
    first_pass_before: Share
    codes: Mapping[str, int]
    weeks: tuple[tuple[float, Typically], ...]
    unsent: tuple[Unsent, ...]
    failing: tuple[str, ...]

    @property
    def followed(self) -> int:
        """How many registrations there are."""
        return sum(self.states.values())

    @property
    def eventful(self) -> bool:
        """Whether there is more to say than that nothing has happened."""
        happened = self.verified or self.refused or self.codes or self.to_ready.now
        return bool(happened or self.unsent or self.failing or self.needs)


def statistics(cases: Sequence[Case], weeks: Sequence[Span]) -> Statistics:
    """What the last of `weeks` brought; the ones before it, the oldest first, are what it is compared with."""
    week, before = weeks[-1], weeks[-2] if len(weeks) > 1 else (0.0, 0.0)
    counts = Counter(case.row.state for case in cases)
    codes = Counter(code for case in cases for at, code in case.codes if _within(at, week))
    verdicts = [v for case in cases for v in case.verdicts]
    readied = [r for case in cases for r in case.readied]
    by_week = ((span[0], _typically(_took(verdicts, span))) for span in weeks)
    return Statistics(
        span=week,
        states={state: counts[state] for state in STATES if counts[state]},
        needs=sum(1 for case in cases if case.row.needs),
        verified=_titles(cases, week, good=True),
        refused=_titles(cases, week, good=False),
        to_verdict=Weekly(_typically(_took(verdicts, week)), _typically(_took(verdicts, before))),
        to_ready=Weekly(_typically(_waited(readied, week)), _typically(_waited(readied, before))),
        first_pass=_first_pass(cases, week),
        first_pass_before=_first_pass(cases, before),
        codes=dict(sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))),
        weeks=tuple((at, typically) for at, typically in by_week if typically),
        unsent=tuple(
            Unsent(case.row.title, case.failed, case.waiting) for case in cases if case.failed or case.waiting
        ),
        failing=tuple(case.row.title for case in cases if case.row.kind == "traffic" and case.row.state == "refused"),
    )


def _within(at: float, span: Span) -> bool:
    return span[0] <= at < span[1]


def _titles(cases: Iterable[Case], span: Span, *, good: bool) -> tuple[str, ...]:
    return tuple(c.row.title for c in cases if any(v.good is good and _within(v.at, span) for v in c.verdicts))


def _took(verdicts: Iterable[Verdict], span: Span) -> list[float]:
    return [v.took for v in verdicts if v.took is not None and _within(v.at, span)]


def _waited(readied: Iterable[tuple[float, float]], span: Span) -> list[float]:
    return [waited for at, waited in readied if _within(at, span)]


def _first_pass(cases: Iterable[Case], span: Span) -> Share:
    good = [v for c in cases if c.row.kind == "campaign" for v in c.verdicts if v.good and _within(v.at, span)]
    return Share(sum(v.first for v in good), len(good))


def _typically(lengths: Sequence[float]) -> Typically | None:
    return Typically(median(lengths), len(lengths)) if lengths else None
