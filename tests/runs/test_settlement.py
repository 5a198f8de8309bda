"""What people may do with a run that stopped, and that it is done once."""

import asyncio

import pytest

from bot.changes.change import Change, Event, StepRun
from bot.changes.refusal import Refusal
from bot.runs.calls import MAX_ATTEMPTS
from bot.sandbox.twilio.start_state import SUPPORT_SERVICE
from bot.twilio.faults import TwilioFault
from tests.runs.rig import INTERIM, NAME, UNSURE, Rig, create_step, rename_step

RITA = "U0RITA"
CREATE = "POST /v1/Services$"


async def unknown(rig: Rig, *, effect: bool) -> Change:
    """A change whose first step may or may not have happened; with `effect`, it did after all, very late."""
    change = await rig.approved(create_step(UNSURE), rename_step())
    rig.twilio.faults.add(CREATE, drop=True)
    assert (await rig.finish(change)).state == "unknown"
    if effect:
        await rig.account.send(create_step().call)
    rig.twilio.journal.calls.clear()
    return change


async def failed(rig: Rig) -> Change:
    """A change whose second step was refused."""
    change = await rig.approved(create_step(), rename_step())
    rig.twilio.faults.add("POST /v1/Services/MG", status=400)
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "failed"
    return change


async def test_an_unknown_step_that_happened_goes_on_with_the_sid_that_a_person_found(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    sid = rig.twilio.created("service")[0]["sid"]
    await rig.settlement.happened(change.number, RITA, sid, "service")
    assert rig.started.runs == [change.number]
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, now.steps["service"].adopted) == ("succeeded", True)
    assert now.results["service"] == {"sid": sid, "friendly_name": INTERIM}
    assert (rig.sent(CREATE), rig.services) == ([], [NAME])
    said = next(e for e in now.timeline if e.who == RITA)
    assert (said.what, said.detail) == ("said that it happened", f"Create “{INTERIM}” ({sid})")


async def test_an_unknown_step_that_did_not_happen_is_sent_again(rig: Rig) -> None:
    change = await unknown(rig, effect=False)
    await rig.settlement.did_not_happen(change.number, RITA, "service")
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, len(rig.sent(CREATE)), rig.services) == ("succeeded", 1, [NAME])
    assert now.steps["service"].attempt == 2


