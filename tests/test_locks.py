"""The locks are what pyproject.toml asks for, install by hash, and name no host."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def pinned(name: str) -> dict[str, str]:
    """Package to version, of one lock."""
    lines = (REPOSITORY / name).read_text().splitlines()
    found = (re.match(r"([\w.\-]+)==([^ ;]+)", line) for line in lines)
    return {match[1].lower().replace("_", "-"): match[2] for match in found if match}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-otel.lock", "requirements-dev.lock"])
def test_a_lock_names_no_host(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-otel.lock", "requirements-dev.lock"])
def test_every_package_is_pinned_by_hash(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z])", (REPOSITORY / name).read_text().strip())
    assert [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("requirements.lock", ["build"]),
        ("requirements-otel.lock", ["build", "otel"]),
        ("requirements-dev.lock", ["build", "otel", "dev"]),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(name: str, extras: list[str]) -> None:
    asked = PROJECT["dependencies"] + [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    versions = pinned(name)
    missing = [
        line
        for line in asked
        if not Requirement(line).specifier.contains(versions.get(Requirement(line).name.lower(), "0"))
    ]
    assert missing == [], "run `make lock`"


def test_tests_run_on_the_versions_that_the_bot_runs_on() -> None:
    runtime, dev = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime
