"""Forks bots: a process that has imported everything, so that a killed bot is back in a tenth of a second.

Each line of its input is an order as JSON (`environment`, `log`); its output says which process has started and which
has ended. A fork runs the real bot as `tenfour run` does, only faster (`FAST`).
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from bot.app import running
from bot.runs.patience import Patience
from bot.settings import load_settings
from bot.tempo import Tempo
from tests.forking import fork_on_orders, forked

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
    fork_on_orders(_begin, lambda pid, code: _say(ended=pid, code=code))


def _begin(line: str) -> int:
    order = json.loads(line)
    pid = forked(order["environment"], order["log"], _live)
    _say(started=pid)
    return pid


async def _live() -> None:
    async with running(load_settings(os.environ), tempo=FAST):
        await asyncio.Event().wait()


def _say(**what: Any) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main()
