"""`tenfour policy check` without Slack: what it prints, and with which code it ends."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from tests.policy.test_examples import EXAMPLES, PAGE

ENTERPRISE = EXAMPLES[2][1]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    monkeypatch.delenv("TENFOUR_POLICY", raising=False)
    file = tmp_path / "policy.toml"
    file.write_text(ENTERPRISE)
    return file


def check(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["policy", "check", *words], env=environment)


def test_a_file_that_cannot_be_used_ends_with_2_and_its_line(file: Path) -> None:
    file.write_text(ENTERPRISE.replace("legal = 1", "leagl = 1"))
    found = check("policy.toml")
    line = file.read_text().splitlines().index("approvals = { platform = 1, leagl = 1 }") + 1
    assert found.exit_code == 2
    assert f"policy.toml, line {line}: rule 'what carriers read' names the group 'leagl', which is not" in found.stderr
    assert found.stdout == ""


def test_the_file_of_the_setting_is_checked_where_none_is_named(file: Path) -> None:
    assert "policy.toml can be used" in check(TENFOUR_POLICY=str(file)).stdout
    assert check(TENFOUR_POLICY=str(file.with_name("gone.toml"))).exit_code == 2


def test_the_built_in_policy_is_checked_where_there_is_none(file: Path) -> None:
    found = check()
    assert found.exit_code == 0
    assert "The built-in policy can be used." in found.stdout
    assert "1. “one approval for everything”: everything asked for by whoever asks takes 1 of the approvers." in (
        found.stdout
    )
    assert "Whoever joins the approvals channel can approve (group approvers): it must be private" in found.stdout


def test_what_the_page_shows_is_what_is_printed(file: Path) -> None:
    command = next(line for line in PAGE.splitlines() if line.startswith("$ tenfour policy check"))
    words = command.split()[5:]
    found = check("policy.toml", *words)
    shown = PAGE[PAGE.index(command) + len(command) :].partition("```")[0]
    assert found.stdout.strip() == shown.strip()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--operation", "campain.register"],
            "There is no operation called campain.register. Did you mean campaign.re",
        ),
        (
            ["--operation", "brand.register", "--groups", "mesaging"],
            "no group called mesaging. Did you mean messaging?",
        ),
        (
            ["--operation", "brand.register", "--usd", "much"],
            "--usd must be an amount in US dollars, such as 15 or 4.50",
        ),
        (["--operation", "brand.register", "--committed", "-1"], "--committed must be an amount in US dollars"),
    ],
)
def test_a_question_with_a_typing_error_is_not_answered_as_if_it_were_none(
    file: Path, words: list[str], told: str
) -> None:
    found = check(str(file), *words)
    assert (found.exit_code, told in found.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["campaign.delete", "--groups", "messaging"], "It may not be asked for (campaigns stay)."),
        (["service.create"], "It may not be asked for (no rule allows it)."),
        (["service.create", "--groups", "messaging"], "It may be asked for as far as that is known. Give --account"),
        (
            ["brand.vet", "--groups", "messaging", "--account", "main", "--usd", "41.50", "--committed", "990"],
            "Tier middle: US$990 asked for already and US$41.50 are more than the cap of US$1000, so it is one tier",
        ),
    ],
)
def test_a_question_is_answered_with_the_rule_and_the_tier(file: Path, words: list[str], told: str) -> None:
    found = check(str(file), "--operation", *words)
    assert (found.exit_code, told in found.stdout) == (0, True), found.output
