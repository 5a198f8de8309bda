"""Lua scripts that lie in their own files beside the code that calls them."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import NoScriptError

from bot.redis.keys import hash_tag


@dataclass(frozen=True)
class Script:
    """One Lua script: atomic, one round trip, the same on a single server, Sentinel and Cluster.

    Wrap each in one typed function that names its keys and arguments: that function is the script's contract.
    """

    name: str
    text: str
    sha: str

    @classmethod
    def beside(cls, module_file: str, name: str) -> "Script":
        """The script in file `name` of the folder of a module, which passes its `__file__`.

        Raises FileNotFoundError when there is no such file.
        """
        text = (Path(module_file).parent / name).read_text(encoding="utf-8")
        # Redis names a script by the SHA-1 of its text; nothing secret rests on it.
        return cls(name, text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())

    async def __call__(
        self,
        client: Redis,
        *,
        keys: Sequence[str],
        args: Sequence[str | int | float] = (),
    ) -> Any:
        """Run the script and return what it returns.

        Raises ValueError when the keys are not of one hash slot, and redis.exceptions.ResponseError when the script
        fails. A connection error means that the outcome is unknown: no script is sent twice (see bot.redis.clients).
        """
        self.check(keys)
        try:
            return await client.evalsha(self.sha, len(keys), *keys, *args)
        except NoScriptError:
            # The server does not know the script yet, or was restarted, or another node took over: nothing ran.
            # EVAL goes where the keys are and teaches that very node, which SCRIPT LOAD on a cluster does not.
            return await client.eval(self.text, len(keys), *keys, *args)

    async def together(
        self, client: Redis, calls: Sequence[tuple[Sequence[str], Sequence[str | int | float]]]
    ) -> list[Any]:
        """Run the script for each of these keys and arguments, each by itself, all in one round trip.

        Returns what each returned. Raises as a single run does; then it is unknown which of them ran.
        """
        for keys, _ in calls:
            self.check(keys)
        if isinstance(client, RedisCluster):  # whose pipelines take no scripts
            return await asyncio.gather(*(self(client, keys=keys, args=args) for keys, args in calls))
        async with client.pipeline(transaction=False) as pipe:
            for keys, args in calls:
                pipe.evalsha(self.sha, len(keys), *keys, *args)
            found = await pipe.execute(raise_on_error=False)
        for at, (keys, args) in enumerate(calls):
            if isinstance(found[at], NoScriptError):
                found[at] = await self(client, keys=keys, args=args)
            elif isinstance(found[at], Exception):
                raise found[at]
        return list(found)

    def check(self, keys: Sequence[str]) -> None:
        """Raise ValueError when the keys are not of one hash slot."""
        # A single server would run it all the same, so without this check only a cluster would find the mistake.
        if len({hash_tag(key) for key in keys}) > 1:
            raise ValueError(f"{self.name}: keys of different hash slots: {', '.join(keys)}")
