"""A quorum is counted once, on however many replicas people click."""

import asyncio
import json
import sys
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.changes.delegations import Delegation, Delegations
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import ANN, BOB, CAT, Office
from tests.conftest import Clock, Started, Told

REPOSITORY = Path(__file__).parent.parent.parent


async def replica(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.changes.approver", *arguments, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY
    )


async def answers_of(process: asyncio.subprocess.Process) -> list[str]:
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    answers: list[str] = json.loads(output)
    return answers


@pytest.mark.parametrize(("operation", "needed"), [("service.create", 1), ("campaign.register", 2)])
async def test_clicks_on_two_replicas_at_once_give_one_quorum_and_one_run(
    redis: Redis, redis_url: str, keys: Keys, operation: str, needed: int
) -> None:
    key = Fernet.generate_key().decode()
    office = Office.opened(redis, keys, Vault([key]), Told(), Started(), Clock(time.time()))
    store, change = office.store, await office.asked(operation=operation)
    shared = (redis_url, keys.prefix, key, str(change.number), change.plan.digest)
    replicas = [
        await replica(*shared, ",".join([ANN, BOB] * 20)),
        await replica(*shared, ",".join([CAT, ANN] * 20)),
    ]
    for _ in replicas:
        while not await redis.blpop([keys.plain("ready")], timeout=1):
            assert all(process.returncode is None for process in replicas)
    await redis.rpush(keys.plain("go"), "go", "go")
    answers = [answer for process in replicas for answer in await answers_of(process)]

    decided = [answer for answer in answers if answer in ("pending", "approved")]
    assert sorted(decided) == ["approved"] + ["pending"] * (needed - 1)
    assert await redis.lrange(keys.plain("started"), 0, -1) == [str(change.number)]
    now = await store.load(change.number)
    assert now is not None
    assert (now.state, len({d.user for d in now.decisions}), len(now.timeline)) == ("approved", needed, 1 + needed)


async def test_the_absent_and_their_stand_in_on_two_replicas_at_once_count_once(
    redis: Redis, redis_url: str, keys: Keys
) -> None:
    key = Fernet.generate_key().decode()
    office = Office.opened(redis, keys, Vault([key]), Told(), Started(), Clock(time.time()))
    change, now = await office.asked(operation="campaign.register"), time.time()
    absences = Delegations(redis, keys, Vault([key]), time.time)
    await absences.give(Delegation(user=ANN, to="U0SAM", at=now, until=now + 3600))
    shared = (redis_url, keys.prefix, key, str(change.number), change.plan.digest)
    replicas = [await replica(*shared, ANN), await replica(*shared, "U0SAM")]
    for _ in replicas:
        while not await redis.blpop([keys.plain("ready")], timeout=1):
            assert all(process.returncode is None for process in replicas)
    await redis.rpush(keys.plain("go"), "go", "go")
    assert [await answers_of(process) for process in replicas] == [["pending"], ["pending"]]
    assert await redis.lrange(keys.plain("started"), 0, -1) == []
    assert await office.approve(change, BOB) == "approved"
