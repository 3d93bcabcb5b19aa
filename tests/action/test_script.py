"""The steps of the action with a riskscan that only records how it was called."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.action.conftest import Runner

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action needs bash")

REPORT: dict[str, Any] = {
    "summary": {
        "resources": 9,
        "findings": 10,
        "by_severity": {"critical": 1, "high": 2, "medium": 3, "low": 4, "info": 0},
        "by_outcome": {"fail": 10, "unknown": 5, "pass": 20, "suppressed": 6, "error": 0},
        "problems": 7,
        "complete": True,
    },
    "scores": {"low": 41, "high": 63},
}
REPORTS = {
    "json": json.dumps(REPORT),
    "sarif": "{}",
    "markdown": "# report\n",
    "github": "::error file=main.tf,line=3::one zone\n",
    "text": "one zone\n::error::from the scanned files\n",
    "comment": "<!-- riskscan:scan -->\n",
}
NUMBERS = {
    "findings": "10",
    "critical": "1",
    "high": "2",
    "medium": "3",
    "low": "4",
    "unknown": "5",
    "suppressed": "6",
    "problems": "7",
    "score": "41",
    "new-findings": "",
    "fixed-findings": "",
}


def commands(text: str) -> list[str]:
    """The workflow commands that GitHub would obey: none between stop-commands and its token."""
    found: list[str] = []
    token = None
    for line in text.splitlines():
        if token:
            token = None if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            found.append(line)
    assert token is None, "commands are stopped for good"
    return found


def test_scan_passes_the_inputs_on(runner: Runner) -> None:
    ran = runner.step(
        "scan",
        INPUT_PATHS="  envs/prod \n\nk8s with blank\nünïcode\n",
        INPUT_CONFIG="ci/riskscan.yaml",
        INPUT_FAIL_ON="medium",
        INPUT_MIN_SEVERITY="low",
        INPUT_UNKNOWN="fail",
        INPUT_BASELINE="accepted.json",
        INPUT_CATEGORY="prod",
        INPUT_CACHE=".cache/riskscan",
        INPUT_SARIF_FILE="out.sarif",
    )
    assert ran.code == 0
    assert ran.arguments is not None
    assert ran.arguments[0] == "scan"
    assert ran.arguments[-4:] == ["--", "envs/prod", "k8s with blank", "ünïcode"]
    given = {"config": "ci/riskscan.yaml", "fail-on": "medium", "min-severity": "low", "unknown": "fail"}
    given |= {"baseline": "accepted.json", "category": "prod", "cache": ".cache/riskscan"}
    assert {name: ran.flags(name) for name in given} == {name: [value] for name, value in given.items()}
    assert "sarif=out.sarif" in ran.flags("output")


def test_scan_says_nothing_that_the_user_did_not(runner: Runner) -> None:
    """Thresholds of the configuration file must not be overridden by defaults of the action."""
    ran = runner.step("scan")
    assert ran.arguments is not None
    assert {each.partition("=")[0] for each in ran.arguments[1:-2]} == {"--output"}
    assert ran.arguments[-2:] == ["--", "."]


def test_outputs_are_written_although_the_scan_fails(runner: Runner) -> None:
    ran = runner.step("scan", {"reports": REPORTS, "code": 1})
    assert ran.code == 0
    report = ran.outputs.pop("report-file")
    assert json.loads(Path(report).read_text()) == REPORT
    assert ran.outputs == NUMBERS | {"exit-code": "1", "sarif-file": "riskscan.sarif", "upload": "true"}
    assert (runner.workspace / "riskscan.sarif").is_file()
    assert ran.summary == "# report\n"
    assert commands(ran.stdout) == ["::error file=main.tf,line=3::one zone"]


def test_numbers_that_a_report_does_not_have_are_empty(runner: Runner) -> None:
    unscored = REPORT | {"scores": {"low": None, "high": None}}
    ran = runner.step("scan", {"reports": REPORTS | {"json": json.dumps(unscored)}})
    assert ran.outputs["score"] == ""


def test_what_changed_is_counted(runner: Runner) -> None:
    since: dict[str, list[dict[str, str]]] = {"new": [{}, {}, {}], "fixed": []}
    ran = runner.step("scan", {"reports": REPORTS | {"json": json.dumps(REPORT | {"since": since})}})
    assert (ran.outputs["new-findings"], ran.outputs["fixed-findings"]) == ("3", "0")


def test_summary_and_annotations_can_be_turned_off(runner: Runner) -> None:
    ran = runner.step("scan", {"reports": REPORTS, "code": 1}, INPUT_SUMMARY="false", INPUT_ANNOTATIONS="false")
    assert ran.summary == ""
    assert commands(ran.stdout) == []
    assert "one zone\n" in ran.stdout
    assert {each.partition("=")[0] for each in ran.flags("output")} == {"sarif", "json", "text"}


def test_report_of_an_earlier_run_is_not_taken_for_this_one(runner: Runner) -> None:
    runner.step("scan", {"reports": REPORTS})
    ran = runner.step("scan", {"code": 2})
    assert ran.outputs == {"exit-code": "2"}
    assert not (runner.workspace / "riskscan.sarif").exists()


def test_two_uses_in_a_job_keep_their_reports(runner: Runner) -> None:
    first = runner.step("scan", {"reports": REPORTS}).outputs["report-file"]
    second = runner.step("scan", {"reports": REPORTS}).outputs["report-file"]
    assert first != second
    assert Path(first).is_file()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INPUT_FAIL_ON", "severe"),
        ("INPUT_FAIL_ON", "high low"),
        ("INPUT_FAIL_ON", "high\nlow"),
        ("INPUT_MIN_SEVERITY", "never"),
        ("INPUT_UNKNOWN", "pass"),
        ("INPUT_FAIL_ON_NEW", "yes"),
        ("INPUT_FAIL_ON_NEW", ""),
        ("INPUT_CONFIG_FROM", "main"),
        ("INPUT_SARIF", "fixed"),
        ("INPUT_UPLOAD_SARIF", "True"),
        ("INPUT_COMMENT", "new"),
        ("INPUT_SUMMARY", "no"),
        ("INPUT_ANNOTATIONS", "auto"),
        ("INPUT_PATHS", " \n "),
        ("INPUT_SARIF_FILE", ""),
        ("INPUT_SARIF_FILE", "a\nexit-code=0"),
        ("INPUT_SARIF_FILE", "."),
        ("INPUT_CATEGORY", "a\nb"),
        ("INPUT_BASE", "main\nHEAD"),
        ("INPUT_WORKING_DIRECTORY", "nowhere"),
        ("INPUT_WORKING_DIRECTORY", "-"),
    ],
)
def test_wrong_input_is_a_usage_error_and_starts_nothing(runner: Runner, name: str, value: str) -> None:
    ran = runner.step("scan", **{name: value})
    assert ran.arguments is None
    assert ran.code == 0
    assert ran.outputs == {"exit-code": "2"}
    (line,) = ran.stdout.splitlines()
    assert line.startswith("::error title=riskscan::the input ")
    assert "exit code 2" in ran.summary


def test_an_old_python_is_a_usage_error(runner: Runner) -> None:
    old = runner.folder / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ran = runner.step("scan", INPUT_PYTHON=str(old))
    assert ran.outputs == {"exit-code": "2"}
    assert "needs Python 3.11 or newer" in ran.stdout


def test_the_first_python_that_is_new_enough_is_taken(runner: Runner) -> None:
    """macOS and Windows put interpreters of their own in front, the latter one that only opens a shop."""
    programs = runner.folder / "programs"
    programs.mkdir()
    (programs / "python3").write_text("#!/bin/sh\nexit 9\n")
    (programs / "python3").chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    ran = runner.step("scan", {"reports": REPORTS}, INPUT_PYTHON="", PATH=f"{programs}:/usr/bin:/bin")
    assert ran.outputs["exit-code"] == "0"


def test_an_installation_that_fails_is_recorded(runner: Runner) -> None:
    """The stamp is of another checkout, and the interpreter cannot make environments."""
    (runner.folder / "temp/riskscan/environment/installed").write_text("another")
    broken = runner.folder / "broken-python"
    broken.write_text('#!/bin/sh\ncase "$*" in *venv*) echo no venv; exit 1;; esac\nexit 0\n')
    broken.chmod(0o755)
    ran = runner.step("scan", INPUT_PYTHON=str(broken))
    assert ran.outputs == {"exit-code": "3"}
    assert ran.arguments is None
    assert "no venv" in ran.stdout
    assert "could not be installed" in commands(ran.stdout)[-1]


@pytest.mark.parametrize("code", [0, 1, 3, 137])
def test_a_riskscan_that_dies_is_never_taken_for_an_answer(runner: Runner, code: int) -> None:
    """An interpreter that cannot start exits with 1, as riskscan does for findings."""
    ran = runner.step("scan", {"code": code, "stderr": "Traceback\n::error::forged\n"})
    assert ran.outputs == {"exit-code": "137" if code == 137 else "3"}
    assert "no report" in ran.summary
    assert commands(ran.stdout) == []
    assert "Traceback" in ran.stdout


def test_a_report_that_cannot_be_read_is_a_failure(runner: Runner) -> None:
    ran = runner.step("scan", {"reports": REPORTS | {"json": "{}"}})
    assert ran.code == 0
    assert ran.outputs["exit-code"] == "3"


def test_what_is_wrong_with_the_configuration_is_said_in_the_annotation(runner: Runner) -> None:
    ran = runner.step(
        "scan", {"code": 2, "stderr": "error: .riskscan.yaml:3: no such key\nerror: line 4\n::error::x\n"}
    )
    assert ran.outputs == {"exit-code": "2"}
    assert commands(ran.stdout) == [
        "::error title=riskscan::riskscan could not start: .riskscan.yaml:3: no such key%0Aline 4"
    ]


def test_values_are_never_run_or_taken_for_flags(runner: Runner) -> None:
    text = '$(touch pwned) `touch pwned` "; touch pwned; --fail-on=never'
    ran = runner.step("scan", INPUT_PATHS=f"--exit-zero\n{text}", INPUT_CONFIG=text, INPUT_BASE=text)
    assert ran.arguments is not None
    assert ran.arguments[-3:] == ["--", "--exit-zero", text]
    assert ran.flags("config") == [text]
    assert ran.flags("base") == [text]
    assert not (runner.workspace / "pwned").exists()


def test_annotation_cannot_be_broken_out_of(runner: Runner) -> None:
    """Workflow commands decode %25, %0D and %0A; a line break would begin a new command."""
    ran = runner.step("scan", INPUT_FAIL_ON="50%\r\n::set-output name=x::y")
    assert ran.stdout.count("\n") == 1
    assert "50%25%0D%0A::set-output" in ran.stdout


def test_output_of_riskscan_is_no_command(runner: Runner) -> None:
    plan = {"reports": REPORTS, "stdout": "::error::a\n", "stderr": "::set-output name=exit-code::0"}
    ran = runner.step("scan", plan, INPUT_ANNOTATIONS="false")
    assert commands(ran.stdout) == []


@pytest.mark.parametrize("folder", ["infra", "-infra", "in fra/ünï"])
def test_reports_of_a_working_directory_are_named_from_the_workspace(runner: Runner, folder: str) -> None:
    (runner.workspace / folder).mkdir(parents=True)
    ran = runner.step("scan", {"reports": REPORTS}, INPUT_WORKING_DIRECTORY=folder)
    assert ran.outputs["sarif-file"] == f"{folder}/riskscan.sarif"
    assert (runner.workspace / folder / "riskscan.sarif").is_file()
    assert ran.environment["PWD"] == str(runner.workspace / folder)


def test_python_of_the_scanned_repository_is_not_run(runner: Runner) -> None:
    (runner.workspace / "json.py").write_text("raise SystemExit(9)")
    ran = runner.step("scan", {"reports": REPORTS}, PYTHONPATH=str(runner.workspace))
    assert ran.outputs["exit-code"] == "0"
    assert ran.outputs["findings"] == "10"
    assert "PYTHONPATH" not in ran.environment


def test_programs_are_found_where_windows_keeps_them(runner: Runner) -> None:
    """https://docs.python.org/3/library/venv.html#how-venvs-work"""
    environment = runner.folder / "temp/riskscan/environment"
    (environment / "bin").rename(environment / "Scripts")
    ran = runner.step("scan", {"reports": REPORTS})
    assert (ran.outputs["exit-code"], ran.outputs["findings"]) == ("0", "10")


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130"])
def test_verdict_ends_as_the_scan_did(runner: Runner, code: str) -> None:
    ran = runner.step("verdict", EXIT_CODE=code, REPORT_FILE="report.json")
    assert ran.code == int(code)
    assert ran.stdout.startswith("::error") == (code != "0")


