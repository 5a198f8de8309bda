"""The steps of the Dockerfile, carried out without Docker: what would be in the image starts, and holds no tools."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]
PLACES: Final = ("/opt/tenfour", "/src", "/data")
"""Folders of the image, which the replay has below one of its own."""
AS_ROOT: Final = ("useradd ", "install ")
"""What makes the image's user and its folder: not to be done to the machine that runs this."""


class Replay:
    """Reads a Dockerfile and does what it says below a folder. `did` is what was done."""

    def __init__(self, root: Path) -> None:
        self.root, self.did = root, list[str]()
        self.variables: dict[str, str] = {}
        self.workdir = root

    def place(self, text: str) -> str:
        """The same text with the image's folders below ours."""
        for name, value in self.variables.items():
            text = text.replace(f"${{{name}}}", value)
        return re.sub(rf"(?<![\w.])({'|'.join(PLACES)})\b", lambda found: f"{self.root}{found[1]}", text)

    def step(self, instruction: str, rest: str) -> None:
        """Carry out one instruction."""
        self.did.append(f"{instruction} {rest}")
        match instruction:
            case "ARG" | "ENV":
                given = dict(pair.partition("=")[::2] for pair in shlex.split(rest))
                self.variables |= {name: self.place(value) for name, value in given.items()}
            case "WORKDIR":
                self.workdir = Path(self.place(rest))
                self.workdir.mkdir(parents=True, exist_ok=True)
            case "COPY" if not rest.startswith("--from="):
                *sources, target = self.place(rest).split()
                for source in sources:
                    self._copy(REPOSITORY / source, self.workdir / target)
            case "RUN" if not rest.startswith(AS_ROOT):
                self.run(self.place(rest))

    def run(self, command: str) -> str:
        """Run a command as the image would, and give what it prints."""
        # from the packages that were fetched for these tests already; compiling them takes longer than all the rest
        environment = {**os.environ, **self.variables, "PIP_NO_CACHE_DIR": "", "PIP_NO_COMPILE": "1"}
        environment = {name: value.replace("$PATH", os.environ["PATH"]) for name, value in environment.items()}
        for ours in ("VIRTUAL_ENV", "PYTHONPATH"):
            environment.pop(ours, None)
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", command],
            cwd=self.workdir,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(source, target / source.name if target.is_dir() else target)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile, an instruction at a time."""
    lines = [line for line in (REPOSITORY / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split()[0], line.partition(" ")[2]) for line in whole.splitlines() if line.strip()]


@pytest.mark.image
def test_what_the_steps_make_starts_and_has_neither_pip_nor_a_compiler(tmp_path: Path) -> None:
    replay = Replay(tmp_path)
    for instruction, rest in instructions():
        replay.step(instruction, rest)

    assert [step for step in replay.did if step.startswith(("USER", "ENTRYPOINT", "CMD"))] == [
        "USER 10001:10001",
        'ENTRYPOINT ["tenfour"]',
        'CMD ["run"]',
    ]
    assert "--role" in replay.run("tenfour run --help")
    assert replay.run("tenfour settings").startswith("# Settings")
    packages = {
        path.name.partition("-")[0].lower() for path in tmp_path.glob("opt/tenfour/lib/*/site-packages/*.dist-info")
    }
    assert {"tenfour", "slack_bolt", "twilio", "redis", "apscheduler"} <= packages
    assert packages & {"pip", "setuptools", "pytest", "hypothesis"} == set()
    left_out = list(tmp_path.glob("opt/tenfour/lib/*/site-packages/tests"))
    assert left_out == []
