"""What a decision is taken on: as much of a change as says who may decide, and nothing that is sealed."""

from bot.changes.change import Decision, State, counting
from bot.plans.values import Value
from bot.policy.verdict import Requirement


class Ballot(Value):
    """A change as those see it who count: its plan, its inputs and what people typed are not opened for a click.

    `digest` is that of the part that is to be decided; the reasons of `decisions` are sealed.
    """

    number: int
    state: State
    requester: str
    digest: str
    requirement: Requirement
    decisions: tuple[Decision, ...] = ()

    def approvals(self, group: str) -> tuple[Decision, ...]:
        """The approvals that count for one group; one for each seat."""
        return counting(self.decisions, group, self.digest, self.requester, self.requirement)
