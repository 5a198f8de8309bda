"""Every move of every change comes into the one log once, whoever copies it and whatever dies meanwhile."""

import asyncio
import csv
import io
import json

import pytest

from bot.audit.export import COLUMNS, lines, newest
from bot.audit.filter import Filter, moment
from bot.audit.log import HEAD_LOST, AuditLog, AuditProblem
from bot.audit.row import Row, rows_of
from bot.audit.trail import DAY_SECONDS, AuditTrail
from bot.audit.verify import verify
from bot.changes.change import Event
from bot.changes.store import ChangeStore
from bot.plans.call import Call, Ref
from bot.plans.masking import secret
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from tests.audit.conftest import Archive
from tests.changes.office import ANN, RITA

TAX_ID = "12-3456789"


def secretive() -> Plan:
    """A plan with a secret in its first call, whose second refers to the first."""
    first = Call(
        product="trusthub", method="POST", path="/v1/EndUsers", params={"TaxId": secret(TAX_ID), "Name": "n" * 500}
    )
    second = Call(
        product="trusthub", method="POST", path="/v1/Bundles/{user.sid}/Items", params={"ObjectSid": Ref(step="user")}
    )
    steps = (CallStep(id="user", title="Make it", call=first), CallStep(id="item", title="Add it", call=second))
    return Plan(operation="brand.register", account="AC" + "5a" * 16, title="A brand", steps=steps, account_name="main")


async def test_what_a_row_says_of_a_call_is_what_was_sent_with_its_secrets_masked(archive: Archive) -> None:
    change = await archive.office.asked()
    told = Event(at=1.0, what="refused by Twilio", detail=f"TaxId {TAX_ID} is taken", step="user", to="failed")
    plan = secretive()
    [row] = rows_of(change.model_copy(update={"plan": plan, "timeline": (told,)}), 0, 10)
    assert row.call.startswith("POST /v1/EndUsers TaxId=•••89 Name=nnn")
    assert row.call.endswith("…")
    assert TAX_ID not in str(row)
    assert (row.detail, row.to, row.account) == ("TaxId •••89 is taken", "failed", "main")


async def test_a_call_names_what_earlier_ones_made_once_it_is_known(archive: Archive) -> None:
    change = await archive.office.asked()
    told = Event(at=1.0, what="sent", step="item")
    [row] = rows_of(change.model_copy(update={"plan": secretive(), "timeline": (told,)}), 0, 10)
    assert row.call == "POST /v1/Bundles/{user.sid}/Items ObjectSid={user.sid}"


async def test_what_happened_before_a_change_became_stale_names_no_call_of_the_new_plan(archive: Archive) -> None:
    change = await archive.office.asked()
    timeline = tuple(Event(at=1.0, what="looked", step="service", to=to) for to in ("", "stale", ""))
    rows = rows_of(change.model_copy(update={"timeline": timeline}), 0, 10)
    assert [bool(row.call) for row in rows] == [False, False, True]


async def test_copying_again_adds_nothing_and_copying_on_adds_what_is_new(archive: Archive) -> None:
    change = await archive.office.asked()
    for _ in range(3):
        await archive.trail.copy(change.number)
    await archive.office.approve(change, ANN)
    await archive.trail.copy(change.number)
    rows = await archive.rows()
    assert [(row.seq, row.change, row.who, row.what, row.to) for row in rows] == [
        (1, change.number, RITA, "asked", rows[0].to),
        (2, change.number, ANN, "approved", "approved"),
    ]


async def test_any_number_of_replicas_copy_each_entry_once(archive: Archive) -> None:
    changes = [await archive.office.asked(draft=f"draft-{n}") for n in range(4)]
    for change in changes:
        await archive.office.approve(change, ANN)

    def replica() -> AuditTrail:
        log = AuditLog(archive.redis, archive.keys, archive.vault)
        store = ChangeStore(archive.redis, archive.keys, archive.vault)
        return AuditTrail(archive.redis, archive.keys, log, store, archive.office.clock)

    await asyncio.gather(*(replica().copy(change.number) for change in changes for _ in range(3)))
    rows = await archive.rows()
    lengths = [len((await archive.office.now(change)).timeline) for change in changes]
    assert sorted(row.change for row in rows) == sorted(
        change.number for change, length in zip(changes, lengths, strict=True) for _ in range(length)
    )
    assert (await verify(archive.log)).sound


async def test_a_copy_that_is_cut_short_anywhere_loses_nothing_and_doubles_nothing(archive: Archive) -> None:
    changes = [await archive.office.asked(draft=f"draft-{n}") for n in range(6)]

    async def cut_short(number: int, turns: int) -> None:
        copying = asyncio.create_task(archive.trail.copy(number))
        for _ in range(turns):
            await asyncio.sleep(0)
        copying.cancel()
        await asyncio.wait({copying})

    for turns in range(0, 60, 3):
        for change in changes:
            await cut_short(change.number, turns)
        await archive.office.asked(draft=f"more-{turns}")
    for number in range(1, 27):
        await archive.trail.copy(number)
    assert sorted(row.change for row in await archive.rows()) == list(range(1, 27))
    assert (await verify(archive.log)).sound


