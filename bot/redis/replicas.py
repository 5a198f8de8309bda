"""Waiting until a replica has a write, so that a failover does not lose what people were told is done.

Replication is asynchronous: a master that dies takes with it what it had answered and not yet passed on. Where there
are replicas, each write is therefore followed by WAIT on its own connection: see
docs/decisions/025-writes-wait-for-a-replica.md.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from redis.asyncio.connection import AbstractConnection
from redis.commands import READ_COMMANDS
from redis.exceptions import RedisError

WAIT_MS: Final = 300
"""How long a write waits for a replica, in milliseconds; Slack waits three seconds for the answer that follows."""
REST_SECONDS: Final = 10.0
"""How long nothing is waited for after no replica had answered."""
WAIT: Final = ("WAIT", "1", str(WAIT_MS))
_NO_WRITES: Final = frozenset(
    {"PING", "INFO", "CONFIG", "TIME", "WAIT", "SCAN", "CLUSTER", "ACL", "COMMAND", "SUBSCRIBE"}
)

log = structlog.get_logger()


def is_write(*command: Any) -> bool:
    """Whether a command may change something that a replica must have."""
    return command[0] not in READ_COMMANDS and str(command[0]).partition(" ")[0] not in _NO_WRITES


class Replicas:
    """Whether writes are waited for. With no replica that answers, a master is as good as a single server, and used so.

    `monotonic` gives seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._there, self._rest_until, self._behind = False, 0.0, False
        self._masters: dict[str, Replicas] = {}

    def expect(self) -> None:
        """There are replicas: wait for one from now on."""
        self._there = True

    def of(self, master: str) -> "Replicas":
        """Those of one master of a Cluster: that they are silent says nothing of another's."""
        if master not in self._masters:
            self._masters[master] = Replicas(self._monotonic)
        mine = self._masters[master]
        mine._there = self._there
        return mine

    @property
    def awaited(self) -> bool:
        """Whether writes are waited for just now."""
        return self._there and self._monotonic() >= self._rest_until

    def wanted(self, *command: Any) -> bool:
        """Whether this command is to be confirmed by a replica."""
        return self.awaited and is_write(*command)

    async def confirm(self, connection: AbstractConnection) -> None:
        """Wait until a replica has everything that was written over this connection."""
        await connection.send_command(*WAIT)
        self.heard(await connection.read_response())

    def heard(self, answer: Any) -> None:
        """What WAIT has answered: how many replicas have it."""
        if isinstance(answer, Exception):
            if not isinstance(answer, RedisError):
                raise answer
            answer = 0
        if bool(answer) == self._behind:
            self._behind = not answer
            if self._behind:
                log.warning("no_replica_confirms_writes", then="a failover now could lose what was acknowledged")
            else:
                log.info("replica_confirms_writes")
        if not answer:
            self._rest_until = self._monotonic() + REST_SECONDS
