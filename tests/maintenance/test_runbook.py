"""Every alert leads to a section of the runbook, and every command that is named there exists."""

import re
from pathlib import Path

import typer.main
import yaml

from bot.__main__ import app

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "tenfour.rules.yml").read_text())
ALERTS = {rule["alert"]: rule["annotations"]["runbook_url"] for group in RULES["groups"] for rule in group["rules"]}


def anchors(page: str) -> dict[str, str]:
    """What stands under each heading, by the anchor that it gets."""
    found = re.split(r"^#{2,3} (.+)$", page, flags=re.MULTILINE)[1:]
    return {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-"): text
        for title, text in zip(found[::2], found[1::2], strict=True)
    }


def test_every_alert_has_its_section() -> None:
    sections = anchors(RUNBOOK)
    lost = {name for name, url in ALERTS.items() if name not in sections.get(url.partition("#")[2], "")}
    assert lost == set()


def test_every_link_within_the_runbook_leads_somewhere() -> None:
    linked = set(re.findall(r"\]\(#([a-z0-9-]+)\)", RUNBOOK))
    assert linked - anchors(RUNBOOK).keys() == set()


def test_every_command_of_the_runbook_exists() -> None:
    group = typer.main.get_group(app)
    named = set(re.findall(r"\btenfour ([a-z]+)\b", RUNBOOK))
    assert named - group.commands.keys() == set()
