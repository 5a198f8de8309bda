"""A change: a requested plan with its life."""

from typing import Any, Literal

from pydantic import Field

from bot.plans.plan import Plan
from bot.plans.values import Record, Value

State = Literal[
    "pending",
    "approved",
    "running",
    "waiting",
    "unknown",
    "failed",
    "succeeded",
    "rejected",
    "cancelled",
    "expired",
    "stale",
    "abandoned",
]
FINAL: frozenset[State] = frozenset({"succeeded", "rejected", "cancelled", "expired", "abandoned"})
"""States that nothing leaves."""

LEFT_SECONDS = 30 * 86400.0
"""How long a failed or unknown change may lie without a move."""

Verb = Literal["approve", "reject"]
StepState = Literal["attempting", "done", "failed", "unknown", "waiting"]


class GroupNeed(Value):
    """How many people of one policy group must approve."""

    group: str
    label: str
    need: int


class Requirement(Value):
    """What policy asks for one change, and the rule that asked it. No groups: nobody needs to approve."""

    rule: str
    groups: tuple[GroupNeed, ...] = ()


class Decision(Record):
    """One person's word on one change, bound to the digest that they saw. `groups` are those they spoke for."""

    user: str
    verb: Verb
    digest: str
    at: float
    reason: str = ""
    groups: tuple[str, ...] = ()


class StepRun(Record):
    """How far one step of a run is. `attempt` counts calls that may have reached Twilio."""

    state: StepState
    attempt: int
    at: float
    result: dict[str, Any] = Field(default_factory=dict)
    error: str = ""
    code: int | None = None
    link: str = ""
    adopted: bool = False


class Event(Record):
    """One entry of a change's timeline. `who` is a Slack user id, or empty for Tenfour itself.

    `to` is the state that the change entered with it, or empty when it stayed in the same one.
    """

    at: float
    what: str
    who: str = ""
    detail: str = ""
    to: str = ""


class Change(Value):
    """A requested plan with its life, as Redis holds it. People see it as `#number`."""

    number: int
    state: State
    version: int
    requester: str
    team: str
    channel: str
    operation: str
    token: str
    inputs: dict[str, Any]
    plan: Plan
    requirement: Requirement
    created_at: float
    expires_at: float
    decisions: tuple[Decision, ...] = ()
    steps: dict[str, StepRun] = Field(default_factory=dict)
    timeline: tuple[Event, ...] = ()
    note: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL

    def approvals(self, group: str) -> tuple[Decision, ...]:
        """The approvals that count for one group."""
        return tuple(d for d in self.decisions if d.verb == "approve" and group in d.groups)

    @property
    def entered_at(self) -> float:
        """When the change entered the state that it is in (epoch seconds); 0 when no event says."""
        return max((event.at for event in self.timeline if event.to == self.state), default=0.0)

    @property
    def entries(self) -> int:
        """How often the change has entered the state that it is in."""
        return sum(1 for event in self.timeline if event.to == self.state)

    def lapsed(self, now: float) -> State | None:
        """The state in which it ends at `now` because nobody decided or settled it in time; None when there is time."""
        if self.state in ("pending", "stale") and now >= self.expires_at:
            return "expired"
        moved_at = max((event.at for event in self.timeline), default=self.created_at)
        if self.state in ("failed", "unknown") and now >= moved_at + LEFT_SECONDS:
            return "abandoned"
        return None

    @property
    def begun(self) -> bool:
        """Whether a call of it has taken effect, or may have."""
        return any(run.state in ("attempting", "done", "unknown") for run in self.steps.values())

    @property
    def unknown_step(self) -> str:
        """The id of the step of which nobody knows whether it happened, or ""."""
        return next((step for step, run in self.steps.items() if run.state == "unknown"), "")

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """What the finished steps yielded, by step id."""
        return {step: run.result for step, run in self.steps.items() if run.state == "done"}
