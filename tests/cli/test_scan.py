"""``riskscan scan``: from flags, environment and file to a configuration, and from a report to files."""

from __future__ import annotations

import datetime
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.outputs import repository_prefix
from scanner.config import Config, UnknownPolicy
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.report import Report

pytestmark = pytest.mark.usefixtures("scan")

Run = Callable[..., Any]
Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]


def test_without_flags(scan: Any, riskscan: Run) -> None:
    assert riskscan("scan").code == 0
    assert scan.paths == (Path(),)
    assert scan.config == Config(
        today=datetime.datetime.now().astimezone().date(), environment_variables=scan.config.environment_variables
    )


def test_every_flag_arrives(scan: Any, riskscan: Run, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    for name in ("a.tfvars", "values.yaml", "more.yaml", "plan.json"):
        (tmp_path / name).touch()
    (tmp_path / "infra").mkdir()
    flags = (
        "--fail-on low --min-severity medium --axis zone --axis data --unknown ignore --rules pack --var a=b=c "
        "--var d= --var-file a.tfvars --plan plan.json --helm-values values.yaml --helm-values more.yaml --workspace blue --region eu-west-1 --strict --exit-zero --today 2026-02-03 infra"
    )
    assert riskscan("scan", *flags.split()).code == 0
    config = scan.config
    assert scan.paths == (Path("infra"),)
    assert config.fail_on is Severity.LOW
    assert config.min_severity is Severity.MEDIUM
    assert config.axes == {Axis.ZONE, Axis.DATA}
    assert config.unknown is UnknownPolicy.IGNORE
    assert config.packs == (Path("pack"),)
    assert config.variables == {"a": "b=c", "d": ""}
    assert config.var_files == (Path("a.tfvars"),)
    assert config.plans == (Path("plan.json"),)
    assert config.helm_values == (Path("values.yaml"), Path("more.yaml"))
    assert (config.workspace, config.region) == ("blue", "eu-west-1")
    assert (config.strict, config.exit_zero, config.allow_incomplete) == (True, True, False)
    assert config.today == datetime.date(2026, 2, 3)


def test_flags_win_over_the_environment_and_that_over_the_file(
    scan: Any, riskscan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".riskscan.yaml").write_text("fail_on: low\n")

    def fail_on(*flags: str) -> Severity | None:
        riskscan("scan", *flags)
        threshold: Severity | None = scan.config.fail_on
        return threshold

    assert fail_on() is Severity.LOW
    monkeypatch.setenv("RISKSCAN_FAIL_ON", "medium")
    assert fail_on() is Severity.MEDIUM
    assert fail_on("--fail-on", "never") is None
    monkeypatch.delenv("RISKSCAN_FAIL_ON")
    assert fail_on("--no-config") is Severity.HIGH
    assert scan.config.file is None


def test_a_bad_environment_is_a_usage_error(riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKSCAN_FAIL_ON", "always")
    assert riskscan("scan").code == 2


def test_variables_of_terraform_s_environment_arrive(scan: Any, riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_zones", "3")
    riskscan("scan")
    assert scan.config.environment_variables["zones"] == "3"


def test_packs_of_file_and_flag_are_both_used(scan: Any, riskscan: Run, tmp_path: Path) -> None:
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / ".riskscan.yaml").write_text("rules: {packs: [own]}\n")
    riskscan("scan", "--rules", "other")
    assert scan.config.packs == (tmp_path / "own", Path("other"))


def test_rule_names_become_codes(scan: Any, riskscan: Run, tmp_path: Path) -> None:
    (tmp_path / ".riskscan.yaml").write_text("rules: {disable: [Database-Single-Zone]}\n")
    riskscan("scan")
    assert scan.config.disable == {"RS101"}


@pytest.mark.parametrize(
    ("arguments", "files", "message"),
    [
        (["--nope"], {}, "--nope"),
        (["nowhere"], {}, "Path 'nowhere' does not exist."),
        (["--output", "sarif"], {}, "'sarif' is not FORMAT=FILE"),
        (["--output", "sarif="], {}, "'sarif=' is not FORMAT=FILE"),
        (["--output", "pdf=x"], {}, "'pdf=x' is not FORMAT=FILE with FORMAT one of text, markdown, sarif"),
        (["--output", "sarif=no/where.sarif"], {}, "the folder no does not exist"),
        (["--output", "sarif=."], {}, ". is a folder"),
        (["--output", "sarif=-", "--output", "json=-"], {}, "two reports cannot both go to stdout"),
        (["--output", "sarif=-", "--format", "json"], {}, "two reports cannot both go to stdout"),
        (["--output", "sarif=a", "--output", "json=./a"], {}, "two reports cannot both go to"),
        (["--var", "a"], {}, "'a' is not NAME=VALUE"),
        (["--config", "c.yaml", "--no-config"], {"c.yaml": ""}, "exclude each other"),
        (["--today", "tomorrow"], {}, "Invalid value for '--today'"),
        (
            [],
            {".riskscan.yaml": "fail_onn: high\n"},
            ".riskscan.yaml:1:1: unknown key `fail_onn`; did you mean `fail_on`?",
        ),
        (
            [],
            {".riskscan.yaml": "rules: {disable: [RS1O1]}\n"},
            ".riskscan.yaml:1:19: unknown rule `RS1O1`; did you mean `RS101`?",
        ),
        (["--config", "c.yaml"], {"c.yaml": "x: [\n"}, "c.yaml:2:1: invalid YAML"),
    ],
)
def test_mistakes_end_in_2_before_anything_is_scanned(
    scan: Any, riskscan: Run, tmp_path: Path, arguments: list[str], files: dict[str, str], message: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    result = riskscan("scan", *arguments)
    assert result.code == 2
    assert message in result.err
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert result.out == ""
    assert scan.paths == ()


# -- outputs -----------------------------------------------------------------------------------------------------------


def test_several_reports_at_once(scan: Any, riskscan: Run, tmp_path: Path, report: Make, finding: MakeFinding) -> None:
    scan.report = report([finding()])
    result = riskscan("scan", "--output", "sarif=x.sarif", "-o", f"json={tmp_path / 'x.json'}", "-o", "markdown=-")
    assert result.code == 1
    assert result.out.startswith("## riskscan: 1 finding: 1 high\n")
    assert json.loads((tmp_path / "x.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((tmp_path / "x.json").read_text())["schema_version"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json", "x.sarif"]


def test_text_goes_to_stdout_by_default_and_not_beside_files(riskscan: Run) -> None:
    assert riskscan("scan").out.startswith("Grade C: 50 of 100\n")
    assert riskscan("scan", "--output", "json=x.json").out == ""
    assert riskscan("scan", "--output", "json=x.json", "--format", "text").out.startswith("Grade C")


def test_a_file_is_replaced_whole_and_like_any_new_file(riskscan: Run, tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    target.write_text("old")
    inode = target.stat().st_ino
    before = os.umask(0o022)
    try:
        riskscan("scan", "--output", "json=x.json")
    finally:
        os.umask(before)
    assert target.stat().st_ino != inode
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_link_s_target_is_written_and_the_link_stays(riskscan: Run, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "x.json").symlink_to(tmp_path / "real" / "y.json")
    riskscan("scan", "--output", "json=x.json")
    assert (tmp_path / "x.json").is_symlink()
    assert json.loads((tmp_path / "real" / "y.json").read_text())["schema_version"] == 1


def test_a_pipe_is_written_to_and_not_replaced(riskscan: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert riskscan("scan", "--output", "json=pipe").code == 0
        assert json.loads(os.read(reader, 65_536))["schema_version"] == 1
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_fails_half_way_leaves_nothing(riskscan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.json").write_text("old")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    result = riskscan("scan", "--output", "json=x.json")
    assert result.code == 2
    assert result.err == f"error: cannot write {tmp_path / 'x.json'}: No space left on device\n"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]
    assert (tmp_path / "x.json").read_text() == "old"


@pytest.mark.parametrize(
    ("flags", "environment", "coloured"),
    [
        ([], {}, False),  # the test's stdout is no terminal
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"CLICOLOR_FORCE": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_colour(
    riskscan: Run,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    environment: dict[str, str],
    coloured: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in riskscan("scan", *flags).out) == coloured


@pytest.mark.parametrize(("term", "coloured"), [("xterm-256color", True), ("dumb", False)])
def test_a_terminal_gets_colour_unless_it_is_dumb(
    riskscan: Run, monkeypatch: pytest.MonkeyPatch, term: str, coloured: bool
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert ("\x1b[" in riskscan("scan").out) == coloured
    assert riskscan("scan", "--output", "text=x.txt").out == ""
    assert "\x1b[" not in Path("x.txt").read_text()


def test_lists_on_request(scan: Any, riskscan: Run, report: Make, finding: MakeFinding) -> None:
    scan.report = report([finding(outcome=Outcome.PASS), finding(outcome=Outcome.UNKNOWN)])
    assert "pass[RS101]" not in riskscan("scan").out
    assert "pass[RS101]" in riskscan("scan", "--show", "pass").out
    assert json.loads(riskscan("scan", "-f", "sarif").out)["runs"][0]["results"] == []
    assert len(json.loads(riskscan("scan", "-f", "sarif", "--show", "unknown").out)["runs"][0]["results"]) == 1
    assert "do not decide" not in riskscan("scan", "--unknown", "ignore").out
    assert "1 unknown" in riskscan("scan", "--unknown", "ignore").out


def test_another_axis_is_left_out(scan: Any, riskscan: Run, report: Make, finding: MakeFinding) -> None:
    scan.report = report([finding(axis=Axis.ZONE), finding(axis=Axis.DATA)])
    page = json.loads(riskscan("scan", "-f", "json", "--axis", "data").out)
    assert [found["axis"] for found in page["findings"]] == ["data"]
    assert [score["axis"] for score in page["scores"]["axes"]] == ["data"]


def test_paths_start_at_the_repository(
    scan: Any, riskscan: Run, tmp_path: Path, report: Make, finding: MakeFinding
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "infra" / "prod").mkdir(parents=True)
    assert repository_prefix(tmp_path) == ""
    assert repository_prefix(tmp_path / "infra" / "prod") == "infra/prod/"
    scan.report = report([finding()], base=str(tmp_path / "infra"))
    page = json.loads(riskscan("scan", "-f", "sarif", "--category", "prod").out)["runs"][0]
    place = page["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "infra/main.tf"
    assert page["automationDetails"]["id"] == "riskscan/prod/"


def test_without_a_repository_paths_start_at_the_base(tmp_path: Path) -> None:
    assert repository_prefix(tmp_path / "gone") == ""


# -- outages, which only the HTML report tells of ------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [(), ("--format", "json"), ("--output", "sarif=x.sarif", "--output", "text=-")])
def test_other_formats_replay_no_incident(scan: Any, riskscan: Run, flags: tuple[str, ...]) -> None:
    assert riskscan("scan", *flags).code == 0
    assert scan.incidents is None


def test_a_page_among_the_reports_has_incidents_replayed(scan: Any, riskscan: Run, tmp_path: Path) -> None:
    assert riskscan("scan", "--output", "json=x.json", "--output", "html=x.html").code == 0
    assert "aws-2025-04-15-tokyo" in {incident.id for incident in scan.incidents}
    assert (tmp_path / "x.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_incidents_of_one_s_own_are_replayed_too(scan: Any, riskscan: Run, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/flood.yaml").write_text(
        "id: flood\ntitle: A flood\nstatus: scenario\ncause: A river.\ndown: [region:aws/eu-west-1]\nsources: [https://example.org/flood]\n",
        encoding="utf-8",
    )
    assert riskscan("scan", "--incidents", "own", "--format", "html").code == 0
    assert "flood" in {incident.id for incident in scan.incidents}


def test_a_faulty_incident_is_told_before_anything_is_read(scan: Any, riskscan: Run, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/flood.yaml").write_text("id: flood\n", encoding="utf-8")
    done = riskscan("scan", "--incidents", "own", "--output", "html=x.html")
    assert done.code == 2
    assert "flood.yaml" in done.err
    assert scan.paths == ()
