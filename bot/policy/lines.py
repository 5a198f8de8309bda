"""Where in a policy file something stands, as near as that can be told from its text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

SECTIONS: Mapping[str, str] = MappingProxyType({"rule": "rules", "group": "groups", "tier": "tiers", "cap": "caps"})
"""The file says `[[rule]]` and `[group.name]`, in the singular, as TOML files do."""


def place_of(loc: Sequence[int | str]) -> str:
    """A place in words, as the file writes it; entries of a list are counted from one."""
    return ".".join(singular(loc))


def singular(loc: Sequence[int | str]) -> Iterator[str]:
    """The parts of a place as the file writes them."""
    names = {plural: name for name, plural in SECTIONS.items()}
    for depth, part in enumerate(loc):
        yield str(part + 1) if isinstance(part, int) else part if depth else names.get(part, part)


def line_of(text: str, loc: Sequence[int | str]) -> int | None:
    """The number of the line for a place, from 1 on: of its key, or else of the rule, group or part it stands in."""
    lines = text.splitlines()
    start = _section(lines, loc)
    if start is None:
        return None
    end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    for key in (part for part in reversed(loc[1:]) if isinstance(part, str)):
        for n in range(start, end):
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", lines[n]):
                return n + 1
    return start + 1


def line_headed(text: str, name: str) -> int | None:
    """The number of the first line that opens a part of this name, or gives it a value."""
    pattern = rf"\s*(\[+\s*{re.escape(name)}\s*[\].]|{re.escape(name)}\s*[=.])"
    return next((n for n, line in enumerate(text.splitlines(), start=1) if re.match(pattern, line)), None)


def _section(lines: Sequence[str], loc: Sequence[int | str]) -> int | None:
    if not loc:
        return None
    name, rest = next(singular(loc[:1])), loc[1] if len(loc) > 1 else None
    if isinstance(rest, int):
        heads = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{re.escape(name)}\s*\]\]", line)]
        return heads[rest] if rest < len(heads) else None
    own = rf"\s*\[\s*{re.escape(name)}\s*\.\s*[\"']?{re.escape(str(rest))}[\"']?\s*\]"
    either = (own, rf"\s*\[+\s*{re.escape(name)}\s*\]+", rf"\s*{re.escape(name)}\s*=")
    return next((n for pattern in either for n, line in enumerate(lines) if re.match(pattern, line)), None)
