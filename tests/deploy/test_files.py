"""The Dockerfile, the compose file and everything else that is deployed pass the tools of their trade."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from bot.settings import environment_names

REPOSITORY: Final = Path(__file__).parents[2]
TOOLS: Final = Path(sys.executable).parent


def passes(*command: str) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
    return found


def test_the_dockerfile_passes_its_linter() -> None:
    linter = TOOLS / "hadolint"
    if not linter.exists():
        pytest.skip("hadolint comes for Linux on x86-64")
    passes(str(linter), "Dockerfile")


def test_the_compose_file_is_valid_to_its_schema() -> None:
    passes(str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml")


def test_all_yaml_is_well_written() -> None:
    passes(str(TOOLS / "yamllint"), "--strict", "compose.yaml", "manifest.yml", "deploy")


def test_compose_starts_a_bot_a_worker_and_a_redis_that_forgets_nothing() -> None:
    services = compose()["services"]
    assert [services[name]["command"][-1] for name in ("bot", "worker")] == ["web", "worker"]
    redis = " ".join(services["redis"]["command"])
    assert "--appendonly yes" in redis
    assert "--maxmemory-policy noeviction" in redis
    assert services["redis"]["networks"] == ["private"]
    assert compose()["networks"]["private"] == {"internal": True}


def test_compose_gives_settings_that_the_bot_knows() -> None:
    assert set(compose()["services"]["worker"]["environment"]) <= set(environment_names())


def test_nothing_but_what_the_image_is_made_of_reaches_its_build() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert {".env", ".tenfour", "tests", ".git"} & let_in == set()
    assert all((REPOSITORY / name).exists() for name in let_in)


def test_a_filled_in_secret_is_kept_out_of_the_repository() -> None:
    git = shutil.which("git")
    assert git
    done = subprocess.run([git, "check-ignore", "deploy/kubernetes/secret.yaml"], cwd=REPOSITORY, check=False)
    assert done.returncode == 0
