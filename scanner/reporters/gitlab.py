"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from typing import Any, Final

from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.problem import Problem
from scanner.model.report import Report
from scanner.reporters import summary
from scanner.reporters.inert import as_bytes, inert, json_text
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted

_SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(report: Report, options: Options = DEFAULT) -> str:
    """A JSON list of the failures; lost input is in it too, since the format has no other place for it."""
    report = redacted(report)
    met: Counter[str] = Counter()
    entries = [_finding(finding, options) for finding in summary.failures(report, options)]
    entries += [_lost(problem, options) for problem in report.problems if problem.kind.incomplete]
    for entry in entries:
        met[entry["fingerprint"]] += 1
        entry["fingerprint"] = _digest(f"{entry['fingerprint']} {met[entry['fingerprint']]}")
    return json_text(entries, indent=1)


def _finding(finding: Finding, options: Options) -> dict[str, Any]:
    undecided = finding.outcome is Outcome.UNKNOWN and not options.unknown_fails
    severity = "info" if undecided else _SEVERITIES[finding.severity]
    text = f"{'Unknown: ' if undecided else ''}{summary.subject(finding)}"
    identity = finding.fingerprint or f"{finding.rule} {finding.resource} {finding.attribute}"
    return _entry(finding.slug, text, finding.span.file, finding.span.line, severity, identity, options)


def _lost(problem: Problem, options: Options) -> dict[str, Any]:
    text, place = f"Not read: {problem.message}", problem.span
    return _entry(problem.kind.value, text, place.file, place.line, "critical", text, options)


def _entry(
    name: str, text: str, file: str, line: int, severity: str, identity: str, options: Options
) -> dict[str, Any]:
    path = posixpath.normpath(options.prefix + file)
    return {
        "description": inert(text),
        "check_name": inert(name),
        "fingerprint": _digest(f"{identity} {path}"),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": max(1, line)}},
    }


def _digest(text: str) -> str:
    """GitLab wants a unique text for each entry, the same from run to run."""
    return hashlib.sha256(as_bytes(text)).hexdigest()
