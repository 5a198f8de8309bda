"""Programs that some tests need and pip cannot bring: found, installed where that is allowed, or the reason to skip.

`python -m tests.needs` installs what is missing, on Debian as root; anywhere else it only says what will be skipped.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

# For each program: the names it goes by, and Debian's package.
PROGRAMS: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
        "redis-server": (("redis-server",), "redis-server"),
    }
)


def needs(program: str) -> Path:
    """Where the program is. Skips the test when it is missing, and fails it in CI, where nothing may be skipped."""
    found = find(program)
    if found is not None:
        return found
    reason = f"{program} is not installed (Debian: apt-get install {PROGRAMS[program][1]})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def find(program: str) -> Path | None:
    """Where the program is, if it is installed."""
    for name in PROGRAMS[program][0]:
        path = shutil.which(name)
        if path:
            return Path(path)
    return None


def install_missing() -> int:
    """Install what is missing if this is Debian and we are root; returns an exit code, not 0 only in CI."""
    missing = [program for program in PROGRAMS if find(program) is None]
    if not missing:
        return 0
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or shutil.which("apt-get") is None:
        sys.stderr.write(f"Tests that need {' or '.join(missing)} will be skipped.\n")
        return 0
    packages = [PROGRAMS[program][1] for program in missing]
    sys.stderr.write(f"Installing {' and '.join(packages)} for the tests ...\n")
    # RUNLEVEL=1 keeps a package's own service from being started: the tests start their own servers.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "-y", "install", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            sys.stderr.write(f"{' '.join(command[:2])} failed: tests that need {' or '.join(missing)} cannot run.\n")
            return done.returncode if os.environ.get("CI") == "true" else 0
    return 0


if __name__ == "__main__":
    sys.exit(install_missing())
