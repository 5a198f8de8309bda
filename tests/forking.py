"""Forks bots from a process that has imported everything: importing takes longer than most of what tests do with them.

A fork runs the real bot. Nothing has a thread or a loop before a fork.
"""

import asyncio
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

from bot.engine import WorkerEnded
from bot.logs import set_up_logs
from bot.redis.connection import RedisProblem
from bot.redis.embedded import die_with_parent
from handlers.connection import SlackProblem

GAVE_UP: Final = 2
"""The exit code of a bot that cannot go on and says why: whoever started it is expected to start it again."""
_ENDED: Final = frozenset({signal.SIGCHLD})

Live = Callable[[], Coroutine[Any, Any, None]]


def fork_on_orders(begin: Callable[[str], int], ended: Callable[[int, int], None]) -> None:
    """Call `begin` with each line of the input, until it ends; `ended` hears the pid and exit code of each fork."""
    if threading.active_count() > 1:
        raise RuntimeError("a thread was started by an import: its locks would be copied into every fork")
    signal.signal(signal.SIGCHLD, lambda *_: _reap(ended))
    for line in sys.stdin:
        # a bot that ends at once must not be told of before it is told to have started
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDED)
        begin(line)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDED)


def forked(environment: dict[str, str], log: str, live: Live) -> int:
    """A process that lives in this environment and writes into this log, and dies with us. Returns its pid."""
    watch = die_with_parent()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDED)
        if watch:
            watch()
        _become_a_bot(environment, log, live)
    return pid


def _become_a_bot(environment: dict[str, str], log: str, live: Live) -> NoReturn:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        set_up_logs()
        asyncio.run(live())
        code = 0
    except (RedisProblem, SlackProblem, WorkerEnded) as problem:
        os.write(2, f"gave up: {problem}\n".encode())
        code = GAVE_UP
    except BaseException:  # the last word of a process
        os.write(2, traceback.format_exc().encode())
    os._exit(code)


def _reap(ended: Callable[[int, int], None]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        ended(pid, os.waitstatus_to_exitcode(status))
