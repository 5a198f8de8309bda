"""The manifest installs in one paste, asks for nothing unexplained, and offers what the bot answers."""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.catalog import catalog
from handlers import COMMANDS, EVENTS

REPOSITORY = Path(__file__).parent.parent
SCHEMAS = Path(os.environ.get("TENFOUR_SLACK_SCHEMAS") or REPOSITORY.parent / "shared" / "reference" / "slack-manifest")


@pytest.fixture
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((REPOSITORY / "manifest.yml").read_text())
    return read


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading of docs/slack-app.md, by their first cell."""
    section = (REPOSITORY / "docs" / "slack-app.md").read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip().strip("`"): [cell.strip() for cell in cells[1:]] for cells in rows}


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_slack_accepts_the_manifest(version: str, manifest: dict[str, Any]) -> None:
    schema = SCHEMAS / f"manifest.schema.{version}.json"
    if not schema.is_file():
        pytest.skip(f"Slack's schema is not at {schema}; name its folder in TENFOUR_SLACK_SCHEMAS")
    jsonschema.validate(manifest, json.loads(schema.read_text()))


def test_every_command_in_slack_is_answered_and_every_answer_can_be_asked_for(manifest: dict[str, Any]) -> None:
    assert {entry["command"] for entry in manifest["features"]["slash_commands"]} == set(COMMANDS)


def test_every_subscribed_event_is_handled_and_every_handled_event_is_subscribed(manifest: dict[str, Any]) -> None:
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)


def test_commands_arrive_as_they_were_typed(manifest: dict[str, Any]) -> None:
    # Escaping would turn a URL in a campaign's text into <https://...>, and that would be sent to Twilio.
    # The audit alone takes no such text, and it has to learn which person @rita is.
    escaped = [entry["command"] for entry in manifest["features"]["slash_commands"] if entry["should_escape"]]
    assert escaped == ["/a2p-audit"]


def test_every_scope_says_why_it_is_there_and_what_breaks_without_it(manifest: dict[str, Any]) -> None:
    explained = table("Scopes")
    assert list(explained) == manifest["oauth_config"]["scopes"]["bot"]
    assert all(len(cells) == 2 and all(cells) for cells in explained.values())


def test_every_command_is_explained(manifest: dict[str, Any]) -> None:
    assert list(table("Commands")) == [entry["command"] for entry in manifest["features"]["slash_commands"]]


def test_every_command_of_the_catalogue_is_answered() -> None:
    assert set(catalog().commands) <= set(COMMANDS)


def test_what_can_follow_a_command_is_named_where_slack_completes_it(manifest: dict[str, Any]) -> None:
    hints = {entry["command"]: entry.get("usage_hint", "") for entry in manifest["features"]["slash_commands"]}
    for command in catalog().commands:
        named = {part.split()[0] for part in hints[command].split(" | ")}
        assert named == {*catalog().under(command), "help"}, command


def test_every_event_is_explained(manifest: dict[str, Any]) -> None:
    assert list(table("Events")) == manifest["settings"]["event_subscriptions"]["bot_events"]


def test_no_address_is_needed_in_socket_mode(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert not re.search(r"\burl:", (REPOSITORY / "manifest.yml").read_text())
