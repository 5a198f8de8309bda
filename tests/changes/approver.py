"""A replica in miniature: waits for the signal, then lets its people approve one change, all at once.

Arguments: address of Redis, key prefix, encryption key, change number, digest, people separated by commas.
Prints the states and refusals that they were answered, as JSON.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from redis.asyncio import Redis

from bot.changes.changes import Changes
from bot.changes.store import ChangeStore
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import POLICY, STAFF
from tests.conftest import Told, authority_of


class SharedEngine:
    """An `Engine` that writes down in Redis what it was asked to start, for all replicas together."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._redis, self._key = redis, key

    async def start_run(self, number: int) -> None:
        await self._redis.rpush(self._key, number)


async def main(url: str, prefix: str, key: str, number: str, digest: str, people: str) -> None:
    keys = Keys(prefix)
    async with open_redis(url, Path(tempfile.gettempdir())) as handle:
        redis = handle.client
        engine = SharedEngine(redis, keys.plain("started"))
        vault = Vault([key])
        authority = authority_of(redis, keys, vault, time.time, POLICY, STAFF)
        changes = Changes(ChangeStore(redis, keys, vault), authority, Told(), engine, time.time)
        await redis.rpush(keys.plain("ready"), people)
        while not await redis.blpop([keys.plain("go")], timeout=1):
            pass
        answers = await asyncio.gather(
            *(changes.decide(int(number), user, "approve", digest) for user in people.split(",")),
            return_exceptions=True,
        )
    sys.stdout.write(json.dumps([str(answer) for answer in answers]))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
