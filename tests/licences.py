"""The licences of everything that the bot is made of: `python -m tests.licences` prints docs/licences.md.

Ends with 1, and prints nothing, when one of them is not permitted, or is not known.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PERMITTED = frozenset(
    {
        "Apache Software License",
        "Apache-2.0",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC License (ISCL)",
        "MIT",
        "MIT License",
        "MIT-0",
        "MPL-2.0",
        "Mozilla Public License 2.0 (MPL 2.0)",
        "PSF-2.0",
        "Python Software Foundation License",
    }
)
"""What may be built on without giving away one's own source, and only be passed on with its notice."""
TITLE = """# Licences

<!-- Made by `make licences` from requirements.lock; change tests/licences.py, not this page. -->

Tenfour itself is under the [MIT licence](../LICENSE). It is made of these packages, pinned in `requirements.lock`.
Permitted are {permitted}; `make licences` fails on any other.

| package | version | licence |
|---|---|---|
"""
_PINNED = re.compile(r"([A-Za-z0-9_.-]+)==(\S+)")


def refused(packages: Iterable[Mapping[str, str]]) -> list[str]:
    """Packages of which a licence is not permitted. "AND" asks for all of them, "OR" and ";" leave the choice."""
    return [f"{p['Name']}: {p['License']}" for p in packages if not _permitted(p["License"])]


def page(packages: Iterable[Mapping[str, str]], elsewhere: Iterable[tuple[str, str]]) -> str:
    """The page. What is `elsewhere` is installed on other systems only."""
    rows = [(p["Name"], p["Version"], p["License"]) for p in packages]
    rows += [(name, version, "on other systems only") for name, version in elsewhere]
    table = "".join(f"| {name} | {version} | {licence} |\n" for name, version, licence in sorted(rows, key=_by_name))
    return TITLE.format(permitted=", ".join(sorted(PERMITTED))) + table


def _by_name(row: tuple[str, str, str]) -> str:
    return _called(row[0])


def _called(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _permitted(licence: str) -> bool:
    bare = licence.replace("(", "").replace(")", "") if " AND " in licence or " OR " in licence else licence
    choices = re.split(r" OR |;", bare)
    return any(all(part.strip() in PERMITTED for part in choice.split(" AND ")) for choice in choices)


def _pinned() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return {_called(found[1]): found[2] for line in lines if (found := _PINNED.match(line))}


def _installed() -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--with-system"]
    told: list[dict[str, Any]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


def main() -> int:
    """Print the page, or say what is not permitted."""
    pinned = _pinned()
    ours = [p for p in _installed() if _called(p["Name"]) in pinned]
    if wrong := refused(ours):
        sys.stderr.write("".join(f"not permitted: {line}\n" for line in wrong))
        return 1
    there = {_called(p["Name"]) for p in ours}
    sys.stdout.write(page(ours, ((name, version) for name, version in pinned.items() if name not in there)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
