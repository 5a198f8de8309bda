"""Whatever is done to a stored row is found, with the number of the row and what it means."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.audit.chain import Link, Place, linked
from bot.audit.log import AuditLog
from bot.audit.row import Row
from bot.audit.verify import verify
from bot.plans.values import canonical_json
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.audit.conftest import Archive

ROWS = 6
Entries = list[tuple[str, str]]


def resealed(vault: Vault, sealed: str, **fields: Any) -> str:
    """A row with other fields, by somebody who has the key."""
    link = Link.model_validate_json(vault.open(sealed))
    return vault.seal(canonical_json(link.model_copy(update=fields).model_dump()))


def harmed(vault: Vault, entries: Entries, how: str, at: int, other: int) -> Entries:
    """The stream after somebody was at it; the same stream where that would change nothing."""
    name, sealed = entries[at]
    link = Link.model_validate_json(vault.open(sealed))
    changed = list(entries)
    match how:
        case "removed":
            del changed[at]
        case "cut":
            del changed[at:]
        case "swapped":
            changed[at], changed[other] = (name, entries[other][1]), (entries[other][0], sealed)
        case "edited":
            changed[at] = (name, resealed(vault, sealed, row=link.row | {"what": "something else"}))
        case "forged":  # with a hash that fits
            before = Place(seq=link.seq - 1, hash=link.prev)
            [forged] = linked(before, [Row(at=1.0, kind="refused", what="something else")])
            changed[at] = (name, vault.seal(canonical_json(forged.model_dump())))
        case "garbled":
            changed[at] = (name, f"{sealed[:-5]}AAAA=")
        case "other key":
            changed[at] = (name, Vault([Fernet.generate_key().decode()]).seal(vault.open(sealed)))
    return changed


HARM = ["removed", "cut", "swapped", "edited", "forged", "garbled", "other key"]


@settings(max_examples=40)
@given(how=st.sampled_from(HARM), at=st.integers(0, ROWS - 1), other=st.integers(0, ROWS - 1))
def test_any_edit_removal_or_swap_of_a_stored_row_is_found(redis_url: str, how: str, at: int, other: int) -> None:
    async def story() -> None:
        keys, vault = Keys(prefix=f"test-{os.urandom(6).hex()}"), Vault([Fernet.generate_key().decode()])
        async with open_redis(redis_url, Path()) as handle:
            log, name = AuditLog(handle.client, keys, vault), keys.audit("log")
            await log.append([Row(at=float(n), kind="refused", what=f"act {n}") for n in range(ROWS)])
            assert (await verify(log)).sound
            entries = [(str(i), str((fields or {})["row"])) for i, fields in await handle.client.xrange(name) or []]
            after = harmed(vault, entries, how, at, other)
            async with handle.client.pipeline(transaction=True) as pipe:
                pipe.delete(name)
                for i, sealed in after:
                    pipe.xadd(name, {"row": sealed}, id=i)
                await pipe.execute()
            seen = await verify(log)
            assert seen.sound == (after == entries)
            first = min(at, other) if how == "swapped" else at
            assert after == entries or seen.problems[0].seq in (first + 1, first + 2)

    asyncio.run(story())


async def test_a_sound_log_says_what_to_write_down_and_an_older_place_still_fits(archive: Archive) -> None:
    await archive.noted(2)
    written = (await verify(archive.log)).head
    await archive.noted(2)
    seen = await verify(archive.log, Place.parse(str(written)))
    assert (seen.sound, seen.first, seen.last, seen.count, seen.head.seq) == (True, 1, 4, 4, 4)


async def test_an_empty_log_is_sound(archive: Archive) -> None:
    assert (await verify(archive.log)).sound


async def test_log_and_head_that_were_put_back_together_are_found_by_what_was_written_down(archive: Archive) -> None:
    await archive.noted(2)
    entries, head = await archive.stored(), str(await archive.redis.get(archive.keys.audit("head")))
    await archive.noted(1)
    written = (await verify(archive.log)).head
    await archive.store(entries)
    await archive.redis.set(archive.keys.audit("head"), head)
    assert (await verify(archive.log)).sound, "nothing in Redis can tell"
    [problem] = (await verify(archive.log, written)).problems
    assert "put back" in problem.what


async def test_a_log_that_was_written_anew_with_the_key_is_found_by_what_was_written_down(archive: Archive) -> None:
    await archive.noted(3)
    written = (await verify(archive.log)).head
    for part in ("log", "head"):
        await archive.redis.delete(archive.keys.audit(part))
    await archive.log.append([Row(at=1.0, kind="refused", what=f"nicer {n}") for n in range(3)])
    assert (await verify(archive.log)).sound
    [problem] = (await verify(archive.log, written)).problems
    assert (problem.seq, "rewritten" in problem.what) == (3, True)


async def test_a_base_that_was_moved_does_not_hide_what_was_removed(archive: Archive) -> None:
    await archive.noted(4)
    entries = await archive.stored()
    await archive.store(entries[2:])
    stranger = Vault([Fernet.generate_key().decode()])
    await archive.redis.set(archive.keys.audit("base"), stranger.seal({"seq": 2, "hash": "0" * 64}))
    assert [problem.seq for problem in (await verify(archive.log)).problems] == [0, 1]


async def test_a_row_behind_the_end_is_found(archive: Archive) -> None:
    await archive.noted(2)
    head = str(await archive.redis.get(archive.keys.audit("head")))
    await archive.noted(1)
    await archive.redis.set(archive.keys.audit("head"), head)
    assert [problem.seq for problem in (await verify(archive.log)).problems] == [3]


@pytest.mark.parametrize("text", ["", "12", "12:abc", "x:" + "0" * 64, "-1:" + "0" * 64])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SEQ:HASH"):
        Place.parse(text)
