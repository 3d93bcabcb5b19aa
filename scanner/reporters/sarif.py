"""SARIF 2.1.0 in the part of it that GitHub code scanning accepts.

One run. A result stands on one line, since GitHub shows an alert in a pull request only when every line of its region
is in the diff. Suppressed results are left out: GitHub would open alerts for them. What could not be read is a
notification. See
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.outage import LEVELS
from scanner.model.report import Report
from scanner.model.rule import RuleInfo
from scanner.model.span import Span
from scanner.reporters import services, since, summary
from scanner.reporters.fingerprint import line_hashes
from scanner.reporters.inert import in_url, inert, json_text
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted
from scanner.reporters.rule_help import rule_markdown, rule_text
from scanner.reporters.suggestion import Suggestion, suggested

MAX_RESULTS: Final = 5_000
"""GitHub keeps no more of one run."""

MAX_NOTIFICATIONS: Final = 1_000
MAX_RELATED: Final = 100
MAX_TAGS: Final = 10
MAX_TEXT: Final = 1_024
SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"

SECURITY_SEVERITY: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "1.0",
}
"""GitHub's scale: above 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low.

They are texts: GitHub refuses numbers.
"""

_LEVELS: Final = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}

Json = dict[str, Any]


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as SARIF. Paths are percent-encoded and relative to the repository's root (``options.prefix``)."""
    hashes = _hashes(report)
    report = redacted(report)
    findings = _shown(report, options)
    kept = findings[:MAX_RESULTS]
    worst = {finding.rule: finding for finding in sorted(kept, key=lambda f: f.severity)}
    places = {code: index for index, code in enumerate(sorted(worst))}
    run = {
        "tool": {
            "driver": {
                "name": "riskscan",
                "semanticVersion": report.tool_version,
                "rules": [_rule(_info(code, report, worst[code]), worst[code].severity) for code in places],
            }
        },
        "automationDetails": {"id": f"riskscan/{options.category.strip('/')}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not summary.count(report).incomplete,
                "toolExecutionNotifications": list(_notifications(report, options, len(findings))),
            }
        ],
        "results": [_result(finding, places[finding.rule], report, hashes, options) for finding in kept],
        "properties": _properties(report),
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(log, indent=1)


def _shown(report: Report, options: Options) -> tuple[Finding, ...]:
    """What becomes a result: all that fails, or what is new alone. GitHub closes the alerts of what is left out."""
    if options.only_new and report.since is not None:
        return tuple(each.finding for each in since.new(report, options))
    return summary.failures(report, options)


def _properties(report: Report) -> Json:
    """The verdict, for viewers that show a run's properties."""
    outage = services.riskiest(report)
    return {
        "stage": report.score.stage,
        "score": report.score.low,
        "grade": report.score.grade,
        "services": {s.name: {level: s.coefficients[level] for level in LEVELS} for s in report.services},
        "riskiestOutage": services.sentence(outage) if outage else None,
    }


def _hashes(report: Report) -> Mapping[str, list[str]]:
    """Line fingerprints of the files with results, from the text as it is: GitHub computes the same."""
    shown = {f.span.file for f in report.findings if f.outcome in (Outcome.FAIL, Outcome.UNKNOWN)}
    return {file: line_hashes("\n".join(report.sources[file])) for file in shown if file in report.sources}


def _rule(rule: RuleInfo, severity: Severity) -> Json:
    return {
        "id": rule.code,
        "name": rule.slug[:255],
        "shortDescription": {"text": _cut(rule.title)},
        "fullDescription": {"text": _cut(rule.why.strip() or rule.title)},
        "help": {"text": rule_text(rule), "markdown": rule_markdown(rule)},
        "defaultConfiguration": {"level": _LEVELS.get(severity, "note")},
        "properties": {
            "tags": list(dict.fromkeys(["security", rule.axis.value, *rule.tags]))[:MAX_TAGS],
            "precision": rule.precision,
            "security-severity": SECURITY_SEVERITY[severity],
        },
    }


def _info(code: str, report: Report, finding: Finding) -> RuleInfo:
    """The words of a rule. GitHub wants some for each, so one that the report does not know is named by a finding."""
    known = report.rules.get(code)
    return known or RuleInfo(code, finding.slug, finding.axis, finding.severity, "medium", finding.slug, finding.slug)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def _result(
    finding: Finding, rule_index: int, report: Report, hashes: Mapping[str, list[str]], options: Options
) -> Json:
    undecided = finding.outcome is Outcome.UNKNOWN
    related = list(_related(finding, options))
    level = "note" if undecided and not options.unknown_fails else _LEVELS.get(finding.severity, "note")
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": level,
        "message": {"text": _message(finding, undecided, len(related))},
        "locations": [
            {
                "physicalLocation": _physical(finding.span, report, options),
                "logicalLocations": [{"fullyQualifiedName": inert(finding.resource), "kind": "resource"}],
            }
        ],
        "partialFingerprints": _fingerprints(finding, hashes),
        "properties": {
            "axis": finding.axis.value,
            "severity": finding.severity.label,
            "confidence": finding.confidence,
        },
    }
    fix = suggested(finding, report.rules.get(finding.rule), report.sources.get(finding.span.file, ()))
    return (
        result | ({"relatedLocations": related} if related else {}) | ({"fixes": [_fix(fix, options)]} if fix else {})
    )


