"""Which commit a change is compared with, in clones as actions/checkout makes them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.action.conftest import Merge, Ran, Runner

pytestmark = pytest.mark.skipif(not (shutil.which("bash") and shutil.which("git")), reason="needs bash and git")


def scanned(runner: Runner, clone: Path, merged: Merge, **variables: str) -> Ran:
    """The scan step on a pull request, in a clone."""
    event = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_SHA": merged.merge,
        "EVENT_BASE": merged.start,
        "EVENT_HEAD_REPOSITORY": "exchange/estate",
    }
    return type(runner)(runner.folder, clone).step("scan", **(event | variables))


@pytest.mark.parametrize("options", [(), ("--depth=2",)], ids=["whole", "depth-2"])
def test_a_merge_is_compared_with_the_branch_that_it_is_merged_into(
    runner: Runner, merged: Merge, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """What others have merged since the branch began is no change of this one."""
    ran = scanned(runner, merged.clone(tmp_path / "clone", *options), merged)
    assert ran.flags("base") == [merged.base]
    assert ran.flags("fail-on-new") == [""]
    assert "no base" not in ran.stdout


def test_without_history_the_report_is_full_and_says_so(runner: Runner, merged: Merge, tmp_path: Path) -> None:
    ran = scanned(runner, merged.clone(tmp_path / "clone", "--depth=1"), merged)
    assert ran.flags("base") == ran.flags("fail-on-new") == []
    (notice,) = [line for line in ran.stdout.splitlines() if line.startswith("::notice")]
    assert "no base: full report" in notice
    assert "fetch-depth: 2" in notice


def test_a_checked_out_head_is_compared_with_where_its_branch_began(
    runner: Runner, merged: Merge, tmp_path: Path
) -> None:
    """``ref: ${{ github.event.pull_request.head.sha }}`` with all history: HEAD is not the merge."""
    clone = merged.clone(tmp_path / "clone")
    git(clone, "checkout", "-q", merged.head)
    ran = scanned(runner, clone, merged, EVENT_BASE=merged.base)
    assert ran.flags("base") == [merged.start]


def test_parents_of_a_head_that_is_itself_a_merge_are_not_its_base(
    runner: Runner, merged: Merge, tmp_path: Path
) -> None:
    """The author has merged main into the branch, and the workflow checks the branch out."""
    ran = scanned(runner, merged.clone(tmp_path / "clone"), merged, GITHUB_SHA="0" * 40, EVENT_BASE=merged.base)
    assert ran.flags("base") == [merged.base]


def test_a_shallow_head_is_compared_with_the_base_if_that_was_fetched(
    runner: Runner, merged: Merge, tmp_path: Path
) -> None:
    clone = merged.clone(tmp_path / "clone", "--depth=1", "--branch=change")
    assert scanned(runner, clone, merged).flags("base") == []
    git(clone, "-c", "uploadpack.allowAnySHA1InWant=true", "fetch", "-q", "--depth=1", "origin", "main")
    ran = scanned(runner, clone, merged, EVENT_BASE=merged.merge)
    assert ran.flags("base") == [merged.merge]


def test_a_merge_group_is_compared_with_what_it_is_put_on(runner: Runner, merged: Merge, tmp_path: Path) -> None:
    """A queue that squashes makes no merge: the event says what came before."""
    clone = merged.clone(tmp_path / "clone")
    git(clone, "checkout", "-q", merged.head)
    ran = scanned(runner, clone, merged, GITHUB_EVENT_NAME="merge_group", GITHUB_SHA=merged.head)
    assert ran.flags("base") == [merged.start]


def test_the_base_itself_is_no_change(runner: Runner, merged: Merge, tmp_path: Path) -> None:
    """``pull_request_target`` checks the base out, whose last commit is often a merge: of another change."""
    clone = merged.clone(tmp_path / "clone")
    event = {"GITHUB_EVENT_NAME": "pull_request_target", "EVENT_BASE": merged.merge}
    assert scanned(runner, clone, merged, **event).flags("base") == [merged.merge]


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_other_events_compare_with_nothing_and_do_not_complain(
    runner: Runner, merged: Merge, tmp_path: Path, event: str
) -> None:
    ran = scanned(runner, merged.clone(tmp_path / "clone"), merged, GITHUB_EVENT_NAME=event, EVENT_BASE="")
    assert ran.flags("base") == ran.flags("fail-on-new") == []
    assert "::notice" not in ran.stdout


def test_a_revision_of_the_user_is_passed_on(runner: Runner, merged: Merge, tmp_path: Path) -> None:
    clone = merged.clone(tmp_path / "clone")
    assert scanned(runner, clone, merged, GITHUB_EVENT_NAME="push", INPUT_BASE="v1.2~3").flags("base") == ["v1.2~3"]
    assert scanned(runner, clone, merged, INPUT_BASE="none").flags("base") == []


@pytest.mark.parametrize("where", ["working-directory", "path"])
def test_the_repository_may_lie_below_the_workspace(runner: Runner, merged: Merge, where: str) -> None:
    """``actions/checkout`` with ``path``."""
    merged.clone(runner.workspace / "-src")
    where_to = (
        {"INPUT_WORKING_DIRECTORY": "-src"} if where == "working-directory" else {"INPUT_PATHS": "-src/main.tf\n-src"}
    )
    assert scanned(runner, runner.workspace, merged, **where_to).flags("base") == [merged.base]


def test_files_without_a_repository(runner: Runner, merged: Merge) -> None:
    ran = scanned(runner, runner.workspace, merged, GIT_CEILING_DIRECTORIES=str(runner.folder))
    assert ran.flags("base") == []
    assert "no base: full report (the files are not in a git repository)" in ran.stdout


def test_a_machine_without_git(runner: Runner, merged: Merge, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "cat", "dirname", "mkdir", "mktemp", "rm", "sed", "head"):
        (programs / name).symlink_to(shutil.which(name) or "")
    ran = scanned(runner, merged.clone(tmp_path / "clone"), merged, PATH=str(programs))
    assert ran.arguments is not None
    assert "no base: full report (git is not installed)" in ran.stdout


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"INPUT_FAIL_ON_NEW": "true"}, "fail-on-new is true"),
        ({"INPUT_CONFIG_FROM": "base"}, "config-from is base"),
        ({"INPUT_FAIL_ON_NEW": "true", "INPUT_BASE": "none"}, "fail-on-new is true"),
        ({"INPUT_FAIL_ON_NEW": "true", "GITHUB_EVENT_NAME": "push"}, "fail-on-new is true"),
    ],
)
def test_what_needs_a_base_is_an_error_without_one(
    runner: Runner, merged: Merge, tmp_path: Path, variables: dict[str, str], problem: str
) -> None:
    ran = scanned(runner, merged.clone(tmp_path / "clone", "--depth=1"), merged, **variables)
    assert ran.arguments is None
    assert ran.outputs == {"exit-code": "2"}
    assert f"the input {problem}" in ran.stdout


def test_outside_of_changes_the_configuration_is_that_of_the_files(
    runner: Runner, merged: Merge, tmp_path: Path
) -> None:
    """A push to main is what later changes will be held against: there is nothing to protect it from."""
    ran = scanned(runner, merged.clone(tmp_path / "clone"), merged, GITHUB_EVENT_NAME="push", INPUT_CONFIG_FROM="base")
    assert ran.arguments is not None
    assert ran.flags("config-from") == []


def test_with_a_base_the_choices_are_passed_on(runner: Runner, merged: Merge, tmp_path: Path) -> None:
    clone = merged.clone(tmp_path / "clone")
    ran = scanned(runner, clone, merged, INPUT_CONFIG_FROM="base", INPUT_SARIF="new", INPUT_FAIL_ON_NEW="false")
    assert (ran.flags("config-from"), ran.flags("sarif"), ran.flags("fail-on-new")) == (["base"], ["new"], [])


def test_no_folder_of_the_scanned_files_is_taken_for_a_repository(runner: Runner, merged: Merge) -> None:
    """A bare repository among the files could name programs to run: https://git-scm.com/docs/git-config (safe.bareRepository)."""
    bare = runner.workspace / "infra"
    git(runner.workspace, "clone", "-q", "--bare", merged.folder.as_uri(), str(bare))
    ceiling = {"GIT_CEILING_DIRECTORIES": str(runner.folder)}
    ran = scanned(runner, runner.workspace, merged, INPUT_PATHS="infra", **ceiling)
    assert ran.flags("base") == []
    # The same holds for the git that riskscan starts.
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=bare, env=ran.environment, capture_output=True, text=True, check=False
    )
    assert asked.returncode != 0
    assert "safe.bareRepository" in asked.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_workspace_of_another_user_is_trusted(runner: Runner, merged: Merge) -> None:
    """As in a container job: the runner checked out, root scans."""
    clone = merged.clone(runner.workspace / "src")
    for path in (clone, *clone.rglob("*")):
        os.chown(path, 1234, 1234)
    assert scanned(runner, runner.workspace, merged, INPUT_WORKING_DIRECTORY="src").flags("base") == [merged.base]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "protocol.file.allow=always", *arguments], cwd=folder, capture_output=True, check=True)
