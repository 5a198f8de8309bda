"""What people may do with a run that stopped, and that it is done once."""

import asyncio

import pytest

from bot.changes.change import Change
from bot.changes.changes import Refusal
from tests.runs.rig import INTERIM, NAME, Rig, create_step, rename_step

RITA = "U0RITA"
CREATE = "POST /v1/Services$"


async def unknown(rig: Rig, *, effect: bool) -> Change:
    """A change whose first step may or may not have happened."""
    change = await rig.approved(create_step(adopt=None), rename_step())
    rig.twilio.faults.add(CREATE, drop=not effect, drop_after_effect=effect)
    await rig.worker().run(change.number)
    assert (await rig.now(change)).state == "unknown"
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
    await rig.settlement.happened(change.number, RITA, sid)
    assert rig.started.runs == [change.number]
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, now.steps["service"].adopted, now.results["service"]) == ("succeeded", True, {"sid": sid})
    assert (len(rig.sent(CREATE)), rig.services) == (1, [NAME])
    said = next(e for e in now.timeline if e.who == RITA)
    assert (said.what, said.detail) == ("said that it happened", f"Create “{INTERIM}” ({sid})")


async def test_an_unknown_step_that_did_not_happen_is_sent_again(rig: Rig) -> None:
    change = await unknown(rig, effect=False)
    await rig.settlement.did_not_happen(change.number, RITA)
    await rig.worker().run(change.number)
    now = await rig.now(change)
    assert (now.state, len(rig.sent(CREATE)), rig.services) == ("succeeded", 2, [NAME])
    assert now.steps["service"].attempt == 1


async def test_an_unknown_change_that_is_abandoned_stays_so(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    await rig.settlement.abandon(change.number, RITA)
    assert await rig.worker().run(change.number) is None
    now = await rig.now(change)
    assert (now.state, now.settled, len(rig.sent()), rig.started.runs) == ("abandoned", True, 1, [])
    for deed in (rig.settlement.retry, rig.settlement.did_not_happen, rig.settlement.abandon):
        with pytest.raises(Refusal, match="abandoned"):
            await deed(change.number, RITA)


async def test_of_people_who_settle_at_once_one_is_heard(rig: Rig) -> None:
    change = await unknown(rig, effect=True)
    sid = rig.twilio.created("service")[0]["sid"]
    answers = await asyncio.gather(
        *(rig.settlement.happened(change.number, "U0ANN", sid) for _ in range(5)),
        *(rig.settlement.did_not_happen(change.number, "U0BOB") for _ in range(5)),
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
        await rig.settlement.happened(change.number, RITA, sid)
    assert (await rig.now(change)).state == "unknown"


async def test_a_change_without_an_unknown_step_cannot_be_settled(rig: Rig) -> None:
    change = await failed(rig)
    with pytest.raises(Refusal, match="is failed: no step of it is unknown"):
        await rig.settlement.happened(change.number, RITA, "MG" + "5e" * 16)
    with pytest.raises(Refusal, match="is failed: no step of it is unknown"):
        await rig.settlement.did_not_happen(change.number, RITA)
    with pytest.raises(Refusal, match="There is no change #99"):
        await rig.settlement.did_not_happen(99, RITA)


async def test_a_retry_goes_on_from_the_step_that_failed(rig: Rig) -> None:
    change = await failed(rig)
    rig.twilio.journal.calls.clear()
    await rig.settlement.retry(change.number, RITA)
    assert ((await rig.now(change)).note, rig.started.runs) == ("", [change.number])
    await rig.worker().run(change.number)
    assert ((await rig.now(change)).state, rig.services) == ("succeeded", [NAME])
    assert rig.sent("") == [f"POST /v1/Services/{rig.twilio.created('service')[0]['sid']}"]


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