def test_verdict_fails_when_nothing_was_recorded(runner: Runner) -> None:
    assert runner.step("verdict", EXIT_CODE="").code == 1


@pytest.mark.parametrize(
    ("wanted", "scanned", "code", "level"),
    [("auto", "0", 0, "warning"), ("true", "0", 1, "error"), ("true", "2", 2, "error"), ("auto", "1", 1, "warning")],
)
def test_a_failed_upload_does_not_hide_the_verdict(
    runner: Runner, wanted: str, scanned: str, code: int, level: str
) -> None:
    ran = runner.step("verdict", EXIT_CODE=scanned, INPUT_UPLOAD_SARIF=wanted, UPLOAD_OUTCOME="failure")
    assert ran.code == code
    assert ran.stdout.splitlines()[-1].startswith(f"::{level} title=riskscan::the SARIF report could not be uploaded")


@pytest.mark.parametrize(
    ("event", "head", "wanted", "upload"),
    [
        ("push", "", "auto", True),
        ("schedule", "", "auto", True),
        ("push", "", "false", False),
        ("pull_request", "exchange/estate", "auto", True),
        ("pull_request", "stranger/estate", "auto", False),
        ("pull_request", "", "auto", False),  # the fork was deleted
        ("pull_request", "stranger/estate", "true", True),
        ("pull_request_target", "exchange/estate", "auto", False),  # would speak about the base branch
    ],
)
def test_reports_are_uploaded_where_they_can_be(
    runner: Runner, event: str, head: str, wanted: str, upload: bool
) -> None:
    ran = runner.step(
        "scan",
        {"reports": REPORTS},
        GITHUB_EVENT_NAME=event,
        EVENT_HEAD_REPOSITORY=head,
        INPUT_UPLOAD_SARIF=wanted,
        INPUT_BASE="none",
    )
    assert ran.outputs.get("upload") == ("true" if upload else None)


