"""Annotations for GitHub Actions: workflow commands on stdout.

GitHub shows ten of each level a step and drops the others without a word, so the worst come first and the rest are
plain log lines. See https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.problem import Problem
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters import summary
from scanner.reporters.inert import inert
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted

PER_LEVEL: Final = 10
"""GitHub's limit a step; the summary takes one of the notices."""

_LEVELS: Final = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """One command a line; what exceeds GitHub's limits as log lines; a summary as the last notice."""
    report = redacted(report)
    used = Counter(notice=1)
    commands: list[str] = []
    rest: list[str] = []
    for level, command, plain in (*_problems(report, options), *_findings(report, options)):
        used[level] += 1
        if used[level] <= PER_LEVEL:
            commands.append(command)
        else:
            rest.append(plain)
    return "".join(f"{line}\n" for line in (*commands, *rest, _summary(report, len(rest))))


def _findings(report: Report, options: Options) -> Iterator[tuple[str, str, str]]:
    """The level, the command and the plain line of each finding."""
    for finding in summary.failures(report, options):
        undecided = finding.outcome is Outcome.UNKNOWN and not options.unknown_fails
        level = "notice" if undecided else _LEVELS.get(finding.severity, "notice")
        title = f"{'unknown' if undecided else finding.severity.label}: {finding.rule} {finding.slug}"
        yield level, _command(level, finding.span, title, _body(finding), options), _plain(finding, options)


def _problems(report: Report, options: Options) -> Iterator[tuple[str, str, str]]:
    """Input that was lost, since without it the absence of findings means nothing."""
    for problem in report.problems:
        if problem.kind.incomplete:
            message = inert(problem.message)
            command = _command("error", problem.span, f"{problem.kind.value} input", message, options)
            yield "error", command, f"{problem.kind.value} input {_place(problem, options)}: {message}"


def _body(finding: Finding) -> str:
    text = inert(summary.subject(finding))
    return f"{text}\n{inert(finding.why)}" if finding.why else text


def _plain(finding: Finding, options: Options) -> str:
    label = f"{finding.severity.label}[{inert(finding.rule)}]"
    return f"{label} {_place(finding, options)}: {inert(summary.subject(finding))}"


def _place(item: Finding | Problem, options: Options) -> str:
    return f"{inert(options.prefix + item.span.file)}:{item.span.line}:{item.span.column}"


def _command(level: str, span: Span, title: str, message: str, options: Options) -> str:
    fields = {"file": inert(options.prefix + span.file), "line": str(span.line)}
    if span.end_line == span.line and span.end_column > span.column:
        fields |= {"col": str(span.column), "endColumn": str(span.end_column)}
    fields["title"] = inert(title)
    properties = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{level} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _summary(report: Report, rest: int) -> str:
    counts = summary.count(report)
    failing = counts.outcomes[Outcome.FAIL]
    words = f" ({summary.severity_words(counts)})" if failing else ""
    more = f" {rest} of them only in the log, since GitHub shows {PER_LEVEL} of a level." if rest else ""
    verdict = f"{summary.plural(failing, 'finding')}{words}. {summary.other_outcomes(counts)}."
    text = f"{verdict} {summary.coverage_line(report)}"
    return f"::notice title=riskscan::{_data(text + more)}"
