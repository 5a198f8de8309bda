"""What statistics need of one registration: its row, and what its log tells of verdicts, readiness and errors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.tracking.portfolio import Portfolio, parts
from bot.tracking.registration import Registration, Transition
from bot.tracking.row import Row, failed_numbers, row_of, waiting_numbers
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription

BATCH = 200
"""Registrations that are read in one go."""
_GOOD, _BAD = frozenset({"VERIFIED", "APPROVED"}), frozenset({"FAILED"})
_JUDGED = frozenset({"campaign", "brand"})


@dataclass(frozen=True)
class Verdict:
    """What carriers or TCR decided, when (epoch seconds), and how long after the submission (seconds, None: not known).

    `first`: nothing was rejected before it. Only what a change of ours has submitted has a known beginning, and only
    its last round: an earlier one's is not kept.
    """

    at: float
    good: bool
    first: bool
    took: float | None


@dataclass(frozen=True)
class Case:
    """One registration as statistics see it.

    `readied` is when it became ready, and how long after its verdict; `codes` is when Twilio came with which error.
    `failed` and `waiting` are its numbers that cannot send. Times are epoch seconds, lengths seconds.
    """

    row: Row
    verdicts: tuple[Verdict, ...] = ()
    readied: tuple[tuple[float, float], ...] = ()
    codes: tuple[tuple[float, str], ...] = ()
    failed: tuple[str, ...] = ()
    waiting: int = 0


async def gather(
    portfolio: Portfolio, store: RegistrationStore, subscriptions: Iterable[Subscription], now: float
) -> list[Case]:
    """All that any of these subscriptions covers, read in batches: thousands never lie in memory as they are stored."""
    wanted, found = list(subscriptions), list[Case]()
    for ids in parts(await portfolio.ids(), BATCH):
        rows = await portfolio.rows(ids)
        covered = [row.id for row in rows if any(s.covers(row.glimpse()) for s in wanted)]
        registrations, logs = await store.many(covered), await store.logs(covered)
        found += [case_of(seen, logs[i], now) for i, seen in registrations.items()]
    return found


def case_of(registration: Registration, log: Sequence[Transition], now: float) -> Case:
    """A registration and its log, oldest first, as statistics see them."""
    judged = registration.kind in _JUDGED
    return Case(
        row=row_of(registration, now),
        verdicts=tuple(_verdicts(registration, log)) if judged else (),
        readied=tuple(_readied(log)) if judged else (),
        codes=tuple(_codes(log)),
        failed=failed_numbers(registration.snapshot),
        waiting=waiting_numbers(registration.snapshot),
    )


def _verdicts(registration: Registration, log: Sequence[Transition]) -> Iterable[Verdict]:
    rejected, last = False, 0.0
    for moved in log:
        # a suspension that is lifted is no verdict on anything that was submitted
        if moved.about != "state" or moved.before in (moved.after, "SUSPENDED"):
            continue
        if moved.after in _GOOD | _BAD:
            begun = registration.made_at
            took = moved.at - begun if last <= begun <= moved.at and begun else None
            yield Verdict(moved.at, moved.after in _GOOD, not rejected and moved.after in _GOOD, took)
            rejected, last = rejected or moved.after in _BAD, moved.at


def _readied(log: Sequence[Transition]) -> Iterable[tuple[float, float]]:
    """The first time that it was ready after each verdict."""
    verified: float | None = None
    for moved in log:
        if moved.about == "state" and moved.after != moved.before:
            verified = moved.at if moved.after in _GOOD else None
        elif moved.about == "ready" and moved.snapshot.get("ready") == "ready" and verified is not None:
            yield moved.at, moved.at - verified
            verified = None


def _codes(log: Sequence[Transition]) -> Iterable[tuple[float, str]]:
    """Each code once for each time that Twilio came with other errors than before."""
    before: Any = None
    for moved in log:
        errors = moved.snapshot.get("errors") or None
        if moved.about == "state" and errors != before:
            before = errors
            codes = [str(e.get("error_code") or "") for e in errors or () if isinstance(e, Mapping)]
            yield from ((moved.at, code or "without a code") for code in dict.fromkeys(codes))
