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
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.action.conftest import Merge

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
UPLOAD = next(step["uses"] for step in ACTION["runs"]["steps"] if "upload-sarif" in step.get("uses", ""))

pytestmark = pytest.mark.act

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
SINGLE_ZONE = ("risky/main.tf", "10")
"""Where ``multi_az = false`` stands."""

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
class Act:
    """``act`` with the action and the stub in place of what it would fetch."""

    folder: Path
    environment: Path
    action: Path

    def run(
        self,
        repository: Path,
        uses: Mapping[str, Mapping[str, str]],
        *,
        event: str = "push",
        payload: Mapping[str, Any] | None = None,
        before: str = "true",
        variables: Mapping[str, str] | None = None,
        prefix: tuple[str, ...] = (),
    ) -> Job:
        """Run a job with one use of the action for each of ``uses``, after the script ``before``."""
        work = self.folder / "job"
        results = work / "results"
        results.mkdir(parents=True)
        (work / "event.json").write_text(json.dumps(payload or {}))
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
            cwd=repository,
            env={"PATH": os.environ["PATH"], "HOME": str(work), "XDG_CACHE_HOME": str(work / "cache")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return _job(done, results)

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
def estate(tmp_path: Path) -> Path:
    """A repository with something clean, something risky, and a folder with nothing to scan."""
    folder = tmp_path / "estate"
    for name, text in {"clean/main.tf": CLEAN, "risky/main.tf": RISKY, "nothing/README.md": "Nothing.\n"}.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    _git(folder, "init", "-q")
    _commit(folder)
    return folder


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def _commit(folder: Path) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "change")


def test_nothing_found_something_found_wrong_input_and_nothing_to_scan(act: Act, estate: Path) -> None:
    """Several uses in one job do not get in each other's way."""
    job = act.run(
        estate,
        {
            "clean": {"paths": "clean", "sarif-file": "clean.sarif", "upload-sarif": "false"},
            "risky": {"paths": "risky", "fail-on": "low", "category": "risky"},
            "wrong": {"fail-on": "terrible"},
            "empty": {"paths": "nothing", "upload-sarif": "false"},
        },
    )
    assert {name: (use.outcome, use.outputs["exit-code"]) for name, use in job.uses.items()} == {
        "clean": ("success", "0"),
        "risky": ("failure", "1"),
        "wrong": ("failure", "2"),
        "empty": ("failure", "3"),
    }, job.log
    clean, risky, wrong = (job.uses[name].outputs for name in ("clean", "risky", "wrong"))
    assert (clean["findings"], clean["critical"], clean["sarif-file"]) == ("0", "0", "clean.sarif")
    assert int(risky["findings"]) >= int(risky["critical"]) + int(risky["high"]) > 0
    assert clean["new-findings"] == risky["fixed-findings"] == ""
    assert wrong["sarif-file"] == wrong["findings"] == ""
    assert ("error", *SINGLE_ZONE) in {annotation[:3] for annotation in job.annotations}
    assert "the input fail-on is 'terrible'" in "\n".join(job.said("error"))
    assert job.summaries.count("## riskscan: ") == 4
    assert "## riskscan: 0 findings" in job.summaries
    assert "## riskscan: no report" in job.summaries
    sarif = json.loads((job.results / "uploaded.sarif").read_bytes())
    (run,) = sarif["runs"]
    assert run["automationDetails"]["id"] == "riskscan/risky/"
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    assert set(places) == {"risky/main.tf"}
    assert (job.results / "token").read_text() == "ghs_for_tests"


def test_an_upload_that_fails_hides_nothing(act: Act, estate: Path) -> None:
    job = act.run(
        estate,
        {
            "auto": {"paths": "clean"},
            "wanted": {"paths": "clean", "upload-sarif": "true"},
            "risky": {"paths": "risky"},
        },
        variables={"UPLOAD_FAILS": "yes"},
    )
    assert {name: (use.outcome, use.outputs["exit-code"]) for name, use in job.uses.items()} == {
        "auto": ("success", "0"),
        "wanted": ("failure", "0"),
        "risky": ("failure", "1"),
    }, job.log
    assert sum("could not be uploaded" in text for text in job.said("warning")) == 2
    assert sum("could not be uploaded" in text for text in job.said("error")) == 1


@pytest.mark.parametrize(("signal", "code"), [("KILL", "137"), ("", "3")], ids=["killed", "exit-1"])
def test_a_riskscan_that_dies(act: Act, estate: Path, signal: str, code: str) -> None:
    """Killed as by a machine without memory, or by an interpreter that cannot start and exits as for findings."""
    act = _with_program(act, f"kill -{signal} $$" if signal else "exit 1")
    job = act.run(estate, {"risky": {"paths": "risky"}})
    (use,) = job.uses.values()
    assert use.outcome == "failure"
    assert {name: value for name, value in use.outputs.items() if value} == {"exit-code": code}
    assert "no report" in job.summaries
    assert len(job.said("error")) == 1
    assert not (job.results / "uploaded.sarif").exists()


