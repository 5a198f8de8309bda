"""`tenfour health` tells a living bot from a dead one."""

import os
import time
from pathlib import Path

from bot.health import FRESH_SECONDS, beat, trouble


def test_a_folder_without_a_bot_is_not_healthy(tmp_path: Path) -> None:
    assert "no bot has ever run" in trouble(tmp_path / "nowhere")


def test_a_bot_that_stopped_ticking_is_not_healthy(tmp_path: Path) -> None:
    beat(tmp_path)
    old = time.time() - FRESH_SECONDS - 60
    os.utime(tmp_path / "alive", (old, old))
    assert "90 s old" in trouble(tmp_path)


def test_a_bot_that_ticks_is_healthy(tmp_path: Path) -> None:
    beat(tmp_path / "state")
    assert trouble(tmp_path / "state") == ""
