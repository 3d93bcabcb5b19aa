"""What a scan's report means for the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from scanner.config import Config, UnknownPolicy
from scanner.model.comparison import Comparison, Effect, Side
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.outage import OutageReport
from scanner.model.report import Report
from scanner.model.service import Level

OK: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
INCOMPLETE: Final = 3
INTERRUPTED: Final = 130


def exit_code(report: Report, config: Config) -> int:
    """Findings come before incompleteness: what was found is true whatever else could not be read."""
    failed = any(fails(finding, config) for finding in _judged(report, config)) or misses_target(report, config)
    if failed and not config.exit_zero:
        return FINDINGS
    return INCOMPLETE if why_incomplete(report, config) else OK


def _judged(report: Report, config: Config) -> Iterable[Finding]:
    """The findings that the gate is about: all, or those alone that an earlier state did not have."""
    if config.fail_on_new and report.since is not None:
        return (turn.finding for turn in report.since.new)
    return report.findings


def comparison_exit_code(report: Comparison, config: Config) -> int:
    """The same for two estates: only what is more centralized in ``head`` counts, of two states of code what is new."""
    inventory = report.base.inventory or report.head.inventory
    found = _drifts(report, config) if inventory else (turn.finding.severity for turn in report.new)
    severities = [*found, *_services_worse(report)]
    worse = config.fail_on is not None and any(severity >= config.fail_on for severity in severities)
    if worse and not config.exit_zero:
        return FINDINGS
    return INCOMPLETE if any(why_incomplete(side, config) for side in (report.base, report.head)) else OK


def _drifts(report: Comparison, config: Config) -> Iterator[Severity]:
    """The severities of rules that fail in ``head`` alone, on resources of both sides or of its own."""
    for shift in (*report.estate, *(shift for match in report.matches for shift in match.shifts)):
        perhaps = shift.effect is Effect.UNDECIDED and shift.base is not Outcome.FAIL and shift.head is not Outcome.PASS
        if shift.effect is Effect.MORE or (perhaps and config.unknown is UnknownPolicy.FAIL):
            yield shift.severity
    yield from (finding.severity for lone in report.only_head for finding in lone.failing)


def _services_worse(report: Comparison) -> Iterator[Severity]:
    """A service that takes fewer failures is as severe as it is critical: both are told in the same words."""
    for service in report.services:
        if service.effect is Effect.MORE:
            yield Severity[service.criticality.value.upper()]


def misses_target(report: Report, config: Config) -> bool:
    """Whether a service certainly takes fewer failures than a target asks, and the user wants that to fail."""
    policy = report.score.policy
    if not config.fail_on_target or policy is None:
        return False
    before = _missed_before(report) if config.fail_on_new else frozenset()
    return any(missed.certain and (missed.service, missed.level) not in before for missed in policy.missed)


def _missed_before(report: Report) -> frozenset[tuple[str, Level]]:
    """The targets that an earlier state missed too: the services, as they are called now, and the levels."""
    policy = report.since.base.score.policy if report.since else None
    if report.since is None or policy is None:
        return frozenset()
    names = {pair.name: pair.head for pair in report.since.services if pair.name and pair.head}
    return frozenset((names.get(missed.service, ""), missed.level) for missed in policy.missed if missed.certain)


def fails(finding: Finding, config: Config) -> bool:
    """Whether one finding is enough to fail a build."""
    counted = {Outcome.FAIL, Outcome.UNKNOWN} if config.unknown is UnknownPolicy.FAIL else {Outcome.FAIL}
    return config.fail_on is not None and finding.outcome in counted and finding.severity >= config.fail_on


def why_incomplete(report: Report | OutageReport | Side, config: Config) -> str:
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
