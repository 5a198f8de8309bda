"""A plan: what an operation would do now, as data that can be shown, hashed, stored and resumed."""

import hashlib

from bot.plans.call import Wire
from bot.plans.cost import Cost
from bot.plans.finding import Finding
from bot.plans.step import CallStep, Step
from bot.plans.values import Value, canonical_json


class Difference(Value):
    """One setting before and after; `before` is None for something new, `after` None for something that goes."""

    field: str
    before: str | None
    after: str | None


class Watch(Value):
    """A registration that this plan starts or revives: followed from the moment its step is done."""

    kind: str
    step: str
    key: Wire
    title: str


class Plan(Value):
    """Ordered steps with what people need in order to judge them.

    `account` is the Twilio account SID on which the calls act; the digest covers it together with the calls.
    """

    operation: str
    account: str
    title: str
    steps: tuple[Step, ...]
    differences: tuple[Difference, ...] = ()
    costs: tuple[Cost, ...] = ()
    findings: tuple[Finding, ...] = ()
    watches: tuple[Watch, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the calls: a decision is bound to it."""
        calls = [s.call.model_dump(mode="json") for s in self.steps if isinstance(s, CallStep)]
        return hashlib.sha256(canonical_json([self.account, calls]).encode()).hexdigest()
