"""What somebody asks for, and how that is told."""

from typing import Any

from bot.changes.authority import Applicant
from bot.changes.change import Change, Event, place
from bot.plans.difference import in_words, marked
from bot.plans.plan import Plan
from bot.plans.values import Value
from bot.policy.verdict import Requirement


class Request(Value):
    """What somebody asks for: a previewed draft. `amends` is the change that it takes the place of, 0 for a new one."""

    draft: str
    requester: str
    team: str
    channel: str
    operation: str
    token: str
    inputs: dict[str, Any]
    plan: Plan
    amends: int = 0

    @property
    def applicant(self) -> Applicant:
        """Who asks, and where."""
        return Applicant(user=self.requester, channel=self.channel, operation=self.operation)

    @property
    def where(self) -> str:
        """The workspace and channel."""
        return place(self.team, self.channel)


def asking(what: str, request: Request, requirement: Requirement, now: float) -> Event:
    """The entry of the timeline with which approval is asked for; `now` is in epoch seconds."""
    return Event(
        at=now,
        who=request.requester,
        what=what,
        detail=f"rule: {requirement.rule}",
        digest=request.plan.digest,
        rule=requirement.rule,
        where=request.where,
    )


def amended(old: Change, request: Request) -> str:
    """What approvers of the plan before have to know of the new one; without its secrets."""
    new = marked(request.plan, request.token, old.token)
    if old.plan.digest == new.digest:
        return "It was amended; the calls are as they were, and approvals given before that are void."
    differs = new.masked(old.plan.masked(in_words(old.plan, new)))
    return f"It was amended, so approvals given before that are void. What differs: {differs}"
