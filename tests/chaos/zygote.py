"""Forks bots: a process that has imported everything, so that a killed bot is back in a tenth of a second.

Each line of its input is an order as JSON (`environment`, `log`); its output says which process has started and which
has ended. A fork runs the real bot as `tenfour run` does, only faster (`FAST`). Nothing here has a thread or a loop
before a fork.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, Final, NoReturn

from bot.app import running
from bot.engine import WorkerEnded
from bot.logs import set_up_logs
from bot.redis.connection import RedisProblem
from bot.redis.embedded import die_with_parent
from bot.runs.patience import Patience
from bot.settings import load_settings
from bot.tempo import Tempo
from handlers.connection import SlackProblem

GAVE_UP: Final = 2
"""The exit code of a bot that cannot go on and says why: whoever started it is expected to start it again."""
FAST: Final = Tempo(
    call=1.0,
    patience=Patience(look_after=0.1, sure_after=3.0, retry_after=0.3, broken_after=0.3),
    lease=1.0,
    hold=1.0,
    redeliver=0.8,
    reconnect=0.1,
    sweep=0.4,
    left_behind=1.0,
    redraw=0.05,
    spread=0.02,
    least_calm=1.0,
)
"""Production's times, about ten times as fast; Twilio is believed to have done nothing after thrice its time-out."""


def main() -> None:
    """Fork as ordered, until the input ends."""
    if threading.active_count() > 1:
        raise RuntimeError("a thread was started by an import: its locks would be copied into every fork")
    ended = {signal.SIGCHLD}
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    for line in sys.stdin:
        order = json.loads(line)
        watch = die_with_parent()
        # a bot that ends at once must not be told of before it is told to have started
        signal.pthread_sigmask(signal.SIG_BLOCK, ended)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ended)
            if watch:
                watch()
            _become_a_bot(order["environment"], order["log"])
        _say(started=pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ended)


def _become_a_bot(environment: dict[str, str], log: str) -> NoReturn:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        set_up_logs()
        asyncio.run(_live())
    except (RedisProblem, SlackProblem, WorkerEnded) as problem:
        os.write(2, f"gave up: {problem}\n".encode())
        code = GAVE_UP
    except BaseException:  # the last word of a process
        os.write(2, traceback.format_exc().encode())
    os._exit(code)


async def _live() -> None:
    async with running(load_settings(os.environ), tempo=FAST):
        await asyncio.Event().wait()


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say(ended=pid, code=os.waitstatus_to_exitcode(status))


def _say(**what: Any) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
