"""The pipelines that the documentation shows: they name what exists, and GitLab's job does what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.action.conftest import Merge

ROOT = Path(__file__).resolve().parents[2]
INPUTS = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
PAGES = [ROOT / name for name in ("README.md", "docs/ci.md", "ci/github.yml")]


def uses(node: Any) -> Iterator[dict[str, Any]]:
    """Every step of a document that uses our action, however deep it stands."""
    if isinstance(node, dict):
        if str(node.get("uses", "")).startswith("riskscan/riskscan@"):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for member in node:
            yield from uses(member)


def documents(page: Path) -> Iterator[Any]:
    """The YAML of a page."""
    text = page.read_text(encoding="utf-8")
    blocks = [text] if page.suffix == ".yml" else re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    yield from map(yaml.safe_load, blocks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_use_inputs_that_exist(page: Path) -> None:
    """GitHub only warns of an unknown input."""
    steps = [step for document in documents(page) for step in uses(document)]
    assert steps
    for step in steps:
        assert set(step.get("with", {})) <= set(INPUTS)


def test_the_page_shows_the_workflow_of_the_file() -> None:
    _, workflow = (ROOT / "ci/github.yml").read_text(encoding="utf-8").split("\n", 1)
    assert f"```yaml\n{workflow}```" in (ROOT / "docs/ci.md").read_text(encoding="utf-8")


def test_readme_shows_the_job_of_that_workflow() -> None:
    [job] = yaml.safe_load((ROOT / "ci/github.yml").read_text(encoding="utf-8"))["jobs"].values()
    [shown] = documents(ROOT / "README.md")
    assert shown == {name: job[name] for name in ("permissions", "steps")}


def test_the_table_of_wishes_names_inputs_and_words_that_they_take() -> None:
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|[^|]*\| `([\w-]+): ([^`]*)`", text, re.MULTILINE)
    assert len(rows) > 5
    for name, value in rows:
        described = INPUTS[name]["description"]
        assert value.strip('"') in described or "A file" in described or "git revision" in described, name


@pytest.mark.skipif(not (shutil.which("sh") and shutil.which("git")), reason="needs a shell and git")
@pytest.mark.parametrize(
    ("variables", "base"),
    [
        ({}, None),
        ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": "start"}, "start"),
        ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": "start", "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "base"}, "base"),
    ],
    ids=["branch", "merge-request", "merged-results"],
)
def test_gitlab_job_compares_with_what_the_merge_request_starts_from(
    merged: Merge, tmp_path: Path, variables: dict[str, str], base: str | None
) -> None:
    """On a clone without that commit. https://docs.gitlab.com/ci/variables/predefined_variables/ tells what they hold."""
    job = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text(encoding="utf-8"))[".riskscan"]
    clone = merged.clone(tmp_path / "clone", "--depth=1")
    programs = tmp_path / "builds" / "riskscan-7" / "bin"
    programs.mkdir(parents=True)
    calls = tmp_path / "calls"
    record = f"#!{sys.executable}\nimport json, pathlib, sys\npathlib.Path({str(calls)!r}).write_text(json.dumps(sys.argv[1:]))\n"
    for name, script in {"riskscan": record, "pip": "#!/bin/sh\n", "python3": "#!/bin/sh\n"}.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    commits = {"start": merged.start, "base": merged.base}
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CI_BUILDS_DIR": str(tmp_path / "builds"),
        "CI_JOB_ID": "7",
        **job["variables"],
        "RISKSCAN_PATHS": "infra\nk8s with blank*\n",
        **{name: commits[value] for name, value in variables.items()},
    }
    script = "\n".join(job["script"])
    done = subprocess.run(
        ["sh", "-euc", script], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    arguments = json.loads(calls.read_text())
    reports = {argument.partition("=")[2] for argument in arguments if argument.startswith("--output=")}
    assert {"gitlab=gl-code-quality-report.json", "junit=riskscan.xml", "text=-"} == reports
    assert arguments[arguments.index("--") :] == ["--", "infra", "k8s with blank*"]
    flags = [argument for argument in arguments if argument.startswith(("--base", "--fail-on-new"))]
    assert flags == ([f"--base={commits[base]}", "--fail-on-new"] if base else [])
    if base:
        subprocess.run(["git", "cat-file", "-e", f"{commits[base]}^{{tree}}"], cwd=clone, check=True)


def test_gitlab_job_keeps_the_reports_that_it_writes() -> None:
    job = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text(encoding="utf-8"))[".riskscan"]
    assert job["artifacts"]["when"] == "always", "the reports matter most when the job fails"
    for file in job["artifacts"]["reports"].values():
        assert f"={file}" in job["script"][-1]
