"""Commits as records: their days in UTC, their order, and nothing of a hostile repository that runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.revisions import Repository, RevisionError, find_repository
from scanner.revisions.log import branch_of, commit_at, commits_in

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is asked")

Commit = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    def call(*arguments: str, date: str = "2026-01-03T10:00:00+09:00", data: bytes = b"") -> str:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
        days = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z"}
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, env=os.environ | days, check=True, capture_output=True, input=data
        )
        return done.stdout.decode().strip()

    call("init", "-q", "-b", "main")
    return call


@pytest.fixture
def commit(git: Callable[..., str], tmp_path: Path) -> Commit:
    """Changes a file and commits; returns the commit's name."""

    def call(name: str = "main.tf", date: str = "2026-01-03T10:00:00+09:00") -> str:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text(encoding="utf-8") if file.exists() else "") + "#\n", encoding="utf-8")
        git("add", "-A")
        git("commit", "-q", "-m", "committer X <x> 1 +0000", date=date)
        return git("rev-parse", "HEAD")

    return call


@pytest.fixture
def repository(git: Callable[..., str], tmp_path: Path) -> Repository:
    git("rev-parse", "--git-dir")
    return find_repository(tmp_path)


def test_the_day_is_the_committers_in_utc(repository: Repository, commit: Commit) -> None:
    name = commit(date="2026-01-03T05:30:00+09:00")
    found = commit_at(repository, "HEAD")
    assert (found.id, found.date, found.depth) == (name, "2026-01-02T20:30:00Z", 1)


def test_commits_of_one_second_have_their_depth(repository: Repository, commit: Commit) -> None:
    names = [commit() for _ in range(3)]
    assert [commit_at(repository, name).depth for name in names] == [1, 2, 3]
    assert len({commit_at(repository, name).date for name in names}) == 1


def test_a_shallow_clone_does_not_tell_the_depth(
    repository: Repository, commit: Commit, tmp_path: Path, git: Callable[..., str]
) -> None:
    first, second = commit(), commit()
    assert commit_at(repository, first).depth == 1
    clone = tmp_path / "clone"
    git("clone", "-q", "--depth", "1", f"file://{tmp_path}", str(clone))
    found = commit_at(find_repository(clone), "HEAD")
    assert (found.id, found.depth) == (second, 0)


@pytest.mark.parametrize("seconds", ["99999999999999999", "-99999999999999999", "9" * 40, "now"])
def test_a_day_out_of_all_calendars_is_told(
    repository: Repository, commit: Commit, git: Callable[..., str], seconds: str
) -> None:
    commit()
    tree = git("rev-parse", "HEAD^{tree}")
    text = f"tree {tree}\nauthor X <x> 1 +0000\ncommitter X <x> {seconds} +0000\n\ncommitter Y <y> 1 +0000\n"
    made = git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", data=text.encode())
    with pytest.raises(RevisionError, match="has no date that can be read; give one with --date"):
        commit_at(repository, made)


def test_the_branch_at_hand(repository: Repository, commit: Commit, git: Callable[..., str]) -> None:
    commit()
    git("checkout", "-q", "-b", "feature/x")
    assert branch_of(repository) == "feature/x"
    git("checkout", "-q", "--detach")
    assert branch_of(repository) == ""


def test_ranges_follow_first_parents(repository: Repository, commit: Commit, git: Callable[..., str]) -> None:
    first, second = commit("a.tf"), commit("b.tf")
    git("checkout", "-q", "-b", "side", first)
    commit("c.tf")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "merge", "side")
    merge, last = git("rev-parse", "HEAD"), commit("d.tf")
    assert commits_in(repository, "HEAD", "", ["."]) == [first, second, merge, last]
    assert commits_in(repository, f"{first}..HEAD", "", []) == [second, merge, last]
    assert commits_in(repository, "HEAD", "", ["c.tf", "d.tf"]) == [merge, last]


def test_since_a_day(repository: Repository, commit: Commit) -> None:
    commit(date="2026-01-01T23:59:59Z")
    second = commit(date="2026-01-02T00:00:00Z")
    assert commits_in(repository, "HEAD", "2026-01-02T00:00:00Z", []) == [second]


@pytest.mark.parametrize("wanted", ["--output=pwned", "-n1", "", "a\nb", "nowhere", "HEAD..nowhere"])
def test_what_is_no_range_is_told(repository: Repository, commit: Commit, tmp_path: Path, wanted: str) -> None:
    commit()
    with pytest.raises(RevisionError):
        commits_in(repository, wanted, "", [])
    assert not (tmp_path / "pwned").exists()


def test_nothing_of_the_repository_runs(
    repository: Repository, commit: Commit, git: Callable[..., str], tmp_path: Path
) -> None:
    marker, program = tmp_path / "ran", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\n", encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / ".gitattributes").write_text("* filter=x diff=x\n", encoding="utf-8")
    commit()
    for name in ("core.fsmonitor", "gpg.program", "core.pager", "filter.x.smudge", "diff.x.textconv", "diff.external"):
        git("config", name, str(program))
    git("config", "log.showSignature", "true")
    marker.unlink(missing_ok=True)
    commit_at(repository, "HEAD")
    branch_of(repository)
    commits_in(repository, "HEAD", "2020-01-01T00:00:00Z", ["main.tf"])
    assert not marker.exists()
