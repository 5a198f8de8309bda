"""What people were promised about a change: the model beside which the life of real ones is tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.policy.policy import Policy, Rights, Rule
from tests.changes.office import ANN, BOB, CAT, GUS, LEO, POLICY

LENIENT = POLICY.model_copy(update={"rights": Rights(break_glass=("legal",))})
STRICT = LENIENT.model_copy(
    update={
        "rules": (Rule(name="two for services", operations=("service.*",), approvals={"approvers": 2}), *POLICY.rules)
    }
)
NEEDS: Mapping[str, dict[str, int]] = {
    "service.create": {"approvers": 1},
    "campaign.register": {"approvers": 2},
    "brand.register": {"approvers": 2, "legal": 1},
    "message.send_test": {},
}
MEMBERS = {"approvers": {ANN, BOB, CAT}, "legal": {LEO, CAT}}


def needs(operation: str, policy: Policy) -> dict[str, int]:
    """How many of whom an operation takes under one of the two policies."""
    return {"approvers": 2} if policy is STRICT and operation == "service.create" else NEEDS[operation]


@dataclass
class Absences:
    """Who is away, and who stands in; the one who is back first comes first."""

    away: dict[str, tuple[str, float]] = field(default_factory=dict)

    def at(self, now: float) -> dict[str, str]:
        """Absent person -> stand-in."""
        standing = sorted(self.away.items(), key=lambda item: item[1][1])
        return {user: to for user, (to, until) in standing if until > now}

    def seat(self, group: str, user: str, requester: str, now: float, taken: set[str]) -> str | None:
        """Whose seat this person takes in a group, if any: rather one that is not `taken` yet."""
        if user == GUS:  # a guest decides nothing, whoever sent them
            return None
        if user in MEMBERS[group]:
            return user
        absent = [a for a, to in self.at(now).items() if to == user and a != requester and a in MEMBERS[group]]
        return next((a for a in absent if a not in taken), next(iter(absent), None))


@dataclass
class Expected:
    """One change as it must be. `approvals` maps a person to the seat that they took in each group."""

    number: int
    operation: str
    requester: str
    expires_at: float
    state: str
    starts: int
    needs: dict[str, int]
    plans: int = 1
    approvals: dict[str, dict[str, str]] = field(default_factory=dict)
    glass_broken_by: str = ""
    review: str = ""

    @property
    def name(self) -> str:
        """What is created: another thing with each new plan."""
        return f"Acme {self.plans}"

    @property
    def quorum(self) -> bool:
        """Whether enough seats of every group have approved."""
        seats = {group: {s[group] for s in self.approvals.values() if group in s} for group in self.needs}
        return all(len(seats[group]) >= count for group, count in self.needs.items())

    def seats(self, user: str, absences: Absences, now: float) -> dict[str, str]:
        """The seats that this person could take."""
        taken = {group: {s[group] for s in self.approvals.values() if group in s} for group in self.needs}
        found = {g: absences.seat(g, user, self.requester, now, taken[g]) for g in self.needs}
        return {group: seat for group, seat in found.items() if seat}

    def waits(self, now: float) -> bool:
        """Whether anybody can decide."""
        return self.state == "pending" and now < self.expires_at

    def may_decide(self, user: str, absences: Absences, now: float) -> bool:
        """Whether this person can decide on the plan that stands."""
        undecided = user != self.requester and user not in self.approvals
        return self.waits(now) and undecided and bool(self.seats(user, absences, now))

    def approve(self, users: Mapping[str, dict[str, str]]) -> None:
        """These people have approved, in these seats."""
        self.approvals |= users
        if users and self.quorum:
            self.approved()

    def approved(self) -> None:
        """It may run."""
        self.state = "approved"
        self.starts += 1

    def planned_anew(self, state: str) -> None:
        """Another plan stands there; whatever was said about the old one is void."""
        self.plans += 1
        self.state, self.approvals, self.glass_broken_by, self.review = state, {}, "", ""
