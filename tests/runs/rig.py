"""A bench on which one change is run against the local Twilio, with every part in reach."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from bot.catalog.form import Form, parse
from bot.catalog.operation import Catalog, Context, Operation
from bot.catalog.services.edit import OPERATIONS, ServiceCreate
from bot.changes.authority import Authority
from bot.changes.change import Change, Event, StepRun
from bot.changes.freezes import Freezes
from bot.changes.store import ChangeStore
from bot.plans.call import Call, resolve
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep, Step, Watch
from bot.policy.file import load_policy
from bot.policy.verdict import Requirement
from bot.redis.keys import Keys
from bot.runs.ledger import LEASE_SECONDS, RunLedger
from bot.runs.patience import PATIENCE, Patience
from bot.runs.runner import Runner
from bot.runs.settle import Settlement
from bot.runs.shares import Shares
from bot.sandbox.twilio.server import LocalTwilio
from bot.sandbox.twilio.start_state import SUPPORT_SERVICE
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from bot.vault import Vault
from tests.conftest import Clock, Staff, Started, Told, authority_of

FREE = Requirement(rule="tests")
NAME, TOKEN = "Acme alerts", "tf-k2m9q7xw4a"
INTERIM = f"{NAME} {TOKEN}"
LOOK = Adopt(
    read=Call(product="messaging", method="GET", path="/v1/Services"),
    items="services",
    match={"friendly_name": INTERIM},
)
UNSURE = LOOK.model_copy(update={"repeatable": False})
POOL = f"/v1/Services/{SUPPORT_SERVICE}/PhoneNumbers"


def create_step(adopt: Adopt | None = LOOK) -> CallStep:
    """A step that creates a service under a unique name."""
    call = Call(product="messaging", method="POST", path="/v1/Services", params={"FriendlyName": INTERIM})
    return CallStep(id="service", title=f"Create “{INTERIM}”", call=call, adopt=adopt, keep=("sid", "friendly_name"))


def rename_step(service: str = "{service.sid}") -> CallStep:
    """A step that gives the service its name; sending it again would change nothing."""
    path = f"/v1/Services/{service}"
    return CallStep(
        id="name",
        title=f"Name it “{NAME}”",
        call=Call(product="messaging", method="POST", path=path, params={"FriendlyName": NAME}),
        adopt=Adopt(read=Call(product="messaging", method="GET", path=path), match={"friendly_name": NAME}),
    )


def add_step(number_sid: str) -> CallStep:
    """A step that adds a number to the pool of the service that is there from the start; 21710 means done already."""
    return CallStep(
        id="add",
        title="Add a number",
        call=Call(product="messaging", method="POST", path=POOL, params={"PhoneNumberSid": number_sid}),
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path=f"{POOL}/{number_sid}"), match={"sid": number_sid}
        ),
        already_done=(21710,),
        keep=("sid", "phone_number"),
    )


async def until(true: Callable[[], object]) -> None:
    """Wait until something is true; ten seconds at most."""
    async with asyncio.timeout(10):
        while True:
            if true():
                return
            await asyncio.sleep(0.005)


async def time_passes(redis: Redis, keys: Keys, account: str, clock: Clock, seconds: float) -> None:
    """Move the tests' clock, and the pace of an account, which lives by the clock of Redis."""
    clock.advance(seconds)
    pace = keys.plain(f"pace:{account}")
    for name in await redis.hkeys(pace):
        if name not in ("strikes", "holds"):
            await redis.hincrby(pace, name, -round(seconds * 1000))
    await asyncio.sleep(0)


class Plain(Form):
    """A form without questions, for plans made by hand."""


Planner = Callable[[Any, Context], Awaitable[Plan]]


def catalog_of(planner: Planner) -> Catalog:
    """A catalogue with `service.create` and one operation made by hand, `made.by_hand`."""
    made = Operation("made.by_hand", "Made by hand", "", "/a2p-test", "make", Plain, planner)
    return Catalog(operations=(*OPERATIONS, made))


