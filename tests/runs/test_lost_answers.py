"""A call whose answer was lost is looked for at Twilio before anything else is done."""

import aiohttp
import pytest

from bot.changes.change import StepRun
from bot.plans.step import Adopt
from bot.runs.calls import LOOK_AFTER_SECONDS, MAX_ATTEMPTS
from bot.twilio.gateway import Account
from tests.runs.rig import INTERIM, LOOK, NAME, Rig, add_step, create_step, rename_step
from tests.runs.wires import answering_500

CREATE = "POST /v1/Services$"
UNSURE = LOOK.model_copy(update={"repeatable": False})


async def test_an_answer_lost_after_the_effect_is_adopted_and_the_call_not_repeated(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    assert await rig.worker().run(change.number) is None
    now = await rig.now(change)
    assert (now.state, now.steps["service"].adopted, now.steps["name"].adopted) == ("succeeded", True, False)
    assert now.results["service"]["friendly_name"] == INTERIM
    assert (len(rig.sent(CREATE)), rig.services) == (1, [NAME])
    assert rig.slept == [LOOK_AFTER_SECONDS]


async def test_a_call_dropped_before_its_effect_is_sent_again_once_and_only_once(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, drop=True)
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "succeeded"
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
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])
    assert [call.status for call in rig.twilio.calls(CREATE)] == [status, 201]


async def test_a_call_that_is_not_answered_in_time_is_looked_for(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, delay=1)
    account = Account(
        rig.account.sid,
        rig.twilio.account_sid,
        rig.twilio.auth_token,
        f"{rig.twilio.url}/{{product}}",
        timeout=aiohttp.ClientTimeout(total=0.3),
    )
    await rig.worker(account=account).run(change.number)
    await account.close()
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])
    assert len(rig.sent(CREATE)) == 1


async def test_an_update_that_is_lost_is_adopted_by_what_it_set(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add("POST /v1/Services/MG", drop_after_effect=True)
    await rig.worker().run(change.number)
    assert (await rig.step(change, "name")).adopted
    assert (rig.services, len(rig.sent())) == ([NAME], 2)


async def test_a_call_that_must_not_be_repeated_is_unknown_when_it_is_not_found(rig: Rig) -> None:
    change = await rig.approved(create_step(UNSURE), rename_step())
    rig.twilio.faults.add(CREATE, drop=True)
    await rig.worker().run(change.number)
    now = await rig.now(change)
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
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, len(rig.sent(CREATE))) == ("unknown", MAX_ATTEMPTS)


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
    await rig.worker().run(change.number)
    assert ((await rig.step(change, "add")).adopted, len(rig.sent())) == (False, 2)
    assert (await rig.now(change)).state == "succeeded"


async def test_a_refusal_is_no_failure_when_the_lost_call_before_it_turns_out_to_be_its_reason(rig: Rig) -> None:
    """The first call takes effect late: after the look, before the second call, which is refused because of it."""
    step = create_step().model_copy(update={"lane": "registration"})
    change = await rig.approved(step)
    rig.twilio.faults.add(CREATE, drop=True)

    async def late(seconds: float) -> None:
        if seconds != LOOK_AFTER_SECONDS:  # the pause that the lane asks for, before the second call
            await rig.account.send(step.call)
            rig.twilio.faults.add(CREATE, status=409)

    await rig.worker(sleep=late).run(change.number)
    now = await rig.now(change)
    assert (now.state, now.steps["service"].adopted, rig.services) == ("succeeded", True, [INTERIM])
