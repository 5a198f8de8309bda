"""The policy as a file: read, checked, told where it is wrong, and read again while the bot runs."""

import difflib
import fnmatch
import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from bot.policy.lines import SECTIONS, line_headed, line_of, place_of
from bot.policy.policy import Group, Misplaced, Pending, Policy, Rights, Rule, Tier

BUILT_IN = Path(__file__).with_name("default.toml")
_KEYS: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "rules": Rule.model_fields,
        "groups": Group.model_fields,
        "tiers": Tier.model_fields,
        "rights": Rights.model_fields,
        "pending": Pending.model_fields,
    }
)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is missing",
        "tuple_type": 'must be a list, such as ["…"]',
        "string_type": "must be text in quotes",
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "int_parsing": "must be a whole number",
        "float_type": "must be a number",
        "float_parsing": "must be a number",
        "decimal_type": "must be a number",
        "decimal_parsing": "must be a number",
        "finite_number": "must be a number",
        "bool_type": "must be true or false",
        "bool_parsing": "must be true or false",
        "dict_type": "must be a table",
        "model_type": "must be a table",
        "too_short": "must not be empty; leave it out where it does not matter",
        "string_too_short": "must not be empty",
    }
)
"""What pydantic finds wrong, in the words of somebody who writes TOML."""


class PolicyProblem(ValueError):
    """A policy file cannot be used; the text says where and why."""


@dataclass(frozen=True)
class Surroundings:
    """What rules can speak about. Empty: not known, so that nothing is checked against it."""

    operations: Collection[str] = ()
    accounts: Collection[str] = ()


def load_policy(path: Path | None, around: Surroundings = Surroundings()) -> Policy:  # frozen
    """The policy of a file, or the built-in one. Raises `PolicyProblem` with the line and the reason."""
    source = path or BUILT_IN
    return _policy(_content(source), str(source), around)


def read_policy(text: str, source: str, around: Surroundings = Surroundings()) -> Policy:  # frozen
    """The policy of a text; `source` is what its problems call it. Raises `PolicyProblem`."""
    try:
        data = tomllib.loads(text)
        _refuse_plurals(text, source, data)
        policy = Policy.model_validate({SECTIONS.get(name, name): value for name, value in data.items()})
    except tomllib.TOMLDecodeError as error:
        said, _, at = str(error).partition(" (at ")
        found = re.match(r"line (\d+)", at)
        line = int(found[1]) if found else len(text.splitlines())
        raise PolicyProblem(_problem(source, line, f"{said} (this is not TOML)")) from error
    except ValidationError as error:
        raise PolicyProblem(_first_problem(text, source, error)) from error
    if not policy.rules:
        raise PolicyProblem(f"{source}: there is no [[rule]] in it, so nobody could ask for anything")
    if lost := pointless(policy, around):
        raise PolicyProblem(_problem(source, line_of(text, lost.loc), str(lost)))
    return policy


def pointless(policy: Policy, around: Surroundings) -> Misplaced | None:
    """A glob of a rule or cap that fits nothing there is: probably a typing error. A misspelt deny would not deny."""
    for n, rule in enumerate(policy.rules):
        for key, globs, known in (
            ("operations", rule.operations, around.operations),
            ("accounts", rule.accounts, around.accounts),
        ):
            if lost := next((glob for glob in globs if known and not fnmatch.filter(known, glob)), None):
                kind = key.removesuffix("s")
                why = (
                    f"rule {rule.name!r} names the {kind} {lost!r}, which fits none that there is{_meant(lost, known)}"
                )
                return Misplaced(why, "rules", n, key)
    for glob in policy.caps:
        if around.accounts and not fnmatch.filter(around.accounts, glob):
            why = f"the cap of {glob!r} fits no account that there is ({_listed(around.accounts)})"
            return Misplaced(why + _meant(glob, around.accounts), "caps", glob)
    return None


class Rulebook:
    """The policy in force. A file is looked at again when asked; one that is broken changes nothing."""

    def __init__(self, policy: Policy, path: Path | None = None, around: Surroundings = Surroundings()) -> None:
        self.policy, self.path, self._around = policy, path, around
        self.problem = ""
        """Why the file that stands there now is not in force, or ""; people read it in Slack."""
        self._taken = self._seen = _content(path) if path else b""

    @classmethod
    def of(cls, path: Path | None, around: Surroundings) -> "Rulebook":
        """The rulebook of a file. Raises `PolicyProblem`."""
        return cls(load_policy(path, around), path, around)

    @property
    def state(self) -> str:
        """Tells one piece of news from another: by the policy that is in force, and what is wrong with the file."""
        if not self.problem:
            return self.policy.fingerprint
        return f"{self.policy.fingerprint}:{hashlib.sha256(self.problem.encode()).hexdigest()[:16]}"

    def look_again(self) -> bool:
        """Read the file again; whether there is news: another policy, a problem, or one less.

        What was changed is taken when two looks in a row find the same: one alone may fall into the middle of saving.
        """
        if self.path is None:
            return False
        content, before = _content(self.path), self.state
        steady, self._seen = content == self._seen, content
        if not steady or content == self._taken:
            return False
        self._taken = content
        try:
            self.policy, self.problem = _policy(content, self.path.name, self._around), ""
        except PolicyProblem as problem:
            self.problem = str(problem)
        return self.state != before


def _content(path: Path) -> bytes | str:
    """What stands in a file, or why that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        return error.strerror or type(error).__name__


def _policy(content: bytes | str, source: str, around: Surroundings) -> Policy:
    if isinstance(content, str):
        raise PolicyProblem(f"{source}: {content}")
    try:
        return read_policy(content.decode("utf-8-sig"), source, around)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyProblem(_problem(source, line, "this is not text in UTF-8; save the file as UTF-8")) from error


def _problem(source: str, line: int | None, why: str) -> str:
    return f"{source}{f', line {line}' if line else ''}: {why}"


def _refuse_plurals(text: str, source: str, data: Mapping[str, object]) -> None:
    for name, plural in SECTIONS.items():
        if plural in data:
            shape = {"rule": "[[rule]]", "tier": "[[tier]]", "group": "[group.NAME]", "cap": "[cap]"}[name]
            why = f"{plural!r} is not known; write {shape}"
            raise PolicyProblem(_problem(source, line_headed(text, plural), why))


def _first_problem(text: str, source: str, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    loc: Sequence[int | str] = first["loc"]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Misplaced):
        return _problem(source, line_of(text, cause.loc), str(cause))
    place = place_of(loc)
    if first["type"] == "extra_forbidden":
        known = _KEYS.get(str(loc[0]), ()) if len(loc) > 1 else [*SECTIONS, "rights", "pending"]
        why = f"{place}: is not known here{_meant(str(loc[-1]), known) or f' (known are {_listed(known)})'}"
        return _problem(source, line_of(text, loc), why)
    said = _WORDS.get(first["type"]) or first["msg"].removeprefix("Value error, ").replace("Input should", "must")
    if first["type"] == "tuple_type" and len(loc) == 1:
        said = f"is written with two brackets, one for each of them: [[{place}]]"
    return _problem(source, line_of(text, loc), f"{place}: {said}")


def _listed(words: Collection[str]) -> str:
    return ", ".join(words)


def _meant(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; is {near[0]!r} meant?" if near else ""
