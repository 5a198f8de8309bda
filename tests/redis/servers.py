"""Real Redis servers for these tests, one by one; with replicas: see `topologies`."""

import asyncio
import itertools
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.redis.embedded import find_server

_NUMBERS = itertools.count()


def free_port() -> int:
    """A port of this worker's own that nobody listens on.

    None of those that the system gives to connections: one of them may take it before it is listened on.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = 12_000 + 500 * worker + next(_NUMBERS) % 500
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


@asynccontextmanager
async def server(
    folder: Path, port: int, *arguments: str, program: Path | None = None, tls: bool = False
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server on a loopback port, without any persistence, for as long as the context lasts.

    With `tls` it is that port which speaks TLS, and the arguments name the certificate.
    """
    os.makedirs(folder, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        str(program or find_server()),
        *arguments,
        *(("--port", "0", "--tls-port", str(port)) if tls else ("--port", str(port))),
        *("--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--logfile", "server.log"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with Redis(port=port) as client:
            await until(lambda: _listens(port) if tls else _answers(client))
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait until something is true, so many seconds at most."""
    async with asyncio.timeout(seconds):
        while True:
            if await true():
                return
            await asyncio.sleep(0.02)


async def until_gone(pid: int) -> None:
    """Wait until a process is truly gone, whoever its parent is."""

    async def gone() -> bool:
        return not alive(pid)

    await until(gone)


async def process_id(client: Redis) -> int:
    return int((await client.info("server"))["process_id"])


async def kill_and_wait(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)


def alive(pid: int) -> bool:
    """Whether a process still holds its sockets; one that is dead and only not yet reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):  # gone before the read, or in the middle of it
        return False
    # The first thread turns zombie before the others are gone, and sockets close with the last one.
    return state != "Z" or len(threads) > 1


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _answers(client: Redis) -> bool:
    try:
        return bool(await client.ping())
    except RedisError:
        return False
