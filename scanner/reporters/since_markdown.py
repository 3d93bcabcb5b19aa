"""What changed since an earlier state, as parts of a Markdown page: the part that a reviewer reads first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.model.comparison import Cause, Comparison, Turn
from scanner.model.finding import Outcome
from scanner.model.report import Report
from scanner.reporters import since as words
from scanner.reporters import summary
from scanner.reporters.gfm import Section, cell, code, escaped, fenced, link
from scanner.reporters.options import Options
from scanner.reporters.suggestion import Suggestion, suggestions

MAX_WEAKENED: Final = 10
"""So many ways in which the gate became milder are named."""

FINDINGS: Final = "| Severity | Rule | Place | Resource | What |\n|---|---|---|---|---|\n"


def head(since: Comparison, options: Options) -> str:
    """The verdict in one line, what it means for services, what weakens it, and how far it reaches."""
    lines = [f"## riskscan: {escaped(words.findings(since))}", ""]
    turned = words.services_turned(since)
    lines += [*(f"* {escaped(told)}" for told in turned), *([""] if turned else [])]
    lines += _warning(since, options)
    lines += [f"{line}\n" for line in map(escaped, words.blind(since))]
    if hidden := sum(turn.finding.severity < options.min_severity for turn in since.new):
        lines += [f"{summary.plural(hidden, 'new finding')} below {options.min_severity.label} not listed.", ""]
    return "".join(f"{line}\n" for line in lines)


def _warning(since: Comparison, options: Options) -> Iterator[str]:
    """https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts."""
    if not since.weakened:
        return
    yield from ("> [!WARNING]", "> This change makes the gate milder:", ">")
    for each in since.weakened[:MAX_WEAKENED]:
        yield f"> * {link(each.span, options)} {escaped(each.message)}"
    if (more := len(since.weakened) - MAX_WEAKENED) > 0:
        yield f"> * and {more} more"
    yield ""


def table(report: Report, since: Comparison) -> Section:
    """Before and after."""
    titles = f"| | {escaped(since.base.label)} | → {escaped(since.head.label)} | |\n|---|--:|--:|---|\n"
    return Section(titles, tuple(f"| {' | '.join(map(escaped, row))} |\n" for row in words.table(report, since)))


def new(report: Report, options: Options) -> Section:
    """The new findings, each with the changed lines that it comes from."""
    return Section(f"### New findings\n\n{FINDINGS}", tuple(_new(each, options) for each in words.new(report, options)))


def _new(each: words.New, options: Options) -> str:
    finding = each.finding
    causes = "".join(f"<br>because of {_cause(cause, options)}" for cause in each.causes)
    before = f" ({each.before} before)" if each.before else ""
    cells = [
        finding.severity.label,
        cell(f"{code(finding.rule)} {code(finding.slug)}"),
        cell(link(finding.span, options)),
        cell(code(finding.resource)),
        f"{'Unknown: ' if finding.outcome is Outcome.UNKNOWN else ''}{escaped(finding.message)}{before}{cell(causes)}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _cause(cause: Cause, options: Options) -> str:
    """A changed line. What was removed is in no file of head, and has no page there."""
    place = code(f"{cause.span.file}:{cause.span.line}") if cause.removed else link(cause.span, options)
    return f"{place} {escaped(words.cause_words([cause]))}"


def fixed(since: Comparison, options: Options) -> Section:
    """The fixed findings, struck off, at the places where they stood."""
    rows = (_fixed(turn, since.base.revision, options) for turn in words.fixed(since, options))
    return Section("### Fixed\n\n", tuple(rows))


def _fixed(turn: Turn, revision: str, options: Options) -> str:
    finding = turn.finding
    told = f"{code(finding.rule)} {code(finding.slug)} {code(finding.resource)}: {escaped(finding.message)}"
    return f"* ~~{finding.severity.label} {told}~~ {link(finding.span, options, revision)}\n"


def fixes(report: Report, options: Options) -> Section:
    """What one changed line would fix: of the new findings where they are known, else of all."""
    found = words.new(report, options)
    findings = [each.finding for each in found] if report.since else summary.failures(report, options)
    rows = tuple(_fix(fix, options) for fix in suggestions(findings, report))
    return Section("### Suggested changes\n", rows)


def _fix(fix: Suggestion, options: Options) -> str:
    diff = fenced("diff", (f"-{fix.before}", f"+{fix.after}"))
    return f"\n{link(fix.finding.span, options)} fixes {code(fix.finding.rule)}:\n\n{diff}"
