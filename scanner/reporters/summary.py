"""The counts, orders and choices that all formats share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.finding import Acceptance, Axis, Finding, Outcome, Related, Severity
from scanner.model.objects import PLATFORM, stands_in_cluster
from scanner.model.problem import Problem
from scanner.model.report import AxisScore, FormatCoverage, Report, Score
from scanner.model.resource import Resource
from scanner.model.rule import RuleInfo
from scanner.model.score import Stage
from scanner.reporters.options import Options


class Counts(Struct, frozen=True):
    """How many findings there are of each outcome, and of each severity among the failures. Hidden ones included."""

    outcomes: Mapping[Outcome, int]
    severities: Mapping[Severity, int]
    files: FormatCoverage
    incomplete: bool
    accepted: Mapping[Acceptance, int] = {}

    @property
    def baselined(self) -> int:
        """How many of the suppressed ones are in the baseline."""
        return self.accepted.get(Acceptance.BASELINE, 0)


def count(report: Report) -> Counts:
    """The counts of a whole report, whatever a format shows of it."""
    outcomes = Counter(finding.outcome for finding in report.findings)
    severities = Counter(finding.severity for finding in report.findings if finding.outcome is Outcome.FAIL)
    return Counts(
        {outcome: outcomes[outcome] for outcome in Outcome},
        {severity: severities[severity] for severity in sorted(Severity, reverse=True)},
        total(report.coverage.values()),
        any(problem.kind.incomplete for problem in report.problems),
        Counter(finding.accepted_by for finding in report.findings if finding.accepted_by is not None),
    )


def total(parts: Iterable[FormatCoverage]) -> FormatCoverage:
    """The coverage of all formats together."""
    parts = tuple(parts)
    return FormatCoverage(
        sum(part.found for part in parts),
        sum(part.read for part in parts),
        sum(part.partly for part in parts),
        sum(part.unread for part in parts),
    )


def listed(report: Report, outcome: Outcome, options: Options) -> tuple[Finding, ...]:
    """The findings of one outcome that the reader wants listed, worst first, then by place."""
    if outcome in options.hide:
        return ()
    found = (f for f in report.findings if f.outcome is outcome and f.severity >= options.min_severity)
    return tuple(sorted(found, key=worst_first))


def failures(report: Report, options: Options) -> tuple[Finding, ...]:
    """What to show as a result: failures, and unknowns too when the reader asked for them; worst first.

    One for each rule and line, since that is what code scanning takes for one alert; see :func:`merged`.
    """
    found = listed(report, Outcome.FAIL, options)
    if options.unknown_fails or Outcome.UNKNOWN in options.show:
        found += listed(report, Outcome.UNKNOWN, options)
    last = () if options.unknown_fails else (Outcome.UNKNOWN,)
    return merged(sorted(found, key=lambda finding: (finding.outcome in last, worst_first(finding))))


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each rule, outcome and line; the resources of the others become related places of the first."""
    groups: dict[tuple[str, Outcome, str, int], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, finding.outcome, finding.span.file, finding.span.line), []).append(finding)
    return tuple(
        replace(first, related=(*first.related, *map(_same_for, others))) if others else first
        for first, *others in groups.values()
    )


def _same_for(finding: Finding) -> Related:
    place = next(iter(trail(finding)), None)
    return Related(place.span if place else finding.span, "the same here", finding.resource)


def cause(finding: Finding) -> str:
    """What would decide an unknown, and where, as far as that is known."""
    decider = next((place.span for place in finding.related if place.message == finding.reason), None)
    if decider is not None:
        return f"{finding.reason} ({decider.file}:{decider.line})"
    return finding.reason or finding.why or finding.message


def on_request(report: Report, options: Options) -> tuple[Finding, ...]:
    """Rules that failed on their input, always; suppressed and passed questions when the reader wants them listed."""
    wanted = (Outcome.ERROR, *(o for o in (Outcome.SUPPRESSED, Outcome.PASS) if o in options.show))
    return tuple(finding for outcome in wanted for finding in listed(report, outcome, options))


def hidden_failures(report: Report, options: Options) -> int:
    """How many failures ``min_severity`` keeps from being listed."""
    return sum(f.outcome is Outcome.FAIL and f.severity < options.min_severity for f in report.findings)


def worst_first(finding: Finding) -> tuple[int, str, int, int, str, str]:
    """The order of every list of findings."""
    span = finding.span
    return -finding.severity, span.file, span.line, span.column, finding.rule, finding.resource


def trail(finding: Finding) -> tuple[Related, ...]:
    """The other places of a finding: the calls that led to its own, innermost first, then what the rule points at."""
    steps = pairwise(finding.span.chain())
    calls = (Related(outer, inner.via or "brought in here") for inner, outer in steps)
    return (*calls, *finding.related)


def lost_first(problems: Iterable[Problem]) -> list[Problem]:
    """Problems that cost input first, then by kind and place."""
    return sorted(problems, key=lambda p: (not p.kind.incomplete, p.kind, p.span.file, p.span.line, p.message))


def severity_words(counts: Counts) -> str:
    """The failures by severity: ``2 critical, 4 high``. Severities without any are left out."""
    return ", ".join(f"{number} {severity.label}" for severity, number in counts.severities.items() if number)


def other_outcomes(counts: Counts) -> str:
    """What came of the other questions: ``3 unknown, 40 passed, 1 suppressed``."""
    words = {Outcome.UNKNOWN: "unknown", Outcome.PASS: "passed", Outcome.SUPPRESSED: "suppressed"}
    parts = [f"{counts.outcomes[outcome]} {word}" for outcome, word in words.items()]
    if counts.baselined:
        parts[-1] += f" ({counts.baselined} in the baseline)"
    if counts.outcomes[Outcome.ERROR]:
        parts.append(plural(counts.outcomes[Outcome.ERROR], "rule error"))
    return ", ".join(parts)