@pytest.mark.parametrize(
    ("event", "head", "wanted"),
    [
        ("push", "", False),
        ("merge_group", "", False),
        ("pull_request", "exchange/estate", True),
        ("pull_request", "stranger/estate", False),
        ("pull_request_target", "stranger/estate", True),
    ],
)
def test_a_pull_request_is_written_to_where_that_can_be(runner: Runner, event: str, head: str, wanted: bool) -> None:
    ran = runner.step(
        "scan",
        {"reports": REPORTS},
        GITHUB_EVENT_NAME=event,
        EVENT_HEAD_REPOSITORY=head,
        INPUT_COMMENT="update",
        INPUT_SUGGESTIONS="true",
        INPUT_BASE="none",
    )
    assert ("comment-file" in ran.outputs) == wanted
    assert ran.outputs.get("review-file") == ("riskscan.sarif" if wanted else None)
    told = [line for line in commands(ran.stdout) if "no comment" in line]
    assert len(told) == (event == "pull_request" and not wanted)


COMMENT = {"EVENT_NUMBER": "7", "COMMENT_FILE": "comment.md", "REVIEW_FILE": ""}
SAID = """comment edited 12 https://github.com/exchange/estate/pull/7#issuecomment-12
suggestions 2
::notice title=riskscan::nothing more was written
"""


