"""`kill -9` of a worker at any moment: the next one finishes the change, and nothing is made twice."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.changes.change import Change
from bot.vault import Vault
from tests.runs.doomed import LEASE_SECONDS
from tests.runs.rig import NAME, Rig

pytestmark = pytest.mark.long

REPOSITORY = Path(__file__).parent.parent.parent
KEY = Fernet.generate_key().decode()
CREATE, RENAME, PLAN = "POST /v1/Services$", "POST /v1/Services/MG", "GET /v1/Services$"
FOR_EVER = 30.0


@pytest.fixture
def vault() -> Vault:
    """With a key that the other process is given too."""
    return Vault([KEY])


@asynccontextmanager
async def doomed(
    rig: Rig, redis_url: str, change: Change, hang_at: int = 0
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process that is killed when the body ends."""
    twilio = rig.twilio
    arguments = (redis_url, rig.keys.prefix, KEY, twilio.account_sid, twilio.auth_token, twilio.url)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.runs.doomed", *arguments, str(change.number), str(hang_at)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
    )
    try:
        async with asyncio.timeout(30):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def begun(rig: Rig, process: asyncio.subprocess.Process) -> None:
    """Wait until the call that is to go wrong has reached Twilio."""
    while rig.twilio.faults.waiting():
        assert process.returncode is None
        await asyncio.sleep(0.005)


async def finish(rig: Rig, change: Change) -> None:
    """What the sweep does: start what is open again and again, until the lease of the dead worker is over."""
    rig.clock.now = time.time()  # the dead worker's clock
    async with asyncio.timeout(20):
        while (await rig.now(change)).state in ("approved", "running"):
            await rig.finish(change, rig.worker("second"))
            await asyncio.sleep(LEASE_SECONDS / 10)


async def assert_done_once(rig: Rig, change: Change) -> None:
    now = await rig.now(change)
    assert (now.state, rig.services) == ("succeeded", [NAME])
    assert [call.effect for call in rig.twilio.calls(CREATE)].count(True) == 1
    assert set(now.steps) == {"service", "name"}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"match": PLAN, "delay": FOR_EVER}, id="planning anew"),
        pytest.param({"match": CREATE, "delay": FOR_EVER}, id="made, not answered"),
        pytest.param({"match": CREATE, "delay": FOR_EVER, "drop": True}, id="not made, and never will be"),
        pytest.param({"match": CREATE, "delay": 0.2, "late_effect": True}, id="not made, but soon will be"),
        pytest.param({"match": RENAME, "delay": FOR_EVER}, id="named, not answered"),
        pytest.param({"match": RENAME, "delay": FOR_EVER, "drop": True}, id="not named"),
    ],
)
async def test_a_worker_killed_in_the_middle_of_a_call_leaves_nothing_double(
    rig: Rig, redis_url: str, fault: dict[str, object]
) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(**fault)  # type: ignore[arg-type]
    async with doomed(rig, redis_url, change) as process:
        await begun(rig, process)
    await finish(rig, change)
    await assert_done_once(rig, change)


@pytest.mark.parametrize("hang_at", [1, 2, 3], ids=["before the first step", "between the steps", "at the very end"])
async def test_a_worker_killed_between_its_steps_leaves_nothing_double(rig: Rig, redis_url: str, hang_at: int) -> None:
    change = await rig.approved()
    async with doomed(rig, redis_url, change, hang_at) as process:
        assert process.stdout is not None
        assert await process.stdout.readline() == f"hanging #{change.number}\n".encode()
    await finish(rig, change)
    await assert_done_once(rig, change)
    assert len(rig.sent()) == 2


async def assert_wakes_to_no_avail(rig: Rig, change: Change, process: asyncio.subprocess.Process) -> None:
    """A worker that stood still while another one ended its run goes on: it changes nothing and sends nothing."""
    await finish(rig, change)
    await assert_done_once(rig, change)
    before, sent = await rig.now(change), rig.sent("")
    process.send_signal(signal.SIGCONT)
    await process.communicate(b"go on\n")
    assert process.returncode == 0
    assert await rig.now(change) == before
    assert rig.sent("") == sent
    assert len(rig.sent()) == 2


async def test_a_worker_frozen_in_the_middle_of_a_call_records_nothing_and_sends_nothing_when_it_wakes(
    rig: Rig, redis_url: str
) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, delay=0.3)
    async with doomed(rig, redis_url, change) as process:
        await begun(rig, process)
        process.send_signal(signal.SIGSTOP)
        await assert_wakes_to_no_avail(rig, change, process)


async def test_a_worker_frozen_between_its_steps_records_nothing_and_sends_nothing_when_it_wakes(
    rig: Rig, redis_url: str
) -> None:
    change = await rig.approved()
    async with doomed(rig, redis_url, change, hang_at=2) as process:
        assert process.stdout is not None
        assert await process.stdout.readline() == f"hanging #{change.number}\n".encode()
        process.send_signal(signal.SIGSTOP)
        await assert_wakes_to_no_avail(rig, change, process)


async def test_a_second_worker_that_comes_too_early_waits_for_the_lease_of_the_dead_one(
    rig: Rig, redis_url: str
) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, delay=FOR_EVER)
    async with doomed(rig, redis_url, change) as process:
        await begun(rig, process)
        assert await rig.worker("second").run(change.number) is None
        assert len(rig.sent()) == 1
    await finish(rig, change)
    await assert_done_once(rig, change)


async def test_a_worker_killed_again_and_again_in_the_same_call_sends_it_no_more_than_three_times(
    rig: Rig, redis_url: str
) -> None:
    change = await rig.approved()
    for _ in range(3):
        rig.twilio.faults.add(CREATE, delay=FOR_EVER, drop=True)
        async with doomed(rig, redis_url, change) as process:
            await begun(rig, process)
        await rig.lose_lease(change)
    await finish(rig, change)
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state, now.steps["service"].attempt) == ("unknown", "unknown", 3)
    assert rig.services == []
