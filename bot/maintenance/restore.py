"""Puts a backup back into a Redis that holds nothing of Tenfour's, while no bot runs.

A copy is older than the world: what was approved in it may have run since, and a call must not be sent twice. So all
accounts are frozen with it, until a person has compared what is open with Twilio and lifts the freeze. Numbers of
changes go on far behind those that were given since, so that no old card speaks of a new change.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from bot.audit.log import AuditLog
from bot.audit.row import Row
from bot.audit.trail import AuditTrail
from bot.audit.verify import verify
from bot.changes.change import FINAL
from bot.changes.freezes import ALL, Freeze, Freezes
from bot.changes.store import ChangeStore
from bot.maintenance.backup_file import BackupProblem, Entry, Header, entries, proven
from bot.maintenance.memory import Memory
from bot.maintenance.presence import Presence
from bot.maintenance.schema import Schema
from bot.redis.keys import Keys
from bot.redis.masters import keys_like
from bot.vault import SealedWithOtherKeyError

FROZEN_SECONDS = 30 * 86400.0
SKIPPED_NUMBERS = 1000
"""Numbers of changes that are not given again: more than were asked for since any backup that one would put back."""
BATCH = 100


@dataclass(frozen=True)
class Restored:
    """What was put back. `unsettled` are the changes of which nobody knows what became of them since."""

    header: Header
    keys: int
    expired: int
    unsettled: tuple[tuple[int, str, str], ...]
    unreadable: tuple[int, ...]
    audit: tuple[str, ...]


async def put_back(memory: Memory, path: Path, by: str, clock: Callable[[], float]) -> Restored:
    """Put a backup back, or go on where that was cut off; `by` is the Slack id of who does so.

    Raises `BackupProblem` before anything is written, unless the server does not take a value.
    """
    header, count = proven(path, memory.encryption_keys)
    schema = Schema(memory.redis, memory.keys)
    resumed = await _refuse(memory, schema, header)
    await schema.begin_restore(header.id)
    try:
        await _refuse_bots(memory)  # again: one that has started since then has not seen that we are at it
    except BackupProblem:
        if not resumed:
            await schema.end_restore()
        raise
    written, expired = 0, 0
    for some in _batches(entries(path)):
        for entry in some:
            late = bool(entry.expires_at) and entry.expires_at <= clock() * 1000
            expired += late
            written += not late and await _written(memory.redis, entry, clock)
    if written + expired != count:
        raise BackupProblem(f"{path} holds {count} keys, and {written + expired} were put back: run it again.")
    missing = [e.key for e in entries(path) if not e.expires_at and not await memory.redis.exists(e.key)]
    if missing:
        raise BackupProblem(f"{len(missing)} keys are not there after they were written: {', '.join(missing[:5])}.")
    restored = await _mend(memory, header, written, expired)
    await _note(memory, restored, by, clock())
    await schema.mark(header.schema_version, header.schema_readable)
    await schema.end_restore()
    return restored


async def _refuse_bots(memory: Memory) -> None:
    if living := await Presence(memory.redis, memory.keys).living():
        where = "; ".join(process.where for process in living)
        raise BackupProblem(
            f"Bots are running on this Redis: {where}. Stop them all; one that was killed is forgotten in "
            "half a minute."
        )


async def _refuse(memory: Memory, schema: Schema, header: Header) -> bool:
    """Raises `BackupProblem`, or gives whether this very backup was being put back before."""
    await _refuse_bots(memory)
    if header.schema_readable > schema.known:
        raise BackupProblem(
            f"The backup is of a newer Tenfour ({header.tenfour}, schema {header.schema_version}): use that version."
        )
    marker = await schema.marker()
    if marker.restoring == header.id:
        return True  # what a killed one has written is written once more
    if marker.restoring:
        raise BackupProblem(
            f"Another backup ({marker.restoring}) was being put back here. Go on with that file, or empty this Redis."
        )
    if held := await _held(memory):
        raise BackupProblem(
            f"This Redis holds {held} keys of Tenfour's, and a backup is put back into an empty one only. Take another "
            "Redis or database, or empty this one (redis-cli FLUSHDB; take a backup of it first)."
        )
    return False


async def _held(memory: Memory) -> int:
    own = {memory.keys.plain("schema"), memory.keys.plain("processes")}
    found = {key async for key in _all_keys(memory.redis, memory.keys)} - own
    # what connecting has left for a second, to see what this user may do, is no data
    return len({key for key in found if not key.endswith(":trial")})


async def _all_keys(redis: Redis, keys: Keys) -> AsyncIterator[str]:
    # docket's as well: tasks that wait there are of another state of things
    for pattern in (f"{keys.prefix}:*", f"{keys.prefix}-tasks:*", f"{{{keys.prefix}-tasks}}:*"):
        async for key in keys_like(redis, pattern):
            yield key


async def _written(redis: Redis, entry: Entry, clock: Callable[[], float]) -> bool:
    left = max(1, entry.expires_at - int(clock() * 1000)) if entry.expires_at else 0
    try:
        await redis.restore(entry.key, left, entry.value, replace=True)
    except NoPermissionError as error:
        raise BackupProblem(
            f"The user of REDIS_URL may not put values back ({error}), and need not at any other time. Grant it for as "
            "long as this takes: ACL SETUSER NAME +restore, and -restore after it. Then run this again."
        ) from None
    except ResponseError as error:
        raise BackupProblem(
            f"This server does not take {entry.key} ({error}). Values can be put back into the same or a newer version "
            "of the same server only. What was put into this one is not whole: empty it (redis-cli FLUSHDB)."
        ) from None
    return True


def _batches(found: Iterator[Entry]) -> Iterator[Sequence[Entry]]:
    batch: list[Entry] = []
    for entry in found:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


async def _mend(memory: Memory, header: Header, written: int, expired: int) -> Restored:
    """Bring the indexes in line with the changes, and see whether everything can be read."""
    redis, keys = memory.redis, memory.keys
    store = ChangeStore(redis, keys, memory.vault)
    unsettled, unreadable, highest = [], [], 0
    async for doc in keys_like(redis, keys.change_pattern("doc")):
        number = keys.change_number(doc)
        highest = max(highest, number)
        try:
            change = await store.load(number)
        except (SealedWithOtherKeyError, ValidationError):
            unreadable.append(number)
            await store.reopen(number)
            continue
        if change is None:
            continue
        await redis.zadd(keys.plain("changes:all"), {str(number): change.created_at}, nx=True)
        if change.state not in FINAL:
            await store.reopen(number)
            unsettled.append((number, change.state, change.operation))
    last = int(await redis.get(keys.plain("changes:last")) or 0)
    if last < highest + SKIPPED_NUMBERS:
        await redis.set(keys.plain("changes:last"), highest + SKIPPED_NUMBERS)
    seen = await verify(AuditLog(redis, keys, memory.vault))
    return Restored(
        header,
        written,
        expired,
        tuple(sorted(set(unsettled))),
        tuple(sorted(set(unreadable))),
        tuple(problem.what for problem in seen.problems),
    )


async def _note(memory: Memory, restored: Restored, by: str, now: float) -> None:
    """Freeze all accounts, and say in the audit why."""
    redis, keys, vault = memory.redis, memory.keys, memory.vault
    taken = f"{datetime.fromtimestamp(restored.header.taken_at, UTC):%Y-%m-%d %H:%M} UTC"
    why = f"put back from the backup of {taken}: what ran since is not known here. Compare with Twilio, then lift"
    freeze = Freeze(account=ALL, user=by, reason=why, at=now, until=now + FROZEN_SECONDS)
    await Freezes(redis, keys, vault, lambda: now).begin(freeze, act=f"restore-{restored.header.id}")
    trail = AuditTrail(redis, keys, AuditLog(redis, keys, vault), ChangeStore(redis, keys, vault), lambda: now)
    row = Row(at=now, kind="restored", what=f"put the backup of {taken} back", who=by, detail=restored.header.id)
    # by its time as well: where one that was killed has noted it, its row went when the audit was put back once more
    await trail.note(f"restored:{restored.header.id}:{now}", row)