async def test_an_act_that_is_carried_out_twice_is_noted_once(archive: Archive) -> None:
    row = Row(at=1.0, kind="refused", what="approve", who=RITA)
    await asyncio.gather(*(archive.trail.note("act-{1}", row) for _ in range(5)))
    assert len(await archive.rows()) == 1


async def test_nothing_of_a_row_stands_in_redis_in_clear(archive: Archive) -> None:
    await archive.trail.note("x", Row(at=1.0, kind="refused", what="Zanzibar-Quokka"))
    assert "Zanzibar" not in str(await archive.stored())
    assert "Zanzibar" in str(await archive.rows())


async def test_a_log_whose_head_was_removed_goes_on_and_never_forgets_it(archive: Archive) -> None:
    await archive.noted(2)
    await archive.redis.delete(archive.keys.audit("head"))
    await archive.noted(1)
    assert [row.kind for row in await archive.rows()] == ["refused", "refused", HEAD_LOST, "refused"]
    [problem] = (await verify(archive.log)).problems
    assert "head of the log was gone" in problem.what


async def test_a_log_whose_head_was_put_back_takes_nothing_more_and_says_why(archive: Archive) -> None:
    await archive.noted(1)
    old = str(await archive.redis.get(archive.keys.audit("head")))
    await archive.noted(1)
    await archive.redis.set(archive.keys.audit("head"), old)
    with pytest.raises(AuditProblem, match="audit verify"):
        await archive.noted(1)


async def test_rows_are_kept_for_their_days_and_what_is_left_still_proves_itself(archive: Archive) -> None:
    await archive.noted(3)
    written = (await verify(archive.log)).head
    archive.office.clock.advance(31 * DAY_SECONDS)
    await archive.noted(2)
    assert await archive.trail.trim() == 3
    assert await archive.trail.trim() == 0
    seen = await verify(archive.log)
    assert (seen.sound, seen.first, seen.last, seen.count) == (True, 4, 5, 2)
    assert (await verify(archive.log, written)).sound
    archive.office.clock.advance(31 * DAY_SECONDS)
    assert await archive.trail.trim() == 2
    await archive.noted(1)
    assert ((await verify(archive.log)).sound, [row.seq for row in await archive.rows()]) == (True, [6])


async def test_what_does_not_hang_together_is_evidence_and_not_trimmed(archive: Archive) -> None:
    await archive.noted(3)
    first, second, third = await archive.stored()
    await archive.store([first, (second[0], third[1]), third])
    archive.office.clock.advance(31 * DAY_SECONDS)
    assert await archive.trail.trim() == 1
    assert [problem.seq for problem in (await verify(archive.log)).problems][:1] == [2]


async def test_nothing_is_removed_where_no_days_are_set(archive: Archive) -> None:
    await archive.noted(1)
    archive.office.clock.advance(4000 * DAY_SECONDS)
    office = archive.office
    assert await AuditTrail(office.redis, office.keys, archive.log, office.store, office.clock).trim() == 0


async def test_a_file_has_the_rows_that_fit_oldest_first_in_stable_columns(archive: Archive) -> None:
    change = await archive.office.asked(name="=HYPERLINK(1)")
    await archive.office.changes.decide(change.number, ANN, "reject", change.plan.digest, "=cmd()")
    await archive.trail.copy(change.number)
    await archive.noted(1)
    fitting = Filter(change=change.number)
    table = list(csv.DictReader(io.StringIO("".join([line async for line in lines(archive.log, fitting, "csv")]))))
    objects = [json.loads(line) async for line in lines(archive.log, fitting, "jsonl")]
    assert [tuple(row) for row in table] == [COLUMNS, COLUMNS]
    assert [row["what"] for row in table] == ["asked", "rejected"] == [row["what"] for row in objects]
    assert (table[1]["detail"], objects[1]["detail"]) == ("'=cmd()", "=cmd()")


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (Filter(), 3),
        (Filter(who=ANN), 1),
        (Filter(operation="service.*"), 2),
        (Filter(operation="campaign.*"), 0),
        (Filter(account="AC" + "5a" * 16), 2),
        (Filter(until=1.0), 0),
        (Filter(since=1.0), 3),
    ],
)
async def test_filters_let_through_what_they_say(archive: Archive, wanted: Filter, seen: int) -> None:
    change = await archive.office.asked()
    await archive.office.approve(change, ANN)
    await archive.trail.copy(change.number)
    await archive.noted(1)
    rows = await newest(archive.log, wanted, 10)
    assert [row.seq for row in rows] == sorted((row.seq for row in rows), reverse=True)
    assert len(rows) == seen


def test_until_a_day_includes_that_day() -> None:
    assert moment("2026-11-02", end=True) - moment("2026-11-02") == DAY_SECONDS
    assert moment("2026-11-02T09:30", end=True) == moment("2026-11-02T09:30Z")
    with pytest.raises(ValueError, match="2026-11-01"):
        moment("yesterday")
