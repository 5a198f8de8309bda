"""When a key is changed, everything is sealed anew with it: no old key is needed for what is stored."""

import dataclasses
import re
from pathlib import Path

from cryptography.fernet import Fernet

from bot.audit.row import Row
from bot.audit.trail import AuditTrail
from bot.audit.verify import verify
from bot.changes.delegations import Delegation, Delegations
from bot.changes.drafts import DraftStore
from bot.maintenance.memory import Memory
from bot.maintenance.reseal import reseal
from bot.vault import Vault
from handlers.acts import Act, ActStore
from tests.changes.office import ANN, BOB, RITA, Office
from tests.conftest import Clock

ACT = Act(id="act", kind="reject", user=ANN, team="T", at=1.0, what={"reason": "Jane Doe"})


async def rotated(memory: Memory, *, kept: bool = True) -> Memory:
    """The memory once a new key stands before the old one, or in its place."""
    fresh = Fernet.generate_key().decode()
    secrets = (fresh, *memory.encryption_keys) if kept else (fresh,)
    return dataclasses.replace(memory, vault=Vault(secrets), encryption_keys=secrets)


async def test_after_it_the_old_key_is_needed_for_nothing(
    memory: Memory, office: Office, trail: AuditTrail, clock: Clock
) -> None:
    change = await office.asked(name="Jane Doe")
    await office.approve(change, ANN)
    before = await office.now(change)
    await trail.copy(change.number)
    await DraftStore(memory.redis, memory.keys, memory.vault, clock).save(
        draft := DraftStore(memory.redis, memory.keys, memory.vault, clock).begin(RITA, "brand.register", {"n": "Jane"})
    )
    away = Delegation(user=ANN, to=BOB, at=clock(), until=clock() + 60, reason="ill")
    await Delegations(memory.redis, memory.keys, memory.vault, clock).give(away)
    await ActStore(memory.redis, memory.keys, memory.vault).keep(ACT)
    both = await rotated(memory)
    told = await reseal(both)
    assert (told.sealed > 8, told.unreadable, told.busy) == (True, set(), set())

    alone = Vault(both.encryption_keys[:1])
    office = dataclasses.replace(office, store=type(office.store)(memory.redis, memory.keys, alone))
    assert await office.now(change) == before
    assert await DraftStore(memory.redis, memory.keys, alone, clock).load(draft.id, RITA) == draft
    assert await Delegations(memory.redis, memory.keys, alone, clock).standing() == [away]
    assert await ActStore(memory.redis, memory.keys, alone).left(2.0) == [ACT]
    log = type(trail.log)(memory.redis, memory.keys, alone)
    assert (await verify(log)).sound
    again = await reseal(both)
    assert (again.sealed, again.fresh) == (0, told.sealed)


async def test_what_opens_with_no_key_is_named_and_left_as_it_is(memory: Memory, office: Office) -> None:
    change = await office.asked()
    doc = memory.keys.change(change.number, "doc")
    before = await memory.redis.hgetall(doc)
    told = await reseal(await rotated(memory, kept=False))
    assert doc in told.unreadable
    assert told.sealed == 0
    assert await memory.redis.hgetall(doc) == before


async def test_looking_counts_and_writes_nothing(memory: Memory, office: Office, trail: AuditTrail) -> None:
    change = await office.asked()
    await trail.copy(change.number)
    both = await rotated(memory)
    looked = await reseal(both, look_only=True)
    assert looked.sealed > 0
    assert (await reseal(both)).sealed == looked.sealed


async def test_the_audit_goes_on_behind_rows_that_were_sealed_anew(memory: Memory, trail: AuditTrail) -> None:
    for n in range(3):
        await trail.note(f"act {n}", Row(at=1.0, kind="refused", what=f"act {n}"))
    # a copy that was left by one that was killed
    await memory.redis.xadd(f"{memory.keys.audit('log')}:resealed", {"row": "half"}, id="1-0")
    both = await rotated(memory)
    assert (await reseal(both)).busy == set()
    log = type(trail.log)(memory.redis, memory.keys, both.vault)
    assert await log.append([Row(at=2.0, kind="refused", what="later")]) == "done"
    seen = await verify(log)
    assert (seen.sound, seen.count) == (True, 4)
    assert await memory.redis.keys(f"{memory.keys.prefix}:*resealed") == []


async def test_a_draft_keeps_its_time_to_live(memory: Memory, clock: Clock) -> None:
    drafts = DraftStore(memory.redis, memory.keys, memory.vault, clock)
    draft = drafts.begin(RITA, "brand.register", {})
    await drafts.save(draft, seconds=500)
    await reseal(await rotated(memory))
    assert 400 < await memory.redis.ttl(memory.keys.draft(draft.id)) <= 500


def test_every_sealed_value_has_the_form_by_which_it_is_found(tmp_path: Path) -> None:
    token = Vault([Fernet.generate_key().decode()]).seal("")
    assert re.fullmatch(r"gAAAAA[\w-]{70,}={0,2}", token)
