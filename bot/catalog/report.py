"""Reports: what an inquiry found, as plain data that Slack's side draws."""

from bot.plans.finding import Finding
from bot.plans.values import Value


class Section(Value):
    """Lines of plain text under a title."""

    title: str
    lines: tuple[str, ...]


class Report(Value):
    """What an inquiry found: facts by label, lists, what is odd, and links by label."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = ()
    findings: tuple[Finding, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
