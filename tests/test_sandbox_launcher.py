"""`tenfour sandbox` starts everything, keeps the bot alive, tells what is wrong, and leaves nothing behind."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox.launcher import CANNOT_START, run_sandbox
from tests.redis.servers import alive, until_gone

# Stands in for the bot: writes its environment down and connects by Socket Mode as the real one does.
BOT = """
import asyncio, json, os, signal, sys
from pathlib import Path
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

async def main():
    state = Path(os.environ["TENFOUR_STATE"])
    (state / "seen.json").write_text(json.dumps({**os.environ, "pid": str(os.getpid())}))
    print(json.dumps({"event": "careful", "level": "warning", "where": "here"}), flush=True)
    print(json.dumps({"event": "all well", "level": "info"}), flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    web = AsyncWebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    client = SocketModeClient(os.environ["SLACK_APP_TOKEN"], web_client=web)
    await client.connect()
    await stop.wait()
    await client.close()

asyncio.run(main())
"""
BROKEN = "print('SLACK_BOT_TOKEN: missing'); raise SystemExit(2)"
SANDBOX = """
import asyncio, sys
from pathlib import Path
from bot.sandbox.launcher import run_sandbox

sys.exit(asyncio.run(run_sandbox(0, Path(sys.argv[1]), bot=(sys.executable, "-c", sys.argv[2]))))
"""


@dataclass
class Running:
    task: asyncio.Task[int]
    told: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, line: str) -> None:
        self.told.append(line)
        self.news.set()

    async def hears(self, pattern: str, times: int = 1) -> str:
        async with asyncio.timeout(20):
            while len(found := [line for line in self.told if re.search(pattern, line)]) < times:
                self.news.clear()
                await self.news.wait()
        return found[-1]


@asynccontextmanager
async def sandbox(state: Path, script: str = BOT) -> AsyncIterator[Running]:
    running: Running

    def say(line: str) -> None:
        running.say(line)

    task = asyncio.create_task(run_sandbox(0, state, bot=(sys.executable, "-c", script), say=say))
    running = Running(task)
    try:
        yield running
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, 15)


async def test_a_port_that_is_taken_is_told_with_the_way_out(tmp_path: Path) -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert await run_sandbox(port, tmp_path, say=told.append) == CANNOT_START
    assert told == [
        f"Port {port} is taken. End the program that listens there, or choose another port: "
        f"SANDBOX_PORT={port + 1} make sandbox"
    ]


async def test_a_second_sandbox_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    told: list[str] = []
    first, _ = await start_process(tmp_path, BOT)
    assert await run_sandbox(0, tmp_path, say=told.append) == CANNOT_START
    assert told[0].startswith("A sandbox is running on ")
    first.terminate()
    assert await asyncio.wait_for(first.wait(), 15) == 0


async def test_a_damaged_state_file_is_told_and_not_overwritten(tmp_path: Path) -> None:
    told: list[str] = []
    file = tmp_path / "sandbox" / "slack.json"
    file.parent.mkdir()
    file.write_text("half a sta")
    assert await run_sandbox(0, tmp_path, say=told.append) == CANNOT_START
    assert "slack.json" in told[0]
    assert file.read_text() == "half a sta"


async def test_a_bot_that_cannot_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    async with sandbox(tmp_path, BROKEN) as running:
        await running.hears("ended with exit code 2", times=2)
        assert running.told.count("bot: SLACK_BOT_TOKEN: missing") == 2
        assert not any("Sandbox ready" in line for line in running.told)


async def test_ready_is_said_once_the_bot_is_connected_and_warnings_reach_the_terminal(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as running:
        assert re.fullmatch(r"Sandbox ready: http://127\.0\.0\.1:\d+", await running.hears("Sandbox ready"))
        assert "bot: warning: careful where=here" in running.told
        assert not any("all well" in line for line in running.told)
        assert "all well" in (tmp_path / "sandbox" / "bot.log").read_text()


async def test_the_bot_gets_no_setting_of_the_person_who_tries_it(tmp_path: Path) -> None:
    os.environ["TWILIO_API_SECRET"] = "a real secret"
    try:
        async with sandbox(tmp_path) as running:
            await running.hears("Sandbox ready")
            seen = seen_by_bot(tmp_path)
    finally:
        del os.environ["TWILIO_API_SECRET"]
    ours = {name for name in seen if name.startswith(("SLACK_", "TWILIO_", "TENFOUR_", "REDIS_"))}
    assert ours == {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_API_URL",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_API_URL",
        "REDIS_URL",
        "TENFOUR_APPROVALS_CHANNEL",
        "TENFOUR_ACCOUNTS",
        "TENFOUR_ALERTS_CHANNEL",
        "TENFOUR_POLICY",
        "TENFOUR_POLL_SECONDS",
        "TENFOUR_STATE",
        "TENFOUR_TCR_SECRET",
        "TENFOUR_PUBLIC_URL",
        "TENFOUR_EVENTS_SECRET",
    }


async def test_without_a_bot_it_says_how_to_run_one_and_ends_when_told(tmp_path: Path) -> None:
    news: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(run_sandbox(0, tmp_path, bot=None, say=news.put_nowait))
    assert "without a bot" in await asyncio.wait_for(news.get(), 20)
    assert str(tmp_path / "sandbox" / "bot.env") in await asyncio.wait_for(news.get(), 20)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(task, 20) == 0
    assert not (tmp_path / "sandbox" / "bot.log").exists(), "no bot was started"


async def test_a_bot_that_dies_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as running:
        await running.hears("Sandbox ready")
        os.kill(int(seen_by_bot(tmp_path)["pid"]), signal.SIGKILL)
        await running.hears("The bot ended with exit code -9")
        await running.hears("The bot is back")


async def test_stopping_ends_every_process(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as running:
        await running.hears("Sandbox ready")
        bot, redis = int(seen_by_bot(tmp_path)["pid"]), redis_pid(tmp_path)
        os.kill(os.getpid(), signal.SIGINT)
        assert await asyncio.wait_for(running.task, 15) == 0
        assert not alive(bot)
        assert not alive(redis)


async def test_kill_9_of_the_sandbox_leaves_nothing_running(tmp_path: Path) -> None:
    process, seen = await start_process(tmp_path, BOT)
    bot, redis = int(seen["pid"]), redis_pid(tmp_path)
    process.kill()
    await process.wait()
    await until_gone(bot)
    await until_gone(redis)


async def test_a_second_ctrl_c_does_not_wait_for_a_stubborn_bot(tmp_path: Path) -> None:
    stubborn = BOT.replace("stop.set)", "lambda: None)")
    process, seen = await start_process(tmp_path, stubborn)
    process.send_signal(signal.SIGINT)
    await asyncio.sleep(0.2)
    assert alive(int(seen["pid"]))
    process.send_signal(signal.SIGINT)
    stdout, _ = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 130
    assert b"Traceback" not in stdout
    assert not alive(int(seen["pid"]))


async def start_process(state: Path, script: str) -> tuple[asyncio.subprocess.Process, dict[str, str]]:
    """A sandbox in a process of its own, ready, and what its bot saw."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SANDBOX, str(state), script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while b"Sandbox ready" not in await process.stdout.readline():
            pass
    return process, seen_by_bot(state)


def seen_by_bot(state: Path) -> dict[str, str]:
    read: dict[str, str] = json.loads((state / "sandbox" / "seen.json").read_text())
    return read


def redis_pid(state: Path) -> int:
    log = (state / "sandbox" / "redis" / "server.log").read_text()
    return int(re.findall(r"^(\d+):M ", log, re.MULTILINE)[-1])