def _fix(fix: Suggestion, options: Options) -> Json:
    """One literal for another. GitHub ignores fixes; other viewers, and our own review, do not."""
    return {
        "description": {"text": f"Write {fix.text} here."},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": uri(fix.finding.span.file, options.prefix)},
                "replacements": [
                    {
                        "deletedRegion": {
                            "startLine": fix.line,
                            "startColumn": fix.column,
                            "endColumn": fix.end_column,
                            "snippet": {"text": fix.before[fix.column - 1 : fix.end_column - 1]},
                        },
                        "insertedContent": {"text": fix.text},
                    }
                ],
            }
        ],
    }


def _message(finding: Finding, undecided: bool, related: int) -> str:
    """The first sentence is the alert's title. The links are ours alone."""
    parts = ["Unknown: " + finding.message if undecided else finding.message, finding.why]
    text = "\n\n".join(_unlinked(part) for part in parts if part)
    if not related:
        return text
    links = ", ".join(f"[{number}]({number})" for number in range(1, related + 1))
    return f"{text}\n\nSee also: {links}"


def _related(finding: Finding, options: Options) -> Iterator[Json]:
    """The calls that led here, innermost first, then what the rule points at."""
    for number, place in enumerate(summary.trail(finding)[:MAX_RELATED], start=1):
        message = f"{place.resource}: {place.message}" if place.resource else place.message
        yield {
            "id": number,
            "physicalLocation": {
                "artifactLocation": {"uri": uri(place.span.file, options.prefix)},
                "region": {"startLine": max(1, place.span.line)},
            },
            "message": {"text": _unlinked(message)},
        }


def _unlinked(text: str) -> str:
    """One line without links of its own: code scanning makes a link of every ``[text](target)``."""
    return inert(text).replace("](", "] (")


def _physical(span: Span, report: Report, options: Options) -> Json:
    return {"artifactLocation": {"uri": uri(span.file, options.prefix)}, "region": _region(span, report)}


def _region(span: Span, report: Report) -> Json:
    """The first line of a span: its own columns, or to the line's end when it goes on below."""
    region = {"startLine": max(1, span.line)}
    lines = report.sources.get(span.file, ())
    end = span.end_column
    if span.end_line != span.line:
        end = len(lines[span.line - 1].rstrip()) + 1 if 1 <= span.line <= len(lines) else 0
    if end > span.column:
        region |= {"startColumn": span.column, "endLine": span.line, "endColumn": end}
    return region


def uri(file: str, prefix: str) -> str:
    """A path of the scan as a relative URI from the repository's root."""
    return in_url(posixpath.normpath(prefix + file))


def _fingerprints(finding: Finding, hashes: Mapping[str, list[str]]) -> Json:
    found = {"riskscan/v1": finding.fingerprint} if finding.fingerprint else {}
    lines = hashes.get(finding.span.file, [])
    if 1 <= finding.span.line <= len(lines):
        found["primaryLocationLineHash"] = lines[finding.span.line - 1]
    return found


def _notifications(report: Report, options: Options, results: int) -> Iterator[Json]:
    if results > MAX_RESULTS:
        yield _note("limit", "warning", f"{results - MAX_RESULTS} of {results} results are left out, the mildest ones.")
    counts = summary.count(report)
    for outcome, words in (
        (Outcome.UNKNOWN, "not decided by the files"),
        (Outcome.SUPPRESSED, "suppressed by waivers" + (" or the baseline" if counts.baselined else "")),
        (Outcome.ERROR, "not answered, since the rule failed"),
    ):
        if number := counts.outcomes[outcome]:
            yield _note(outcome.value, "note", f"{summary.plural(number, 'question')} {words}.")
    yield _note("coverage", "note", summary.coverage_line(report))
    for problem in report.problems[:MAX_NOTIFICATIONS]:
        note = _note(problem.kind.value, "error" if problem.kind.incomplete else "warning", inert(problem.message))
        outside = uri(problem.span.file, options.prefix).startswith("../")  # a configuration from elsewhere
        yield (
            note if outside else note | {"locations": [{"physicalLocation": _physical(problem.span, report, options)}]}
        )
    if len(report.problems) > MAX_NOTIFICATIONS:
        yield _note("limit", "warning", f"{len(report.problems) - MAX_NOTIFICATIONS} more problems are left out.")


def _note(kind: str, level: str, text: str) -> Json:
    return {"descriptor": {"id": kind}, "level": level, "message": {"text": text}}
