"""`tenfour sandbox`: a local Slack, a local Twilio, an embedded Redis, and the real bot as a child process.

The bot is the one that runs in production, started by its own command; only its settings differ, and they are all it is
given. Everything is kept in `sandbox/` of the state folder and is there again at the next start.
"""

import asyncio
import errno
import fcntl
import json
import os
import re
import shlex
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bot.redis.embedded import EmbeddedRedisProblem, die_with_parent, run_embedded_redis
from bot.sandbox import world
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.twilio import start_west
from bot.sandbox.twilio.server import LocalTwilio

HOST = "127.0.0.1"
POLICY = Path(__file__).with_name("policy.toml")
BOT = (sys.executable, "-m", "bot", "run")
MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yml"
INHERITED = ("PATH", "HOME", "LANG")
SHUTDOWN_SECONDS = 6.0
STEADY_SECONDS = 30.0
LONGEST_PAUSE = 15.0
LOG_BYTES = 5_000_000
LONGEST_LINE = 1_000_000
CANNOT_START = 2
KILLED = 130

WARNING = re.compile(r"(WARNING|ERROR|CRITICAL)\b")


class SandboxProblem(Exception):
    """The sandbox cannot start; says what to do."""


async def run_sandbox(
    port: int,
    state: Path,
    *,
    bot: Sequence[str] | None = BOT,
    say: Callable[[str], None] | None = None,
) -> int:
    """Run the sandbox until SIGINT or SIGTERM; returns the exit code. Port 0 takes a free one.

    Every process that it started has ended when it returns: 0 after a stop, 2 when it could not start, 130 when a
    second signal cut the stop short. `bot` is the command that starts the bot, None where a person runs it; `say` tells
    the person.
    """
    tell = say or _print
    stop = asyncio.Event()
    children = Children()
    with _signals(stop, children):
        try:
            async with _services(port, state / "sandbox") as services:
                work = _keep_running(bot, services, children, tell) if bot else _leave_it_to_people(services, tell)
                supervisor = asyncio.create_task(work)
                stopped = asyncio.create_task(stop.wait())
                await asyncio.wait({supervisor, stopped}, return_when=asyncio.FIRST_COMPLETED)
                tell("Stopping ...")
                supervisor.cancel()
                with suppress(asyncio.CancelledError):
                    await supervisor
        except (SandboxProblem, EmbeddedRedisProblem) as problem:
            tell(str(problem))
            return CANNOT_START
    return KILLED if children.killed else 0


@dataclass(frozen=True)
class Services:
    """What stands around the bot while the sandbox runs."""

    slack: LocalSlack
    folder: Path
    environment: Mapping[str, str]


@dataclass
class Children:
    """The bot's process while there is one, so that a second signal can end it on the spot."""

    running: asyncio.subprocess.Process | None = None
    killed: bool = field(default=False, init=False)

    def kill(self) -> None:
        self.killed = True
        if self.running is not None and self.running.returncode is None:
            self.running.kill()


@asynccontextmanager
async def _services(port: int, folder: Path) -> AsyncIterator[Services]:
    os.makedirs(folder, exist_ok=True, mode=0o700)
    async with AsyncExitStack() as stack:
        lock = stack.enter_context((folder / "lock").open("w"))
        if not _locked(lock):
            raise SandboxProblem(
                f"A sandbox is running on {folder} already. Stop it, or set TENFOUR_STATE to another one"
            )
        slack = LocalSlack(state_file=folder / "slack.json", manifest=MANIFEST)
        twilio = LocalTwilio(
            state_file=folder / "twilio.json",
            account_sid=world.TWILIO_ACCOUNT_SID,
            auth_token=world.TWILIO_AUTH_TOKEN,
        )
        await _serve(stack, slack, port)
        await _serve(stack, twilio, 0)
        slack.twilio_url = twilio.url
        redis = await stack.enter_async_context(run_embedded_redis(folder))
        tcr_port = _own_port(folder / "webhooks.port")
        twilio.tcr.url = f"http://{HOST}:{tcr_port}/tcr/{world.TCR_SECRET}"
        environment = _environment(slack, twilio, redis.url, folder, tcr_port)
        _write_environment(folder / "bot.env", environment)
        yield Services(slack, folder, environment)


