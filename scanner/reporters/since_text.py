"""What changed since an earlier state, for a terminal: before the report itself, which the findings are part of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.model.comparison import Comparison, Turn
from scanner.model.report import Report
from scanner.reporters import since as words
from scanner.reporters import summary
from scanner.reporters.inert import inert
from scanner.reporters.options import Options

LISTED: Final = 20


def lines(report: Report, since: Comparison, options: Options) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is one that stands out."""
    yield f"Since {inert(since.base.revision[:12] or since.base.label)}: {inert(words.findings(since))}", True
    for told in words.services_turned(since):
        yield f"  {inert(told)}", False
    for told in words.blind(since):
        yield f"  {inert(told)}", False
    for each in since.weakened:
        yield f"  milder: {inert(f'{each.span.file}:{each.span.line}: {each.message}')}", False
    new, fixed = words.new(report, options), words.fixed(since, options)
    most = len(new) + len(fixed) if options.full else LISTED
    for found in new[:most]:
        finding = found.finding
        place = f"{finding.span.file}:{finding.span.line}"
        told = f"{finding.severity.label} {finding.rule} {finding.slug} {place} {summary.subject(finding)}"
        yield f"  new: {inert(told)}", False
        for cause in found.causes:
            place = f"{cause.span.file}:{cause.span.line}"
            yield f"    because of {inert(f'{place}: {words.cause_words([cause])}')}", False
    for turn in fixed[:most]:
        yield f"  fixed: {inert(_fixed(turn))}", False
    if rest := len(new[most:]) + len(fixed[most:]):
        yield f"  and {rest} more; --show all lists them", False


def _fixed(turn: Turn) -> str:
    finding = turn.finding
    return f"{finding.severity.label} {finding.rule} {finding.slug} {finding.resource}"
