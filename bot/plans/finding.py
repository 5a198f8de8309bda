"""Findings: what a check noticed before money is spent."""

from typing import Literal

from bot.plans.values import Value

Severity = Literal["block", "warn", "note"]


class Finding(Value):
    """One thing a check noticed. A `block` cannot be requested, a `warn` can, a `note` explains.

    `prevents` lists the Twilio codes that this finding would otherwise become.
    """

    severity: Severity
    code: str
    text: str
    fix: str = ""
    field: str = ""
    prevents: tuple[int, ...] = ()


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that stop a request."""
    return tuple(f for f in findings if f.severity == "block")


def block(code: str, text: str, fix: str = "", field: str = "", prevents: tuple[int, ...] = ()) -> Finding:
    """A finding that stops a request."""
    return Finding(severity="block", code=code, text=text, fix=fix, field=field, prevents=prevents)


def warn(code: str, text: str, fix: str = "", field: str = "", prevents: tuple[int, ...] = ()) -> Finding:
    """A finding that people should weigh."""
    return Finding(severity="warn", code=code, text=text, fix=fix, field=field, prevents=prevents)


def note(code: str, text: str, fix: str = "", field: str = "", prevents: tuple[int, ...] = ()) -> Finding:
    """A finding that explains."""
    return Finding(severity="note", code=code, text=text, fix=fix, field=field, prevents=prevents)
