"""A change: a requested plan with its life."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from bot.plans.plan import Plan
from bot.plans.step import ApprovalStep, CallStep, Step
from bot.plans.values import Record, Value
from bot.policy.verdict import GroupNeed, Requirement

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

CAME_TO_NOTHING: frozenset[State] = FINAL - {"succeeded"}
"""States in which a change has ended without having been done."""

LEFT_SECONDS = 30 * 86400.0
"""How long a failed or unknown change may lie without a move."""

_CALLED: Mapping[State, str] = MappingProxyType(
    {
        "pending": "waiting for approval",
        "unknown": "unsettled",
        "succeeded": "done",
        "cancelled": "withdrawn",
        "stale": "out of date",
        "abandoned": "given up",
    }
)


def called(state: State) -> str:
    """A state as people say it after "is"."""
    return _CALLED.get(state, state)


Verb = Literal["approve", "reject", "break_glass"]
"""What a person says about a change. Who breaks glass lets it run without the approvals that it takes."""

APPROVED, AMENDED, BROKE_GLASS, SIGNED_OFF = "approved", "amended it", "broke glass", "signed it off"
"""What the timeline says of these."""

Review = Literal["", "open", "signed"]
"""Whether what ran without its approvals was looked at by somebody else afterwards; "" where glass was not broken."""

StepState = Literal["attempting", "done", "failed", "unknown", "waiting", "skipped"]


class Decision(Record):
    """One person's word on one change, bound to the digest that they saw. `groups` are those they spoke for.

    `seats` maps a group to the absent member whose seat they took, where they are not of the group themselves.
    """

    user: str
    verb: Verb
    digest: str
    at: float
    reason: str = ""
    groups: tuple[str, ...] = ()
    seats: dict[str, str] = Field(default_factory=dict)

    def seat(self, group: str) -> str:
        """Whose seat in the group it is: each counts once, whoever speaks for it."""
        return self.seats.get(group, self.user)


def counting(
    decisions: Iterable[Decision], group: str, digest: str, requester: str, requirement: Requirement
) -> tuple[Decision, ...]:
    """Of these the approvals of a digest that count for one group; one for each seat."""
    said = (d for d in decisions if d.verb == "approve" and group in d.groups and d.digest == digest)
    # a requester's own counts no more once the policy does not let it
    but = None if requirement.self_approval else requester
    return tuple({d.seat(group): d for d in said if but not in (d.user, d.seat(group))}.values())


class StepRun(Record):
    """How far one step of a run is. `attempt` counts calls that may have reached Twilio.

    `result` is what is kept of Twilio's answer; a *failed* step has one when its call took effect, but not as it must.
    """

    state: StepState
    attempt: int
    at: float
    result: dict[str, Any] = Field(default_factory=dict)
    error: str = ""
    code: int | None = None
    link: str = ""
    adopted: bool = False


def place(team: str, channel: str) -> str:
    """Where a person did something, as events hold it; App Home and modals have no channel."""
    return f"{team}/{channel}"


class Event(Record):
    """One entry of a change's timeline. `who` is a Slack user id, or empty for Tenfour itself.

    `to` is the state that the change entered with it, or empty when it stayed in the same one. `step` is the step that
    it is about, `digest` the plan (and part) that was asked for or decided, `rule` the rule of policy that said so,
    `where` the workspace and channel in which a person did it (`T…/C…`).
    """

    at: float
    what: str
    who: str = ""
    detail: str = ""
    to: str = ""
    step: str = ""
    digest: str = ""
    rule: str = ""
    where: str = ""


class Undoing(Value):
    """The change that takes another one back, and its state; None while it was not stored, as when it was refused."""

    number: int
    state: State | None

    @property
    def stands(self) -> bool:
        """Whether it takes the other one back, or still may."""
        return self.state is not None and self.state not in CAME_TO_NOTHING

    @property
    def over(self) -> bool:
        """Whether the other change is taken back."""
        return self.state == "succeeded"


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
    undoing: Undoing | None = None
    review: Review = ""

    @property
    def undone(self) -> bool:
        """Whether another change has taken it back."""
        return self.undoing is not None and self.undoing.over

    @property
    def picture(self) -> str:
        """What its card shows: another one when it has moved, or what takes it back has."""
        return f"{self.version}:{self.undoing.number}:{self.undoing.state}" if self.undoing else str(self.version)

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL

    @property
    def called(self) -> str:
        """The state as people say it after "is"."""
        return called(self.state)

    def approvals(self, group: str) -> tuple[Decision, ...]:
        """The approvals that count for one group and the part of the plan that is to be decided; one for each seat."""
        return counting(self.decisions, group, self.digest, self.requester, self.requirement)

    def missing(self, need: GroupNeed) -> int:
        """How many approvals of one group are still needed."""
        return max(0, need.need - len(self.approvals(need.group)))

    @property
    def glass(self) -> tuple[Decision, ...]:
        """The words of those who let it, or a part of it, run without its approvals; oldest first."""
        return tuple(d for d in self.decisions if d.verb == "break_glass")

    @property
    def glass_broken_by(self) -> str:
        """Who let it run without its approvals last, or ""."""
        return self.glass[-1].user if self.glass else ""

    @property
    def breaks(self) -> int:
        """How often glass was broken for it, also for a plan that never ran."""
        return sum(1 for event in self.timeline if event.what == BROKE_GLASS)

    @property
    def signed_off(self) -> Event | None:
        """How its review was ended, as long as glass was not broken anew after it."""
        said = (e for e in reversed(self.timeline) if e.what == SIGNED_OFF)
        return next(said, None) if self.review == "signed" else None

    @property
    def amendable(self) -> bool:
        """Whether another plan may take the place of this one: nobody has let it go on yet, and nothing was done."""
        return self.state in ("pending", "stale") and not self.gate and not self.begun

    @property
    def amendments(self) -> tuple[frozenset[str], ...]:
        """For each time that it was amended, whose approvals became void with that."""
        voided: list[frozenset[str]] = []
        given: set[str] = set()
        for event in self.timeline:
            if event.what == AMENDED:
                voided.append(frozenset(given))
            if event.what == APPROVED:
                given.add(event.who)
            elif event.digest or event.to == "stale":  # asked for anew: what was said before is void already
                given.clear()
        return tuple(voided)

    @property
    def gate(self) -> str:
        """The approval step that the run has come to last, or "" while it is in its first part."""
        reached = [s.id for s in self.plan.steps if isinstance(s, ApprovalStep) and s.id in self.steps]
        return reached[-1] if reached else ""

    @property
    def digest(self) -> str:
        """What a decision is bound to: the plan, and the part of it that is to be approved."""
        return self.plan.digest_at(self.gate)

    @property
    def at(self) -> Step | None:
        """The step that the run stands at: the first that is neither done nor skipped."""
        over = {step for step, run in self.steps.items() if run.state in ("done", "skipped")}
        return next((s for s in self.plan.steps if s.id not in over), None)

    @property
    def entered_at(self) -> float:
        """When the change entered the state that it is in (epoch seconds); 0 when no event says."""
        return max((event.at for event in self.timeline if event.to == self.state), default=0.0)

    @property
    def entries(self) -> int:
        """How often the change has entered the state that it is in."""
        return sum(1 for event in self.timeline if event.to == self.state)

    @property
    def waits_since(self) -> float:
        """When approval was asked for last: of the change, its amendment, its new plan or its next part."""
        return max((event.at for event in self._asked_anew), default=self.created_at)

    @property
    def askings(self) -> int:
        """How often approval was asked for anew: each time people have to hear of it."""
        return len(self._asked_anew)

    def lapsed(self, now: float) -> State | None:
        """The state in which it ends at `now` because nobody decided or settled it in time; None when there is time."""
        if self.state in ("pending", "stale") and now >= self.expires_at:
            return "expired"
        # a wait of weeks is what a waiting change is for: it never lapses
        moved_at = max((event.at for event in self.timeline), default=self.created_at)
        if self.state in ("failed", "unknown") and now >= moved_at + LEFT_SECONDS:
            return "abandoned"
        return None

    @property
    def begun(self) -> bool:
        """Whether a call of it has taken effect, or may have; a look has none."""
        may_have = ("attempting", "unknown")
        return bool(self.effects) or any(self.steps[s].state in may_have for s in self._acts if s in self.steps)

    @property
    def effects(self) -> dict[str, dict[str, Any]]:
        """What the calls yielded that took effect, by step id, in the order of the plan.

        Also one that was answered otherwise than it must be: it stands at Twilio, whatever people make of it.
        """
        runs = {s: self.steps[s] for s in self._acts if s in self.steps}
        answered = ("failed", "skipped")
        return {s: r.result for s, r in runs.items() if r.state == "done" or (r.state in answered and r.result)}

    @property
    def _asked_anew(self) -> tuple[Event, ...]:
        """Events of the timeline with which approval was asked for, besides the first one."""
        return tuple(e for e in self.timeline if e.to == "pending" or e.what == AMENDED)

    @property
    def _acts(self) -> tuple[str, ...]:
        """The ids of the steps that change something at Twilio."""
        return tuple(s.id for s in self.plan.steps if isinstance(s, CallStep) and s.call.method != "GET")

    @property
    def unknown_step(self) -> str:
        """The id of the step of which nobody knows whether it happened, or ""."""
        return next((step for step, run in self.steps.items() if run.state == "unknown"), "")

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """What the finished steps yielded, by step id."""
        return {step: run.result for step, run in self.steps.items() if run.state == "done"}
