"""A sign of life that needs no port: a file that a healthy bot touches every few seconds."""

import time
from pathlib import Path

FRESH_SECONDS = 30.0
_FILE = "alive"


def beat(state: Path) -> None:
    """Say that the bot is alive: its loop turns and its clock ticks."""
    state.mkdir(parents=True, exist_ok=True)
    (state / _FILE).touch()


def trouble(state: Path) -> str:
    """Why the bot of this state folder does not look healthy, or ""."""
    try:
        age = time.time() - (state / _FILE).stat().st_mtime
    except FileNotFoundError:
        return f"no bot has ever run with the state folder {state}"
    return f"the last sign of life is {age:.0f} s old" if age > FRESH_SECONDS else ""
