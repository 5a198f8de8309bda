"""A copy of everything, taken while people work: whole or refused, put back where nothing is and nobody works."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.audit.trail import AuditTrail
from bot.audit.verify import verify
from bot.changes.drafts import DraftStore
from bot.changes.freezes import ALL, Freezes
from bot.maintenance.backup import take_backup
from bot.maintenance.backup_file import BackupProblem, entries
from bot.maintenance.memory import Memory
from bot.maintenance.presence import Presence, this_process
from bot.maintenance.restore import SKIPPED_NUMBERS, put_back
from bot.maintenance.schema import SCHEMA, UNMARKED, Marker, Schema, SchemaProblem
from bot.maintenance.start import at_work
from bot.redis.connection import open_redis
from bot.runs.ledger import RunLedger
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.vault import Vault
from tests.changes.office import ANN, BOB, RITA, Office
from tests.conftest import START, Clock
from tests.maintenance.conftest import emptied
from tests.redis.servers import free_port, server
from tests.redis.test_connection import CLUSTER, own_all_slots

Damage = Callable[[bytes], bytes]
WATCHED = Registration(kind="brand", account="AC" + "5a" * 16, key="BN1", title="Acme", started_at=START)


async def test_a_change_a_registration_a_draft_and_the_audit_come_back_as_they_were(
    memory: Memory, office: Office, trail: AuditTrail, clock: Clock, tmp_path: Path
) -> None:
    asked, approved = await office.asked(), await office.asked(draft="draft-2", name="Jane Doe")
    await office.approve(approved, ANN)
    await RegistrationStore(memory.redis, memory.keys).begin(WATCHED)
    drafts = DraftStore(memory.redis, memory.keys, memory.vault, clock)
    draft = drafts.begin(RITA, "brand.register", {"name": "Jane Doe"})
    await drafts.save(draft)
    await trail.copy(approved.number)
    head = (await verify(trail.log)).head
    before = [await office.now(change) for change in (asked, approved)]
    header, count = await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)

    told = await put_back(memory, tmp_path / "copy", ANN, clock)

    assert (told.keys, told.header, told.unreadable, told.audit) == (count, header, (), ())
    assert [await office.now(change) for change in before] == before
    assert [number for number, _, _ in told.unsettled] == [asked.number, approved.number]
    assert await office.store.open_numbers() == [asked.number, approved.number]
    assert await RegistrationStore(memory.redis, memory.keys).load(WATCHED.id) == WATCHED
    assert await drafts.load(draft.id, RITA) == draft
    assert (await verify(trail.log, head)).sound
    assert "Jane Doe" not in (tmp_path / "copy").read_text()
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert await Schema(memory.redis, memory.keys).marker() == Marker(UNMARKED, UNMARKED)


async def test_what_was_approved_then_is_not_sent_again_until_a_person_has_compared(
    memory: Memory, office: Office, trail: AuditTrail, clock: Clock, tmp_path: Path
) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)
    await put_back(memory, tmp_path / "copy", BOB, clock)
    [freeze] = await Freezes(memory.redis, memory.keys, memory.vault, clock).standing()
    assert (freeze.account, freeze.user) == (ALL, BOB)
    assert "Compare with Twilio" in freeze.reason
    assert (await office.asked(draft="draft-2")).number > change.number + SKIPPED_NUMBERS
    [stored] = [stored async for stored in trail.log.backwards()]
    assert stored.link
    assert (stored.link.told.kind, stored.link.told.who) == ("restored", BOB)


async def test_a_change_that_left_the_list_of_open_ones_meanwhile_is_on_it_again(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    change = await office.asked()
    # as if it was settled, and taken off, between the two moments in which both were copied
    await memory.redis.delete(memory.keys.plain("changes:open"), memory.keys.plain("changes:all"))
    await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)
    await put_back(memory, tmp_path / "copy", ANN, clock)
    assert await office.store.open_numbers() == [change.number]
    assert [c.number async for c in office.store.latest()] == [change.number]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda raw: raw[: len(raw) // 2], "cut off"),
        (lambda raw: raw.rpartition(b'{"proof"')[0], "cut off"),
        (lambda raw: raw.replace(b'"x": 0', b'"x": 1', 1), "altered or damaged"),
        (lambda raw: raw.replace(b'"k": "', b'"k": "x', 1), "altered or damaged"),
        (lambda raw: b"{}\n" + raw, "no backup"),
        (lambda raw: b"", "no backup"),
        (lambda raw: raw.replace(b'"format": 1', b'"format": 2', 1), "format 2"),
    ],
    ids=["half", "unproven", "time", "key", "header", "empty", "format"],
)
async def test_a_copy_that_is_not_whole_or_not_ours_puts_nothing_back(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path, damage: Damage, told: str
) -> None:
    await office.asked()
    file = tmp_path / "copy"
    await take_backup(memory, file, clock)
    await emptied(memory)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BackupProblem, match=told):
        await put_back(memory, file, ANN, clock)
    assert await memory.redis.keys(f"{memory.keys.prefix}:*") == []


async def test_a_copy_under_another_key_is_refused_by_its_print(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    await office.asked()
    header, _ = await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)
    other = Fernet.generate_key().decode()
    with pytest.raises(BackupProblem, match=f"another encryption key \\({header.key_print}\\)"):
        await put_back(Memory(memory.redis, memory.keys, Vault([other]), (other,)), tmp_path / "copy", ANN, clock)


async def test_nothing_is_put_back_over_something_or_under_a_bot_that_runs(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    await office.asked()
    await take_backup(memory, tmp_path / "copy", clock)
    with pytest.raises(BackupProblem, match="into an empty one only"):
        await put_back(memory, tmp_path / "copy", ANN, clock)
    await emptied(memory)
    async with Presence(memory.redis, memory.keys).shown(this_process(SCHEMA)):
        with pytest.raises(BackupProblem, match="Bots are running"):
            await put_back(memory, tmp_path / "copy", ANN, clock)


async def test_one_that_was_cut_off_is_gone_on_with_by_the_same_file_alone(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    change = await office.asked()
    header, _ = await take_backup(memory, tmp_path / "copy", clock)
    await take_backup(memory, tmp_path / "other", clock)
    half = list(entries(tmp_path / "copy"))[:2]
    await emptied(memory)
    await Schema(memory.redis, memory.keys).begin_restore(header.id)
    for entry in half:
        await memory.redis.restore(entry.key, 0, entry.value)
    with pytest.raises(BackupProblem, match="Go on with that file"):
        await put_back(memory, tmp_path / "other", ANN, clock)
    await put_back(memory, tmp_path / "copy", ANN, clock)
    assert (await office.now(change)).number == change.number
    assert (await Schema(memory.redis, memory.keys).marker()).restoring == ""


async def test_what_was_put_back_stands_in_the_audit_also_when_that_was_cut_off_at_its_end(
    memory: Memory, office: Office, trail: AuditTrail, clock: Clock, tmp_path: Path
) -> None:
    change = await office.asked()
    await trail.copy(change.number)
    header, _ = await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)
    await put_back(memory, tmp_path / "copy", ANN, clock)
    await Schema(memory.redis, memory.keys).begin_restore(header.id)  # as it was before its very last command
    clock.advance(60)
    await put_back(memory, tmp_path / "copy", ANN, clock)
    kinds = [stored.link and stored.link.told.kind async for stored in trail.log.backwards()]
    assert kinds == ["restored", "change"]
    assert (await verify(trail.log)).sound


@pytest.mark.parametrize("turns", range(0, 40, 4))
async def test_of_a_bot_that_starts_and_a_backup_that_is_put_back_in_the_same_moment_one_gives_way(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path, turns: int
) -> None:
    await office.asked()
    await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)
    over, at_once = asyncio.Event(), list[str]()

    async def bot() -> None:
        await turned(turns)
        try:
            async with at_work(memory.redis, memory.keys):
                at_once.extend([] if over.is_set() else ["bot"])
                await over.wait()
        except SchemaProblem:
            pass

    async def restore() -> None:
        try:
            await put_back(memory, tmp_path / "copy", ANN, clock)
            at_once.append("restore")
        except BackupProblem:
            pass
        finally:
            over.set()

    await asyncio.gather(bot(), restore())
    assert sorted(at_once) != ["bot", "restore"]
    assert (await Schema(memory.redis, memory.keys).marker()).restoring == ""


async def turned(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_of_no_change_does_a_copy_say_that_more_was_written_into_the_audit_than_it_holds(
    memory: Memory, office: Office, trail: AuditTrail, clock: Clock, tmp_path: Path
) -> None:
    changes = [await office.asked(draft=f"draft-{n}") for n in range(8)]
    await trail.copy(changes[0].number)
    await take_backup(memory, tmp_path / "copy", clock)
    things = [entry.key.partition("{")[2].partition(":")[0] for entry in entries(tmp_path / "copy")]
    # what comes in while they are taken is in the later ones only
    assert things.index("audit}") < things.index("change")


async def test_leases_are_not_put_back_and_what_expires_does_so_in_its_own_time(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    await office.asked()
    await memory.redis.set(memory.keys.plain("lease"), "somebody", px=15_000)
    await memory.redis.set(memory.keys.plain("seen:twice"), "1", ex=3600)
    await memory.redis.set(memory.keys.plain("seen:late"), "1", ex=90)
    await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)
    clock.advance(600)
    told = await put_back(memory, tmp_path / "copy", ANN, clock)
    assert told.expired == 1
    assert await memory.redis.get(memory.keys.plain("lease")) is None
    assert 2900 < await memory.redis.ttl(memory.keys.plain("seen:twice")) <= 3000


async def test_a_change_is_copied_in_one_moment_however_it_moves_meanwhile(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    changes = [await office.asked(draft=f"draft-{n}") for n in range(20)]
    copying = asyncio.create_task(take_backup(memory, tmp_path / "copy", clock))
    await asyncio.gather(*(office.approve(change, ANN) for change in changes))
    await copying
    await emptied(memory)
    await put_back(memory, tmp_path / "copy", ANN, clock)
    now = [await office.now(change) for change in changes]
    assert [len(change.decisions) for change in now] == [int(change.state == "approved") for change in now]
    assert [len(change.timeline) for change in now] == [1 + len(change.decisions) for change in now]


async def test_a_lease_that_a_run_held_holds_nobody_up_for_long(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    change = await office.asked()
    await office.approve(change, ANN)
    quick = RunLedger(memory.redis, memory.keys, "worker", 0.001)
    assert await quick.take(change.number) == 1
    await take_backup(memory, tmp_path / "copy", clock)
    await emptied(memory)
    await put_back(memory, tmp_path / "copy", ANN, clock)
    assert await RunLedger(memory.redis, memory.keys, "another").take(change.number) == 2


async def test_a_file_that_stands_is_not_written_over_and_nothing_half_stays(
    memory: Memory, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(BackupProblem, match="stands already"):
        await take_backup(memory, tmp_path / "copy", clock)
    assert os.listdir(tmp_path) == ["copy"]


async def test_it_goes_from_one_server_to_a_cluster(
    memory: Memory, office: Office, clock: Clock, tmp_path: Path
) -> None:
    change = await office.asked()
    await take_backup(memory, tmp_path / "copy", clock)
    port = free_port()
    async with server(tmp_path / "cluster", port, *CLUSTER, str(free_port())):
        await own_all_slots(port)
        async with open_redis(f"redis+cluster://127.0.0.1:{port}", tmp_path) as cluster:
            there = Memory(cluster.client, memory.keys, memory.vault, memory.encryption_keys)
            await put_back(there, tmp_path / "copy", ANN, clock)
            _, count = await take_backup(there, tmp_path / "again", clock)
            moved = Office.opened(there.redis, there.keys, there.vault, office.told, office.started, clock)
            assert (await moved.now_of(change.number)).inputs == change.inputs
    assert count >= len(list(entries(tmp_path / "copy")))
