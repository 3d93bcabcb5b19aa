"""The whole action under ``act``, which runs workflows as GitHub would, here without containers and offline.

One installation is made by the action itself and lies ready for every job, as after an earlier use in it. Marked
``act``, since that installation needs the package index; ``.ci/run`` runs them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
UPLOAD = next(step["uses"] for step in ACTION["runs"]["steps"] if "upload-sarif" in step.get("uses", ""))

ORIGIN = "https://github.com/exchange/estate.git"
"""From this act tells which repository it is in. Nothing is fetched from it."""

CLEAN = """
variable "name" {
  type    = string
  default = "api"
}

output "name" {
  value = var.name
}
"""
RISKY = """
provider "aws" {
  region = "ap-northeast-1"
}

resource "aws_db_instance" "orders" {
  engine                  = "postgres"
  instance_class          = "db.m7g.large"
  allocated_storage       = 100
  multi_az                = false
  backup_retention_period = 0
}
"""

STUB = """
name: stands for github/codeql-action/upload-sarif
inputs: {sarif_file: {}, token: {}}
outputs: {}
runs:
  using: composite
  steps:
    - shell: bash
      env: {FILE: "${{ inputs.sarif_file }}", TOKEN: "${{ inputs.token }}"}
      run: |
        cp -- "$FILE" "$RESULTS/uploaded.sarif"
        printf '%s' "$TOKEN" >"$RESULTS/token"
        test -z "${UPLOAD_FAILS:-}"
"""
FINISH = """
for name in $(compgen -e | grep '^RESULT_'); do
  printf '%s' "${!name}" >"$RESULTS/$name.json"
done
"""


@dataclass(frozen=True)
class Use:
    """One use of the action in a job: how it ended, and its outputs."""

    outcome: str
    outputs: dict[str, str]


@dataclass(frozen=True)
class Job:
    """A job that has run. ``annotations`` are (level, file, line, text), ``summaries`` those of the action's steps."""

    succeeded: bool
    uses: dict[str, Use]
    annotations: list[tuple[str, str, str, str]]
    summaries: str
    results: Path
    log: str

    def said(self, level: str) -> list[str]:
        """The texts of a level's annotations."""
        return [text for found, _, _, text in self.annotations if found == level]


