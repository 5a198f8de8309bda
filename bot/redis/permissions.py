"""What a Redis user must be allowed: proved at the start, and not found out in the middle of a run."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import NoPermissionError

GRANTS: Final = (
    "~tenfour:* ~tenfour-tasks* ~{tenfour-tasks}* &tenfour-tasks:* &{tenfour-tasks}:* "
    "&tenfour-tasks:cancel:* &{tenfour-tasks}:cancel:* "
    "-@all +@read +@write -@dangerous +@connection +@pubsub +multi +exec +discard +watch +unwatch "
    "+eval +evalsha +script|load +info +wait +time "
    "+cluster|slots +cluster|shards +cluster|nodes +cluster|myid +cluster|keyslot +readonly +readwrite +asking"
)
"""The rights of the bot's user in ACL SETUSER, beside its password; the last line is for Cluster alone."""
_BRIEFLY_MS = 1000


class NotAllowedError(Exception):
    """The user of REDIS_URL may not do what the bot does; the text says what was refused and what to grant."""


async def prove_permissions(redis: Redis, prefix: str = "tenfour") -> None:
    """Do once what the bot does all the time. Raises `NotAllowedError`."""
    ours, tasks = f"{prefix}:trial", f"{prefix}-tasks:trial"
    trials = (
        ("SET", ours, "1", "PX", _BRIEFLY_MS),
        ("GET", ours),
        ("EVAL", "return redis.call('PEXPIRE', KEYS[1], ARGV[1])", 1, ours, _BRIEFLY_MS),
        ("XADD", tasks, "*", "trial", "1"),
        ("PEXPIRE", tasks, _BRIEFLY_MS),
        ("PUBLISH", tasks, ""),
        ("UNLINK", ours),
        ("UNLINK", tasks),
    )
    try:
        doing = ""
        for trial in trials:
            doing = str(trial[0])
            await redis.execute_command(*trial)  # type: ignore[no-untyped-call]
        doing = "PSUBSCRIBE"
        await _subscribe(redis, f"{prefix}-tasks:cancel:*")
    except NoPermissionError as error:
        raise NotAllowedError(
            f"Redis does not let this user do {doing} ({error}). Grant it what the bot needs: "
            f"ACL SETUSER NAME on >PASSWORD {GRANTS}"
        ) from None


async def _subscribe(redis: Redis, pattern: str) -> None:
    """A pattern must be among those of the user as it is, and not only be covered by one of them."""
    if isinstance(redis, RedisCluster):
        return  # it is docket that listens, to one node
    async with redis.pubsub() as channels:
        await channels.psubscribe(pattern)
        await channels.get_message(timeout=1.0)