async def _serve(stack: AsyncExitStack, service: LocalSlack | LocalTwilio, port: int) -> None:
    try:
        await service.start(HOST, port)
    except OSError as error:
        await service.stop()
        if error.errno != errno.EADDRINUSE:
            raise
        raise SandboxProblem(
            f"Port {port} is taken. End the program that listens there, or choose another port: "
            f"SANDBOX_PORT={port + 1} make sandbox"
        ) from None
    except (ValueError, KeyError) as error:
        # Not stopped: that would write an empty state over the one that could not be read.
        raise SandboxProblem(f"What an earlier sandbox left behind cannot be read: {error}") from None
    stack.push_async_callback(service.stop)


def _own_port(kept: Path) -> int:
    """A port for webhooks, chosen here because both the bot and whoever calls it must know it.

    The same as last time, if it is free: sinks and status callbacks that were set up then go on naming it.
    """
    known = kept.read_text().strip() if kept.exists() else ""
    for wanted in (int(known) if known.isdecimal() else 0, 0):
        with socket.socket() as probe, suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, wanted))
            port = int(probe.getsockname()[1])
            kept.write_text(str(port))
            return port
    raise SandboxProblem("This machine has no free port left for webhooks")


def _environment(slack: LocalSlack, twilio: LocalTwilio, redis_url: str, folder: Path, tcr_port: int) -> dict[str, str]:
    # From scratch: real tokens may lie in the environment of whoever tries the sandbox.
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        **inherited,
        "PYTHONUNBUFFERED": "1",
        "SLACK_BOT_TOKEN": world.BOT_TOKEN,
        "SLACK_APP_TOKEN": world.APP_TOKEN,
        "SLACK_SIGNING_SECRET": world.SIGNING_SECRET,
        "SLACK_API_URL": f"{slack.url}/api/",
        "TWILIO_ACCOUNT_SID": world.TWILIO_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": world.TWILIO_AUTH_TOKEN,
        "TWILIO_API_URL": twilio.url + "/{product}",
        "REDIS_URL": redis_url,
        "TENFOUR_APPROVALS_CHANNEL": "C0APPROVALS",
        "TENFOUR_ALERTS_CHANNEL": "C0ALERTS",
        "TENFOUR_ACCOUNTS": str(_accounts_file(folder)),
        "TENFOUR_POLICY": str(_policy_file(folder)),
        "TENFOUR_POLL_SECONDS": "2",
        "TENFOUR_STATE": str(folder.resolve()),
        "TENFOUR_TCR_SECRET": world.TCR_SECRET,
        "TENFOUR_PUBLIC_URL": f"http://{HOST}:{tcr_port}",
        "TENFOUR_EVENTS_SECRET": world.EVENTS_SECRET,
        "PORT": str(tcr_port),
    }


def _write_environment(path: Path, environment: Mapping[str, str]) -> None:
    """For commands beside the bot, such as `tenfour check`: a shell reads it with `set -a; . bot.env`."""
    settings = {name: value for name, value in environment.items() if name not in INHERITED}
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()))


def _accounts_file(folder: Path) -> Path:
    """The local Twilio's subaccount, as an operator would write it down."""
    west, path = start_west.CREDENTIALS, folder.resolve() / "accounts.toml"
    path.write_text(f'[west]\nsid = "{west.account_sid}"\nauth_token = "{west.auth_token}"\nparent = "main"\n')
    path.chmod(0o600)
    return path


def _policy_file(folder: Path) -> Path:
    """The sandbox's rules, for people to change; what they have changed stays."""
    path = folder.resolve() / "policy.toml"
    if not path.exists():
        path.write_text(POLICY.read_text())
    return path