@dataclass(frozen=True)
class Estate:
    """A repository to scan."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """What git says."""
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, files: Mapping[str, str] | None = None) -> str:
        """Write files, commit everything, and return the commit."""
        for name, text in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def merge(self, files: Mapping[str, str], *removed: str) -> str:
        """Make a change on a branch and merge it, as GitHub does with a pull request; return what it started from."""
        start = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "-b", "change")
        for name in removed:
            self.git("rm", "-q", "--", name)
        self.commit(files)
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", "merge", "change")
        return start

    def shallow(self, target: Path, depth: int) -> Estate:
        """A clone with only the last commits."""
        self.git("clone", "-q", f"--depth={depth}", self.folder.as_uri(), str(target))
        clone = Estate(target)
        clone.git("remote", "set-url", "origin", ORIGIN)
        return clone


@dataclass(frozen=True)
class Act:
    """``act`` with the action and the stub in place of what it would fetch."""

    folder: Path
    environment: Path
    action: Path

    def run(
        self,
        estate: Estate,
        uses: Mapping[str, Mapping[str, str]],
        *,
        event: str = "push",
        base: str = "",
        fork: bool = False,
        before: str = "true",
        variables: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> Job:
        """Run a job with one use of the action for each of ``uses``, after the script ``before``.

        A pull request is of a ``fork`` or not, and was made when its base stood at the commit ``base``.
        """
        work = self.folder / "job"
        results = work / "results"
        results.mkdir(parents=True)
        (work / "event.json").write_text(json.dumps(_payload(event, base, fork=fork)))
        workflow = work / "workflow.yml"
        workflow.write_text(json.dumps(self._workflow(event, uses, before)))
        stub = work / "stub"
        (stub / "upload-sarif").mkdir(parents=True)
        (stub / "upload-sarif" / "action.yml").write_text(STUB)
        given = {"RESULTS": str(results), "ENVIRONMENT": str(self.environment)} | dict(variables or {})
        flags = {
            "workflows": str(workflow),
            "eventpath": str(work / "event.json"),
            "platform": "ubuntu-latest=-self-hosted",
            "pull": "false",
            "secret": "GITHUB_TOKEN=ghs_for_tests",
        }
        replaced = {UPLOAD.replace("/upload-sarif@", "@"): stub, "riskscan/riskscan@v0": self.action}
        done = subprocess.run(
            [
                *prefix,
                _program("act"),
                event,
                "--json",
                "--action-offline-mode",
                "--no-cache-server",
                *(f"--{name}={value}" for name, value in flags.items()),
                *(f"--local-repository={name}={folder}" for name, folder in replaced.items()),
                *(f"--env={name}={value}" for name, value in given.items()),
            ],
            cwd=estate.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(work), "XDG_CACHE_HOME": str(work / "cache")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return _job(done, results)

    def with_program(self, script: str) -> Act:
        """The same with an installation whose riskscan is a script."""
        broken = self.folder / "broken"
        (broken / "bin").mkdir(parents=True)
        shutil.copy(self.environment / "installed", broken)
        (broken / "bin" / "python").symlink_to(self.environment / "bin" / "python")
        (broken / "bin" / "riskscan").write_text(f"#!/bin/sh\n{script}\n")
        (broken / "bin" / "riskscan").chmod(0o755)
        return Act(self.folder, broken, self.action)

    def _workflow(self, event: str, uses: Mapping[str, Mapping[str, str]], before: str) -> dict[str, Any]:
        prepare = 'mkdir -p "$RUNNER_TEMP/riskscan"\nln -s "$ENVIRONMENT" "$RUNNER_TEMP/riskscan/environment"\n'
        steps: list[dict[str, Any]] = [
            {"uses": "actions/checkout@v7"},
            {"shell": "bash", "run": prepare},
            {"shell": "bash", "run": before},
        ]
        for name, inputs in uses.items():
            given = {"python": sys.executable, **inputs}
            steps.append({"id": name, "uses": "riskscan/riskscan@v0", "continue-on-error": True, "with": given})
        outcome = '{"outcome": "${{ steps.%s.outcome }}", "outputs": ${{ toJSON(steps.%s.outputs) }}}'
        results = {f"RESULT_{name}": outcome % (name, name) for name in uses}
        steps.append({"if": "always()", "shell": "bash", "run": FINISH, "env": results})
        return {"on": event, "jobs": {"scan": {"runs-on": "ubuntu-latest", "steps": steps}}}


def _payload(event: str, base: str, *, fork: bool) -> dict[str, Any]:
    """As far as the action looks: https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request."""
    if event != "pull_request":
        return {}
    head = {"repo": {"full_name": "stranger/estate" if fork else "exchange/estate", "fork": fork}}
    return {"pull_request": {"number": 7, "base": {"sha": base}, "head": head}}


def _job(done: subprocess.CompletedProcess[str], results: Path) -> Job:
    log = done.stdout + done.stderr
    events = list(_events(done.stdout))
    uses = {}
    for file in results.glob("RESULT_*.json"):
        use = json.loads(file.read_text())
        uses[file.stem.removeprefix("RESULT_")] = Use(use["outcome"], use["outputs"])
    annotations = [
        (event["command"], *(event["kvPairs"].get(key, "") for key in ("file", "line")), event["arg"])
        for event in events
        if event.get("command") in ("error", "warning", "notice")
    ]
    # A composite action's summary is told once more by the step that uses it.
    summaries = [event["content"] for event in events if event.get("command") == "summary" and len(event["stepID"]) > 1]
    assert uses, log
    return Job(done.returncode == 0, uses, annotations, "".join(summaries), results, log)


def _events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found, f"{name} is not installed"
    return found


@pytest.fixture(scope="session")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a runner would fetch, as far as the action needs it."""
    target = tmp_path_factory.mktemp("action")
    skipped = shutil.ignore_patterns("__pycache__", "_compiled")
    for name in ("scanner", "rules", "action"):
        shutil.copytree(ROOT / name, target / name, ignore=skipped)
    for name in ("action.yml", "requirements.lock", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target / name)
    return target


@pytest.fixture(scope="session")
def environment(action: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action's own installation, made once."""
    temporary = tmp_path_factory.mktemp("temp")
    command = ["bash", str(action / "action" / "run.sh"), "install", sys.executable]
    done = subprocess.run(
        command, env={**os.environ, "RUNNER_TEMP": str(temporary)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return temporary / "riskscan" / "environment"


@pytest.fixture
def act(action: Path, environment: Path, tmp_path: Path) -> Act:
    return Act(tmp_path, environment, action)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """A repository with something clean, something risky, and a folder with nothing to scan."""
    folder = tmp_path / "estate"
    folder.mkdir()
    made = Estate(folder)
    made.git("init", "-q", "-b", "main")
    made.git("remote", "add", "origin", ORIGIN)
    made.commit({"clean/main.tf": CLEAN, "risky/main.tf": RISKY, "nothing/README.md": "Nothing.\n"})
    return made
