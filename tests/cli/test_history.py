"""``riskscan history`` over real repositories, whose numbers follow from what was changed in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import scanner.cli.history_add
from scanner.cli.history_add import spread
from scanner.history.store import read
from scanner.model.history import Place, Sizes
from scanner.model.report import Report
from scanner.model.score import Stage
from scanner.model.service import Level

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is asked")

Run = Callable[..., SimpleNamespace]
Commit = Callable[..., str]

CONFIG = """\
version: 1
services:
  - {name: store, entry: [aws_db_instance.main], criticality: high}
"""
ONE_ZONE = """\
provider "aws" {
  region = "eu-west-1"
}

resource "aws_db_instance" "main" {
  identifier = "main"
  engine     = "postgres"
  multi_az   = false
}
"""
TWO_ZONES = ONE_ZONE.replace("multi_az   = false", "multi_az   = true")
UNDECIDED = ONE_ZONE.replace("multi_az   = false", "multi_az   = var.wide") + 'variable "wide" {}\n'
HISTORY = "history.jsonl"
NONE = Sizes(None, None)


def git(folder: Path, *arguments: str, date: str = "2026-01-03T10:00:00Z") -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    days = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date}
    done = subprocess.run(["git", *who, *arguments], cwd=folder, env=os.environ | days, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository in the working directory, and no settings from outside."""
    folder = tmp_path / "repository"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith(("RISKSCAN_", "GITHUB_", "CI_", "TF_VAR_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    git(folder, "init", "-q", "-b", "main")
    return folder


@pytest.fixture
def commit(root: Path) -> Commit:
    def call(day: str, **files: str) -> str:
        for name, text in files.items():
            path = root / {"config": ".riskscan.yaml", "readme": "README.md"}.get(name, f"infra/{name}.tf")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "change", date=f"{day}T10:00:00Z")
        return git(root, "rev-parse", "HEAD")

    return call


@pytest.fixture
def grown(commit: Commit) -> list[str]:
    """Four commits: one zone, another readme, two zones, an undecided number of zones."""
    return [
        commit("2026-01-03", main=ONE_ZONE, config=CONFIG),
        commit("2026-02-03", readme="words\n"),
        commit("2026-03-03", main=TWO_ZONES),
        commit("2026-04-03", main=UNDECIDED),
    ]


# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html: one zone stops an instance
# without a standby, and none alone stops one with it. Which two do is not in the files: no named set can.


def zones(file: Path) -> list[tuple[str, Sizes]]:
    """The days of a history, and how many zones stop the store."""
    found = read(file).entries
    return [(entry.date[:10], entry.summary.services[0].coefficients.get(Level.ZONE, NONE)) for entry in found]


# -- add ---------------------------------------------------------------------------------------------------------------


def test_a_scan_is_recorded_with_its_commit(root: Path, commit: Commit, riskscan: Run) -> None:
    name = commit("2026-01-03", main=ONE_ZONE, config=CONFIG)
    done = riskscan("history", "add", "infra", "--file", HISTORY)
    assert done.code == 0
    assert done.out.startswith(f"2026-01-03 {name[:10]} main: ")
    (entry,) = read(root / HISTORY).entries
    assert (entry.date, entry.commit, entry.branch, entry.depth) == ("2026-01-03T10:00:00Z", name, "main", 1)
    assert entry.place == Place(("infra",))
    assert entry.summary.stage is Stage.R0
    assert entry.summary.services[0].coefficients[Level.ZONE] == Sizes(1, 1)
    assert entry.summary.complete


def test_files_that_are_not_the_commits_are_told(root: Path, commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", main=ONE_ZONE, other="# other\n", third="# third\n", config=CONFIG)
    assert riskscan("history", "add", "infra", "--file", HISTORY).err == ""
    (root / "infra" / "other.tf").write_bytes(b"# other\r\n")  # as git for Windows writes it
    (root / "infra" / "words.txt").write_text("no scan reads this", encoding="utf-8")
    assert riskscan("history", "add", "infra", "--file", HISTORY).err == ""
    (root / "infra" / "main.tf").write_text(TWO_ZONES, encoding="utf-8")
    (root / "infra" / "new.tf").write_text("# new\n", encoding="utf-8")
    (root / "infra" / "third.tf").unlink()
    done = riskscan("history", "add", "infra", "--file", HISTORY)
    assert "which has other files: infra/main.tf, infra/new.tf, infra/third.tf; --commit HEAD scans its own" in done.err
    assert riskscan("history", "add", "infra", "--file", HISTORY, "--commit", "HEAD").err == ""
    assert zones(root / HISTORY) == [("2026-01-03", Sizes(1, 1))]


def test_a_second_run_replaces_the_record_with_the_same_bytes(root: Path, commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    riskscan("history", "add", "infra", "--file", HISTORY)
    before = (root / HISTORY).read_bytes()
    riskscan("history", "add", "infra", "--file", HISTORY)
    assert (root / HISTORY).read_bytes() == before
    for other in (("--name", "prod"), ("--region", "eu-west-1"), ("--var", "x=1"), ("--axis", "zone")):
        riskscan("history", "add", "infra", "--file", HISTORY, *other)
    assert len(read(root / HISTORY).entries) == 5


def test_values_of_variables_are_not_recorded(root: Path, commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    for value in ("hunter2", "hunter3"):
        riskscan("history", "add", "infra", "--file", HISTORY, "--var", f"password={value}")
    assert len(read(root / HISTORY).entries) == 1
    assert b"hunter" not in (root / HISTORY).read_bytes()


def test_the_default_file_lies_at_the_repositorys_root(
    root: Path, commit: Commit, riskscan: Run, tmp_path: Path
) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    assert riskscan("history", "add", "infra").code == 0
    assert (root / ".riskscan-history.jsonl").exists()
    (root / ".riskscan-history.jsonl").unlink()
    (root / ".riskscan-history.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    done = riskscan("history", "add", "infra")
    assert (done.code, (tmp_path / "elsewhere.jsonl").exists()) == (2, False)
    assert "leads outside of the repository" in done.err


def test_a_commit_is_scanned_as_it_was(root: Path, grown: list[str], riskscan: Run) -> None:
    assert riskscan("history", "add", "infra", "--commit", "HEAD~3", "--file", HISTORY).code == 0
    assert (
        riskscan("history", "add", "infra", "--commit", grown[2], "--file", HISTORY, "--date", "2026-03-04").code == 0
    )
    assert zones(root / HISTORY) == [("2026-01-03", Sizes(1, 1)), ("2026-03-04", NONE)]


def test_every_commit_that_changes_something(root: Path, grown: list[str], riskscan: Run) -> None:
    done = riskscan("history", "add", "infra", "--every", "HEAD", "--file", HISTORY)
    assert done.code == 0
    assert zones(root / HISTORY) == [
        ("2026-01-03", Sizes(1, 1)),
        ("2026-03-03", NONE),
        ("2026-04-03", Sizes(1, None)),
    ]
    assert [entry.commit for entry in read(root / HISTORY).entries] == [grown[0], *grown[2:]]
    assert git(root, "status", "--short") == f"?? {HISTORY}"


def test_the_same_as_if_each_had_been_recorded_then(
    root: Path, grown: list[str], riskscan: Run, tmp_path: Path
) -> None:
    for name in (grown[0], grown[2], grown[3]):
        git(root, "checkout", "-q", "-B", "main", name)
        riskscan("history", "add", "infra", "--file", str(tmp_path / "then.jsonl"))
    for wish in ("head", "commit"):
        now = tmp_path / f"{wish}.jsonl"
        riskscan("history", "add", "infra", "--every", "HEAD", "--file", str(now), "--config-from", wish)
        assert now.read_bytes() == (tmp_path / "then.jsonl").read_bytes()


@pytest.mark.usefixtures("grown")
def test_since_a_day_and_at_most(root: Path, riskscan: Run) -> None:
    riskscan("history", "add", "infra", "--since", "2026-02-01", "--file", HISTORY)
    assert [day for day, _ in zones(root / HISTORY)] == ["2026-03-03", "2026-04-03"]
    done = riskscan("history", "add", "infra", "--every", "HEAD", "--max", "2", "--file", "other.db")
    assert "2 of 3 commits; --max takes more" in done.err
    assert [day for day, _ in zones(root / "other.db")] == ["2026-01-03", "2026-04-03"]


def test_spread() -> None:
    names = [str(number) for number in range(10)]
    assert spread(names, 10) == names
    assert spread(names, 4) == ["0", "3", "6", "9"]
    assert spread(names, 2) == ["0", "9"]
    assert spread(names, 1) == ["9"]


def test_whose_configuration_counts(root: Path, commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    commit("2026-02-03", config=CONFIG.replace("store", "later"))
    for wish, expected in (("head", ["later", "later"]), ("commit", [None, "later"])):
        riskscan("history", "add", "infra", "--every", "HEAD", "--file", f"{wish}.jsonl", "--config-from", wish)
        found = [entry.summary.services for entry in read(root / f"{wish}.jsonl").entries]
        assert [services[0].name if services else None for services in found] == expected


def test_commits_that_cannot_be_used_are_told_and_the_others_stay(root: Path, commit: Commit, riskscan: Run) -> None:
    commit("2026-01-01", readme="nothing yet\n")
    commit("2026-01-03", main=ONE_ZONE)
    bad = commit("2026-02-03", config="version: 9\n")
    commit("2026-03-03", config=CONFIG)
    done = riskscan("history", "add", "--every", "HEAD", "--file", HISTORY, "--config-from", "commit")
    assert done.code == 3
    assert f"warning: {bad[:10]} is left out: .riskscan.yaml" in done.err
    assert "nothing to scan there yet" in done.err
    assert [day for day, _ in [(e.date[:10], 0) for e in read(root / HISTORY).entries]] == ["2026-01-03", "2026-03-03"]


def test_waivers_count_as_on_the_day_of_the_commit(root: Path, commit: Commit, riskscan: Run) -> None:
    waived = CONFIG + (
        "ignore:\n  - {rule: zone-database-single, resource: aws_db_instance.main, reason: soon, until: 2026-02-01}\n"
    )
    commit("2026-01-03", main=ONE_ZONE, config=waived)
    commit("2026-03-03", main=ONE_ZONE + "# later\n")
    riskscan("history", "add", "infra", "--every", "HEAD", "--file", HISTORY)
    assert [entry.summary.suppressed for entry in read(root / HISTORY).entries] == [1, 0]


@pytest.mark.usefixtures("grown")
def test_a_report_is_recorded(root: Path, riskscan: Run) -> None:
    riskscan("scan", "infra", "--exit-zero", "--output", "json=report.json")
    assert riskscan("history", "add", "infra", "--report", "report.json", "--file", HISTORY).code == 0
    riskscan("history", "add", "infra", "--file", "direct.jsonl")
    (told,), (direct,) = (read(root / name).entries for name in (HISTORY, "direct.jsonl"))
    assert told.identity == direct.identity
    assert told.summary.rule_set == ""
    assert (told.summary.score, told.summary.services) == (direct.summary.score, direct.summary.services)
    away = riskscan("history", "add", "--report", "report.json", "--commit", "0" * 40, "--file", HISTORY)
    assert (away.code, "or name the date with --date" in away.err) == (2, True)
    riskscan(
        "history", "add", "--report", "report.json", "--commit", "0" * 40, "--date", "2026-05-01", "--file", HISTORY
    )
    assert read(root / HISTORY).entries[-1].commit == "0" * 40


@pytest.mark.usefixtures("root")
def test_what_is_no_report_is_refused(commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    Path("report.json").write_text("{}", encoding="utf-8")
    done = riskscan("history", "add", "--report", "report.json", "--file", HISTORY)
    assert (done.code, Path(HISTORY).exists()) == (2, False)
    assert "error: report.json: not a JSON report of a scan" in done.err


def test_outside_of_a_repository_the_date_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, riskscan: Run) -> None:
    (tmp_path / "main.tf").write_text(ONE_ZONE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for day in ("2026-01-03", "2026-01-04T12:00:00+09:00", "2026-01-03"):
        assert riskscan("history", "add", "--file", HISTORY, "--date", day).code == 0
    found = read(tmp_path / HISTORY).entries
    assert [(entry.date, entry.commit) for entry in found] == [
        ("2026-01-03T00:00:00Z", ""),
        ("2026-01-04T03:00:00Z", ""),
    ]
    done = riskscan("history", "add", "--file", HISTORY, "--every", "HEAD")
    assert (done.code, "is in no git repository" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("environment", "branch"),
    [
        ({}, ""),
        ({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, "main"),
        ({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "7/merge", "GITHUB_HEAD_REF": "topic"}, "topic"),
        ({"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}, ""),
        ({"CI_COMMIT_BRANCH": "main"}, "main"),
        ({"CI_COMMIT_BRANCH": "main", "RISKSCAN_BRANCH": "other"}, "other"),
    ],
)
def test_in_a_pipeline_its_variables_tell_the_branch(
    root: Path,
    commit: Commit,
    riskscan: Run,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    branch: str,
) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    git(root, "checkout", "-q", "--detach")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    riskscan("history", "add", "infra", "--file", HISTORY)
    assert read(root / HISTORY).entries[0].branch == branch


def test_incomplete_scans_are_recorded_as_such(root: Path, commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", main=ONE_ZONE, broken="resource {{{\n")
    assert riskscan("history", "add", "infra", "--file", HISTORY).code == 3
    assert riskscan("history", "add", "infra", "--file", HISTORY, "--allow-incomplete").code == 0
    assert [entry.summary.complete for entry in read(root / HISTORY).entries] == [False]


@pytest.mark.usefixtures("root")
def test_nothing_to_scan_is_nothing_to_record(commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", readme="words\n")
    done = riskscan("history", "add", "--file", HISTORY)
    assert (done.code, Path(HISTORY).exists()) == (3, False)
    assert "nothing is recorded" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--every", "HEAD", "--report", "infra/main.tf"], "no --report, --commit or --date"),
        (["--since", "2026-01-01", "--date", "2026-01-01"], "no --report, --commit or --date"),
        (["--every", "HEAD", "--plan", "infra/main.tf"], "a plan tells of files as they lie"),
        (["--commit", "HEAD", "--plan", "infra/main.tf"], "a plan tells of files as they lie"),
        (["--every", "--output=x"], "is no range of revisions"),
        (["--every", "nowhere"], "nowhere"),
        (["--every", "HEAD..HEAD"], "no commit of HEAD..HEAD changes infra"),
        (["--commit", "nowhere"], "there is no path and no revision nowhere"),
        (["--date", "yesterday"], "'yesterday' is no date of ISO 8601"),
        (["--file", "history.json"], "a history is called .jsonl (JSON Lines) or .db, .sqlite (SQLite)"),
        (["--file", "no/folder.db"], "the folder no does not exist"),
        (["--max", "0"], "--max"),
    ],
)
def test_what_cannot_be_done_is_told(
    root: Path, commit: Commit, riskscan: Run, arguments: list[str], words: str
) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    done = riskscan("history", "add", "infra", *arguments)
    assert done.code == 2
    assert words in done.err
    assert git(root, "status", "--short") == ""


@pytest.mark.usefixtures("root")
def test_a_broken_file_is_never_overwritten(commit: Commit, riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    commit("2026-01-03", main=ONE_ZONE)
    for name, words in (
        (HISTORY, "history.jsonl:1:1: invalid JSON"),
        ("history.db", "history.db: not a SQLite database"),
    ):
        Path(name).write_bytes(b"once upon a time there was no history" * 20)
        before = Path(name).read_bytes()
        monkeypatch.setattr("scanner.pipeline.scan", None)  # it is told before anything is scanned
        for command in (("add", "infra"), ("show",), ("badge", "--output", "badge.svg")):
            done = riskscan("history", *command, "--file", name)
            assert (done.code, done.out) == (2, "")
            assert words in done.err
        assert Path(name).read_bytes() == before


@pytest.mark.usefixtures("grown")
def test_nothing_of_the_repository_runs(root: Path, riskscan: Run, tmp_path: Path) -> None:
    marker, program = tmp_path / "ran", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n", encoding="utf-8")
    program.chmod(0o755)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n", encoding="utf-8")
    for name in (
        "core.fsmonitor",
        "filter.x.smudge",
        "filter.x.clean",
        "filter.x.process",
        "gpg.program",
        "diff.external",
    ):
        git(root, "config", name, str(program))
    marker.unlink(missing_ok=True)
    assert riskscan("history", "add", "infra", "--file", HISTORY).code == 0
    assert riskscan("history", "add", "infra", "--every", "HEAD", "--file", HISTORY).code == 0
    assert not marker.exists()
    assert len(read(root / HISTORY).entries) == 3


# -- show --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(root: Path, grown: list[str], riskscan: Run) -> Path:
    assert len(grown) == 4
    riskscan("history", "add", "infra", "--every", "HEAD", "--file", HISTORY)
    return root / HISTORY


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("format_name", ["text", "json", "csv", "svg", "markdown"])
def test_every_format_goes_to_a_file_or_out(riskscan: Run, format_name: str) -> None:
    shown = riskscan("history", "show", "--file", HISTORY, "--format", format_name)
    assert shown.code == 0
    riskscan("history", "show", "--file", HISTORY, "--format", format_name, "--output", "shown")
    assert Path("shown").read_text(encoding="utf-8") == shown.out
    assert "2026-03-03" in shown.out


def test_broken_lines_are_told_beside_the_others(recorded: Path, riskscan: Run) -> None:
    lines = recorded.read_text(encoding="utf-8").splitlines(keepends=True)
    recorded.write_text("".join([*lines[:1], "{}\n", *lines[1:]]), encoding="utf-8")
    done = riskscan("history", "show", "--file", HISTORY, "--format", "json")
    assert done.code == 3
    assert "warning: history.jsonl:2: not an entry of a history" in done.err
    assert len(json.loads(done.out)["series"][0]["entries"]) == 3


@pytest.mark.usefixtures("recorded")
def test_branch_name_and_service_choose(riskscan: Run) -> None:
    riskscan("history", "add", "infra", "--file", HISTORY, "--branch", "topic", "--name", "other")
    document = json.loads(riskscan("history", "show", "--file", HISTORY, "--format", "json", "--branch", "topic").out)
    assert [(each["branch"], each["name"]) for each in document["series"]] == [("topic", "other")]
    assert riskscan("history", "show", "--file", HISTORY, "--service", "store").code == 0
    for arguments, words in (
        (("--branch", "nowhere"), "it has branches main, topic; names (none), other"),
        (("--service", "stroe"), "no entry has a service `stroe`; did you mean `store`?"),
    ):
        done = riskscan("history", "show", "--file", HISTORY, *arguments)
        assert done.code == 2
        assert words in done.err


@pytest.mark.usefixtures("recorded")
def test_another_set_of_rules_is_a_break(riskscan: Run) -> None:
    riskscan("history", "add", "infra", "--file", "rules.jsonl", "--every", "HEAD~2")
    Path(".riskscan.yaml").write_text(CONFIG + "rules: {disable: [zone-database-single]}\n", encoding="utf-8")
    riskscan("history", "add", "infra", "--file", "rules.jsonl")
    (series,) = json.loads(riskscan("history", "show", "--file", "rules.jsonl", "--format", "json").out)["series"]
    assert [(each["breaks"], each["change"]) for each in series["entries"]] == [
        ([], None),
        (["the rules changed"], None),
    ]


@pytest.mark.usefixtures("root")
def test_without_a_history_show_says_how_to_make_one(riskscan: Run) -> None:
    done = riskscan("history", "show")
    assert (done.code, "`riskscan history add` makes it" in done.err) == (2, True)


# -- badge -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("recorded")
def test_a_badge_of_the_newest_entry(riskscan: Run) -> None:
    done = riskscan("history", "badge", "--file", HISTORY, "--output", "badge.json")
    assert done.code == 0
    document = json.loads(Path("badge.json").read_text(encoding="utf-8"))
    assert document["schemaVersion"] == 1
    assert document["message"].startswith("R0")
    assert "green" not in document["color"]
    riskscan("history", "badge", "--file", HISTORY, "--output", "badge.svg", "--label", "risk", "--about", "score")
    assert 'aria-label="risk: ' in Path("badge.svg").read_text(encoding="utf-8")


@pytest.mark.usefixtures("root")
def test_a_badge_of_a_file_that_is_not_whole_says_so(recorded: Path, riskscan: Run) -> None:
    recorded.write_text(recorded.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    assert riskscan("history", "badge", "--file", HISTORY, "--output", "badge.json").code == 3
    document = json.loads(Path("badge.json").read_text(encoding="utf-8"))
    assert (document["message"][-10:], document["color"]) == ("incomplete", "lightgrey")


def test_a_badge_of_a_scan(commit: Commit, riskscan: Run) -> None:
    commit("2026-01-03", main=ONE_ZONE, broken="resource {{{\n")
    done = riskscan("history", "badge", "infra", "--output", "badge.json")
    assert done.code == 3
    document = json.loads(Path("badge.json").read_text(encoding="utf-8"))
    assert document["message"].endswith("incomplete")
    assert document["color"] == "lightgrey"


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--output", "badge.png"],
        ["infra", "--file", HISTORY, "--output", "badge.svg"],
        ["infra", "--branch", "main", "--output", "badge.svg"],
        [],
    ],
)
def test_badges_that_cannot_be_drawn(riskscan: Run, arguments: list[str]) -> None:
    assert riskscan("history", "badge", *arguments).code == 2


# -- scan --history ----------------------------------------------------------------------------------------------------


def test_a_scan_hands_the_history_of_its_paths_to_the_report(
    recorded: Path, riskscan: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    riskscan("history", "add", ".", "--file", HISTORY, "--name", "all")
    seen: list[Report] = []

    def write(report: Report, *_targets: Any, **_options: Any) -> None:
        seen.append(report)

    monkeypatch.setattr("scanner.cli.report_options.write_reports", write)
    before = recorded.read_bytes()
    for arguments in (("infra",), ("infra", "--base", "HEAD"), ("infra/main.tf",)):
        assert riskscan("scan", *arguments, "--history", HISTORY, "--exit-zero").code == 0
    assert [len(report.history.entries) if report.history else 0 for report in seen] == [3, 3, 4]
    assert recorded.read_bytes() == before
    assert riskscan("scan", "infra", "--history", "nowhere.jsonl").code == 2


def test_starting_costs_no_database() -> None:
    code = "import sys; import scanner.cli.history, scanner.cli.scan; print('sqlite3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert done.stdout.strip() == b"False"
    assert scanner.cli.history_add.MOST == 100
