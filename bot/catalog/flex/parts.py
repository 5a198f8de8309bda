"""What a chain is put together from: parts with their steps, prices and findings, and the approvals between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.catalog.senders.pool import Pool
from bot.plans.call import Ref
from bot.plans.cost import Cost, Period, total
from bot.plans.finding import Finding
from bot.plans.plan import Difference
from bot.plans.step import ApprovalStep, CallStep, Step, Watch
from bot.twilio import reads

NEW_SERVICE_SID = "{service.sid}"
"""The SID of a service that an earlier step of the plan makes."""


@dataclass(frozen=True)
class Part:
    """One part of a chain."""

    steps: tuple[Step, ...] = ()
    costs: tuple[Cost, ...] = ()
    findings: tuple[Finding, ...] = ()
    watches: tuple[Watch, ...] = ()
    differences: tuple[Difference, ...] = ()

    def followed_by(self, other: "Part") -> "Part":
        """Both as one."""
        return Part(
            (*self.steps, *other.steps),
            (*self.costs, *other.costs),
            (*self.findings, *other.findings),
            (*self.watches, *other.watches),
            (*self.differences, *other.differences),
        )


@dataclass(frozen=True)
class ChainNumber:
    """A number of a chain: `owned` is what the account knows of it, None for one that is bought on the way.

    `place` counts from 1 and is part of the ids of its steps.
    """

    place: int
    phone_number: str
    owned: reads.OwnedNumber | None = None

    @property
    def sid(self) -> str | Ref:
        """Its SID, or the reference to the purchase that yields it."""
        return self.owned.sid if self.owned else Ref(step=f"number_{self.place}")

    @property
    def written(self) -> str | Ref:
        """The number in E.164. Of one that is bought a reference, so that nothing is done for it when it is not."""
        return self.phone_number if self.owned else Ref(step=f"number_{self.place}", field="phone_number")


def service_of(pool: Pool) -> str | Ref:
    """The SID of a chain's service as steps speak of it."""
    return Ref(step="service") if pool.service.sid == NEW_SERVICE_SID else pool.service.sid


def gate(step_id: str, what: str, costs: Sequence[Cost], before: Iterable[Step]) -> tuple[ApprovalStep, ...]:
    """The approval of a paid part; none where nothing was sent before it, as the first approval covers it then."""
    if not any(isinstance(s, CallStep) and s.call.method != "GET" for s in before):
        return ()
    return (ApprovalStep(id=step_id, title=f"{what}: {in_dollars(costs)}"),)


def billed(costs: Iterable[Cost], opened: Sequence[ApprovalStep]) -> tuple[Cost, ...]:
    """The costs under the approval that covers them."""
    part = opened[0].id if opened else ""
    return tuple(cost.model_copy(update={"part": part}) for cost in costs)


def in_dollars(costs: Sequence[Cost]) -> str:
    """`about $46.00 once, then $1.15 a month`, or that nothing is known to be charged."""
    periods: tuple[tuple[Period, str], ...] = (("once", "once"), ("month", "a month"))
    sums = [
        (total(tuple(mine), p), all(c.certain for c in mine), words)
        for p, words in periods
        if (mine := [c for c in costs if c.period == p])
    ]
    shown = [f"{'' if certain else 'about '}${amount:,.2f} {words}" for amount, certain, words in sums]
    return ", then ".join(shown) or "no charge that Tenfour knows of"
