"""The policy as a file: read, checked, told where it is wrong, and read again while the bot runs."""

import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot.changes.policy import Policy, pointless

_QUOTED = re.compile(r"'([^']+)'")
_SECTIONS = {"rule": "rules", "group": "groups", "tier": "tiers", "cap": "caps"}
"""The file says `[[rule]]` and `[group.name]`, in the singular, as TOML files do."""


class PolicyProblem(ValueError):
    """A policy file cannot be used; the text says where and why."""


@dataclass(frozen=True)
class Surroundings:
    """What rules can speak about. Empty: not known, so that nothing is checked against it."""

    operations: Collection[str] = ()
    accounts: Collection[str] = ()


def load_policy(path: Path | None, around: Surroundings = Surroundings()) -> Policy:  # frozen
    """The policy of a file, or the built-in one. Raises `PolicyProblem` with the line and the reason."""
    source = path or Path(__file__).with_name("default_policy.toml")
    try:
        return read_policy(source.read_text(), str(source), around)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyProblem(f"{source}: {getattr(error, 'strerror', None) or 'is not a text file in UTF-8'}") from error


def read_policy(text: str, source: str, around: Surroundings = Surroundings()) -> Policy:  # frozen
    """The policy of a text; `source` is what its problems call it. Raises `PolicyProblem`."""
    try:
        policy = Policy.model_validate(_shaped(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:  # its words name the line
        raise PolicyProblem(f"{source}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        why = first["msg"].removeprefix("Value error, ")
        place = ".".join(_singular(first["loc"]))
        line = _line(text, first["loc"], why)
        raise PolicyProblem(f"{source}{line}: {f'{place}: ' if place else ''}{why}") from error
    found = pointless(policy, around.operations, around.accounts) if around.operations else None
    if found:
        glob, why = found
        raise PolicyProblem(f"{source}{_line(text, (), f'{glob!r}')}: {why}")
    return policy


class Rulebook:
    """The policy in force. A file is looked at again when asked; one that is broken changes nothing."""

    def __init__(self, policy: Policy, path: Path | None = None, around: Surroundings = Surroundings()) -> None:
        self.policy, self._path, self._around = policy, path, around
        self._seen = self._text()
        self.problem = ""
        """Why the file that stands there now is not in force, or ""."""

    @classmethod
    def of(cls, path: Path | None, around: Surroundings) -> "Rulebook":
        """The rulebook of a file. Raises `PolicyProblem`."""
        return cls(load_policy(path, around), path, around)

    def look_again(self) -> bool:
        """Read the file again if it was changed; whether there is news: another policy, a problem, or one less."""
        text = self._text()
        if self._path is None or text == self._seen:
            return False
        self._seen, before = text, (self.policy.fingerprint, self.problem)
        try:
            self.policy, self.problem = load_policy(self._path, self._around), ""
        except PolicyProblem as problem:
            self.problem = str(problem)
        return (self.policy.fingerprint, self.problem) != before

    def _text(self) -> bytes | None:
        try:
            return self._path.read_bytes() if self._path else None
        except OSError:
            return None


def _shaped(data: dict[str, object]) -> dict[str, object]:
    if plural := set(data) & set(_SECTIONS.values()):
        name = min(plural)
        return {**data, f"{name} (the file says {name.removesuffix('s')})": None}
    return {_SECTIONS.get(name, name): value for name, value in data.items()}


def _singular(loc: Sequence[int | str]) -> Iterator[str]:
    """A place as the file writes it; entries of a list are counted from one."""
    names = {plural: name for name, plural in _SECTIONS.items()}
    for part in loc:
        yield str(part + 1) if isinstance(part, int) else names.get(part, part)


def _line(text: str, loc: Sequence[int | str], why: str) -> str:
    """`, line 12` for the line of a file that a problem is about, as near as that can be told, or ""."""
    lines = text.splitlines()
    start = _section(lines, loc)
    if start is None:
        quoted = _QUOTED.findall(why)
        start = next((n for q in quoted for n, line in enumerate(lines) if f'"{q}"' in line or f"'{q}'" in line), None)
        return "" if start is None else f", line {start + 1}"
    key = next((str(part) for part in loc[2:] if isinstance(part, str)), "")
    end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    named = (n for n in range(start, end) if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", lines[n]))
    return f", line {next(named, start) + 1}"


def _section(lines: Sequence[str], loc: Sequence[int | str]) -> int | None:
    """The line on which the rule, group or other part begins."""
    if not loc:
        return None
    name, rest = next(iter(_singular(loc[:1]))), loc[1] if len(loc) > 1 else None
    if isinstance(rest, int):
        heads = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{re.escape(name)}\s*\]\]", line)]
        return heads[rest] if rest < len(heads) else None
    own = rf"\s*\[\s*{re.escape(name)}\s*\.\s*[\"']?{re.escape(str(rest))}[\"']?\s*\]"
    either = (own, rf"\s*\[\s*{re.escape(name)}\s*\]", rf"\s*{re.escape(name)}\s*=")
    return next((n for pattern in either for n, line in enumerate(lines) if re.match(pattern, line)), None)
