"""The bot as a process of its own, as `tenfour run` starts it, only with a quicker tempo: see `QUICK`."""

import asyncio
import os
import signal
from typing import Final

from bot.app import running
from bot.logs import set_up_logs
from bot.runs.patience import Patience
from bot.settings import load_settings
from bot.tempo import Tempo

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
)
"""What was left by a killed process is found after about two seconds; a call may still take effect for five."""


async def live() -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running(load_settings(os.environ), tempo=QUICK):
        await stop.wait()


if __name__ == "__main__":
    set_up_logs()
    asyncio.run(live())
