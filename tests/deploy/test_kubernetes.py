"""The Kubernetes manifests are valid, belong together, and start the bot as it can be started."""

from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml

from bot.roles import Role
from bot.settings import environment_names

REPOSITORY: Final = Path(__file__).parents[2]
FOLDER: Final = REPOSITORY / "deploy" / "kubernetes"
VERSIONS: Final = ("1.30", "1.37")
"""The oldest and the newest Kubernetes that the manifests are held against."""
FINISHES_WITHIN: Final = 25
"""Seconds that the bot takes at most to end (docs/runbook.md)."""

Json = dict[str, Any]


def manifests() -> list[Json]:
    """Every object that is applied."""
    files = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    return [
        found for name in [*files, "secret.example.yaml"] for found in yaml.safe_load_all((FOLDER / name).read_text())
    ]


def of_kind(kind: str) -> list[Json]:
    return [m for m in manifests() if m["kind"] == kind]


def pod(deployment: Json) -> Json:
    found: Json = deployment["spec"]["template"]
    return found


def named(manifest: Json) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", manifests(), ids=named)
def test_a_manifest_is_valid_to_the_letter(manifest: Json, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_every_file_of_the_folder_is_applied_or_an_example() -> None:
    applied = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    others = {"kustomization.yaml", "secret.example.yaml"}
    assert {path.name for path in FOLDER.iterdir()} - {"policy.toml", "secret.yaml"} == {*applied, *others}


def test_there_is_a_deployment_for_each_role_that_the_bot_knows() -> None:
    roles = {pod(d)["spec"]["containers"][0]["args"][-1] for d in of_kind("Deployment")}
    assert roles == {role.value for role in Role} - {Role.ALL}


@pytest.mark.parametrize("deployment", of_kind("Deployment"), ids=named)
def test_a_pod_is_no_root_and_may_nothing(deployment: Json) -> None:
    spec = pod(deployment)["spec"]
    [container] = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001, "the user of the image"
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False, "TENFOUR_PORT would be taken for a setting that is misspelt"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("deployment", of_kind("Deployment"), ids=named)
def test_a_pod_is_given_the_time_to_finish_and_asked_where_it_answers(deployment: Json) -> None:
    spec = pod(deployment)["spec"]
    [container] = spec["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    settings = of_kind("ConfigMap")[0]["data"]
    waits = container.get("lifecycle", {"preStop": {"sleep": {"seconds": 0}}})["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] > waits + FINISHES_WITHIN
    assert (waits > 0) == ("http" in ports), "requests come for a while to a pod that was told to stop"
    assert ports["ops"] == int(settings["TENFOUR_OPS_PORT"])
    assert ports.get("http", int(settings["PORT"])) == int(settings["PORT"])
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")]
    assert probes == [{"path": path, "port": "ops"} for path in ("/healthz", "/readyz", "/healthz")]


@pytest.mark.parametrize("kind", ["PodDisruptionBudget", "Service", "NetworkPolicy"])
def test_what_selects_pods_selects_some(kind: str) -> None:
    labels = [pod(d)["metadata"]["labels"] for d in of_kind("Deployment")]
    for manifest in of_kind(kind):
        selector = manifest["spec"].get("selector") or manifest["spec"]["podSelector"]
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= label.items() for label in labels), named(manifest)


def test_settings_and_secrets_are_settings_of_the_bot() -> None:
    given = {*of_kind("ConfigMap")[0]["data"], *of_kind("Secret")[0]["stringData"]}
    assert given - set(environment_names()) == set()


def test_no_secret_stands_in_what_is_no_secret() -> None:
    secret = {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "REDIS_URL", "TENFOUR_ENCRYPTION_KEY", "TWILIO_AUTH_TOKEN"}
    assert secret & set(of_kind("ConfigMap")[0]["data"]) == set()
