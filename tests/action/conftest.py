"""The action's script beside a riskscan that only records how it was called, and the whole action under ``act``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))

FAKE = """#!{python}
import json, os, sys
from pathlib import Path
folder = Path(os.environ["FAKE"])
(folder / "calls").write_text(json.dumps(sys.argv[1:]))
(folder / "environment").write_text(json.dumps(dict(os.environ)))
plan = json.loads((folder / "plan").read_text())
for argument in sys.argv:
    flag, _, rest = argument.partition("=")
    kind, _, file = rest.partition("=")
    if flag == "--output" and kind in plan["reports"]:
        Path(file).write_text(plan["reports"][kind])
sys.stdout.write(plan["stdout"])
sys.stderr.write(plan["stderr"])
sys.exit(plan["code"])
"""


@dataclass(frozen=True)
class Ran:
    """What one step left behind. ``arguments`` is ``None`` when riskscan was not called."""

    code: int
    stdout: str
    outputs: dict[str, str]
    summary: str
    arguments: list[str] | None
    environment: dict[str, str]

    def flags(self, name: str) -> list[str]:
        """The values that riskscan was given for a flag; an empty one for the bare flag."""
        arguments = self.arguments or []
        found = [each.partition("=") for each in arguments[: arguments.index("--")]]
        return [value for flag, _, value in found if flag == f"--{name}"]


@dataclass(frozen=True)
class Runner:
    """A runner's folders with a fake installation in them. ``plan`` is what the fake writes and how it ends."""

    folder: Path
    workspace: Path

    def step(self, name: str, plan: Mapping[str, Any] | None = None, /, **variables: str) -> Ran:
        """Run one step of the script in the workspace with the inputs' defaults and ``variables`` over them."""
        files = {key: self.folder / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "calls", "environment")}
        for file in files.values():
            file.unlink(missing_ok=True)
        for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            files[key].touch()
        nothing = {"reports": {}, "stdout": "", "stderr": "", "code": 0}
        (self.folder / "plan").write_text(json.dumps(nothing | dict(plan or {})))
        done = subprocess.run(
            ["bash", str(ROOT / "action" / "run.sh"), name],
            cwd=self.workspace,
            env=self._environment() | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        pairs = (line.partition("=") for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return Ran(
            done.returncode,
            done.stdout,
            {key: value for key, _, value in pairs},
            files["GITHUB_STEP_SUMMARY"].read_text(),
            json.loads(files["calls"].read_text()) if files["calls"].exists() else None,
            json.loads(files["environment"].read_text()) if files["environment"].exists() else {},
        )

    def _environment(self) -> dict[str, str]:
        inputs = {f"INPUT_{key.replace('-', '_').upper()}": value["default"] for key, value in ACTION["inputs"].items()}
        del inputs["INPUT_TOKEN"]
        return inputs | {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": "exchange/estate",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_OUTPUT": str(self.folder / "GITHUB_OUTPUT"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "GITHUB_STEP_SUMMARY"),
            "INPUT_PYTHON": sys.executable,
            "FAKE": str(self.folder),
        }


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A workspace whose name has a blank, and an installation that the script takes for its own."""
    environment = tmp_path / "temp" / "riskscan" / "environment"
    programs = environment / "bin"
    programs.mkdir(parents=True)
    fake = programs / "riskscan"
    fake.write_text(FAKE.format(python=sys.executable))
    fake.chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    digest = [sys.executable, "-I", str(ROOT / "action" / "digest.py"), str(ROOT)]
    (environment / "installed").write_bytes(subprocess.run(digest, capture_output=True, check=True).stdout)
    workspace = tmp_path / "work späce"
    workspace.mkdir()
    return Runner(tmp_path, workspace)


def git(folder: Path, *arguments: str) -> str:
    """Run git as nobody in particular, without anybody's configuration, and return what it says."""
    identity = {f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"} | identity
    command = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Merge:
    """A pull request as GitHub checks it out: ``head`` merged into ``base``, which has gone on since ``start``."""

    folder: Path
    start: str
    base: str
    head: str
    merge: str

    def clone(self, target: Path, *options: str) -> Path:
        """A clone of the merge."""
        git(self.folder, "clone", "-q", *options, self.folder.as_uri(), str(target))
        return target


@pytest.fixture
def merged(tmp_path: Path) -> Merge:
    """Three commits and their merge, each of which writes a file of its own."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q")
    start = committed(folder, {"main.tf": "# start\n"})
    git(folder, "checkout", "-q", "-b", "change")
    head = committed(folder, {"infra/new.tf": "# head\n"})
    git(folder, "checkout", "-q", "main")
    base = committed(folder, {"other.tf": "# base\n"})
    git(folder, "merge", "-q", "--no-ff", "-m", "merge", "change")
    return Merge(folder, start, base, head, git(folder, "rev-parse", "HEAD"))


def committed(folder: Path, files: Mapping[str, str]) -> str:
    """Write files, commit everything, and return the commit."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "change")
    return git(folder, "rev-parse", "HEAD")
