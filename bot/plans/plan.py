"""A plan: what an operation would do now, as data that can be shown, hashed, stored and resumed."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

from bot.plans.cost import Cost
from bot.plans.finding import Finding
from bot.plans.masking import DOTS
from bot.plans.step import ApprovalStep, CallStep, GivenStep, Step, Watch
from bot.plans.values import Value, canonical_json


class Difference(Value):
    """One setting before and after; `before` is None for something new, `after` None for something that goes."""

    field: str
    before: str | None
    after: str | None


class Plan(Value):
    """Ordered steps with what people need in order to judge them.

    `account` is the Twilio account SID on which the calls act; the digest covers it together with the steps.
    """

    operation: str
    account: str
    title: str
    steps: tuple[Step, ...]
    account_name: str = ""
    differences: tuple[Difference, ...] = ()
    costs: tuple[Cost, ...] = ()
    findings: tuple[Finding, ...] = ()
    watches: tuple[Watch, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of what is done: a decision is bound to it."""
        return hashlib.sha256(canonical_json([self.account, [_hashed(s) for s in self.steps]]).encode()).hexdigest()

    def digest_at(self, gate: str) -> str:
        """The digest to which decisions are bound at an approval step: one for the first part is none for the next."""
        return hashlib.sha256(f"{self.digest}:{gate}".encode()).hexdigest() if gate else self.digest

    def part(self, gate: str) -> tuple[Step, ...]:
        """The steps that one approval covers: from the approval step `gate` ("" is the first) to the one after it."""
        ids = [s.id for s in self.steps]
        start = ids.index(gate) + 1 if gate else 0
        rest = self.steps[start:]
        end = next((n for n, s in enumerate(rest) if isinstance(s, ApprovalStep)), len(rest))
        return rest[:end]

    def masked(self, words: str) -> str:
        """`words` with every secret of the plan masked: Twilio's errors repeat what was sent."""
        secrets = {s.value: s.shown for step in self.steps if isinstance(step, CallStep) for s in step.call.secrets}
        # an address may come back written another way, as JSON writes it: its password must not
        secrets |= {word: DOTS for value in secrets if (word := _password(value))}
        for value in sorted((v for v in secrets if len(v) > 1), key=len, reverse=True):
            words = words.replace(value, secrets[value])
        return words


def _password(value: str) -> str:
    try:
        return urlsplit(value).password or "" if "://" in value else ""
    except ValueError:
        return ""


def _hashed(step: Step) -> Any:
    if isinstance(step, CallStep):
        return step.call.model_dump(mode="json")
    return [step.kind, step.id, step.result if isinstance(step, GivenStep) else None]
