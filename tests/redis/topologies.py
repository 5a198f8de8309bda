"""Redis with replicas on loopback: a cluster of three masters with one each, and a master under three Sentinels."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.redis.servers import free_port, process_id, server, until

SLOTS = 16384
QUICK_REPLICATION = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", "--appendonly", "yes")
SILENT_MS = "700"
"""After so long a silent master is taken for dead."""
PATIENCE = 60.0


@dataclass(frozen=True)
class Topology:
    """Where it is reached, and which servers hold its data."""

    url: str
    ports: Sequence[int]

    async def masters(self) -> list[int]:
        """The ports of those that are masters now, as far as they answer."""
        roles = await asyncio.gather(*map(_role, self.ports))
        return [port for port, role in zip(self.ports, roles, strict=True) if role == "master"]

    async def kill_master(self, port: int) -> None:
        """`kill -9`, and wait until a replica has taken its place."""
        before = len(await self.masters())
        async with Redis(port=port) as client:
            os.kill(await process_id(client), signal.SIGKILL)

        async def taken_over() -> bool:
            now = await self.masters()
            return port not in now and len(now) == before

        await until(taken_over, PATIENCE)


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Topology]:
    """Six servers."""
    ports = [free_port() for _ in range(6)]
    buses = [free_port() for _ in range(6)]
    async with AsyncExitStack() as stack:
        await asyncio.gather(
            *(
                stack.enter_async_context(_node(folder / str(port), port, bus))
                for port, bus in zip(ports, buses, strict=True)
            )
        )
        clients = [await stack.enter_async_context(Redis(port=port, decode_responses=True)) for port in ports]
        first, masters, replicas = clients[0], clients[:3], clients[3:]
        bounds = [0, SLOTS // 3, 2 * SLOTS // 3, SLOTS]
        for epoch, (client, (start, end)) in enumerate(zip(masters, pairwise(bounds), strict=True), start=1):
            await _ask(client, "CLUSTER SET-CONFIG-EPOCH", epoch)
            await _ask(client, "CLUSTER ADDSLOTSRANGE", start, end - 1)
        for port, bus in zip(ports[1:], buses[1:], strict=True):
            await _ask(first, "CLUSTER MEET", "127.0.0.1", port, bus)
        ids = [str(await _ask(client, "CLUSTER MYID")) for client in masters]
        for replica, master_id in zip(replicas, ids, strict=True):
            await until(lambda: _knows(replica, master_id), PATIENCE)  # noqa: B023  # awaited here and now
            await _ask(replica, "CLUSTER REPLICATE", master_id)
        for client in clients:
            await until(lambda: _sees_all(client), PATIENCE)  # noqa: B023
        for client in masters:
            await until(lambda: _has_replica(client), PATIENCE)  # noqa: B023
        yield Topology(f"redis+cluster://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}", ports)


@asynccontextmanager
async def sentinels(folder: Path) -> AsyncIterator[Topology]:
    """A master, its replica, and three Sentinels of which two must agree."""
    master, replica = free_port(), free_port()
    watching = [free_port() for _ in range(3)]
    async with AsyncExitStack() as stack:
        start = stack.enter_async_context
        await start(server(folder / "master", master, *QUICK_REPLICATION))
        await start(server(folder / "replica", replica, *QUICK_REPLICATION, "--replicaof", "127.0.0.1", str(master)))
        for port in watching:
            config = folder / f"sentinel-{port}.conf"
            config.write_text(
                f"sentinel monitor mymaster 127.0.0.1 {master} 2\n"
                f"sentinel down-after-milliseconds mymaster {SILENT_MS}\n"
                "sentinel failover-timeout mymaster 3000\n"
            )
            await start(server(folder / str(port), port, str(config), "--sentinel"))
        client = await start(Redis(port=master, decode_responses=True))
        await until(lambda: _has_replica(client), PATIENCE)
        for port in watching:
            sentinel = await start(Redis(port=port, decode_responses=True))
            await until(lambda: _watches(sentinel), PATIENCE)  # noqa: B023
        addresses = ",".join(f"127.0.0.1:{port}" for port in watching)
        yield Topology(f"redis+sentinel://{addresses}/mymaster/0", (master, replica))


def _node(folder: Path, port: int, bus: int) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    mode = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", SILENT_MS)
    return server(folder, port, *mode, "--cluster-replica-validity-factor", "0", *QUICK_REPLICATION)


async def _role(port: int) -> str:
    try:
        async with Redis(port=port, decode_responses=True) as client:
            return str((await client.info("replication"))["role"])
    except RedisError:
        return ""


async def _knows(client: Redis, node_id: str) -> bool:
    return node_id in str(await _ask(client, "CLUSTER NODES"))


async def _sees_all(client: Redis) -> bool:
    info = await _ask(client, "CLUSTER INFO")
    return info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == 6


async def _has_replica(client: Redis) -> bool:
    info = await client.info("replication")
    return any(info.get(f"slave{n}", {}).get("state") == "online" for n in range(2))


async def _watches(sentinel: Redis) -> bool:
    info = await _ask(sentinel, "SENTINEL MASTER", "mymaster")
    found = dict(zip(info[::2], info[1::2], strict=True)) if isinstance(info, list) else info
    return int(found["num-slaves"]) == 1 and int(found["num-other-sentinels"]) == 2


async def _ask(client: Redis, *command: str | int) -> Any:
    return await client.execute_command(*command)  # type: ignore[no-untyped-call]
