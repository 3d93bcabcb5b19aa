"""Annotations for GitHub Actions: workflow commands on stdout.

GitHub shows ten of each level a step and drops the others without a word, so the worst come first and the rest are
plain log lines. See https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from scanner.model.comparison import Cause, Weakening
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.problem import Problem
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters import since, summary
from scanner.reporters.inert import inert
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted

PER_LEVEL: Final = 10
"""GitHub's limit a step; the summary takes one of the notices."""

_LEVELS: Final = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}


def render(report: Report, options: Options = DEFAULT) -> str:
    """One command a line; what exceeds GitHub's limits as log lines; a summary as the last notice.

    Where an earlier state is known only what is new is annotated, with the changed lines that cause it.
    """
    report = redacted(report)
    used = Counter(notice=1)
    commands: list[str] = []
    rest: list[str] = []
    for level, command, plain in (*_problems(report, options), *_told(report, options)):
        used[level] += 1
        if used[level] <= PER_LEVEL:
            commands.append(command)
        else:
            rest.append(plain)
    before = (f"from before: {_plain(finding, options)}" for finding in _before(report, options))
    return "".join(f"{line}\n" for line in (*commands, *rest, *before, _summary(report, len(rest))))


Line = tuple[str, str, str]
"""The level of an annotation, its command, and the same as a plain line."""


def _told(report: Report, options: Options) -> Iterator[Line]:
    if report.since is None:
        for finding in summary.failures(report, options):
            yield _annotation(finding, _body(finding), options)
        return
    for each in report.since.weakened:
        message = inert(each.message)
        command = _command("warning", each.span, "the gate is milder", message, options)
        yield "warning", command, f"the gate is milder {_place(each, options)}: {message}"
    new = since.new(report, options)
    for found in new:
        causes = "".join(f"\nBecause of {_cause(cause, options)}" for cause in found.causes)
        yield _annotation(found.finding, f"{_body(found.finding)}{causes}", options)
    yield from _causes(new, options)


def _causes(new: Iterable[since.New], options: Options) -> Iterator[Line]:
    """A notice on each changed line that new findings elsewhere come from; what was removed has no line in head."""
    effects: dict[Span, list[Finding]] = {}
    for found in new:
        for cause in found.causes:
            if not cause.removed:
                effects.setdefault(cause.span, []).append(found.finding)
    for span, findings in effects.items():
        message = "\n".join(_plain(finding, options) for finding in findings[:PER_LEVEL])
        title = f"this change causes {summary.plural(len(findings), 'new finding')}"
        plain = f"{title} {inert(options.prefix + span.file)}:{span.line}: {inert(message)}"
        yield "notice", _command("notice", span, title, message, options), plain


def _cause(cause: Cause, options: Options) -> str:
    where = f"{inert(options.prefix + cause.span.file)}:{cause.span.line}"
    return f"{where}: {inert(since.cause_words([cause]))}"


def _before(report: Report, options: Options) -> tuple[Finding, ...]:
    return since.lasting(report.since, options) if report.since else ()


def _annotation(finding: Finding, body: str, options: Options) -> Line:
    undecided = finding.outcome is Outcome.UNKNOWN and not options.unknown_fails
    level = "notice" if undecided else _LEVELS.get(finding.severity, "notice")
    title = f"{'unknown' if undecided else finding.severity.label}: {finding.rule} {finding.slug}"
    return level, _command(level, finding.span, title, body, options), _plain(finding, options)


def _problems(report: Report, options: Options) -> Iterator[Line]:
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


def _place(item: Finding | Problem | Weakening, options: Options) -> str:
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
    changed = f"{inert(since.headline(report.since))}. Altogether " if report.since else ""
    return f"::notice title=riskscan::{_data(f'{changed}{verdict} {summary.coverage_line(report)}{more}')}"
