"""Takes a copy of everything that is Tenfour's while bots work on it.

What is one thing (all keys of one hash slot's tag) is taken in one moment, things one after the other. Acts that were
acknowledged come first: what is carried out of them meanwhile is then in the copy twice, which is harmless, and never
not at all. The audit comes before the changes: of no timeline does it then count more as copied than the copy has.
Indexes come last, so that they name everything that was taken; `bot.maintenance.restore` mends what has left them
meanwhile. The task engine's own keys are not taken: its tasks hold ids, and each is found again by the sweep.
"""

import importlib.metadata
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from redis.asyncio import Redis
from redis.client import NEVER_DECODE

from bot.maintenance.backup_file import FORMAT, BackupProblem, Entry, Header, Writer, key_print
from bot.maintenance.memory import Memory
from bot.maintenance.schema import UNMARKED, Schema
from bot.redis.keys import Keys, hash_tag
from bot.redis.masters import information, keys_like
from bot.redis.scripts import Script

PASSING_SECONDS = 60
"""What expires sooner is somebody's lease, or forgotten before anybody could put it back."""
TOGETHER = 20
"""Keys that are taken in one moment at most; no thing has as many parts."""

PARTS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "change": ("doc", "decisions", "steps", "timeline", "posts"),
        "registration": ("doc", "transitions", "events", "outbox", "posts", "waiters"),
        "audit": ("log", "head", "base", "copied"),
    }
)
"""Parts of a thing that belong to one moment, by what its tag begins with."""

_DUMP = Script.beside(__file__, "dump.lua")


async def take_backup(memory: Memory, path: Path, clock: Callable[[], float]) -> tuple[Header, int]:
    """Write a backup; gives its header and how many keys it holds. Raises `BackupProblem`."""
    schema = Schema(memory.redis, memory.keys)
    marker = await schema.marker()
    if why := schema.trouble(marker):
        raise BackupProblem(why)
    newest = memory.encryption_keys[0]
    server = (await information(memory.redis, "server"))[0]
    header = Header(
        format=FORMAT,
        id=secrets.token_hex(8),
        taken_at=clock(),
        tenfour=importlib.metadata.version("tenfour"),
        schema_version=marker.version or UNMARKED,
        schema_readable=marker.readable or UNMARKED,
        server=str(server.get("valkey_version") or server.get("redis_version", "")),
        key_print=key_print(newest),
    )
    writer = Writer(path, header, newest)
    try:
        async for entry in _taken(memory.redis, memory.keys, clock):
            writer.add(entry)
        writer.end()
    except BaseException:
        writer.give_up()
        raise
    return header, writer.count


async def _taken(redis: Redis, keys: Keys, clock: Callable[[], float]) -> AsyncIterator[Entry]:
    acts, own = keys.plain("acts"), {keys.plain("schema"), keys.plain("processes")}
    for entry in await _dumped(redis, [acts], clock):
        yield entry
    things: dict[str, set[str]] = {}
    async for key in keys_like(redis, f"{keys.prefix}:{{*"):
        things.setdefault(hash_tag(key), set()).add(key)
    for tag, found in sorted(things.items(), key=lambda thing: thing[0] != "audit"):
        # a part that came to be behind the scan would be missing from a thing that tells of it
        parts = found | {f"{keys.prefix}:{{{tag}}}:{part}" for part in PARTS.get(tag.partition(":")[0], ())}
        for some in _chunks(sorted(parts, key=lambda key: (":noted:" in key, key))):
            for entry in await _dumped(redis, some, clock):
                yield entry
    indexes = {key async for key in keys_like(redis, f"{keys.prefix}:[^{{]*")} - own - {acts}
    for index in sorted(indexes):
        for entry in await _dumped(redis, [index], clock):
            yield entry


async def _dumped(redis: Redis, names: Sequence[str], clock: Callable[[], float]) -> list[Entry]:
    # a serialised value is no text, so the script is not sent the way of all others, which read text
    words: tuple[Any, ...] = ("EVAL", _DUMP.text, len(names), *names)
    answer = await redis.execute_command(*words, **{NEVER_DECODE: True})  # type: ignore[no-untyped-call]
    now = int(clock() * 1000)
    found: list[Entry] = []
    for name, value, left in zip(names, answer[::2], answer[1::2], strict=True):
        if value is not None and not 0 <= left < PASSING_SECONDS * 1000:
            found.append(Entry(key=name, value=value, expires_at=now + left if left > 0 else 0))
    return found


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    # the audit keeps a key for each act that it noted: those need not be of one moment with each other
    return (names[at : at + TOGETHER] for at in range(0, len(names), TOGETHER))
