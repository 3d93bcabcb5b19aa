"""What a scan's report means for the exit code."""

from __future__ import annotations

from typing import Final

from scanner.config import Config, UnknownPolicy
from scanner.model.finding import Finding, Outcome
from scanner.model.outage import OutageReport
from scanner.model.report import Report

OK: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
INCOMPLETE: Final = 3
INTERRUPTED: Final = 130


def exit_code(report: Report, config: Config) -> int:
    """Findings come before incompleteness: what was found is true whatever else could not be read."""
    failed = any(fails(finding, config) for finding in report.findings) or misses_target(report, config)
    if failed and not config.exit_zero:
        return FINDINGS
    return INCOMPLETE if why_incomplete(report, config) else OK


def misses_target(report: Report, config: Config) -> bool:
    """Whether a service certainly takes fewer failures than a target asks, and the user wants that to fail."""
    policy = report.score.policy
    return config.fail_on_target and policy is not None and any(missed.certain for missed in policy.missed)


def fails(finding: Finding, config: Config) -> bool:
    """Whether one finding is enough to fail a build."""
    counted = {Outcome.FAIL, Outcome.UNKNOWN} if config.unknown is UnknownPolicy.FAIL else {Outcome.FAIL}
    return config.fail_on is not None and finding.outcome in counted and finding.severity >= config.fail_on


def why_incomplete(report: Report | OutageReport, config: Config) -> str:
    """Why the scan does not answer for everything, as a clause; empty when it does, or when that is allowed."""
    if config.strict and report.problems:
        return f"{_count(len(report.problems), 'problem')}, and --strict counts every one"
    if config.allow_incomplete:
        return ""
    lost = sum(problem.kind.incomplete for problem in report.problems)
    if lost:
        return f"{_count(lost, 'problem')} kept input from being read"
    if not any(part.read or part.partly for part in report.coverage.values()):
        return "there was nothing to scan"
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
