"""The bot as it runs in production, but for a catalogue of one operation: `python -m bench.one_operation`."""

import asyncio
import gc
import os
from unittest.mock import patch

from bot.app import running
from bot.catalog import catalog
from bot.catalog.operation import Catalog
from bot.logs import set_up_logs
from bot.settings import load_settings

OPERATION = "service.create"


async def serve() -> None:
    """Run until the process is told to end."""
    gc.disable()  # as `tenfour run` does
    async with running(load_settings(os.environ)):
        gc.freeze()
        gc.enable()
        await asyncio.Event().wait()


def main() -> None:
    """Start it."""
    set_up_logs()
    one = Catalog((catalog()[OPERATION],))
    with patch("bot.composition.ground.catalog", lambda: one):  # production has no use for a smaller one
        asyncio.run(serve())


if __name__ == "__main__":
    main()
