"""However often a run stops, and whoever takes it up: its timeline is one, in order, and tells each attempt once."""

import asyncio

from bot.plans.step import WaitStep, Watch
from handlers.blocks.progress import timeline
from tests.runs.rig import NAME, UNSURE, Rig, create_step, rename_step, until

RITA = "U0RITA"
CREATE, RENAME = "POST /v1/Services$", "POST /v1/Services/MG"
SHARE = WaitStep(
    id="share",
    title="Twilio accepts the share",
    watches=(Watch(kind="share", step="share", key="CABC123", title="Share of CABC123"),),
    until=("ACCEPTED",),
    word="I have seen CAMPAIGN_SHARE_ACCEPT",
)


async def test_a_run_that_failed_was_retried_killed_resumed_waited_and_was_settled_shows_one_timeline(rig: Rig) -> None:
    rig.tracked()
    last = create_step(UNSURE).model_copy(update={"id": "last", "title": "Create another"})
    change = await rig.approved(create_step(), rename_step(), SHARE, last)
    number, people = change.number, rig.settlement
    # it fails, and is tried again
    rig.twilio.faults.add(CREATE, status=400, code=21713)
    await rig.worker("first").run(number)
    rig.clock.advance(60)
    await people.retry(number, RITA)
    # its worker is killed in the middle of the next call, and another one finds out what became of it
    rig.twilio.faults.add(RENAME, delay=5)
    killed = asyncio.create_task(rig.worker("killed").run(number))
    await until(lambda: rig.twilio.calls(RENAME))
    killed.cancel()
    await asyncio.wait({killed})
    rig.clock.advance(60)
    await rig.worker("second").run(number)
    # it waits, until a person says that it is over
    rig.clock.advance(60)
    await people.done(number, RITA, "share")
    # Twilio is busy, then an answer is lost, and a person looks
    rig.twilio.journal.calls.clear()
    rig.twilio.faults.add(CREATE, status=429, retry_after=1)
    rig.twilio.faults.add(CREATE, drop=True)
    await rig.finish(change, rig.worker("third"))
    rig.clock.advance(60)
    await people.did_not_happen(number, RITA, "last")
    await rig.worker("fourth").run(number)

    now = await rig.now(change)
    assert [(event.step, event.who, event.what) for event in now.timeline] == [
        ("", "", "asked"),
        ("", "", "started"),
        ("service", "", "sent"),
        ("service", "", "refused by Twilio"),
        ("", RITA, "tried again"),
        ("", "", "started"),
        ("service", "", "sent"),
        ("service", "", "done"),
        ("name", "", "sent"),
        ("name", "", "found done at Twilio"),
        ("share", "", "waits"),
        ("share", RITA, "said that it is done"),
        ("", "", "started"),
        ("last", "", "sent"),
        ("last", "", "put off"),
        ("last", "", "no clear answer"),
        ("last", "", "outcome unknown"),
        ("last", RITA, "said that it did not happen"),
        ("", "", "started"),
        ("last", "", "sent"),
        ("last", "", "done"),
        ("", "", "finished"),
    ]
    assert [event.at for event in now.timeline] == sorted(event.at for event in now.timeline)
    assert (now.state, len(rig.sent(CREATE)), rig.services.count(NAME)) == ("succeeded", 3, 1)
    shown = timeline(now)
    assert len(shown) == len(now.timeline)
    assert all(event.what in line for event, line in zip(now.timeline, shown, strict=True))


async def test_what_two_workers_do_at_once_is_told_once(rig: Rig) -> None:
    change = await rig.approved(create_step(), rename_step())
    await asyncio.gather(*(rig.worker(f"worker-{n}").run(change.number) for n in range(8)))
    whats = [(event.step, event.what) for event in (await rig.now(change)).timeline]
    assert len(whats) == len(set(whats)) == 7
