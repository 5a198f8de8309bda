"""A call whose answer was lost is looked for at Twilio before anything else is done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.changes.change import StepRun
from bot.plans.step import Adopt
from bot.runs.calls import MAX_ATTEMPTS
from bot.runs.ledger import RunLedger
from bot.runs.patience import PATIENCE, Patience
from bot.twilio.gateway import Account
from tests.runs.rig import INTERIM, NAME, UNSURE, Rig, add_step, create_step, rename_step, until
from tests.runs.wires import answering_500

CREATE = "POST /v1/Services$"


async def test_an_answer_lost_after_the_effect_is_adopted_and_the_call_not_repeated(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    assert await rig.worker().run(change.number) is None
    now = await rig.now(change)
    assert (now.state, now.steps["service"].adopted, now.steps["name"].adopted) == ("succeeded", True, False)
    assert now.results["service"]["friendly_name"] == INTERIM
    assert (len(rig.sent(CREATE)), rig.services) == (1, [NAME])
    assert rig.slept == [PATIENCE.look_after]


async def test_a_call_dropped_before_its_effect_is_sent_again_once_and_only_once(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, drop=True)
    assert (await rig.finish(change)).state == "succeeded"
    assert [call.effect for call in rig.twilio.calls(CREATE)] == [False, True]
    assert rig.services == [NAME]


async def test_a_500_after_the_effect_is_adopted(rig: Rig) -> None:
    change = await rig.approved()
    async with answering_500(rig.twilio.url, "POST", "/v1/Services") as url:
        account = Account(rig.account.sid, rig.twilio.account_sid, rig.twilio.auth_token, f"{url}/{{product}}")
        await rig.worker(account=account).run(change.number)
        await account.close()
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])
    assert len(rig.sent(CREATE)) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_5xx_without_effect_is_sent_again_after_a_look(rig: Rig, status: int) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, status=status)
    assert ((await rig.finish(change)).state, rig.services) == ("succeeded", [NAME])
    assert [call.status for call in rig.twilio.calls(CREATE)] == [status, 201]


async def test_a_call_that_is_not_answered_in_time_is_looked_for(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, delay=1)
    async with in_a_hurry(rig) as account:
        await rig.worker(account=account).run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])
    assert len(rig.sent(CREATE)) == 1


async def test_a_call_that_takes_effect_after_the_first_look_is_not_sent_again(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, delay=0.3, late_effect=True)
    async with in_a_hurry(rig) as account:
        rest = await rig.worker(account=account).run(change.number)
    assert rest is not None
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state, rig.services) == ("running", "attempting", [])
    until_when = f"{datetime.fromtimestamp(now.steps['service'].at + PATIENCE.sure_after, UTC):%Y-%m-%d %H:%M:%S} UTC"
    assert INTERIM in now.note
    assert now.note.startswith("Twilio gave no answer to: ")
    assert now.note.endswith(f"Looking again until {until_when}.")

    assert await rig.worker().run(change.number) is None  # a sweep that starts it too early is turned away
    await until(lambda: rig.services)
    await rig.lose_lease(change)  # the rest is over
    now = await rig.finish(change)
    assert (now.state, now.steps["service"].adopted, now.note) == ("succeeded", True, "")
    assert (rig.services, len(rig.sent(CREATE))) == ([NAME], 1)


async def test_a_call_is_looked_for_as_long_as_it_may_take_effect_and_only_then_sent_again(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, drop=True)
    begun = rig.clock()
    await rig.finish(change)
    first, second = rig.twilio.calls(CREATE)
    assert (first.at, second.at) == (begun, begun + PATIENCE.sure_after)
    assert rig.rests == [2.0, 4.0, 8.0, 14.0]
    assert len(rig.sent("GET")) == 6  # after 2, 4, 8, 16 and 30 seconds, and once more after the second call


async def test_how_long_to_wait_for_a_late_effect_can_be_said(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, drop=True)
    assert (await rig.finish(change, rig.worker(patience=Patience(1.0, 3.0)))).state == "succeeded"
    assert (rig.slept, rig.rests) == ([1.0, 1.0], [1.0, 1.0])


async def test_an_effect_beyond_all_patience_is_found_before_anything_follows_it(rig: Rig) -> None:
    """The first call takes effect while the second one does: both are there, and people must look."""
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, drop=True)

    async def late(seconds: float) -> None:
        await rig.sleep(seconds)
        if rig.services:  # the pause between the second call and the look that follows it
            await rig.account.send(create_step().call)

    now = await rig.finish(change, rig.worker(sleep=late))
    assert (now.state, now.steps["service"].state) == ("unknown", "unknown")
    assert rig.services == [INTERIM, INTERIM]
    assert all(service["sid"] in now.note for service in rig.twilio.created("service"))
    assert await rig.worker().run(change.number) is None
    assert rig.sent("POST /v1/Services/MG") == []


async def test_a_worker_that_dies_before_the_look_after_its_second_call_leaves_that_look_to_the_next(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, drop=True)

    async def die(seconds: float) -> None:
        if rig.services:
            await rig.account.send(create_step().call)
            raise asyncio.CancelledError
        await rig.sleep(seconds)

    with pytest.raises(asyncio.CancelledError):
        await rig.finish(change, rig.worker(sleep=die))
    now = await rig.finish(change)
    assert (now.state, rig.services, len(rig.sent("POST /v1/Services/MG"))) == ("unknown", [INTERIM, INTERIM], 0)


async def test_an_update_that_is_lost_is_adopted_by_what_it_set(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add("POST /v1/Services/MG", drop_after_effect=True)
    await rig.worker().run(change.number)
    assert (await rig.step(change, "name")).adopted
    assert (rig.services, len(rig.sent())) == ([NAME], 2)


async def test_a_call_that_must_not_be_repeated_is_unknown_when_it_is_not_found(rig: Rig) -> None:
    change = await rig.approved(create_step(UNSURE), rename_step())
    rig.twilio.faults.add(CREATE, drop=True)
    now = await rig.finish(change)
    assert sum(rig.rests) + PATIENCE.look_after == PATIENCE.sure_after
    assert (now.state, now.steps["service"].state, "name" in now.steps) == ("unknown", "unknown", False)
    assert rig.sent() == ["POST /v1/Services"]
    assert INTERIM in now.note
    assert now.timeline[-1].what == "outcome unknown"


async def test_a_call_that_must_not_be_repeated_is_adopted_when_it_is_found(rig: Rig) -> None:
    change = await rig.approved(create_step(UNSURE))
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])


async def test_a_call_that_nothing_can_find_again_is_unknown_at_once(rig: Rig) -> None:
    change = await rig.approved(create_step(adopt=None))
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.sent("GET")) == ("unknown", [])


async def test_two_matches_are_unknown_and_nothing_is_sent_after_that(rig: Rig) -> None:
    change = await rig.approved()
    for _ in range(2):
        await rig.account.send(create_step().call)
    rig.twilio.journal.calls.clear()
    rig.twilio.faults.add(CREATE, drop=True)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.sent()) == ("unknown", ["POST /v1/Services"])


async def test_nothing_runs_after_an_unknown_step_however_often_it_is_started(rig: Rig) -> None:
    change = await rig.approved(create_step(adopt=None), rename_step())
    rig.twilio.faults.add(CREATE, drop=True)
    for _ in range(3):
        assert await rig.worker().run(change.number) is None
    assert ((await rig.now(change)).state, rig.sent()) == ("unknown", ["POST /v1/Services"])


async def test_an_unknown_step_of_a_running_change_is_never_sent_again(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    ledger = rig.ledger("earlier")
    fence = await ledger.take(change.number)
    assert fence is not None
    run = StepRun(state="unknown", attempt=1, at=rig.clock())
    await ledger.record(change.number, fence, "service", run)
    await ledger.release(change.number, fence)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.sent("")) == ("unknown", [])


async def test_a_call_lost_again_and_again_is_left_to_people(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, drop=True, times=10)
    assert ((await rig.finish(change)).state, len(rig.sent(CREATE))) == ("unknown", MAX_ATTEMPTS)


async def test_a_look_that_fails_puts_the_run_off_and_the_call_is_not_repeated(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    rig.twilio.faults.add("GET /v1/Services$", status=429, retry_after=0, times=3)
    assert await rig.worker().run(change.number) is not None
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state, len(rig.sent())) == ("running", "attempting", 1)
    assert now.note.endswith("Trying again by itself.")
    await rig.lose_lease(change)  # the rest is over
    assert await rig.worker().run(change.number) is None
    assert ((await rig.now(change)).state, len(rig.sent()), rig.services) == ("succeeded", 1, [INTERIM])
    assert (await rig.now(change)).note == ""


async def test_a_look_that_is_refused_puts_the_run_off_too(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    rig.twilio.faults.add("GET /v1/Services$", status=401)
    assert await rig.worker().run(change.number) is not None
    assert ((await rig.now(change)).state, len(rig.sent())) == ("running", 1)


async def test_a_404_is_no_proof_that_something_is_there(rig: Rig) -> None:
    """An adopt read without a match asks only whether the thing exists."""
    number = "PN" + "02" * 16
    step = add_step(number)
    assert step.adopt is not None
    change = await rig.approved(step.model_copy(update={"adopt": Adopt(read=step.adopt.read)}))
    rig.twilio.faults.add("POST", drop=True)
    await rig.finish(change)
    assert ((await rig.step(change, "add")).adopted, len(rig.sent())) == (False, 2)
    assert (await rig.now(change)).state == "succeeded"


async def test_a_refusal_is_no_failure_when_the_lost_call_before_it_turns_out_to_be_its_reason(rig: Rig) -> None:
    """The first call takes effect very late: after the last look, before the second call, which is refused for it."""
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, drop=True)

    class Late(RunLedger):
        """Right before the second call, the first one takes effect."""

        async def record(self, number: int, fence: int, step: str, run: StepRun, *event: Any, **more: Any) -> None:
            await super().record(number, fence, step, run, *event, **more)
            if (run.state, run.attempt) == ("attempting", 2):
                await rig.account.send(create_step().call)
                rig.twilio.faults.add(CREATE, status=409)

    now = await rig.finish(change, rig.worker(ledger=Late(rig.redis, rig.keys, "late")))
    assert (now.state, now.steps["service"].adopted, rig.services) == ("succeeded", True, [INTERIM])


async def test_what_is_found_after_a_lost_answer_must_be_as_an_answer_must_be(rig: Rig) -> None:
    """As a brand that was asked for as a rehearsal: a real one that is found must stop people all the same."""
    change = await rig.approved(create_step().model_copy(update={"expect": {"usecase": "marketing"}}))
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    now = await rig.finish(change)
    assert (now.state, now.steps["service"].error) == ("failed", "usecase is undeclared")


async def test_what_is_not_there_cannot_be_written_to_and_counts_as_written_by_no_means(rig: Rig) -> None:
    """As a bundle that has left its draft once it is submitted, and that somebody has deleted in Console instead."""
    step = rename_step("MG" + "00" * 16)
    assert step.adopt is not None
    left = step.adopt.model_copy(update={"match": {"friendly_name": "draft"}, "gone": True})
    now = await rig.finish(await rig.approved(step.model_copy(update={"adopt": left})))
    assert (now.state, now.steps["name"].code) == ("failed", 20404)


@asynccontextmanager
async def in_a_hurry(rig: Rig) -> AsyncIterator[Account]:
    """An account that listens for an answer no longer than 0.1 seconds."""
    account = Account(
        rig.account.sid,
        rig.twilio.account_sid,
        rig.twilio.auth_token,
        f"{rig.twilio.url}/{{product}}",
        timeout=aiohttp.ClientTimeout(total=0.1),
    )
    yield account
    await account.close()
