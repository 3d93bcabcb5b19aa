"""Exit codes: 2 before 1 before 3, and in every format the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.cli.exits import exit_code, why_incomplete
from scanner.config import Config, ConfigError, UnknownPolicy
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import FormatCoverage, Report
from scanner.model.span import Span
from scanner.reporters import MODULES

NOTHING = {"terraform": FormatCoverage()}


def lost(kind: ProblemKind = ProblemKind.INVALID) -> tuple[Problem, ...]:
    return (Problem(Span("bad.tf", 1), kind, "unexpected }"),)


# What the scan found; what was asked; the exit code.
CASES: list[tuple[str, dict[str, Any], list[str], int]] = [
    ("clean", {}, [], 0),
    ("high", {"findings": [Severity.HIGH]}, [], 1),
    ("medium is below the default", {"findings": [Severity.MEDIUM]}, [], 0),
    ("medium at the threshold", {"findings": [Severity.MEDIUM]}, ["--fail-on", "medium"], 1),
    ("high below critical", {"findings": [Severity.HIGH]}, ["--fail-on", "critical"], 0),
    ("never", {"findings": [Severity.CRITICAL]}, ["--fail-on", "never"], 0),
    ("info", {"findings": [Severity.INFO]}, ["--fail-on", "info"], 1),
    ("exit zero", {"findings": [Severity.CRITICAL]}, ["--exit-zero"], 0),
    ("a hidden finding still fails", {"findings": [Severity.LOW]}, ["--fail-on", "low", "--min-severity", "high"], 1),
    ("another axis", {"findings": [Severity.HIGH]}, ["--axis", "edge"], 0),
    ("this axis", {"findings": [Severity.HIGH]}, ["--axis", "edge", "--axis", "zone"], 1),
    ("unknown", {"findings": [Severity.HIGH], "outcome": Outcome.UNKNOWN}, [], 0),
    ("unknown fails", {"findings": [Severity.HIGH], "outcome": Outcome.UNKNOWN}, ["--unknown", "fail"], 1),
    ("mild unknown", {"findings": [Severity.LOW], "outcome": Outcome.UNKNOWN}, ["--unknown", "fail"], 0),
    ("suppressed", {"findings": [Severity.HIGH], "outcome": Outcome.SUPPRESSED}, [], 0),
    ("passed", {"findings": [Severity.HIGH], "outcome": Outcome.PASS}, [], 0),
    ("lost input", {"problems": lost()}, [], 3),
    ("crashed rule", {"problems": lost(ProblemKind.CRASHED)}, [], 3),
    ("lost input, allowed", {"problems": lost()}, ["--allow-incomplete"], 0),
    ("findings before incompleteness", {"findings": [Severity.HIGH], "problems": lost()}, [], 1),
    ("incomplete in spite of exit zero", {"findings": [Severity.HIGH], "problems": lost()}, ["--exit-zero"], 3),
    ("a missing module is not lost input", {"problems": lost(ProblemKind.MODULE)}, [], 0),
    ("strict", {"problems": lost(ProblemKind.MODULE)}, ["--strict"], 3),
    ("nothing scanned", {"coverage": NOTHING}, [], 3),
    ("nothing scanned, allowed", {"coverage": NOTHING}, ["--allow-incomplete"], 0),
    ("configuration error", {"error": ConfigError("c.yaml:1:1: odd")}, [], 2),
    ("usage error", {"findings": [Severity.HIGH]}, ["--fail-on", "sometimes"], 2),
    ("strict and allowed", {}, ["--strict", "--allow-incomplete"], 2),
    ("interrupted", {"error": KeyboardInterrupt()}, [], 130),
    ("defect", {"error": ZeroDivisionError()}, [], 3),
]


@pytest.mark.parametrize("format_name", MODULES)
@pytest.mark.parametrize(("found", "flags", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_matrix(
    scan: Any,
    riskscan: Callable[..., Any],
    finding: Callable[..., Finding],
    report: Callable[..., Report],
    format_name: str,
    found: dict[str, Any],
    flags: list[str],
    code: int,
) -> None:
    changes = dict(found)
    scan.error = changes.pop("error", None)
    outcome = changes.pop("outcome", Outcome.FAIL)
    findings = [finding(severity, outcome) for severity in changes.pop("findings", ())]
    scan.report = report(findings, **changes)
    assert riskscan("scan", "--format", format_name, *flags).code == code


def test_the_reason_of_incompleteness_is_told(
    scan: Any, riskscan: Callable[..., Any], report: Callable[..., Report]
) -> None:
    scan.report = report(problems=lost())
    assert riskscan("scan").err == "incomplete: 1 problem kept input from being read\n"
    assert riskscan("scan", "--quiet").err == ""
    scan.report = report(coverage=NOTHING)
    assert riskscan("scan").err == "incomplete: there was nothing to scan\n"


def test_strict_counts_every_problem(report: Callable[..., Report]) -> None:
    page = report(problems=lost(ProblemKind.UNRESOLVED) * 2)
    assert why_incomplete(page, Config(strict=True)) == "2 problems, and --strict counts every one"
    assert why_incomplete(page, Config()) == ""


def test_unknown_counts_only_when_it_is_asked_to(
    report: Callable[..., Report], finding: Callable[..., Finding]
) -> None:
    page = report([finding(outcome=Outcome.UNKNOWN)])
    codes = [exit_code(page, Config(unknown=policy)) for policy in UnknownPolicy]
    assert dict(zip(UnknownPolicy, codes, strict=True)) == {
        UnknownPolicy.REPORT: 0,
        UnknownPolicy.IGNORE: 0,
        UnknownPolicy.FAIL: 1,
    }
