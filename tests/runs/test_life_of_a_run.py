"""Runs under any order of deaths, faults, freezes and decisions, against the real Redis and the local Twilio."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from cryptography.fernet import Fernet
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from redis.asyncio import Redis

from bot.catalog import catalog
from bot.catalog.form import parse
from bot.catalog.operation import Context
from bot.catalog.services.edit import ServiceCreate
from bot.changes.change import Change
from bot.changes.freezes import ALL, Freeze, Freezes
from bot.changes.refusal import Refusal
from bot.redis.keys import Keys
from bot.runs.ledger import RunLedger
from bot.runs.runner import Runner
from bot.runs.settle import Settlement
from bot.sandbox.twilio.server import LocalTwilio
from bot.twilio.gateway import Account
from bot.twilio.pace import Pace
from bot.vault import Vault
from tests.changes.office import ANN, RITA, Office, request_for
from tests.conftest import Clock, Started, Told
from tests.machines import live
from tests.runs.mortal import Died, Life, MortalAccount, mortal_redis
from tests.runs.rig import Followed, time_passes

T = TypeVar("T")
MOST_CHANGES = 2
deaths = st.builds(Life, left=st.none() | st.integers(0, 30)) | st.builds(Life, writes=st.integers(0, 2))
FAULTS: dict[str, dict[str, Any]] = {
    "never arrived": {"drop": True},
    "done, and the answer lost": {"drop_after_effect": True},
    "500 after the effect": {"after_effect": True},
    "503 without effect": {"status": 503},
    "slow down": {"status": 429, "retry_after": 60},
    "refused": {"status": 400, "code": 20001},
}


class LifeOfRuns(RuleBasedStateMachine):
    """Deeds of people, workers and Twilio; after each of them the promises hold."""

    changes = Bundle("changes")

    def __init__(self, runner: asyncio.Runner, redis: Redis, keys: Keys) -> None:
        super().__init__()
        self._runner, self._redis, self._keys = runner, redis, keys
        self._clock, self._vault = Clock(), Vault([Fernet.generate_key().decode()])
        self._twilio = LocalTwilio(clock=self._clock)
        self._account = runner.run(self._opened())
        self._office = Office.opened(redis, keys, self._vault, Told(), Started(), self._clock)
        self._freezes = Freezes(redis, keys, self._vault, self._clock)
        self._told: dict[int, list[str]] = {}
        self._was_approved: set[int] = set()

    async def _opened(self) -> Account:
        await self._twilio.start()
        url, pace = f"{self._twilio.url}/{{product}}", Pace(self._redis, self._keys)
        sid, token = self._twilio.account_sid, self._twilio.auth_token
        return Account(sid, sid, token, url, pace=pace)

    def done(self, deed: Coroutine[Any, Any, T]) -> T | None:
        """What came of a deed; None when it was refused."""
        try:
            return self._runner.run(deed)
        except Refusal:
            return None

    def now(self, number: int) -> Change:
        """The change as it stands."""
        return self._runner.run(self._office.now_of(number))

    def worker(self, name: str, life: Life) -> Runner:
        """A worker of its own, which may die."""
        redis, account = mortal_redis(self._redis, life), MortalAccount(self._account, life)
        return Runner(
            type(self._office.store)(redis, self._keys, self._vault),
            RunLedger(redis, self._keys, name),
            lambda _sid: account,
            catalog(),
            self._office.changes.authority,
            self._freezes,
            Followed(),
            Told(),
            self._clock,
            self._pass,
        )

    async def _pass(self, seconds: float) -> None:
        await time_passes(self._redis, self._keys, self._account.sid, self._clock, seconds)

    def posts(self) -> int:
        """How many calls that change something have reached Twilio."""
        return len(self._twilio.calls("POST"))

    def made(self, number: int) -> int:
        """How many services this change has made."""
        names = (f"Acme {number}", f"Acme {number} tf-life{number}")
        return sum(1 for s in self._twilio.created("service") if s["friendly_name"] in names)

    @initialize(target=changes)
    def begin(self) -> int:
        number = self._asked()
        self._approve(number)
        return number

    @precondition(lambda self: len(self._told) < MOST_CHANGES)
    @rule(target=changes)
    def ask(self) -> int:
        return self._asked()

    def _asked(self) -> int:
        number = len(self._told) + 1
        name, token = f"Acme {number}", f"tf-life{number}"
        form = parse(ServiceCreate, {"friendly_name": name})
        # whoever fills in a form waits until Twilio answers again
        self._runner.run(self._pass(90))
        plan = self._runner.run(catalog()["service.create"].planned(form, Context(self._account, token)))
        inputs = form.model_dump(mode="json")
        asked = request_for(draft=token).model_copy(update={"token": token, "plan": plan, "inputs": inputs})
        change = self.done(self._office.changes.request(asked))
        assert change is not None
        self._told[change.number] = []
        return change.number

    @rule(number=changes)
    def approve(self, number: int) -> None:
        self._approve(number)

    def _approve(self, number: int) -> None:
        change = self.now(number)
        if self.done(self._office.changes.decide(number, ANN, "approve", change.digest)) == "approved":
            self._was_approved.add(number)

    @rule(number=changes, how=st.sampled_from(["reject", "withdraw"]))
    def end(self, number: int, how: str) -> None:
        changes = self._office.changes
        if how == "withdraw":
            self.done(changes.cancel(number, RITA))
        else:
            self.done(changes.decide(number, ANN, "reject", self.now(number).digest, "no"))

    @rule(kind=st.sampled_from(list(FAULTS)), match=st.sampled_from(["POST /v1/Services$", "POST /v1/Services/MG"]))
    def go_wrong(self, kind: str, match: str) -> None:
        self._twilio.faults.add(match, **FAULTS[kind])

    @rule(everything=st.booleans(), hours=st.sampled_from([None, 0.001, 1]))
    def freeze_or_thaw(self, *, everything: bool, hours: float | None) -> None:
        if hours is None:
            self.thaw()
            return
        now = self._clock()
        account = ALL if everything else self._account.sid
        until = now + hours * 3600
        self._runner.run(self._freezes.begin(Freeze(account=account, user=ANN, reason="audit", at=now, until=until)))

    def thaw(self) -> None:
        for account in (ALL, self._account.sid):
            self._runner.run(self._freezes.lift(account))

    @rule(number=changes, death=deaths)
    def work(self, number: int, death: Life) -> None:
        before, posts = self.now(number), self.posts()
        frozen = self._runner.run(self._freezes.of(self._account.sid))
        with suppress(Died):
            self._runner.run(self.worker("worker", replace(death)).run(number))
        if before.state in ("pending", "unknown") or before.settled:
            assert self.posts() == posts
        if frozen and frozen.until > self._clock():
            assert self.posts() == posts

    @rule(number=changes, death=deaths)
    def work_at_once(self, number: int, death: Life) -> None:
        async def both() -> None:
            workers = (self.worker("one", Life()), self.worker("other", replace(death)))
            answers = await asyncio.gather(*(w.run(number) for w in workers), return_exceptions=True)
            assert [a for a in answers if isinstance(a, Exception)] == []

        self._runner.run(both())

    @rule(seconds=st.sampled_from([3, 20, 90]))
    def let_time_pass(self, seconds: int) -> None:
        self._runner.run(self._pass(seconds))
        self._runner.run(self._end_leases())

    @rule(number=changes)
    def settle(self, number: int) -> None:
        """Somebody looks at Twilio and says truly what became of it, or tries again what failed."""
        change = self.now(number)
        if change.state == "unknown":
            self._runner.run(self._say_what_happened(change))
        elif change.state == "failed":
            self.done(self._settlement().retry(number, ANN))

    @invariant()
    def each_approved_call_took_effect_at_most_once(self) -> None:
        for number in self._told:
            assert self.made(number) <= (number in self._was_approved)

    @invariant()
    def a_timeline_only_grows_and_is_in_order(self) -> None:
        for number, told in self._told.items():
            events = self.now(number).timeline
            lines = [f"{event.at} {event.what} {event.step} {event.detail}" for event in events]
            assert lines[: len(told)] == told
            assert [e.at for e in events] == sorted(e.at for e in events)
            self._told[number] = lines

    def teardown(self) -> None:
        """Once it is calm again, everything that was approved is done, once, and nothing else was."""
        self.thaw()
        self._twilio.faults.clear()
        for _ in range(12):
            for number in self._told:
                self.work(number, Life())
                self.settle(number)
            self.let_time_pass(90)
        for number in self._told:
            change = self.now(number)
            ended = change.state in ("rejected", "cancelled", "pending")
            assert change.state == "succeeded" or ended, (change.state, change.note)
            assert self.made(number) == (change.state == "succeeded")
        self._runner.run(self._account.close())
        self._runner.run(self._twilio.stop())

    async def _say_what_happened(self, change: Change) -> None:
        step = change.unknown_step
        names = {"service": f"Acme {change.number} tf-life{change.number}"}
        made = [s for s in self._twilio.created("service") if s["friendly_name"] == names.get(step)]
        try:
            if made:
                await self._settlement().happened(change.number, ANN, str(made[0]["sid"]), step)
            else:
                await self._settlement().did_not_happen(change.number, ANN, step)
        except Refusal:
            sid = str(change.results["service"]["sid"])
            await self._settlement().happened(change.number, ANN, sid, step)

    def _settlement(self) -> Settlement:
        ledger = RunLedger(self._redis, self._keys, "people")
        return Settlement(
            self._office.store, ledger, lambda _sid: self._account, Told(), Started(), self._clock, Followed()
        )

    async def _end_leases(self) -> None:
        for number in self._told:
            await self._redis.hset(self._keys.change(number, "doc"), "lease_until", 0)


def test_each_approved_call_takes_effect_once_under_any_order_of_deaths_faults_and_freezes(
    redis_url: str, tmp_path: Path, keys: Keys
) -> None:
    live(LifeOfRuns, redis_url, tmp_path, keys, lives=12, deeds=20)