def suppressed_line(counts: Counts) -> str:
    """Who suppressed what: ``21 findings suppressed: 20 in the baseline, 1 by waivers``; empty where nothing was."""
    total = counts.outcomes[Outcome.SUPPRESSED]
    others = {a: counts.accepted.get(a, 0) for a in (Acceptance.CHECKOV, Acceptance.TRIVY, Acceptance.TFSEC)}
    waived = total - counts.baselined - sum(others.values())
    if waived == total:
        return f"{plural(total, 'finding')} suppressed by waivers" if total else ""
    numbers = {"in the baseline": counts.baselined, "by waivers": waived}
    numbers |= {f"by waivers for {tool.value}": number for tool, number in others.items()}
    parts = ", ".join(f"{number} {words}" for words, number in numbers.items() if number)
    return f"{plural(total, 'finding')} suppressed: {parts}"


def plural(number: int, noun: str, nouns: str = "") -> str:
    """A number with its noun: ``1 finding``, ``2 findings``."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def coverage_line(report: Report) -> str:
    """How much of what was found was read, such as ``Read 14 of 15 files (helm 0 of 1; terraform 14 of 14)``."""
    files = total(report.coverage.values())
    parts = [
        f"{name} {part.read + part.partly} of {part.found}"
        + (f", {part.partly} of them in part" if part.partly else "")
        for name, part in sorted(report.coverage.items())
        if part.found
    ]
    detail = f" ({'; '.join(parts)})" if parts else ""
    return f"Read {files.read + files.partly} of {plural(files.found, 'file')}{detail}."


def written_at(finding: Finding, resources: Mapping[str, Resource]) -> Resource | None:
    """The resource of a finding; of one about the whole estate, one in the file that it points at."""
    same_file = (resource for resource in resources.values() if resource.span.file == finding.span.file)
    return resources.get(finding.resource) or next(same_file, None)


READ_AS: Final = {"arm": "bicep"}
"""Dialects whose authors read another one's code: the names of ARM's JSON are those of Bicep."""


def remedy(rule: RuleInfo, resource: Resource | None) -> str:
    """The remediation in the dialect that a resource is written in, else the nearest; empty when there is none.

    Where a text for the dialect is missing, its provider's for Terraform has no code in it. Inventories are written
    by nobody: for them any dialect of the cloud will do.
    """
    texts = rule.remediation
    if resource is not None:
        written = READ_AS.get(resource.declaration.dialect, resource.declaration.dialect)
        provider = PLATFORM if stands_in_cluster(resource.declaration) else resource.placement.provider
        own = [dialect for dialect in texts if dialect.startswith(f"{written}/")]
        for dialect in (f"{written}/{provider}", written, *own[:1], f"terraform/{provider}", "terraform"):
            if dialect in texts:
                return texts[dialect]
    return next(iter(texts.values()), "")


def first_advice(text: str) -> str:
    """The first sentence of a remediation's first paragraph, without what ends it; code below it does not count."""
    paragraph: list[str] = []
    for line in text.strip().splitlines():
        if not line.strip() or line.startswith(("```", " ", "\t", "resource ", "module ", "provider ", "terraform ")):
            break
        paragraph.append(line.strip())
    return first_sentence(" ".join(paragraph)).rstrip(":.")


def first_sentence(text: str) -> str:
    """The text up to the first full stop that a new sentence follows."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)[0]


def subject(finding: Finding) -> str:
    """The message, after the resource unless that is named in it."""
    return finding.message if finding.resource in finding.message else f"{finding.resource}: {finding.message}"


def grade_line(score: Score) -> str:
    """The grade and the score. Without a judged axis there is no grade, lest nothing judged look like nothing wrong."""
    if not score.services and not any(axis.judged for axis in score.axes):
        return "No grade: nothing was judged"
    unsure = "" if score.low == score.high else "; the unknowns decide where"
    return f"Grade {score.grade}: {score_range(score.low, score.high)} of 100{unsure}"


STAGES: Final = {
    Stage.R0: "one zone, region or cluster stops a service",
    Stage.R1: "every service survives any one region",
    Stage.R2: "every service survives any one region, provider, account, key or DNS host",
    Stage.R3: "every service survives any two domains of one axis",
}


def stage_line(score: Score) -> str:
    """The stage in words; empty when no service is known."""
    if score.stage is None:
        return ""
    unsure = f"; up to {score.stage_high} if the unknowns turn out well" if score.stage_high != score.stage else ""
    return f"Stage {score.stage}: {STAGES[score.stage]}{unsure}"


def judged(axis: AxisScore, score: Score) -> bool:
    """Whether anything counts on an axis: a rule's finding, or a service, which all axes but ``data`` ask about."""
    return axis.judged > 0 or (score.services > 0 and axis.axis is not Axis.DATA)


def axis_words(axis: AxisScore, score: Score) -> str:
    """What stands behind the score of an axis: services that one domain stops, and rule findings that fail."""
    stopped = f"one domain stops {axis.stopped} of {plural(score.services, 'service')}"
    failing = f"{axis.failing} of {axis.judged} failing"
    words = [stopped] if score.services and axis.axis is not Axis.DATA else []
    return "; ".join([*words, failing] if axis.judged else words)


def score_range(low: float, high: float) -> str:
    """A score with its interval: ``42``, or ``42 to 61``."""
    return number_text(low) if low == high else f"{number_text(low)} to {number_text(high)}"


def number_text(value: float) -> str:
    """A score without a needless fraction."""
    return f"{value:.1f}".removesuffix(".0")