async def test_a_step_that_happened_as_twilio_shows_is_not_sent_again_on_anybodys_word(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    with pytest.raises(Refusal, match=r"It has happened.*There is: MG"):
        await rig.settlement.did_not_happen(change.number, RITA, "service")
    assert ((await rig.now(change)).state, rig.started.runs) == ("unknown", [])


async def test_a_call_sent_again_on_somebodys_word_is_looked_for_before_anything_follows_it(rig: Rig) -> None:
    change = await unknown(rig, effect=False)
    await rig.settlement.did_not_happen(change.number, RITA, "service")
    await rig.account.send(create_step().call)  # the first call, after all
    now = await rig.finish(change)
    assert (now.state, rig.services) == ("unknown", [INTERIM, INTERIM])


async def test_a_step_lost_once_more_after_somebodys_word_is_left_to_people_again(rig: Rig) -> None:
    change = await unknown(rig, effect=False)
    await rig.settlement.did_not_happen(change.number, RITA, "service")
    rig.twilio.faults.add(CREATE, drop=True)
    assert (await rig.finish(change)).state == "unknown"
    assert (len(rig.sent(CREATE)), rig.services) == (1, [])


@pytest.mark.parametrize("whose", ["another service of the account", "nothing that is there"])
async def test_a_sid_of_something_else_is_refused_with_what_was_looked_for(rig: Rig, whose: str) -> None:
    change = await unknown(rig, effect=True)
    made = rig.twilio.created("service")[0]["sid"]
    sid = SUPPORT_SERVICE if whose.startswith("another") else "MG" + "5e" * 16
    with pytest.raises(Refusal) as refusal:
        await rig.settlement.happened(change.number, RITA, sid, "service")
    assert str(refusal.value) == (
        f"{sid} is not what this step makes. Looked for: /v1/Services with friendly_name “{INTERIM}”. There is: {made}."
    )
    assert ((await rig.now(change)).state, rig.started.runs, rig.sent()) == ("unknown", [], [])


async def test_of_two_things_that_a_step_made_a_person_says_which_one_stays(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    await rig.account.send(create_step().call)
    first, second = (service["sid"] for service in rig.twilio.created("service"))
    await rig.settlement.happened(change.number, RITA, second, "service")
    await rig.worker().run(change.number)
    assert (await rig.now(change)).results["service"]["sid"] == second
    assert {s["sid"]: s["friendly_name"] for s in rig.twilio.created("service")} == {first: INTERIM, second: NAME}


async def test_what_twilio_does_not_show_just_now_settles_nothing(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    sid = rig.twilio.created("service")[0]["sid"]
    for deed in (
        rig.settlement.happened(change.number, RITA, sid, "service"),
        rig.settlement.did_not_happen(change.number, RITA, "service"),
    ):
        rig.twilio.faults.add("GET /v1/Services$", status=429, retry_after=0, times=3)
        with pytest.raises(TwilioFault):
            await deed
    assert (await rig.now(change)).state == "unknown"


async def test_what_nobody_can_look_for_is_not_gone_on_with(rig: Rig) -> None:
    change = await rig.approved(create_step(adopt=None), rename_step())
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    await rig.worker().run(change.number)
    with pytest.raises(Refusal, match="cannot look for it"):
        await rig.settlement.happened(change.number, RITA, rig.twilio.created("service")[0]["sid"], "service")


async def test_what_leaves_no_trace_and_nothing_needs_goes_on_with_a_persons_word(rig: Rig) -> None:
    """As a passcode that was texted: no SID stands for it, and nobody can look for it."""
    change = await rig.approved(create_step(adopt=None))
    rig.twilio.faults.add(CREATE, drop_after_effect=True)
    await rig.worker().run(change.number)
    await rig.settlement.happened(change.number, RITA, "", "service")
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, len(rig.sent(CREATE))) == ("succeeded", 1)


async def test_a_thing_whose_sid_has_a_name_of_its_own_is_found_by_it(rig: Rig) -> None:
    """As a vetting, which shows its SID as `brand_vetting_sid`; here it is the account's."""
    change = await rig.approved(create_step(UNSURE).model_copy(update={"keep": ("account_sid",)}))
    rig.twilio.faults.add(CREATE, drop=True)
    await rig.finish(change)
    await rig.account.send(create_step().call)
    await rig.settlement.happened(change.number, RITA, rig.twilio.account_sid, "service")
    await rig.worker().run(change.number)
    assert (await rig.now(change)).results == {"service": {"account_sid": rig.twilio.account_sid}}


async def test_a_button_about_an_earlier_step_settles_nothing(rig: Rig) -> None:
    """The card of the first unknown step is still open somewhere when the second one becomes unknown."""
    change = await unknown(rig, effect=True)
    sid = rig.twilio.created("service")[0]["sid"]
    await rig.settlement.happened(change.number, RITA, sid, "service")
    rig.twilio.faults.add("POST /v1/Services/MG", drop=True, times=MAX_ATTEMPTS)
    assert (await rig.finish(change)).unknown_step == "name"
    for deed in (
        rig.settlement.happened(change.number, RITA, sid, "service"),
        rig.settlement.did_not_happen(change.number, RITA, "service"),
        rig.settlement.did_not_happen(change.number, RITA, ""),
    ):
        with pytest.raises(Refusal, match=f"earlier step of #1. What is unknown now is “Name it “{NAME}””"):
            await deed
    assert (await rig.now(change)).unknown_step == "name"
    await rig.settlement.did_not_happen(change.number, RITA, "name")
    assert (await rig.finish(change)).state == "succeeded"


async def test_the_script_settles_no_step_but_the_unknown_one(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    run, event = StepRun(state="waiting", attempt=1, at=0.0), Event(at=0.0, what="said")
    assert not await rig.ledger("people").settle(change.number, "name", "unknown", run, event)
    assert ((await rig.now(change)).state, (await rig.now(change)).unknown_step) == ("unknown", "service")


async def test_an_unknown_change_that_is_abandoned_stays_so(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    await rig.settlement.abandon(change.number, RITA)
    assert await rig.worker().run(change.number) is None
    now = await rig.now(change)
    assert (now.state, now.settled, len(rig.sent()), rig.started.runs) == ("abandoned", True, 0, [])
    for deed in (
        rig.settlement.retry(change.number, RITA),
        rig.settlement.did_not_happen(change.number, RITA, "service"),
        rig.settlement.abandon(change.number, RITA),
    ):
        with pytest.raises(Refusal, match="given up"):
            await deed


async def test_of_people_who_settle_at_once_one_is_heard(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    sid = rig.twilio.created("service")[0]["sid"]
    answers = await asyncio.gather(
        *(rig.settlement.happened(change.number, "U0ANN", sid, "service") for _ in range(5)),
        *(rig.settlement.did_not_happen(change.number, "U0BOB", "service") for _ in range(5)),
        *(rig.settlement.abandon(change.number, "U0RITA") for _ in range(5)),
        return_exceptions=True,
    )
    assert answers.count(None) == 1
    assert len([a for a in answers if isinstance(a, Refusal)]) == 14


@pytest.mark.parametrize(
    "sid", ["", "MG123", "mg" + "5e" * 16, "MG" + "zz" * 16, "MG" + "5e" * 17, "MG/../../v1/x" * 3]
)
async def test_what_is_no_sid_is_refused(rig: Rig, sid: str) -> None:
    change = await unknown(rig, effect=True)
    with pytest.raises(Refusal, match="is not a SID"):
        await rig.settlement.happened(change.number, RITA, sid, "service")
    assert (await rig.now(change)).state == "unknown"


async def test_a_change_without_an_unknown_step_cannot_be_settled(rig: Rig) -> None:
    change = await failed(rig)
    with pytest.raises(Refusal, match="is failed: no step of it is unknown"):
        await rig.settlement.happened(change.number, RITA, "MG" + "5e" * 16, "name")
    with pytest.raises(Refusal, match="is failed: no step of it is unknown"):
        await rig.settlement.did_not_happen(change.number, RITA, "name")
    with pytest.raises(Refusal, match="There is no change #99"):
        await rig.settlement.did_not_happen(99, RITA, "name")


async def test_a_retry_goes_on_from_the_step_that_failed(rig: Rig) -> None:
    change = await failed(rig)
    rig.twilio.journal.calls.clear()
    await rig.settlement.retry(change.number, RITA)
    assert ((await rig.now(change)).note, rig.started.runs) == ("", [change.number])
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])
    assert rig.sent() == [f"POST /v1/Services/{rig.twilio.created('service')[0]['sid']}"]


async def test_many_retries_at_once_are_one(rig: Rig) -> None:
    change = await failed(rig)
    answers = await asyncio.gather(
        *(rig.settlement.retry(change.number, RITA) for _ in range(8)), return_exceptions=True
    )
    assert (answers.count(None), rig.started.runs) == (1, [change.number])


async def test_a_failed_change_that_is_abandoned_keeps_what_was_made_and_runs_no_more(rig: Rig) -> None:
    change = await failed(rig)
    await rig.settlement.abandon(change.number, RITA)
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, now.steps["service"].state, rig.services) == ("abandoned", "done", [INTERIM])
    assert len(rig.sent()) == 2


@pytest.mark.parametrize("deed", ["retry", "abandon"])
async def test_a_running_change_is_neither_retried_nor_abandoned(rig: Rig, deed: str) -> None:
    change = await rig.approved(create_step())
    await rig.store.move(change.number, ["approved"], "running")
    with pytest.raises(Refusal, match="is running: there is nothing to do here"):
        await getattr(rig.settlement, deed)(change.number, RITA)
