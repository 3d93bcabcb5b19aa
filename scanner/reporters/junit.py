"""JUnit XML: a suite for each rule, a case for each resource that it judged.

A failure is a failure, what the files do not decide is skipped, a rule that failed is an error, and so is lost input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from scanner.model.finding import Finding, Outcome
from scanner.model.problem import Problem
from scanner.model.report import Report
from scanner.reporters import summary
from scanner.reporters.inert import inert
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted

_NO_XML = re.compile("[\ufffe\uffff]")
_COUNTED = ("failures", "errors", "skipped")


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as XML 1.0."""
    report = redacted(report)
    suites = [*_rule_suites(report, options), *_input_suite(report)]
    totals = {name: sum(counts[name] for counts, _ in suites) for name in ("tests", *_COUNTED)}
    body = "".join(text for _, text in suites)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{_attributes("riskscan", totals)}>\n{body}</testsuites>\n'
    )


def _rule_suites(report: Report, options: Options) -> Iterator[tuple[dict[str, int], str]]:
    found = [finding for outcome in Outcome for finding in summary.listed(report, outcome, options)]
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in sorted(found, key=lambda f: (f.rule, f.span.file, f.span.line, f.resource)):
        by_rule.setdefault((finding.rule, finding.slug), []).append(finding)
    for (code, slug), findings in by_rule.items():
        yield _suite(f"{code} {slug}", [_case(finding, options) for finding in findings])


def _input_suite(report: Report) -> Iterator[tuple[dict[str, int], str]]:
    problems = [problem for problem in report.problems if problem.kind.incomplete]
    if problems:
        yield _suite("input", [("errors", _lost(problem)) for problem in problems])


def _suite(name: str, cases: list[tuple[str, str]]) -> tuple[dict[str, int], str]:
    """The counts of a suite and its XML, from its cases: what each counts as, and its XML."""
    counts = {"tests": len(cases)} | {kind: sum(found == kind for found, _ in cases) for kind in _COUNTED}
    body = "".join(text for _, text in cases)
    return counts, f"  <testsuite{_attributes(name, counts)}>\n{body}  </testsuite>\n"


def _attributes(name: str, counts: Mapping[str, int]) -> str:
    return f" name={_quoted(name)}" + "".join(f' {key}="{number}"' for key, number in counts.items())


def _case(finding: Finding, options: Options) -> tuple[str, str]:
    kind, element = _verdict(finding, options)
    head = (
        f"    <testcase name={_quoted(finding.resource)} classname={_quoted(finding.slug)}"
        f' file={_quoted(options.prefix + finding.span.file)} line="{finding.span.line}"'
    )
    if not element:
        return kind, f"{head}/>\n"
    place = f"{finding.span}: {finding.why}" if finding.why else str(finding.span)
    message = finding.reason if finding.outcome is Outcome.SUPPRESSED and finding.reason else finding.message
    inner = f"<{element} message={_quoted(message)}"
    inner += f" type={_quoted(finding.severity.label)}>{_escaped(place)}</{element}>" if element != "skipped" else "/>"
    return kind, f"{head}>\n      {inner}\n    </testcase>\n"


def _verdict(finding: Finding, options: Options) -> tuple[str, str]:
    """What a finding counts as, and the element that says so."""
    if finding.outcome is Outcome.FAIL or (finding.outcome is Outcome.UNKNOWN and options.unknown_fails):
        return "failures", "failure"
    if finding.outcome is Outcome.ERROR:
        return "errors", "error"
    return ("", "") if finding.outcome is Outcome.PASS else ("skipped", "skipped")


def _lost(problem: Problem) -> str:
    error = f"<error message={_quoted(problem.message)} type={_quoted(problem.kind.value)}/>"
    return f'    <testcase name={_quoted(problem.span.file)} classname="input">\n      {error}\n    </testcase>\n'


def _quoted(text: str) -> str:
    return quoteattr(_NO_XML.sub("", inert(text)))


def _escaped(text: str) -> str:
    return escape(_NO_XML.sub("", inert(text)))
