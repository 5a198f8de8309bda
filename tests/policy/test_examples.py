"""The worked examples of docs/approvals.md say what they claim: each table is judged by the policy above it."""

import re
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from bot.catalog import catalog
from bot.policy.doubts import doubts
from bot.policy.explained import explained
from bot.policy.file import Surroundings, read_policy
from bot.policy.judge import judge
from bot.policy.policy import EVERYONE, Policy
from bot.policy.verdict import Asked

PAGE = (Path(__file__).parents[2] / "docs" / "approvals.md").read_text()
OPERATIONS = Surroundings(operations=tuple(o.name for o in catalog().operations))
EXAMPLES = re.findall(
    r"^## (Example \d: [^\n]+)\n.*?```toml\n(.*?)```\n+((?:\|[^\n]*\n)+)", PAGE, re.MULTILINE | re.DOTALL
)
Row = dict[str, str]


def rows(table: str) -> list[Row]:
    """The lines of a table, by its headings."""
    head, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


@cache
def policy_of(example: str) -> Policy:
    return read_policy(next(toml for title, toml, _ in EXAMPLES if title == example), example, OPERATIONS)


EVERY_ROW = [(title, row) for title, _, table in EXAMPLES for row in rows(table)]


def asked(row: Row) -> Asked:
    """What a line asks for; an account or channel that it leaves out is any."""
    return Asked(
        operation=row["for"].split("`")[1],
        account=row.get("account", "main"),
        channel=row.get("channel", "C0ANY"),
        usd=Decimal(row["US$"]),
        committed=Decimal(row.get("others already", 0)),
    )


def groups(row: Row) -> set[str]:
    """The groups in parentheses behind a name."""
    return {EVERYONE, *re.findall(r"\((\w+)\)", row["who asks"])}


def test_there_are_five_examples_and_each_has_a_table() -> None:
    assert [title[:9] for title, _, _ in EXAMPLES] == [f"Example {n}" for n in range(1, 6)]
    assert PAGE.count("```toml") == len(EXAMPLES)


@pytest.mark.parametrize(("example", "row"), EVERY_ROW, ids=[f"{t[8]}-{r['for'][:24]}" for t, r in EVERY_ROW])
def test_a_line_of_the_page_is_what_the_policy_above_it_answers(example: str, row: Row) -> None:
    policy = policy_of(example)
    tier, raised = policy.tier(asked(row))
    verdict = judge(policy, asked(row), groups(row))
    assert (f"{tier} (cap)" if raised else tier, verdict.rule) == (row["tier"], row["rule"])
    assert said(policy, row) == row["who must approve"]
    assert groups(row) <= {*policy.groups, EVERYONE}


def said(policy: Policy, row: Row) -> str:
    """Who must approve, as the page writes it."""
    verdict = judge(policy, asked(row), groups(row))
    if verdict.requirement is None:
        return "denied"
    own = ", or herself" if verdict.requirement.self_approval else ""
    return ", ".join(f"{need.need} of {need.group}" for need in verdict.requirement.groups) + own or "nobody"


@pytest.mark.parametrize("example", [title for title, _, _ in EXAMPLES])
def test_every_rule_of_an_example_is_shown_at_work(example: str) -> None:
    policy = policy_of(example)
    used = {judge(policy, asked(row), groups(row)).rule for title, row in EVERY_ROW if title == example}
    assert {rule.name for rule in policy.rules} <= used


@pytest.mark.parametrize("example", [title for title, _, _ in EXAMPLES])
def test_nothing_in_an_example_looks_as_if_it_were_not_meant(example: str) -> None:
    told = [doubt for doubt in doubts(policy_of(example), OPERATIONS) if "it must be private" not in doubt]
    assert [doubt for doubt in told if "No rule lets" not in doubt and "asks for all" not in doubt] == []


@pytest.mark.parametrize(("example", "row"), EVERY_ROW, ids=[f"{t[8]}-{r['for'][:24]}" for t, r in EVERY_ROW])
def test_what_is_explained_is_what_is_judged(example: str, row: Row) -> None:
    verdict, words = explained(policy_of(example), asked(row), groups(row))
    deciding = [word.rule for word in words if word.said in ("fires", "denies")]
    assert deciding == ([verdict.rule] if verdict.rule in {word.rule for word in words} else [])