class Followed:
    """Remembers which registrations were to be followed, with the key that each had by then; none is waited for."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def follow(self, change: Change, watch: Watch, results: dict[str, dict[str, Any]]) -> None:
        self.keys.append(resolve(watch.key, results))

    async def end(self, change: Change, watch: Watch) -> None:
        raise AssertionError(watch)

    async def await_(self, change: Change, watch: Watch) -> Registration:
        raise AssertionError(watch)

    async def release(self, change: Change, watch: Watch) -> None:
        raise AssertionError(watch)


@dataclass
class Rig:
    """One change and the workers that run it, with what they slept within turns and rested between them, in seconds."""

    redis: Redis
    keys: Keys
    vault: Vault
    twilio: LocalTwilio
    account: Account
    clock: Clock
    told: Told
    started: Started
    slept: list[float] = field(default_factory=list)
    rests: list[float] = field(default_factory=list)
    followed: Followed = field(default_factory=Followed)
    plans: list[Plan] = field(default_factory=list)
    tracker: Tracker | None = None

    def tracked(self) -> Tracker:
        """The real thing instead of `followed`, for steps that wait."""
        registrations = RegistrationStore(self.redis, self.keys)
        self.tracker = Tracker(
            registrations,
            lambda _sid: self.account,
            self.told,
            self.clock,
            60.0,
            "C0ALERTS",
            self.started.start_run,
        )
        return self.tracker

    @property
    def store(self) -> ChangeStore:
        return ChangeStore(self.redis, self.keys, self.vault)

    @property
    def authority(self) -> Authority:
        """One approval for everything."""
        return authority_of(self.redis, self.keys, self.vault, self.clock, load_policy(None), Staff())

    @property
    def freezes(self) -> Freezes:
        return Freezes(self.redis, self.keys, self.vault, self.clock)

    @property
    def settlement(self) -> Settlement:
        return Settlement(
            self.store,
            self.ledger("people"),
            lambda _sid: self.account,
            self.told,
            self.started,
            self.clock,
            self.followed if self.tracker is None else self.tracker,
        )

    def ledger(self, worker: str, lease_seconds: float = LEASE_SECONDS) -> RunLedger:
        return RunLedger(self.redis, self.keys, worker, lease_seconds)

    async def sleep(self, seconds: float) -> None:
        """Instead of sleeping: it is written down how long it would have been, and the clock moves."""
        self.slept.append(seconds)
        await self.later(seconds)

    async def later(self, seconds: float) -> None:
        """Time passes, for the tests' clock and for the pace of the account, which lives by the clock of Redis."""
        await time_passes(self.redis, self.keys, self.account.sid, self.clock, seconds)

    async def _plan_as_before(self, form: Any, context: Context) -> Plan:
        return self.plans[-1]

    def worker(
        self,
        name: str = "worker",
        *,
        account: Account | None = None,
        redis: Redis | None = None,
        lease_seconds: float = LEASE_SECONDS,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        planner: Planner | None = None,
        patience: Patience = PATIENCE,
        ledger: RunLedger | None = None,
        shares: Shares | None = None,
    ) -> Runner:
        """A worker of its own; all of them share Redis and Twilio."""
        client = redis or self.redis
        return Runner(
            ChangeStore(client, self.keys, self.vault),
            ledger or RunLedger(client, self.keys, name, lease_seconds),
            lambda _sid: account or self.account,
            catalog_of(planner or self._plan_as_before),
            self.authority,
            self.freezes,
            self.followed if self.tracker is None else self.tracker,
            self.told,
            self.clock,
            sleep or self.sleep,
            patience,
            shares,
        )

    async def finish(self, change: Change, worker: Runner | None = None) -> Change:
        """Run a change until nothing of it is put off any more; its rests pass on the tests' clock."""
        while (rest := await (worker or self.worker()).run(change.number)) is not None:
            self.rests.append(rest)
            await self.later(rest)
            await self.lose_lease(change)
        return await self.now(change)

    async def approved(
        self, *steps: Step, watches: tuple[Watch, ...] = (), requirement: Requirement = FREE, account: str = ""
    ) -> Change:
        """An approved change of these steps; without any, the real `service.create`."""
        if steps:
            plan = Plan(
                operation="made.by_hand",
                account=account or self.account.sid,
                title="By hand",
                steps=steps,
                watches=watches,
            )
            self.plans.append(plan)
            return await self._stored(plan, {}, requirement)
        context = Context(self.account, TOKEN)
        plan = await OPERATIONS[0].plan(parse(ServiceCreate, {"friendly_name": NAME}), context)
        self.twilio.journal.calls.clear()
        return await self._stored(plan, {"friendly_name": NAME})

    async def _stored(self, plan: Plan, inputs: dict[str, Any], requirement: Requirement = FREE) -> Change:
        now = self.clock()
        number = await self.store.number_for(f"draft-{len(self.plans)}")
        change = Change(
            number=number,
            state="approved",
            version=1,
            requester="U0RITA",
            team="T0TENFOUR",
            channel="C0A2P",
            operation=plan.operation,
            token=TOKEN,
            inputs=inputs,
            plan=plan,
            requirement=requirement,
            created_at=now,
            expires_at=now + 1e6,
            timeline=(Event(at=now, what="asked"),),
        )
        assert await self.store.create(change)
        return change

    async def now(self, change: Change) -> Change:
        """The change as it stands."""
        known = await self.store.load(change.number)
        assert known is not None
        return known

    async def step(self, change: Change, step: str) -> StepRun:
        """How far a step is."""
        return (await self.now(change)).steps[step]

    async def lose_lease(self, change: Change) -> None:
        """The lease runs out, as it does when its worker is dead or has not been able to renew it."""
        await self.redis.hset(self.keys.change(change.number, "doc"), "lease_until", 0)

    def sent(self, match: str = "POST") -> list[str]:
        """The calls that reached Twilio, oldest first, by method and path."""
        return [f"{call.method} {call.path}" for call in self.twilio.calls(match)]

    @property
    def services(self) -> list[str]:
        """The names of the services that were made."""
        return [str(service["friendly_name"]) for service in self.twilio.created("service")]
