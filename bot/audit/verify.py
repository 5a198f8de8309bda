"""Finds what is missing from the log, edited, moved, or cut off."""

from collections.abc import AsyncIterator

from bot.audit.chain import Link, Place
from bot.audit.log import HEAD_LOST, AuditLog
from bot.plans.values import Value

MOST_PROBLEMS = 50
"""Problems that are told one by one; of more it is said that there are more."""


class Problem(Value):
    """Something is wrong at a row, and what that means."""

    seq: int
    what: str


class Verification(Value):
    """What was found. `head` is what to write down in order to find later that log and head were put back."""

    first: int
    last: int
    count: int
    head: Place
    problems: tuple[Problem, ...] = ()
    more: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


async def verify(log: AuditLog, expect: Place | None = None) -> Verification:
    """Read the whole log and compare. `expect` is a place that somebody wrote down before."""
    standing = await log.standing()
    problems: list[Problem] = []
    more = 0

    def wrong(problem: Problem) -> None:
        nonlocal more
        if len(problems) < MOST_PROBLEMS:
            problems.append(problem)
        else:
            more += 1

    base = standing.base
    if base is None:
        wrong(Problem(seq=0, what="The base, which says from where the log begins, was edited or is of another key."))
        base = Place()
    first = last = count = 0
    met = {base.seq: base.hash} if expect and expect.seq == base.seq else {}
    end = Place()
    async for link, problem in walked(log, base, standing.last):
        if problem:
            wrong(problem)
        if link is None:
            continue
        first, last, count, end = first or link.seq, link.seq, count + 1, link.place
        if expect and link.seq == expect.seq:
            met[link.seq] = link.hash
        if link.row.get("kind") == HEAD_LOST:
            what = f"Behind row {link.seq - 1} the head of the log was gone: rows after it may have been cut off."
            wrong(Problem(seq=link.seq, what=what))
    for problem in _at_the_end(standing.head, end if count else base, standing.last or base.seq):
        wrong(problem)
    if expect and (problem := _against(expect, met, base, standing.last)):
        wrong(problem)
    head = standing.head if standing.head and standing.head.seq else end
    return Verification(first=first, last=last, count=count, head=head, problems=tuple(problems), more=more)


async def walked(
    log: AuditLog, base: Place, end: int | None = None
) -> AsyncIterator[tuple[Link | None, Problem | None]]:
    """The rows after a place in order, each with what is wrong with it; None for a row that cannot be read."""
    seq, prev = base.seq, base.hash
    known = True
    async for stored in log.forwards(base.seq + 1, end):
        if stored.seq > seq + 1:
            # retention may have taken away the oldest while we were reading
            now = (await log.standing()).base
            if now and now.seq == stored.seq - 1:
                prev, known = now.hash, True
            else:
                yield None, Problem(seq=seq + 1, what=_missing(seq + 1, stored.seq - 1))
                known = False
        link, what = stored.link, ""
        if link is None:
            what = (
                f"Row {stored.seq} cannot be opened: it was edited, or TENFOUR_ENCRYPTION_KEY lacks the key that "
                "sealed it."
            )
        elif link.seq != stored.seq:
            what = f"Row {stored.seq} was put there from elsewhere: it says that it is row {link.seq}."
        elif not link.sound:
            what = f"Row {link.seq} was edited: its hash is not that of its words."
        elif known and link.prev != prev:
            what = f"Row {link.seq} does not continue row {seq}: one of the two was replaced after it had been written."
        known = link is not None and link.seq == stored.seq
        seq, prev = stored.seq, link.hash if link else ""
        yield link, Problem(seq=seq, what=what) if what else None


def _missing(first: int, last: int) -> str:
    which = f"Row {first} is" if first == last else f"Rows {first} to {last} are"
    return f"{which} missing: somebody has removed what stood there."


def _at_the_end(head: Place | None, end: Place, last: int) -> list[Problem]:
    if head is None:
        what = (
            "The head, which says where the log ends, was edited or is of another key: a cut tail would not be found."
        )
        return [Problem(seq=last, what=what)]
    if head.seq > last:
        return [Problem(seq=last + 1, what=f"{_missing(last + 1, head.seq)} The log was cut off at its end.")]
    if head.seq < last:
        what = (
            f"The log goes on to row {last}, and its head says that it ends at {head.seq}: one of the two was put back."
        )
        return [Problem(seq=head.seq + 1, what=what)]
    if end.seq == head.seq and end.hash != head.hash:
        what = f"Row {last} is not the one that the head names: it was replaced after it had been written."
        return [Problem(seq=last, what=what)]
    return []


def _against(expect: Place, met: dict[int, str], base: Place, last: int) -> Problem | None:
    """What is wrong with the log when compared with a place that was written down."""
    if expect.seq < base.seq:
        what = f"Row {expect.seq} cannot be compared any more: the log was trimmed up to row {base.seq} (retention)."
    elif expect.seq > last and expect.seq not in met:
        what = (
            f"The log ends at row {last}, and row {expect.seq} was written down before: log and head were put back to "
            "an older state, as from a backup."
        )
    elif expect.seq not in met:
        what = f"Row {expect.seq}, which was written down, is missing or cannot be read."
    elif met[expect.seq] != expect.hash:
        what = f"Row {expect.seq} is not the one that was written down: the log was rewritten from there or before."
    else:
        return None
    return Problem(seq=expect.seq, what=what)
