"""Nothing that somebody typed lies open in Redis."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.changes.change import StepRun
from bot.changes.drafts import DraftStore
from bot.changes.store import ChangeStore
from bot.redis.keys import Keys
from bot.runs.settle import Settlement
from bot.runs.turn import Stop, Turn
from bot.twilio.gateway import Account
from bot.vault import SealedWithOtherKeyError, Vault
from tests.changes.office import ANN, RITA, Office, plan_for
from tests.conftest import Clock
from tests.runs.rig import Followed

SECRET = "Zanzibar-Quokka"
SID = "MG" + "5e" * 16


async def contents(redis: Redis, keys: Keys) -> AsyncIterator[str]:
    """Every key of this installation with everything that it holds, as text."""
    readers: dict[str, Callable[[str], Awaitable[Any]]] = {
        "string": redis.get,
        "hash": redis.hgetall,
        "set": redis.smembers,
        "list": lambda key: redis.lrange(key, 0, -1),
        "zset": lambda key: redis.zrange(key, 0, -1),
    }
    async for key in redis.scan_iter(match=f"{keys.prefix}:*"):
        kind = str(await redis.type(key))
        yield f"{key} {await readers[kind](str(key))!r}"


async def assert_sealed(redis: Redis, keys: Keys) -> None:
    lines = [line async for line in contents(redis, keys)]
    assert lines
    assert [line for line in lines if SECRET in line] == []


async def test_a_draft_is_sealed(redis: Redis, keys: Keys, vault: Vault, clock: Clock) -> None:
    drafts = DraftStore(redis, keys, vault, clock)
    draft = drafts.begin(RITA, "service.create", {"friendly_name": SECRET})
    await drafts.save(draft.model_copy(update={"plan": plan_for(SECRET)}))
    await assert_sealed(redis, keys)


async def test_a_rejected_change_is_sealed_with_its_reason(office: Office) -> None:
    change = await office.asked(name=SECRET)
    await office.changes.decide(change.number, ANN, "reject", change.plan.digest, f"{SECRET} is taken")
    await assert_sealed(office.redis, office.keys)
    now = await office.now(change)
    assert now.inputs == {"friendly_name": SECRET}
    assert (now.decisions[0].reason, now.timeline[-1].detail) == (f"{SECRET} is taken", f"{SECRET} is taken")


async def test_what_changed_in_a_stale_plan_is_sealed(office: Office) -> None:
    change = await office.asked(name="Acme")
    await office.approve(change, ANN)
    fence = await office.ledger.take(change.number)
    assert fence is not None
    note = f"service: FriendlyName was Acme, would be {SECRET}"
    event = (await office.now(change)).timeline[0].model_copy(update={"detail": note})
    await office.store.restate(change.number, plan_for(SECRET), event, note, fence, expires_at=change.expires_at)
    await assert_sealed(office.redis, office.keys)
    assert ((await office.now(change)).note, (await office.now(change)).timeline[-1].detail) == (note, note)


async def test_a_run_is_sealed_with_its_results_its_errors_and_what_people_said_of_it(
    office: Office, accounts: Callable[[str], Account]
) -> None:
    change = await office.asked(name=SECRET)
    await office.approve(change, ANN)
    fence = await office.ledger.take(change.number)
    assert fence is not None
    turn = Turn(change.number, fence, None, office.store, office.ledger, office.clock, None, None)  # type: ignore[arg-type]
    done = StepRun(state="done", attempt=1, at=office.clock(), result={"sid": SID, "friendly_name": SECRET})
    await turn.record("earlier", done, "done", f"Create “{SECRET}”")
    unknown = StepRun(state="unknown", attempt=1, at=office.clock(), error=f"{SECRET}?")
    with pytest.raises(Stop):
        await turn.end_step("service", unknown, "unknown", "outcome unknown", f"Create “{SECRET}”: no answer.")
    await assert_sealed(office.redis, office.keys)
    now = await office.now(change)
    assert now.results == {"earlier": {"sid": SID, "friendly_name": SECRET}}
    assert (now.steps["service"].error, now.note) == (f"{SECRET}?", f"Create “{SECRET}”: no answer.")

    settlement = Settlement(
        office.store, office.ledger, accounts, office.told, office.started, office.clock, Followed()
    )
    await settlement.did_not_happen(change.number, RITA, "service")
    await assert_sealed(office.redis, office.keys)
    assert (await office.now(change)).timeline[-1].detail == f"Create “{SECRET}”"


async def test_what_an_old_key_sealed_is_still_read_after_a_new_one_came(
    redis: Redis, keys: Keys, office: Office
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    change = (await office.asked()).model_copy(update={"number": 77})
    await ChangeStore(redis, keys, Vault([old])).create(change)
    assert await ChangeStore(redis, keys, Vault([new, old])).load(77) == change
    with pytest.raises(SealedWithOtherKeyError, match="TENFOUR_ENCRYPTION_KEY"):
        await ChangeStore(redis, keys, Vault([new])).load(77)


async def test_what_is_written_after_a_new_key_came_needs_no_old_one(redis: Redis, keys: Keys, office: Office) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    change = (await office.asked()).model_copy(update={"number": 78})
    await ChangeStore(redis, keys, Vault([new, old])).create(change)
    assert await ChangeStore(redis, keys, Vault([new])).load(78) == change
