"""An office with a policy, and the life of a change in it: what the tests of this folder act on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.changes.change import Change, Event
from bot.changes.changes import Changes
from bot.changes.request import Request
from bot.changes.store import ChangeStore
from bot.plans.call import Call
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.policy.policy import PENDING_SECONDS, Group, Policy, Rule
from bot.redis.keys import Keys
from bot.runs.ledger import RunLedger
from bot.vault import Vault
from tests.conftest import Clock, Staff, Started, Told, authority_of

RITA, ANN, BOB, CAT, LEO, GUS = "U0RITA", "U0ANN", "U0BOB", "U0CAT", "U0LEO", "U0GUS"
"""Rita requests; Ann, Bob and Cat approve; Leo is of legal; Gus is a guest."""

POLICY = Policy(
    groups={
        "approvers": Group(label="the approvers", users=(ANN, BOB, CAT)),
        "legal": Group(label="legal", users=(LEO, CAT)),
        "guests": Group(label="the guests", users=(GUS,)),
        "interns": Group(label="the interns", users=("U0INTERN",)),
    },
    rules=(
        Rule(name="one approval", operations=("service.*",), approvals={"approvers": 1}),
        Rule(name="two approvals", operations=("campaign.*",), approvals={"approvers": 2}),
        Rule(name="two groups", operations=("brand.*",), approvals={"approvers": 2, "legal": 1}),
        Rule(name="guests only", operations=("number.release",), approvals={"guests": 1}),
        Rule(name="too many", operations=("number.configure",), approvals={"approvers": 4}),
        Rule(name="tests are free", operations=("message.*",), effect="allow"),
        Rule(name="interns watch", requesters=("interns",), effect="deny"),
        Rule(name="nobody deletes", operations=("*.delete",), effect="deny"),
    ),
)

STAFF = Staff(barred={GUS: "You are a guest."})


def plan_for(name: str = "Acme alerts", operation: str = "service.create") -> Plan:
    """A plan of one call that carries what somebody typed."""
    call = Call(product="messaging", method="POST", path="/v1/Services", params={"FriendlyName": name})
    step = CallStep(id="service", title=f"Create “{name}”", call=call)
    return Plan(operation=operation, account="AC" + "5a" * 16, title=f"Create “{name}”", steps=(step,))


def request_for(
    draft: str = "draft-1", requester: str = RITA, operation: str = "service.create", name: str = "Acme alerts"
) -> Request:
    """What somebody asks for."""
    return Request(
        draft=draft,
        requester=requester,
        team="T0TENFOUR",
        channel="C0A2P",
        operation=operation,
        token="tf-k2m9q7xw4a",
        inputs={"friendly_name": name},
        plan=plan_for(name, operation),
    )


async def always() -> bool:
    """What a process says that has the policy in force."""
    return True


@dataclass(frozen=True)
class Office:
    """Everything that decides about changes, with recorders at its ends."""

    changes: Changes
    store: ChangeStore
    ledger: RunLedger
    told: Told
    started: Started
    clock: Clock
    redis: Redis
    keys: Keys
    vault: Vault

    @classmethod
    def opened(
        cls,
        redis: Redis,
        keys: Keys,
        vault: Vault,
        told: Told,
        started: Started,
        clock: Clock,
        policy: Policy = POLICY,
        staff: Staff = STAFF,
        in_force: Callable[[], Awaitable[bool]] = always,
    ) -> "Office":
        """An office on this server."""
        store = ChangeStore(redis, keys, vault)
        authority = authority_of(redis, keys, vault, clock, policy, staff)
        changes = Changes(store, authority, told, started, clock, in_force)
        return cls(changes, store, RunLedger(redis, keys, "worker"), told, started, clock, redis, keys, vault)

    def under(
        self, policy: Policy = POLICY, staff: Staff = STAFF, in_force: Callable[[], Awaitable[bool]] = always
    ) -> "Office":
        """The same office with other rules, or other people."""
        of_this = (self.redis, self.keys, self.vault, self.told, self.started, self.clock)
        return Office.opened(*of_this, policy, staff, in_force)

    async def asked(self, **what: str) -> Change:
        """A change that somebody asked for."""
        return await self.changes.request(request_for(**what))

    async def approve(self, change: Change, user: str) -> str:
        """Approve what was requested. Returns the state after it."""
        return await self.changes.decide(change.number, user, "approve", change.plan.digest)

    async def now(self, change: Change) -> Change:
        """The change as it stands."""
        return await self.now_of(change.number)

    async def now_of(self, number: int) -> Change:
        """The change of this number as it stands."""
        known = await self.store.load(number)
        assert known is not None
        return known

    async def made_stale(self, change: Change, plan: Plan) -> None:
        """What a run does when it finds at its start that the world has moved."""
        fence = await self.ledger.take(change.number)
        assert fence is not None
        event = Event(at=self.clock(), what="became stale", detail="the name was taken")
        assert await self.store.restate(
            change.number, plan, event, "the name was taken", fence, expires_at=self.clock() + PENDING_SECONDS
        )
        await self.ledger.release(change.number, fence)
