"""A call that Twilio surely did not process: refused, throttled, or never sent."""

import asyncio
import socket

import pytest

from bot.runs.calls import TRIES
from bot.runs.patience import PATIENCE
from bot.sandbox.twilio.start_state import FREE_NUMBER, POOLED_NUMBER
from bot.twilio.gateway import Account
from tests.runs.rig import INTERIM, NAME, Rig, add_step, create_step, rename_step

CREATE = "POST /v1/Services$"


async def test_a_refused_call_fails_the_change_with_twilios_code_and_link(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, status=400, code=21713)
    assert await rig.worker().run(change.number) is None
    now, step = await rig.now(change), await rig.step(change, "service")
    assert (now.state, step.state, step.code) == ("failed", "failed", 21713)
    assert step.link == "https://www.twilio.com/docs/errors/21713"
    assert step.error == "Injected fault"
    assert "21713: Injected fault" in now.note
    assert rig.sent() == ["POST /v1/Services"]


async def test_nothing_after_a_refused_call_is_sent_however_often_the_run_is_started(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add(CREATE, status=400)
    for _ in range(3):
        await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, len(rig.sent())) == ("failed", 1)


async def test_wrong_credentials_fail_the_change_before_anything_is_sent(rig: Rig) -> None:
    change = await rig.approved()
    account = Account(rig.account.sid, rig.twilio.account_sid, "wrong", f"{rig.twilio.url}/{{product}}")
    await rig.worker(account=account).run(change.number)
    await account.close()
    now = await rig.now(change)
    assert (now.state, now.steps, rig.sent()) == ("failed", {}, [])
    assert "HTTP 401, 20003" in now.note
    assert "wrong" not in now.model_dump_json()


async def test_credentials_that_stop_working_in_the_middle_fail_the_step(rig: Rig) -> None:
    change = await rig.approved()
    rig.twilio.faults.add("POST /v1/Services/MG", status=401)
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state, now.steps["name"].code) == ("failed", "done", 20003)


async def test_a_throttled_call_waits_as_long_as_twilio_asks_and_is_then_sent(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, status=429, retry_after=7)
    assert await rig.worker().run(change.number) is None
    assert ((await rig.now(change)).state, rig.services, rig.slept) == ("succeeded", [INTERIM], [7.0])
    assert (await rig.step(change, "service")).attempt == 1


async def test_a_call_throttled_without_a_time_backs_off_further_each_time(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, status=429, times=TRIES - 1)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.slept) == ("succeeded", [1.0, 2.0, 4.0, 8.0])


async def test_a_call_throttled_too_long_is_put_off_and_rests_as_long_as_twilio_asks(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, status=429, retry_after=0.3, times=TRIES)
    assert await rig.worker().run(change.number) == 0.3
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state, now.steps["service"].attempt) == ("running", "waiting", 0)
    assert "slow down" in now.note

    assert await rig.worker().run(change.number) is None  # a sweep that starts it too early is turned away
    assert len(rig.sent()) == TRIES
    await asyncio.sleep(0.35)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])


async def test_a_pause_longer_than_a_turn_is_not_cut_short(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, status=429, retry_after=120)
    assert await rig.worker().run(change.number) == 120
    assert (rig.slept, len(rig.sent())) == ([], 1)


async def test_an_unreachable_twilio_puts_the_run_off_and_nothing_was_attempted(rig: Rig) -> None:
    change = await rig.approved(create_step())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        account = Account(rig.account.sid, "AC", "x", f"{url}/{{product}}")
        assert await rig.worker(account=account).run(change.number) == PATIENCE.retry_after
        await account.close()
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state, now.steps["service"].attempt) == ("running", "waiting", 0)
    assert "cannot be reached" in now.note
    await rig.lose_lease(change)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [INTERIM])


async def test_a_throttled_call_is_not_looked_for_because_it_surely_did_not_happen(rig: Rig) -> None:
    change = await rig.approved(create_step())
    rig.twilio.faults.add(CREATE, status=429, retry_after=0)
    await rig.worker().run(change.number)
    assert rig.sent("GET") == []


async def test_a_code_that_means_already_done_is_adopted(rig: Rig) -> None:
    change = await rig.approved(add_step(POOLED_NUMBER))
    await rig.worker().run(change.number)
    step = await rig.step(change, "add")
    assert (step.state, step.adopted, step.result["phone_number"]) == ("done", True, "+14155550110")
    assert (await rig.now(change)).state == "succeeded"


async def test_a_code_that_means_already_done_is_a_failure_when_it_is_not_found(rig: Rig) -> None:
    change = await rig.approved(add_step(FREE_NUMBER))
    rig.twilio.faults.add("POST", status=409, code=21710)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, (await rig.step(change, "add")).code) == ("failed", 21710)


async def test_another_code_is_a_failure_without_a_look(rig: Rig) -> None:
    change = await rig.approved(add_step(FREE_NUMBER))
    rig.twilio.faults.add("POST", status=409, code=21712)
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.sent("GET")) == ("failed", [])


@pytest.mark.parametrize(
    ("fault", "advice"), [({"status": 400, "code": 21422}, "By code."), ({"status": 405}, "By status.")]
)
async def test_what_to_do_about_a_refusal_is_said_with_it(rig: Rig, fault: dict[str, int], advice: str) -> None:
    step = create_step().model_copy(update={"advice": {21422: "By code.", 405: "By status."}})
    change = await rig.approved(step)
    rig.twilio.faults.add(CREATE, **fault)  # type: ignore[arg-type]
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.note.endswith(f": Injected fault. {advice}"), now.plan.steps) == (True, (step,))


async def test_a_refusal_about_something_else_comes_without_advice(rig: Rig) -> None:
    change = await rig.approved(create_step().model_copy(update={"advice": {21422: "By code."}}))
    rig.twilio.faults.add(CREATE, status=400, code=21713)
    await rig.worker().run(change.number)
    assert (await rig.now(change)).note.endswith("Injected fault")


@pytest.mark.parametrize("code", [None, 99999])
async def test_an_error_that_nobody_knows_is_shown_as_twilio_gave_it(rig: Rig, code: int | None) -> None:
    change = await rig.approved(rename_step("MG" + "00" * 16))
    rig.twilio.faults.add("POST", status=418, code=code)
    await rig.worker().run(change.number)
    step = await rig.step(change, "name")
    assert (step.state, step.code, step.error) == ("failed", code, "Injected fault")
    assert NAME not in rig.services
