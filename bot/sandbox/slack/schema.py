"""A small strict checker for JSON: what it refuses, it names with a JSON pointer, in Slack's wording."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.slack.errors import Json

Surface = Literal["message", "modal", "home"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where."""

    pointer: str
    message: str

    def line(self) -> str:
        return f"[ERROR] {self.message} [json-pointer:{self.pointer or '/'}]"

    def as_json(self) -> Json:
        return {"code": "failed_constraint", "message": self.message, "pointer": self.pointer}


@dataclass
class Report:
    """Collects problems while one message or view is read; the counters serve rules that span blocks."""

    surface: Surface
    problems: list[Problem] = field(default_factory=list)
    markdown_chars: int = 0
    table_chars: int = 0
    data_table_chars: int = 0
    visualizations: int = 0
    focused: int = 0
    block_ids: set[str] = field(default_factory=set)
    inputs: int = 0

    def fail(self, pointer: str, message: str) -> None:
        self.problems.append(Problem(pointer, message))

    def lines(self) -> list[str]:
        return [problem.line() for problem in self.problems]


Check = Callable[[Any, str, Report], None]


def string(longest: int, shortest: int = 1, pattern: str | None = None) -> Check:
    """Text of `shortest` to `longest` characters."""

    def check(value: Any, at: str, report: Report) -> None:
        if not isinstance(value, str):
            report.fail(at, "must be a string")
        elif len(value) > longest:
            report.fail(at, f"must be less than {longest + 1} characters")
        elif len(value) < shortest:
            report.fail(at, f"must be more than {shortest - 1} characters")
        elif pattern is not None and re.fullmatch(pattern, value) is None:
            report.fail(at, f"must match the pattern {pattern}")

    return check


def boolean(value: Any, at: str, report: Report) -> None:
    if not isinstance(value, bool):
        report.fail(at, "must be a boolean")


def integer(lowest: int, highest: int | None = None) -> Check:
    def check(value: Any, at: str, report: Report) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.fail(at, "must be an integer")
        elif value < lowest or (highest is not None and value > highest):
            report.fail(at, f"must be at least {lowest}" + ("" if highest is None else f" and at most {highest}"))

    return check


def number(value: Any, at: str, report: Report) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        report.fail(at, "must be a number")


def one_of(*values: str | int) -> Check:
    def check(value: Any, at: str, report: Report) -> None:
        if isinstance(value, bool) or value not in values:
            report.fail(at, f"must be one of: {', '.join(map(str, values))}")

    return check


def array(item: Check, fewest: int, most: int | None) -> Check:
    def check(value: Any, at: str, report: Report) -> None:
        if not isinstance(value, list):
            report.fail(at, "must be an array")
            return
        if len(value) < fewest:
            report.fail(at, f"must have at least {fewest} items")
        if most is not None and len(value) > most:
            report.fail(at, f"no more than {most} items allowed")
        for index, entry in enumerate(value):
            item(entry, f"{at}/{index}", report)

    return check


def record(
    required: Mapping[str, Check] | None = None,
    optional: Mapping[str, Check] | None = None,
    *rules: Check,
    ignore: Collection[str] = ("type",),
) -> Check:
    """An object with exactly these fields. `rules` look at the whole object and run only when its fields are sound."""
    needed = dict(required or {})
    known = {**needed, **(optional or {})}

    def check(value: Any, at: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.fail(at, "must be an object")
            return
        before = len(report.problems)
        for name in needed:
            if name not in value:
                report.fail(at, f"missing required field: {name}")
        for name, entry in value.items():
            if name in known:
                known[name](entry, f"{at}/{name}", report)
            elif name not in ignore:
                report.fail(at, f"invalid additional property: {name}")
        if len(report.problems) == before:
            for rule in rules:
                rule(value, at, report)

    return check


def exactly_one(*names: str) -> Check:
    """A rule for `record`: one of these fields, not none and not several."""

    def check(value: Any, at: str, report: Report) -> None:
        present = [name for name in names if name in value]
        if len(present) != 1:
            report.fail(at, f"exactly one of {', '.join(names)} must be given")

    return check


def at_least_one(*names: str) -> Check:
    def check(value: Any, at: str, report: Report) -> None:
        if not any(name in value for name in names):
            report.fail(at, f"missing required field: {' or '.join(names)}")

    return check


def typed(kinds: Mapping[str, Check], what: str = "type") -> Check:
    """An object whose `type` chooses the check."""

    def check(value: Any, at: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.fail(at, "must be an object")
            return
        kind = value.get("type")
        if kind is None:
            report.fail(at, "missing required field: type")
        elif not isinstance(kind, str) or kind not in kinds:
            report.fail(f"{at}/type", f"unsupported {what}: {kind}")
        else:
            kinds[kind](value, at, report)

    return check
