"""Workflow commands: levels, limits, and that scanned text gives no commands of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest

from scanner.model.comparison import Cause, Comparison, Turn, Weakening
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters.github import render
from scanner.reporters.options import Options

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]

GOLDEN = """\
::error file=infra/bad.tf,line=4,title=invalid input::unexpected }
::error file=infra/db/main.tf,line=1,title=critical%3A RS101 database-single-zone::\
aws_db_instance.main: The database runs in one zone: multi_az is false.%0AIf that zone fails, what reads it stops.
::error file=infra/db/main.tf,line=3,col=3,endColumn=19,title=high%3A RS101 database-single-zone::\
aws_db_instance.main: The database runs in one zone: multi_az is false.%0AIf that zone fails, what reads it stops.
::notice title=riskscan::2 findings (1 critical, 1 high). 1 unknown, 1 passed, 1 suppressed, 1 rule error. \
Read 3 of 5 files (helm 0 of 1; terraform 3 of 4, 1 of them in part).
"""


def test_a_full_report(full: Report) -> None:
    assert render(full, Options(prefix="infra/")) == GOLDEN


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.CRITICAL, "error"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "notice"),
        (Severity.INFO, "notice"),
    ],
)
def test_levels(report: Make, finding: MakeFinding, severity: Severity, level: str) -> None:
    assert render(report([finding(severity=severity)])).startswith(f"::{level} file=db/main.tf,line=3")


def test_unknowns_are_notices_when_asked_for(report: Make, finding: MakeFinding) -> None:
    unknown = report([finding(Outcome.UNKNOWN)])
    assert render(unknown).count("::notice") == 1
    shown = render(unknown, Options(show=frozenset({Outcome.UNKNOWN})))
    assert shown.startswith("::notice file=db/main.tf,line=3,col=3,endColumn=19,title=unknown%3A RS101")
    assert render(unknown, Options(unknown_fails=True)).startswith("::error ")


def test_ten_of_a_level_then_the_log(report: Make, finding: MakeFinding) -> None:
    findings = [finding(severity=Severity(n % 5), resource=f"r{n}", span=Span("a.tf", n + 1)) for n in range(100)]
    lines = render(report(findings)).splitlines()
    assert [sum(line.startswith(f"::{level} ") for line in lines) for level in ("error", "warning", "notice")] == [
        10
    ] * 3
    # 20 of each severity: critical ones fill the errors, low ones the notices but for the summary's.
    assert all("critical" in line for line in lines if line.startswith("::error"))
    assert (
        sum(line.startswith(("critical[", "high[", "medium[", "low[", "info[")) for line in lines) == 100 - 10 - 10 - 9
    )
    assert all(f"r{n}: " in "\n".join(lines) for n in range(100))
    assert lines[-1].startswith("::notice title=riskscan::100 findings")
    assert "71 of them only in the log" in lines[-1]


HOSTILE = [
    "::error::x",
    "a\n::set-output name=x::y",
    "%0A::error::x",
    "a\r::stop-commands::t",
    "##[add-mask]x",
    "a,line=1::b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_scanned_text_gives_no_commands(report: Make, finding: MakeFinding, text: str) -> None:
    findings = [finding(message=text, why=text, resource=text, slug=text, span=Span(text, n + 1)) for n in range(15)]
    problems = (Problem(Span(text, 1), ProblemKind.INVALID, text),)
    lines = render(report(findings, problems=problems)).split("\n")
    commands = [line for line in lines if line.startswith("::")]
    # 1 lost input, 9 findings that fit beside it, and the summary: nothing else is a command.
    assert [line.split(" ")[0] for line in commands] == ["::error"] * 10 + ["::notice"]
    assert not any(re.match(r"\s*::", line) for line in lines if line not in commands)
    assert "##[" not in "\n".join(lines)
    # What GitHub decodes from the properties is the text itself, with white space as blanks.
    properties = re.match(r"::error (.*?)::", commands[1])
    assert properties is not None
    shown = dict(part.split("=", 1) for part in properties[1].split(","))
    assert unquote(shown["file"]) == re.sub(r"[\r\n]", " ", text).replace("##[", "# #[")


CHANGED = """\
::error file=db/main.tf,line=3,col=3,endColumn=19,title=high%3A RS101 database-single-zone::\
aws_db_instance.main: The database runs in one zone: multi_az is false.%0AIf that zone fails, what reads it stops.\
%0ABecause of variables.tf:9: the default of multi_az is false%0ABecause of gone.tf:2: aws_db_instance.peer (removed)
::warning file=.riskscan.yaml,line=4,title=the gate is milder::fail_on is critical and was high
::notice file=variables.tf,line=9,title=this change causes 1 new finding::\
high[RS101] db/main.tf:3:3: aws_db_instance.main: The database runs in one zone: multi_az is false.
from before: critical[RS101] db/main.tf:1:1: aws_db_instance.old: The database runs in one zone: multi_az is false.
::notice title=riskscan::1 new finding (1 high). Altogether 2 findings (1 critical, 1 high). \
0 unknown, 0 passed, 0 suppressed. Read 1 of 1 file (terraform 1 of 1).
"""


def test_a_pull_request_is_annotated_with_what_it_brings(
    report: Make, finding: MakeFinding, since: Callable[..., Comparison]
) -> None:
    causes = (
        Cause(Span("variables.tf", 9), "the default of multi_az is false"),
        Cause(Span("gone.tf", 2), "aws_db_instance.peer", removed=True),
    )
    old = finding(severity=Severity.CRITICAL, resource="aws_db_instance.old", span=Span("db/main.tf", 1))
    weakened = (Weakening(Span(".riskscan.yaml", 4), "fail_on is critical and was high"),)
    compared = since(new=(Turn(finding(), None, causes),), lasting=(old,), weakened=weakened)
    lines = render(report([old, finding()], since=compared)).splitlines()
    assert sorted(lines) == sorted(CHANGED.splitlines())
    assert lines[-2:] == CHANGED.splitlines()[-2:]


def test_new_findings_come_before_the_notices_of_their_causes_and_old_ones_are_never_annotated(
    report: Make, finding: MakeFinding, since: Callable[..., Comparison]
) -> None:
    turns = [
        Turn(
            finding(severity=Severity(n % 5), resource=f"r{n}", span=Span("a.tf", n + 1)),
            None,
            (Cause(Span("v.tf", n + 1), "x"),),
        )
        for n in range(100)
    ]
    lasting = tuple(
        finding(severity=Severity.CRITICAL, resource=f"old{n}", span=Span("b.tf", n + 1)) for n in range(50)
    )
    lines = render(report([], since=since(new=tuple(turns), lasting=lasting))).splitlines()
    levels = [sum(line.startswith(f"::{level} ") for line in lines) for level in ("error", "warning", "notice")]
    assert levels == [10, 10, 10]
    assert sum(line.startswith("from before: critical") for line in lines) == 50
    assert not any("file=b.tf" in line for line in lines)
    assert all(f"r{n}: " in "\n".join(lines) for n in range(100))
