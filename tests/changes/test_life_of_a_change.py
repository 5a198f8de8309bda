"""The life of changes under any order of deeds, against the real Redis, beside a model of what people were promised."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from cryptography.fernet import Fernet
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from redis.asyncio import Redis

from bot.changes.change import FINAL, Verb
from bot.changes.delegations import Delegation, Delegations
from bot.changes.refusal import Refusal
from bot.changes.request import Request
from bot.policy.policy import PENDING_SECONDS
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.expected import LENIENT, MEMBERS, NEEDS, STRICT, Absences, Expected, needs
from tests.changes.office import ANN, BOB, CAT, GUS, LEO, RITA, Office, plan_for, request_for
from tests.conftest import Clock, Started, Told
from tests.machines import live

T = TypeVar("T")
MOST_CHANGES = 3

people = st.sampled_from([RITA, ANN, BOB, CAT, LEO, GUS])


class LifeOfChanges(RuleBasedStateMachine):
    """Deeds of people and workers; after each of them Redis must show what the model expects."""

    changes = Bundle("changes")

    def __init__(self, runner: asyncio.Runner, redis: Redis, keys: Keys) -> None:
        super().__init__()
        self._runner, self._expected, self._absences = runner, list[Expected](), Absences()
        clock, vault = Clock(), Vault([Fernet.generate_key().decode()])
        self._policy = LENIENT
        self.office = Office.opened(redis, keys, vault, Told(), Started(), clock, LENIENT)
        self._delegations = Delegations(redis, keys, vault, clock)

    def done(self, deed: Coroutine[Any, Any, T]) -> T | None:
        """What came of a deed; None when it was refused."""
        try:
            return self._runner.run(deed)
        except Refusal:
            return None

    def requested(self, draft: str, requester: str, operation: str, name: str, amends: int = 0) -> Request:
        """What a form asks for; each draft has a token of its own."""
        request = request_for(draft=draft, requester=requester, operation=operation, name=name)
        return request.model_copy(update={"token": f"tf-{draft}", "amends": amends})

    @precondition(lambda self: len(self._expected) < MOST_CHANGES)
    @rule(target=changes, operation=st.sampled_from(list(NEEDS)), requester=st.sampled_from([RITA, ANN]))
    def ask(self, operation: str, requester: str) -> Expected:
        draft = f"draft-{len(self._expected)}"
        change = self.done(self.office.changes.request(self.requested(draft, requester, operation, "Acme 1")))
        assert change is not None
        asked = needs(operation, self._policy)
        state, expires = ("pending" if asked else "approved"), self.office.clock() + PENDING_SECONDS
        expected = Expected(change.number, operation, requester, expires, state, int(not asked), asked)
        self._expected.append(expected)
        return expected

    @rule(change=changes, user=people, twice=st.booleans())
    def amend(self, change: Expected, user: str, *, twice: bool) -> None:
        may = user == change.requester and change.state in ("pending", "stale")
        draft = f"amend-{change.number}-{change.plans}"
        wanted = self.requested(draft, user, change.operation, f"Acme {change.plans + 1}", change.number)
        answers = [self.done(self.office.changes.request(wanted)) for _ in range(1 + (twice and may))]
        assert all((answer is not None) == may for answer in answers)
        if may:
            change.needs = needs(change.operation, self._policy)
            change.planned_anew("pending" if change.needs else "approved")
            change.starts += len(answers) * (not change.needs)
            change.expires_at = self.office.clock() + PENDING_SECONDS

    @rule(
        change=changes, user=people, current=st.integers(0, 4), verb=st.sampled_from(["approve", "approve", "reject"])
    )
    def decide(self, change: Expected, user: str, current: int, verb: Verb) -> None:
        digest = plan_for(change.name if current else "Acme 0", change.operation).digest
        may = bool(current) and change.may_decide(user, self._absences, self.office.clock())
        seats = change.seats(user, self._absences, self.office.clock())
        state = self.done(self.office.changes.decide(change.number, user, verb, digest, "because"))
        assert (state is not None) == may
        if may and verb == "reject":
            change.state = "rejected"
        elif may:
            change.approve({user: seats})

    @rule(change=changes, users=st.lists(people, min_size=2, max_size=6))
    def approve_at_once(self, change: Expected, users: list[str]) -> None:
        digest = plan_for(change.name, change.operation).digest

        async def clicks() -> list[str | BaseException]:
            deeds = (self.office.changes.decide(change.number, user, "approve", digest) for user in users)
            return await asyncio.gather(*deeds, return_exceptions=True)

        now = self.office.clock()
        able = {u for u in users if change.may_decide(u, self._absences, now)}
        answers = self._runner.run(clicks())
        assert [a for a in answers if not isinstance(a, str | Refusal)] == []
        heard = {user for user, answer in zip(users, answers, strict=True) if isinstance(answer, str)}
        assert heard <= able
        assert len([a for a in answers if isinstance(a, str)]) == len(heard)
        # whose seat somebody takes who stands in for several depends on who of them was faster
        known = self._runner.run(self.office.now_of(change.number))
        change.approve({d.user: {g: d.seat(g) for g in d.groups} for d in known.decisions if d.user in heard})
        # nobody who could decide was turned away while it was still open
        assert heard == able or change.state == "approved"

    @rule(change=changes, user=people, current=st.integers(0, 4))
    def break_glass(self, change: Expected, user: str, current: int) -> None:
        digest = plan_for(change.name if current else "Acme 0", change.operation).digest
        may = bool(current) and user in MEMBERS["legal"] and change.waits(self.office.clock())
        state = self.done(self.office.changes.decide(change.number, user, "break_glass", digest, "an outage"))
        assert (state is not None) == may
        if may:
            change.glass_broken_by, change.review = user, "open"
            change.approved()

    @rule(change=changes, user=people)
    def sign_off(self, change: Expected, user: str) -> None:
        had_a_part = {change.requester, change.glass_broken_by}
        seats = set(change.seats(user, self._absences, self.office.clock()).values()) - had_a_part
        may = change.review == "open" and user not in had_a_part and bool(seats)
        self.done(self.office.changes.reviews.sign_off(change.number, user, "seen"))
        if may:
            change.review = "signed"

    @rule(user=st.sampled_from([ANN, BOB, LEO]), to=people, days=st.sampled_from([1, 5, 30]))
    def go_away(self, user: str, to: str, days: int) -> None:
        if user != to:
            now = self.office.clock()
            # each ends at a moment of its own: whoever is back first is asked first
            until = now + days * 86400 + len(self._absences.away) + ord(user[2])
            self._runner.run(self._delegations.give(Delegation(user=user, to=to, at=now, until=until)))
            self._absences.away[user] = (to, until)

    @rule(user=st.sampled_from([ANN, BOB, LEO]))
    def come_back(self, user: str) -> None:
        self._runner.run(self._delegations.end(user))
        self._absences.away.pop(user, None)

    @rule(strict=st.booleans())
    def change_the_policy_and_sweep(self, *, strict: bool) -> None:
        before, self._policy = self._policy, STRICT if strict else LENIENT
        self.office.changes.authority.rulebook.policy = self._policy
        for change in self._expected:
            self._runner.run(self.office.changes.judge_again(self._runner.run(self.office.now_of(change.number))))
            asked = needs(change.operation, self._policy)
            if change.state == "pending" and before is not self._policy and asked != change.needs:
                change.needs = asked
                if change.quorum:
                    change.approved()

    @rule(change=changes, user=people)
    def withdraw(self, change: Expected, user: str) -> None:
        may = user == change.requester and change.state in ("pending", "stale", "approved")
        self.done(self.office.changes.cancel(change.number, user))
        if may:
            change.state = "cancelled"

    @rule(change=changes)
    def find_stale_at_the_start_of_its_run(self, change: Expected) -> None:
        if change.state == "approved":
            known = self._runner.run(self.office.now_of(change.number))
            plan = plan_for(f"Acme {change.plans + 1}", change.operation)
            self._runner.run(self.office.made_stale(known, plan))
            change.planned_anew("stale")
            change.expires_at = self.office.clock() + PENDING_SECONDS

    @rule(change=changes, user=people)
    def ask_again(self, change: Expected, user: str) -> None:
        may = user == change.requester and change.state == "stale"
        self.done(self.office.changes.ask_again(change.number, user))
        if may:
            change.needs = needs(change.operation, self._policy)
            change.state = "pending" if change.needs else "approved"
            change.starts += not change.needs
            change.expires_at = self.office.clock() + PENDING_SECONDS

    @rule(days=st.sampled_from([0.01, 3, 8]))
    def let_time_pass_and_sweep(self, days: float) -> None:
        self.office.clock.advance(days * 86400)
        for change in self._expected:
            known = self._runner.run(self.office.now_of(change.number))
            over = change.state in ("pending", "stale") and self.office.clock() >= change.expires_at
            assert self._runner.run(self.office.changes.expire(known)) == over
            if over:
                change.state = "expired"

    @invariant()
    def redis_shows_what_was_promised(self) -> None:
        for change in self._expected:
            known = self._runner.run(self.office.now_of(change.number))
            assert (known.state, known.review) == (change.state, change.review)
            assert known.plan.title == f"Create “{change.name}”"
            assert {d.user for d in known.decisions if d.verb == "approve"} == set(change.approvals)
            assert known.glass_broken_by == change.glass_broken_by
            assert self.office.started.runs.count(change.number) == change.starts
            assert known.settled == (known.state in FINAL)

    @invariant()
    def a_change_that_runs_had_its_quorum_or_is_to_be_reviewed(self) -> None:
        for change in self._expected:
            assert change.state != "approved" or change.quorum or change.review

    @invariant()
    def nothing_open_is_forgotten(self) -> None:
        numbers = self._runner.run(self.office.store.open_numbers())
        assert numbers == sorted(change.number for change in self._expected)


def test_the_life_of_a_change_is_as_promised_under_any_order_of_deeds(
    redis_url: str, tmp_path: Path, keys: Keys
) -> None:
    live(LifeOfChanges, redis_url, tmp_path, keys, lives=40, deeds=25)
