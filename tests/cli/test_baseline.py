"""``riskscan baseline`` and what a scan makes of its file, over real folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

Run = Callable[..., SimpleNamespace]
FILE: Final = ".riskscan-baseline.json"
DATABASE: Final = 'resource "aws_db_instance" "%s" {\n  engine                  = "postgres"\n  multi_az                = false\n  backup_retention_period = 14\n  deletion_protection     = true\n}\n'
ESTATE: Final = {"envs/a/main.tf": DATABASE % "d", "envs/b/main.tf": DATABASE % "d"}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RISKSCAN_BASELINE", "RISKSCAN_AXIS", "RISKSCAN_MIN_SEVERITY", "RISKSCAN_FAIL_ON", "RISKSCAN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return put(tmp_path, ESTATE)


def put(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def entries(folder: Path, name: str = FILE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / name).read_text())["entries"]
    return found


def asked(folder: Path) -> set[tuple[str, str]]:
    return {(entry["rule"], entry["resource"]) for entry in entries(folder)}


def scanned(riskscan: Run, *flags: str) -> Any:
    return json.loads(riskscan("scan", "--format", "json", "--quiet", *flags).out)


def test_write_check_and_scan(repository: Path, riskscan: Run) -> None:
    assert riskscan("scan", "-q").code == 1
    result = riskscan("baseline", "write")
    assert result.code == 0
    assert f"{FILE}: " in result.out
    assert "`baseline: .riskscan-baseline.json` in .riskscan.yaml" in result.err
    assert ("RS101", "envs/a#aws_db_instance.d") in asked(repository)
    assert riskscan("baseline", "check").code == 0
    assert riskscan("scan", "-q").code == 1  # nobody has named the file
    assert riskscan("scan", "-q", "--baseline", FILE, "--fail-on", "info").code == 0
    put(repository, {".riskscan.yaml": f"version: 1\nfail_on: info\nbaseline: {FILE}\n"})
    assert riskscan("scan", "-q").code == 0
    put(repository, {"envs/a/new.tf": DATABASE % "second"})
    assert riskscan("scan", "-q").code == 1
    assert riskscan("baseline", "check").code == 1


def test_the_environment_names_the_file(repository: Path, riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put(repository, {"ci/.keep": ""})
    monkeypatch.setenv("RISKSCAN_BASELINE", "ci/accepted.json")
    assert riskscan("baseline", "write").code == 0
    assert entries(repository, "ci/accepted.json")
    assert riskscan("scan", "-q", "--fail-on", "info").code == 0


def test_the_same_bytes_and_no_lines(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    before = (repository / FILE).read_text()
    for name, text in ESTATE.items():
        (repository / name).write_text("\n# a comment\n\n" + text)
    riskscan("baseline", "write")
    assert (repository / FILE).read_text() == before
    assert '"line"' not in before


def test_each_format_says_what_is_in_the_baseline(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    report = scanned(riskscan, "--baseline", FILE)
    accepted = [f for f in report["findings"] if f["outcome"] == "suppressed"]
    number = len(entries(repository))
    assert len(accepted) == number
    assert {(f["accepted"]["by"], f["accepted"]["reason"]) for f in accepted} == {("baseline", "in the baseline")}
    assert report["summary"]["by_outcome"]["suppressed"] == number
    text = riskscan("scan", "--baseline", FILE).out
    assert f"{number} findings suppressed: {number} in the baseline." in text
    assert (
        f"{number} suppressed ({number} in the baseline)" in riskscan("scan", "--baseline", FILE, "-f", "markdown").out
    )
    sarif = json.loads(riskscan("scan", "--baseline", FILE, "-f", "sarif").out)
    assert sarif["runs"][0]["results"] == []
    notes = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert f"{number} questions suppressed by waivers or the baseline." in [note["message"]["text"] for note in notes]


@pytest.mark.usefixtures("repository")
def test_the_score_does_not_see_the_baseline(riskscan: Run) -> None:
    before = scanned(riskscan)["scores"]
    riskscan("baseline", "write")
    assert scanned(riskscan, "--baseline", FILE)["scores"] == before


def test_check_tells_both_ways(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    put(repository, {"envs/a/main.tf": (DATABASE % "d").replace("false", "true"), "envs/b/new.tf": DATABASE % "second"})
    result = riskscan("baseline", "check", "--format", "json")
    found = json.loads(result.out)
    assert (result.code, found["schema_version"], found["exact"]) == (1, 1, False)
    assert ("RS101", "envs/b#aws_db_instance.second", "envs/b/new.tf", 3) in {
        (f["rule"], f["resource"], f["file"], f["line"]) for f in found["new"]
    }
    assert [(s["rule"], s["resource"], s["count"], s["found"]) for s in found["stale"]] == [
        ("RS101", "envs/a#aws_db_instance.d", 1, 0)
    ]
    lines = (repository / FILE).read_text().split("\n")
    assert found["stale"][0]["fingerprint"] in lines[found["stale"][0]["line"] - 1]
    text = riskscan("baseline", "check").out
    assert "not in the baseline" in text
    assert "1 entry of the baseline to prune" in text


def test_a_stale_entry_is_a_problem_of_a_scan_but_loses_nothing(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    put(repository, {"envs/a/main.tf": (DATABASE % "d").replace("false", "true")})
    report = scanned(riskscan, "--baseline", FILE)
    (problem,) = [p for p in report["problems"] if p["kind"] == "waiver"]
    assert problem["file"] == FILE
    assert "RS101" in (repository / FILE).read_text().split("\n")[problem["line"] - 1]
    assert riskscan("scan", "-q", "--baseline", FILE, "--fail-on", "info").code == 0
    assert riskscan("scan", "-q", "--baseline", FILE, "--fail-on", "info", "--strict").code == 3
    assert riskscan("baseline", "prune").code == 0
    assert ("RS101", "envs/a#aws_db_instance.d") not in asked(repository)
    assert ("RS101", "envs/b#aws_db_instance.d") in asked(repository)
    assert riskscan("baseline", "check").code == 0


def test_a_part_of_the_repository(repository: Path, riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    riskscan("baseline", "write")
    whole = asked(repository)
    for flags in (("envs/a",), ("envs/a", "--axis", "data"), ("--axis", "zone")):
        report = scanned(riskscan, "--baseline", FILE, *flags)
        assert [p for p in report["problems"] if p["kind"] == "waiver"] == []
    put(repository, {"envs/a/main.tf": (DATABASE % "d").replace("false", "true")})
    assert riskscan("baseline", "check", "envs/b").code == 0
    assert riskscan("baseline", "prune", "envs/b").code == 0
    assert asked(repository) == whole
    monkeypatch.chdir(repository / "envs")
    assert riskscan("baseline", "prune", "a").code == 0
    assert whole - asked(repository) == {("RS101", "envs/a#aws_db_instance.d")}


def test_writing_a_part_keeps_the_rest_and_the_reasons(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write", "--add-reason", "before the move")
    put(repository, {"envs/a/new.tf": DATABASE % "second", "envs/b/main.tf": (DATABASE % "d").replace("false", "true")})
    result = riskscan("baseline", "write", "envs/a", "--add-reason", "  second\n database ")
    assert result.code == 0
    reasons = {(e["rule"], e["resource"]): e["reason"] for e in entries(repository)}
    assert reasons["RS101", "envs/a#aws_db_instance.d"] == "before the move"
    assert reasons["RS101", "envs/a#aws_db_instance.second"] == "second database"
    assert reasons["RS101", "envs/b#aws_db_instance.d"] == "before the move"


def test_a_date_ends_an_entry(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    text = (
        (repository / FILE).read_text().replace('"note": "zone-database-single"', '"note": "", "until": "2027-01-31"')
    )
    (repository / FILE).write_text(text)
    assert riskscan("scan", "-q", "--baseline", FILE, "--today", "2027-01-31").code == 0
    assert riskscan("scan", "-q", "--baseline", FILE, "--today", "2027-02-01").code == 1
    result = riskscan("baseline", "check", "--today", "2027-02-01")
    assert result.code == 1
    assert "past its last day (2027-01-31): RS101 for envs/a#aws_db_instance.d" in result.out
    result = riskscan("baseline", "write", "--today", "2027-02-01")
    assert "2 entries past the last day, which no longer count" in result.err
    assert (repository / FILE).read_text().count('"until": "2027-01-31"') == 2


def test_only_what_is_severe_enough(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write", "--min-severity", "high")
    assert asked(repository) == {("RS101", f"envs/{name}#aws_db_instance.d") for name in "ab"}
    assert riskscan("baseline", "check", "--min-severity", "high").code == 0
    assert riskscan("baseline", "check").code == 1


def test_secrets_are_not_written(repository: Path, riskscan: Run) -> None:
    code = 'variable "key" {\n  default   = "tr0ub4dor"\n  sensitive = true\n}\nresource "aws_db_instance" "x" {\n  for_each = toset(["tr0ub4dor"])\n  engine   = "postgres"\n  password = var.key\n}\n'
    put(repository, {"envs/a/main.tf": code})
    riskscan("baseline", "write")
    text = (repository / FILE).read_text()
    assert "tr0ub4dor" not in text
    assert "envs/a#aws_db_instance.x" in text
    assert riskscan("baseline", "check").code == 0


def test_what_was_accepted_is_no_news_between_two_states(
    tmp_path: Path, riskscan: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RISKSCAN_BASELINE", raising=False)
    monkeypatch.chdir(tmp_path)
    put(tmp_path, {"a/main.tf": (DATABASE % "d").replace("false", "true"), "b/main.tf": DATABASE % "d"})
    assert riskscan("diff", "a", "b").code == 1
    put(tmp_path, {"a/.riskscan.yaml": f"baseline: {FILE}\n", "b/.riskscan.yaml": f"baseline: {FILE}\n"})
    assert riskscan("baseline", "write", "b").code == 0
    put(tmp_path, {f"a/{FILE}": (tmp_path / "b" / FILE).read_text()})
    assert riskscan("diff", "a", "b").code == 0


# -- what cannot be used ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("scan", "-q"), ("baseline", "write"), ("baseline", "check"), ("baseline", "prune")]
)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"version": 1,\n "entries": [}', f"{FILE}:2:14: invalid JSON"),
        ('{"version": 2}', f"{FILE}:1:2: version 2 is newer than this riskscan reads"),
        ("{}", f"{FILE}:1:1: not a baseline"),
    ],
)
def test_a_broken_file_is_an_error_before_anything_is_read(
    command: tuple[str, ...], text: str, told: str, repository: Path, riskscan: Run
) -> None:
    put(repository, {FILE: text})
    result = riskscan(*command, "--baseline", FILE)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert (repository / FILE).read_text() == text


def test_a_missing_file(repository: Path, riskscan: Run) -> None:
    for command in (("scan",), ("baseline", "check"), ("baseline", "prune")):
        result = riskscan(*command, "--baseline", "gone.json")
        assert result.code == 2
        assert "gone.json: there is no such baseline; `riskscan baseline write` makes it" in result.err
    put(repository, {".riskscan.yaml": "baseline: ../x.json\n"})
    result = riskscan("scan")
    assert (result.code, "the baseline `../x.json` is outside of" in result.err) == (2, True)


def test_nothing_scanned_writes_nothing(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    before = (repository / FILE).read_text()
    put(repository, {"docs/README.md": "words"})
    for command in ("write", "prune"):
        assert riskscan("baseline", command, "docs").code == 3
    assert (repository / FILE).read_text() == before


def test_what_could_not_be_read_keeps_its_entries(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    whole = asked(repository)
    put(repository, {"envs/a/main.tf": 'resource "aws_db_instance" "d" {{{\n'})
    assert riskscan("baseline", "prune").code == 3
    assert riskscan("baseline", "write").code == 3
    assert asked(repository) == whole


def test_hostile_names_stay_inert(repository: Path, riskscan: Run) -> None:
    riskscan("baseline", "write")
    text = (repository / FILE).read_text().replace("envs/a#aws_db_instance.d", "::error::\\u001b[31m\\u202e@team <b>")
    (repository / FILE).write_text(text)
    put(repository, {"envs/a/main.tf": ""})
    for flags in (("baseline", "check"), ("scan", "--baseline", FILE)):
        out = riskscan(*flags).out
        assert "\x1b[31m" not in out
        assert "\u202e" not in out