def test_the_address_of_the_comment_is_an_output(runner: Runner) -> None:
    ran = runner.step("comment", {"stdout": SAID}, **COMMENT, INPUT_CATEGORY="prod")
    assert ran.arguments == ["comment", "--number=7", "--category=prod", "--file=comment.md"]
    assert ran.outputs == {"comment": "https://github.com/exchange/estate/pull/7#issuecomment-12"}
    assert commands(ran.stdout) == ["::notice title=riskscan::nothing more was written"]


def test_suggestions_are_made_from_the_sarif_report(runner: Runner) -> None:
    given = COMMENT | {"COMMENT_FILE": "", "REVIEW_FILE": "infra/riskscan.sarif"}
    ran = runner.step("comment", {"stdout": "suggestions 0\n"}, **given)
    assert ran.arguments == ["comment", "--number=7", "--review=infra/riskscan.sarif"]
    assert ran.outputs == {"comment": ""}


def test_a_comment_that_cannot_be_written_is_a_warning(runner: Runner) -> None:
    ran = runner.step("comment", {"code": 2, "stderr": "error: 401\n::error::x\n"}, **COMMENT)
    assert ran.code == 0
    assert ran.outputs == {}
    (line,) = commands(ran.stdout)
    assert line.startswith("::warning title=riskscan::the pull request could not be written to")
