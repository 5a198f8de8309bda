"""The life of changes under any order of deeds, against the real Redis, beside a model of what people were promised."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis.asyncio import Redis

from bot.changes.change import FINAL, Verb
from bot.changes.policy import PENDING_SECONDS
from bot.changes.refusal import Refusal
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import ANN, BOB, CAT, GUS, LEO, RITA, Office, plan_for, request_for
from tests.conftest import Clock, Started, Told

T = TypeVar("T")
MOST_CHANGES = 3

NEEDS = {
    "service.create": {"approvers": 1},
    "campaign.register": {"approvers": 2},
    "brand.register": {"approvers": 2, "legal": 1},
    "message.send_test": {},
}
MEMBERS = {"approvers": {ANN, BOB, CAT}, "legal": {LEO, CAT}}
people = st.sampled_from([RITA, ANN, BOB, CAT, LEO, GUS])


@dataclass
class Expected:
    """What people were promised about one change."""

    number: int
    operation: str
    requester: str
    expires_at: float
    state: str
    starts: int
    plans: int = 1
    approved_by: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"Acme {self.plans}"

    @property
    def quorum(self) -> bool:
        need = NEEDS[self.operation]
        return all(len(self.approved_by & MEMBERS[group]) >= count for group, count in need.items())

    def may_decide(self, user: str, now: float, *, current: bool) -> bool:
        eligible = any(user in MEMBERS[group] for group in NEEDS[self.operation])
        undecided = user != self.requester and user not in self.approved_by
        return self.state == "pending" and now < self.expires_at and current and eligible and undecided

    def approve(self, users: set[str]) -> None:
        self.approved_by |= users
        if users and self.quorum:
            self.state = "approved"
            self.starts += 1


class LifeOfChanges(RuleBasedStateMachine):
    """Deeds of people and workers; after each of them Redis must show what the model expects."""

    changes = Bundle("changes")

    def __init__(self, runner: asyncio.Runner, redis: Redis, keys: Keys) -> None:
        super().__init__()
        self._runner, self._expected = runner, list[Expected]()
        clock, told, started = Clock(), Told(), Started()
        self.office = Office.opened(redis, keys, Vault([Fernet.generate_key().decode()]), told, started, clock)

    def done(self, deed: Coroutine[Any, Any, T]) -> T | None:
        """What came of a deed; None when it was refused."""
        try:
            return self._runner.run(deed)
        except Refusal:
            return None

    @precondition(lambda self: len(self._expected) < MOST_CHANGES)
    @rule(target=changes, operation=st.sampled_from(list(NEEDS)), requester=st.sampled_from([RITA, ANN]))
    def ask(self, operation: str, requester: str) -> Expected:
        draft = f"draft-{len(self._expected)}"
        request = request_for(draft=draft, requester=requester, operation=operation, name="Acme 1")
        change = self.done(self.office.changes.request(request))
        assert change is not None
        free = not NEEDS[operation]
        state, expires = ("approved" if free else "pending"), self.office.clock() + PENDING_SECONDS
        expected = Expected(change.number, operation, requester, expires, state, starts=int(free))
        self._expected.append(expected)
        return expected

    @rule(
        change=changes, user=people, current=st.integers(0, 4), verb=st.sampled_from(["approve", "approve", "reject"])
    )
    def decide(self, change: Expected, user: str, current: int, verb: Verb) -> None:
        name = change.name if current else "Acme 0"
        digest = plan_for(name, change.operation).digest
        may = change.may_decide(user, self.office.clock(), current=bool(current))
        state = self.done(self.office.changes.decide(change.number, user, verb, digest, "because"))
        assert (state is not None) == may
        if may and verb == "reject":
            change.state = "rejected"
        elif may:
            change.approve({user})

    @rule(change=changes, users=st.lists(people, min_size=2, max_size=6))
    def approve_at_once(self, change: Expected, users: list[str]) -> None:
        digest = plan_for(change.name, change.operation).digest

        async def clicks() -> list[str | BaseException]:
            deeds = (self.office.changes.decide(change.number, user, "approve", digest) for user in users)
            return await asyncio.gather(*deeds, return_exceptions=True)

        able = {u for u in users if change.may_decide(u, self.office.clock(), current=True)}
        answers = self._runner.run(clicks())
        assert [a for a in answers if not isinstance(a, str | Refusal)] == []
        heard = {user for user, answer in zip(users, answers, strict=True) if isinstance(answer, str)}
        assert heard <= able
        assert len([a for a in answers if isinstance(a, str)]) == len(heard)
        change.approve(heard)
        # nobody who could decide was turned away while it was still open
        assert heard == able or change.state == "approved"

    @rule(change=changes, user=people)
    def withdraw(self, change: Expected, user: str) -> None:
        may = user == change.requester and change.state in ("pending", "stale")
        self.done(self.office.changes.cancel(change.number, user))
        if may:
            change.state = "cancelled"

    @rule(change=changes)
    def find_stale_at_the_start_of_its_run(self, change: Expected) -> None:
        if change.state == "approved":
            change.plans += 1
            known = self._runner.run(self.office.store.load(change.number))
            assert known is not None
            self._runner.run(self.office.made_stale(known, plan_for(change.name, change.operation)))
            change.state, change.approved_by = "stale", set()
            change.expires_at = self.office.clock() + PENDING_SECONDS

    @rule(change=changes, user=people)
    def ask_again(self, change: Expected, user: str) -> None:
        may = user == change.requester and change.state == "stale"
        self.done(self.office.changes.ask_again(change.number, user))
        if may:
            change.state = "pending" if NEEDS[change.operation] else "approved"
            change.starts += not NEEDS[change.operation]
            change.expires_at = self.office.clock() + PENDING_SECONDS

    @rule(days=st.sampled_from([0.01, 3, 8]))
    def let_time_pass_and_sweep(self, days: float) -> None:
        self.office.clock.advance(days * 86400)
        for change in self._expected:
            known = self._runner.run(self.office.store.load(change.number))
            assert known is not None
            over = change.state in ("pending", "stale") and self.office.clock() >= change.expires_at
            assert self._runner.run(self.office.changes.expire(known)) == over
            if over:
                change.state = "expired"

    @invariant()
    def redis_shows_what_was_promised(self) -> None:
        for change in self._expected:
            known = self._runner.run(self.office.store.load(change.number))
            assert known is not None
            assert (known.state, known.plan.title) == (change.state, f"Create “{change.name}”")
            assert {d.user for d in known.decisions if d.verb == "approve"} == change.approved_by
            assert self.office.started.runs.count(change.number) == change.starts
            assert known.settled == (known.state in FINAL)

    @invariant()
    def nothing_open_is_forgotten(self) -> None:
        numbers = self._runner.run(self.office.store.open_numbers())
        assert numbers == sorted(change.number for change in self._expected)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as own:
        yield own


def test_the_life_of_a_change_is_as_promised_under_any_order_of_deeds(
    runner: asyncio.Runner, redis_url: str, tmp_path: Path, keys: Keys
) -> None:
    stack = AsyncExitStack()
    handle = runner.run(stack.enter_async_context(open_redis(redis_url, tmp_path)))
    machines = 0

    def machine() -> LifeOfChanges:
        nonlocal machines
        machines += 1
        return LifeOfChanges(runner, handle.client, Keys(f"{keys.prefix}-{machines}"))

    limits = settings(
        max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    try:
        run_state_machine_as_test(machine, settings=limits)  # type: ignore[arg-type]  # any maker of machines will do
    finally:
        runner.run(stack.aclose())