def _with_program(act: Act, script: str) -> Act:
    """The same with an installation whose riskscan is a script."""
    broken = act.folder / "broken"
    (broken / "bin").mkdir(parents=True)
    shutil.copy(act.environment / "installed", broken)
    (broken / "bin" / "python").symlink_to(act.environment / "bin" / "python")
    (broken / "bin" / "riskscan").write_text(f"#!/bin/sh\n{script}\n")
    (broken / "bin" / "riskscan").chmod(0o755)
    return Act(act.folder, broken, act.action)


def test_a_folder_of_the_repository(act: Act, estate: Path) -> None:
    """Files are named from the root, where GitHub looks for them; blanks, dashes and umlauts are no trouble."""
    _git(estate, "mv", "--", "risky", "- rïsky dir")
    _commit(estate)
    job = act.run(estate, {"sub": {"working-directory": "- rïsky dir", "paths": "main.tf"}})
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert use.outputs["sarif-file"] == "- rïsky dir/riskscan.sarif"
    assert ("error", "- rïsky dir/main.tf", "10") in {annotation[:3] for annotation in job.annotations}
    sarif = json.loads((job.results / "uploaded.sarif").read_bytes())
    location = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "-%20r%C3%AFsky%20dir/main.tf"


def test_files_that_no_git_knows(act: Act, estate: Path) -> None:
    shutil.rmtree(estate / ".git")
    job = act.run(estate, {"risky": {"paths": "risky"}}, event="pull_request", payload=_pull_request("0" * 40))
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert use.outputs["new-findings"] == ""
    assert any("no base: full report" in text for text in job.said("notice"))


def test_a_shallow_clone_without_the_base(act: Act, merged: Merge) -> None:
    """``actions/checkout`` as it is: one commit. The report is full, and says what would change that."""
    clone = merged.clone(act.folder / "clone", "--depth=1")
    job = act.run(clone, {"all": {}}, event="pull_request", payload=_pull_request(merged.start))
    (use,) = job.uses.values()
    assert use.outputs["exit-code"] == "0", job.log
    assert use.outputs["new-findings"] == use.outputs["fixed-findings"] == ""
    assert any("fetch-depth: 2" in text for text in job.said("notice"))


def test_a_pull_request_of_a_fork(act: Act, estate: Path) -> None:
    """Its token can only read: nothing is uploaded or commented, the summary and the annotations tell all the same."""
    payload = _pull_request("0" * 40, fork=True)
    uses = {"risky": {"paths": "risky", "comment": "update", "base": "none"}}
    job = act.run(estate, uses, event="pull_request", payload=payload)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"], use.outputs["comment"]) == ("failure", "1", ""), job.log
    assert not (job.results / "uploaded.sarif").exists()
    assert any("no comment" in text for text in job.said("notice"))
    assert ("error", *SINGLE_ZONE) in {annotation[:3] for annotation in job.annotations}
    assert "zone-database-single" in job.summaries


def test_without_a_network(act: Act, estate: Path) -> None:
    """The same outputs, annotations and report in a network namespace without interfaces."""
    alone = ("unshare", "--net", "--map-root-user")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare does not work here")
    online = act.run(estate, {"risky": {"paths": "risky"}})
    shutil.move(act.folder / "job", act.folder / "online")
    offline = act.run(estate, {"risky": {"paths": "risky"}}, prefix=alone)
    assert offline.annotations == online.annotations
    assert offline.summaries == online.summaries
    shown = [{k: v for k, v in job.uses["risky"].outputs.items() if k != "report-file"} for job in (online, offline)]
    assert shown[0] == shown[1]
    assert shown[0]["exit-code"] == "1", online.log


def test_nothing_of_the_repository_becomes_a_command(act: Act, estate: Path) -> None:
    """Names of files and resources are text, wherever they are shown."""
    name = "%0A::error::forged"
    (estate / "risky" / "main.tf").rename(estate / "risky" / f"{name}.tf")
    (estate / ".riskscan.yaml").write_text('version: 1\n"\\n::error::forged": 1\n')
    _commit(estate)
    uses = {"findings": {"paths": "risky", "config": "ok.yaml"}, "settings": {"paths": "risky"}}
    job = act.run(estate, uses, before="printf 'version: 1\\n' >ok.yaml")
    assert [use.outputs["exit-code"] for _, use in sorted(job.uses.items())] == ["1", "2"], job.log
    assert job.annotations
    assert [text for text in job.said("error") if text.startswith("forged")] == []
    assert any("could not start: .riskscan.yaml:2:1: unknown key" in text for text in job.said("error")), job.log


def _pull_request(base: str, *, fork: bool = False) -> dict[str, Any]:
    """As far as the action looks: https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request."""
    head = {"repo": {"full_name": "stranger/estate" if fork else "nektos/act", "fork": fork}}
    return {"pull_request": {"number": 7, "base": {"sha": base}, "head": head}}
