"""Costs: what a plan is going to cost, with the source of every figure."""

from decimal import Decimal
from typing import Literal

from bot.plans.values import Value

Period = Literal["once", "month"]


class Cost(Value):
    """An amount in US dollars. `certain` is false where Twilio publishes no price by API or its sources disagree.

    `part` is the id of the approval step before which nothing of it is spent; "" is covered by the first approval.
    """

    what: str
    usd: Decimal
    period: Period
    source: str
    certain: bool = True
    part: str = ""


def total(costs: tuple[Cost, ...], period: Period) -> Decimal:
    """The sum for one period, in US dollars."""
    return sum((c.usd for c in costs if c.period == period), Decimal(0))
