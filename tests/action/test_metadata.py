"""action.yml: what it promises, and what it must never do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "action").glob("*.sh")))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
SCRIPTS = [step for step in STEPS.values() if "run" in step]
SEVERITIES = ("critical", "high", "medium", "low")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_scripts_hold_no_expressions_and_use_bash() -> None:
    """An expression in a script is pasted into it before the shell reads it: whoever sets the value runs code."""
    assert SCRIPTS
    for step in SCRIPTS:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]


def test_every_input_reaches_a_step() -> None:
    expressions = [
        str(value) for step in STEPS.values() for value in {**step.get("env", {}), **step.get("with", {})}.values()
    ]
    used = {match[1] for value in expressions if (match := re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value))}
    assert used == set(ACTION["inputs"])


def test_every_variable_of_a_step_is_used_by_the_script() -> None:
    """But for GITHUB_TOKEN, which riskscan itself reads."""
    names = {name for step in SCRIPTS for name in step["env"]} - {"GITHUB_TOKEN"}
    assert [name for name in sorted(names) if not re.search(rf"\$\{{?{name}\b", SCRIPT)] == []


def test_every_output_comes_from_a_step_that_has_it() -> None:
    for name, output in ACTION["outputs"].items():
        step = "comment" if name == "comment" else "scan"
        assert output["value"] == f"${{{{ steps.{step}.outputs.{name} }}}}"


def test_what_a_step_is_asked_for_is_what_an_earlier_one_says() -> None:
    """GitHub takes a misspelt name for an empty text, and the step is skipped without a word."""
    report = (ROOT / "action" / "report.py").read_text(encoding="utf-8")
    seen: set[str] = set()
    asked = []
    for step in [*STEPS.values(), ACTION["outputs"]]:
        for name, part, output in re.findall(r"steps\.(\w+)\.(\w+)(?:\.([\w-]+))?", str(step)):
            asked.append(output)
            assert name in seen
            assert (part == "outcome" and not output) or part == "outputs"
            assert not output or f"output {output} " in SCRIPT or f'"{output}"' in report or output in SEVERITIES
        seen.add(step.get("id", ""))
    assert {"upload", "comment-file", "review-file", "new-findings"} < set(asked)


def test_everything_is_described() -> None:
    for name, entry in (*ACTION["inputs"].items(), *ACTION["outputs"].items()):
        assert entry["description"], name


def test_defaults_are_text() -> None:
    """GitHub knows no other inputs; a bare ``true`` in the file would be compared with a text."""
    for name, entry in ACTION["inputs"].items():
        assert isinstance(entry["default"], str), name


def test_only_the_steps_that_need_the_token_get_it() -> None:
    """What reads the scanned files cannot write to the repository."""
    with_token = [name for name, step in STEPS.items() if "inputs.token" in str(step)]
    assert with_token == ["Upload to code scanning", "Comment"]


def test_the_verdict_comes_last_whatever_was_before() -> None:
    assert [*STEPS][-1] == "Verdict"
    assert STEPS["Verdict"]["if"] == "${{ !cancelled() }}"
    assert "continue-on-error" not in STEPS["Verdict"]
    assert STEPS["Upload to code scanning"]["continue-on-error"] is True


def test_script_leaves_the_environment_of_later_steps_alone() -> None:
    commands = [line for line in SCRIPT.splitlines() if not line.lstrip().startswith("#")]
    assert not re.search(r"GITHUB_ENV|GITHUB_PATH|set-env|add-path", "\n".join(commands))


@pytest.mark.parametrize("file", [ROOT / "action.yml", *WORKFLOWS], ids=lambda file: file.name)
def test_other_peoples_actions_are_pinned_by_commit(file: Path) -> None:
    """A tag can be moved: https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if match := re.search(r"\buses: (\S+)(.*)", line):
            assert match[1].startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", match[1]), line
            assert match[1].startswith("./") or re.fullmatch(r" # v\d+\.\d+\.\d+", match[2]), line


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_grant_nothing_that_a_job_does_not_ask_for(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"], name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name
