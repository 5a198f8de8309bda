"""Quick bots as processes of their own, as `tenfour run` starts them, only with a quicker tempo: see `QUICK`.

One process imports everything and forks them as ordered: each line of its input names an environment and a log; beside
the log, a file says the pid, and another one the exit code once it has ended.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bot.app import running
from bot.closing import Closing, until_told
from bot.roles import Role
from bot.runs.patience import Patience
from bot.settings import load_settings
from bot.tempo import Tempo
from tests.forking import fork_on_orders, forked

QUICK: Final = Tempo(
    call=4.0,
    patience=Patience(look_after=0.2, sure_after=5.0, retry_after=0.5, broken_after=0.5),
    lease=1.5,
    hold=1.5,
    redeliver=1.0,
    reconnect=0.2,
    sweep=0.5,
    left_behind=1.5,
    redraw=0.1,
    settle=0.1,
)
"""What was left by a killed process is found after about two seconds; a call may still take effect for five."""
ROLE: Final = "TEST_ROLE"
"""Where a quick bot finds its role; `tenfour run` has an option."""
ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class QuickBot:
    """A fork, by what it left in files: any loop may wait for it."""

    log: Path

    @property
    def pid(self) -> int:
        """Its process."""
        return int(_written(self.log, "pid"))

    @property
    def returncode(self) -> int | None:
        """How it ended, None while it lives."""
        ended = _written(self.log, "exit")
        return int(ended) if ended else None

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Wait until it has ended."""
        while (code := self.returncode) is None:  # noqa: ASYNC110  # an event of nobody's
            await asyncio.sleep(0.01)
        return code


async def quick_bot(environment: dict[str, str], log: Path) -> QuickBot:
    """Start one."""
    order = json.dumps({"environment": environment, "log": str(log)})
    zygote = _zygote()
    assert zygote.stdin
    zygote.stdin.write(f"{order}\n")
    zygote.stdin.flush()
    while not _written(log, "pid"):  # the first one waits for the imports
        assert zygote.poll() is None
        await asyncio.sleep(0.01)
    return QuickBot(log)


@cache
def _zygote() -> "subprocess.Popen[str]":
    """The process that forks, one for all tests of this one; it ends when its input does."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "tests.e2e.quick_bot")
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, text=True)


def _written(log: Path, what: str) -> str:
    file = log.with_suffix(f".{what}")
    return file.read_text() if file.exists() else ""


def _write(log: str, what: str, number: int) -> None:
    # whole or not at all
    draft = Path(log).with_suffix(f".{what}-draft")
    draft.write_text(str(number))
    draft.rename(Path(log).with_suffix(f".{what}"))


def _bot(closing: Closing) -> AbstractAsyncContextManager[None]:
    role = Role(os.environ.get(ROLE, Role.ALL))
    return running(load_settings(os.environ), tempo=QUICK, role=role, closing=closing)


async def _live() -> None:
    """Run until SIGTERM."""
    await until_told(_bot)


def main() -> None:
    """Fork as ordered, until the input ends."""
    logs: dict[int, str] = {}

    def begin(line: str) -> int:
        order = json.loads(line)
        pid = forked(order["environment"], order["log"], _live)
        logs[pid] = order["log"]
        _write(order["log"], "pid", pid)
        return pid

    fork_on_orders(begin, lambda pid, code: _write(logs[pid], "exit", code))


if __name__ == "__main__":
    main()
