"""The sweep sets going again whatever stands still, and what it cannot read or move keeps nothing else waiting."""

import json
from collections.abc import Sequence

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from bot.changes.change import Change, Decision
from bot.changes.store import ChangeStore
from bot.redis.keys import Keys
from bot.sweep import Sweep
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from bot.vault import Vault
from tests.changes.office import ANN, BOB, Office, plan_for, request_for
from tests.conftest import Clock, Started, Told

SECRET = "Zanzibar-Quokka"


def nobody(sid: str) -> Account:
    raise LookupError(sid)


class Bench:
    """A sweep over changes that were approved, with recorders at its ends."""

    def __init__(self, redis: Redis, keys: Keys, vault: Vault, clock: Clock) -> None:
        self.redis, self.keys, self.vault, self.clock = redis, keys, vault, clock
        self.store, self.told, self.started = ChangeStore(redis, keys, vault), Told(), Started()
        self.changes = Office.opened(redis, keys, vault, self.told, self.started, clock).changes

    async def approved(self, draft: str) -> Change:
        """A change that was approved and, as after a crash, is not running."""
        change = await self.changes.request(request_for(draft))
        await self.changes.decide(change.number, ANN, "approve", change.plan.digest)
        self.started.runs.clear()
        return change

    async def swept(self, engine: Started | None = None, told: Told | None = None) -> list[int]:
        """The runs that a sweep has started."""
        tracker = Tracker(
            RegistrationStore(self.redis, self.keys),
            nobody,
            self.told,
            self.clock,
            60.0,
            "C0ALERTS",
            self.started.start_run,
        )
        await Sweep(self.changes, tracker, engine or self.started, told or self.told, self.clock).all_changes()
        return self.started.runs


@pytest.fixture
def bench(redis: Redis, keys: Keys, vault: Vault, clock: Clock) -> Bench:
    return Bench(redis, keys, vault, clock)


async def test_a_change_that_cannot_be_read_keeps_no_other_waiting(bench: Bench) -> None:
    lost, odd, sound = [await bench.approved(f"draft-{n}") for n in range(3)]
    await bench.redis.hset(bench.keys.change(lost.number, "doc"), "plan", "sealed with another key")
    await bench.redis.hset(bench.keys.change(odd.number, "doc"), "plan", bench.vault.seal({"shape": SECRET}))
    with capture_logs() as logs:
        assert await bench.swept() == [sound.number]
    assert [(entry["change"], SECRET in str(entry)) for entry in logs] == [(lost.number, False), (odd.number, False)]


async def test_what_waits_is_brought_up_by_the_newest_reminder_alone(bench: Bench) -> None:
    waiting = await bench.changes.request(request_for("draft-1"))
    await bench.approved("draft-2")
    await bench.swept()
    assert bench.told.reminders == []
    bench.clock.advance(20 * 3600)
    await bench.swept()
    assert bench.told.reminders == [(waiting.number, 3)]


async def test_what_ran_without_its_approvals_is_brought_up_though_it_is_done(bench: Bench) -> None:
    change = await bench.changes.request(request_for("draft-1"))
    glass = Decision(user=BOB, verb="break_glass", digest=change.digest, at=bench.clock(), reason="Now")
    await bench.store.decide(change.number, glass)
    await bench.store.move(change.number, ["approved"], "succeeded")
    bench.clock.advance(2 * 86400 + 1)
    await bench.swept()
    assert bench.told.reviews == [(change.number, 2)]


async def test_a_change_that_cannot_be_started_keeps_no_other_waiting(bench: Bench) -> None:
    first, second = await bench.approved("draft-1"), await bench.approved("draft-2")

    class Picky(Started):
        async def start_run(self, number: int) -> None:
            if number == first.number:
                raise RuntimeError(SECRET)
            await bench.started.start_run(number)

    assert await bench.swept(Picky()) == [second.number]


async def test_a_change_whose_card_cannot_be_made_up_for_keeps_no_other_from_being_drawn(bench: Bench) -> None:
    first, second = await bench.approved("draft-1"), await bench.approved("draft-2")

    class Choking(Told):
        async def changes_stand(self, changes: Sequence[tuple[Change, int]]) -> None:
            if first.number in [change.number for change, _ in changes]:
                raise ValueError(SECRET)
            await super().changes_stand(changes)

    choking = Choking()
    with capture_logs() as logs:
        await bench.swept(told=choking)
    assert choking.changes == [second.number]
    assert [(entry["change"], SECRET in str(entry)) for entry in logs] == [(first.number, False)]


async def test_trouble_with_redis_ends_the_sweep_as_it_concerns_them_all(bench: Bench) -> None:
    await bench.approved("draft-1")

    class Cut(Started):
        async def start_run(self, number: int) -> None:
            raise RedisError("gone")

    with pytest.raises(RedisError):
        await bench.swept(Cut())


async def test_what_a_newer_version_added_to_the_story_of_a_change_does_not_stop_an_older_one(bench: Bench) -> None:
    change = await bench.approved("draft-1")
    timeline, decisions = (bench.keys.change(change.number, part) for part in ("timeline", "decisions"))
    asked = json.loads(str(await bench.redis.lindex(timeline, 0)))
    await bench.redis.lset(timeline, 0, json.dumps(asked | {"mood": "cheerful"}))
    [(field, approval)] = (await bench.redis.hgetall(decisions)).items()
    await bench.redis.hset(decisions, field, json.dumps(json.loads(approval) | {"device": "phone"}))
    assert await bench.swept() == [change.number]


async def test_what_a_newer_version_added_to_a_plan_is_not_left_out_by_an_older_one(bench: Bench) -> None:
    change = await bench.approved("draft-1")
    newer = bench.vault.seal(plan_for().model_dump(mode="json") | {"only_at_night": True})
    await bench.redis.hset(bench.keys.change(change.number, "doc"), "plan", newer)
    with pytest.raises(ValidationError):
        await bench.store.load(change.number)
    assert await bench.swept() == []