async def _keep_running(
    command: Sequence[str], services: Services, children: Children, tell: Callable[[str], None]
) -> None:
    """Start the bot, again whenever it dies; cancelling ends it."""
    clock = asyncio.get_running_loop().time
    pause, greeting = 0.5, f"Sandbox ready: {services.slack.url}"
    log_file = services.folder / "bot.log"
    while True:
        started = clock()
        process = await asyncio.create_subprocess_exec(
            *command,
            env=services.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            # Its own session, as Ctrl-C reaches the whole foreground group: the bot is told by us, once. And it ends
            # when we are killed, or it would go on talking to a Slack that is gone.
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        children.running = process
        greeter = asyncio.create_task(_say_when_connected(services.slack, greeting, tell))
        try:
            untold = await _keep_log(process, log_file, tell)
            code = await process.wait()
        finally:
            greeter.cancel()
            await _end(process)
        if greeter.done() and not greeter.cancelled():
            greeting = "The bot is back."
        for line in untold if code != 0 else ():
            tell(f"bot: {line}")
        pause = 0.5 if clock() - started > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE)
        tell(f"The bot ended with exit code {code}; its log is {log_file}. Starting it again in {pause:g} s.")
        await asyncio.sleep(pause)


async def _leave_it_to_people(services: Services, tell: Callable[[str], None]) -> None:
    tell(f"Sandbox ready, without a bot: {services.slack.url}")
    tell(f"Run it yourself: set -a; . {shlex.quote(str(services.folder / 'bot.env'))}; set +a; tenfour run")
    await asyncio.Event().wait()


async def _say_when_connected(slack: LocalSlack, words: str, tell: Callable[[str], None]) -> None:
    while True:
        with suppress(TimeoutError):
            await slack.wait_connected(60.0)
            tell(words)
            return


async def _keep_log(process: asyncio.subprocess.Process, path: Path, tell: Callable[[str], None]) -> Sequence[str]:
    """All that the bot says goes into its log, and what is worrying to the terminal as well.

    Returns when the bot falls silent, with the last lines that the terminal has not shown.
    """
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    untold: deque[str] = deque(maxlen=8)
    with _log(path) as log:
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LONGEST_LINE: it has been dropped, and the next one is fine
                continue
            if not line:
                return untold
            log.write(line)
            log.flush()
            text = line.decode(errors="replace").rstrip()
            if words := _worrying(text):
                tell(f"bot: {words}")
            else:
                untold.append(text)


def _log(path: Path) -> IO[bytes]:
    too_long = path.exists() and path.stat().st_size > LOG_BYTES
    return path.open("wb" if too_long else "ab")


def _worrying(line: str) -> str:
    """A warning or an error in words, or nothing."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line if WARNING.match(line) else ""
    if not isinstance(entry, dict) or entry.get("level") not in {"warning", "error", "critical"}:
        return ""
    event = entry.pop("event", "")
    trace = str(entry.pop("exception", "")).strip().splitlines()
    details = [f"{name}={value}" for name, value in entry.items() if name not in {"level", "timestamp", "logger"}]
    return " ".join([f"{entry['level']}: {event}", *details, *trace[-1:]])


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    # It may be writing its last words: a full pipe nobody reads would keep it from ending.
    reading = asyncio.create_task(process.communicate())
    try:
        await asyncio.wait_for(asyncio.shield(reading), SHUTDOWN_SECONDS)
    except TimeoutError:
        process.kill()
        await reading


class _signals:  # noqa: N801 - reads as the context manager it is
    """The first SIGINT or SIGTERM sets `stop`, the next one kills."""

    def __init__(self, stop: asyncio.Event, children: Children) -> None:
        self._stop, self._children = stop, children
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._on_signal)

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        if self._stop.is_set():
            self._children.kill()
            # Whatever else is slow to end is not waited for either.
            self._loop.call_later(2.0, os._exit, KILLED)
        self._stop.set()


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
