"""One line of what was found, and what all of them come to."""

from collections.abc import Iterable
from typing import Literal

from bot.plans.values import Value

Level = Literal["ok", "warn", "FAIL"]


class Line(Value):
    """What was looked at, how it is, and how to mend what is wrong. Never holds a secret."""

    about: str
    level: Level
    what: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f" {self.mend}" if self.mend else ""
        return f"{self.level:4}  {self.about}: {self.what}{mend}"


def ok(about: str, what: str) -> Line:
    """All is well."""
    return Line(about=about, level="ok", what=what)


def warn(about: str, what: str, mend: str) -> Line:
    """It works, and something is not as it should be."""
    return Line(about=about, level="warn", what=what, mend=mend)


def fail(about: str, what: str, mend: str) -> Line:
    """It does not work, or breaks a promise."""
    return Line(about=about, level="FAIL", what=what, mend=mend)


def exit_code(lines: Iterable[Line]) -> int:
    """0 when all is well, 1 when something should be looked at, 2 when something does not work."""
    levels = {line.level for line in lines}
    return 2 if "FAIL" in levels else 1 if "warn" in levels else 0
