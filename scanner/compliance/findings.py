"""What rules found, and what could not be read, as claims for controls."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec.structs import replace

from scanner.compliance.drafts import Draft, Drafts
from scanner.compliance.mapping import Citations, Mapped
from scanner.compliance.spoken import Speaker, sentence
from scanner.model.assessment import Direction, Evidence, Origin
from scanner.model.finding import Finding, Outcome
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.rule import ESTATE, RuleInfo

_UNDECIDED: Final = "not decided: "
"""How the message of an unknown begins; a suppressed one keeps it."""

_OPPOSITE: Final = {Direction.AGAINST: Direction.FOR, Direction.FOR: Direction.AGAINST}
_PROBLEMS: Final[Mapping[ProblemKind, str]] = {
    ProblemKind.UNREADABLE: "“{file}” could not be read, so that what it declares is unknown: {message}",
    ProblemKind.INVALID: "“{file}” could not be understood, so that what it declares is unknown: {message}",
    ProblemKind.LIMIT: "“{file}” was not read to its end, because a safety limit was reached: {message}",
    ProblemKind.CRASHED: "A check failed on “{file}”, which is a fault of the program: {message}",
    ProblemKind.MODULE: "“{file}” uses a part that was not at hand, so that what it declares is unknown: {message}",
    ProblemKind.UNRESOLVED: "“{file}” holds something that the files do not decide: {message}",
    ProblemKind.UNSUPPORTED: "“{file}” holds something that was not interpreted: {message}",
}
"""What a problem of each kind means; one about a waiver says nothing about the estate."""


def cited(rule: RuleInfo, table: Mapped) -> Citations:
    """The controls that a rule cites, and those that ask for the same."""
    own = frozenset((framework, control) for framework, ids in rule.controls.items() for control in ids)
    return own.union(*(table.crosswalk.get(each, frozenset()) for each in own))


def findings(report: Report, table: Mapped, repeated: AbstractSet[str]) -> Drafts:
    """Every finding of a rule that cites a control. Of the ``repeated`` rules, the graph says what fails and passes."""
    speaker = Speaker.of(report)
    controls = {code: cited(rule, table) for code, rule in report.rules.items()}
    for finding in report.findings:
        if finding.rule in repeated and finding.outcome in (Outcome.FAIL, Outcome.PASS):
            continue
        rule = report.rules.get(finding.rule)
        opposite = table.reversed.get(finding.rule, frozenset())
        if rule is None or not (controls[finding.rule] or opposite):
            continue
        claim = _claim(finding, rule, speaker)
        yield Draft(claim, controls[finding.rule] - opposite)
        if opposite:
            yield Draft(_opposed(claim), opposite)


def _opposed(claim: Evidence) -> Evidence:
    turned = _OPPOSITE.get(claim.direction, claim.direction)
    return replace(
        claim, direction=turned, meaning="This control asks for the opposite of what other controls ask for."
    )


def _claim(finding: Finding, rule: RuleInfo, speaker: Speaker) -> Evidence:
    direction, text = _told(finding, rule, speaker)
    suppressed = finding.outcome is Outcome.SUPPRESSED
    return Evidence(
        number=0,
        text=text,
        direction=direction,
        origin=Origin.RULE,
        span=finding.span,
        rule=finding.rule,
        check=rule.title,
        resource="" if finding.resource == ESTATE else finding.resource,
        severity=finding.severity,
        axis=finding.axis,
        meaning=sentence(finding.why or rule.why) if direction is Direction.AGAINST else "",
        related=finding.related,
        accepted=finding.reason or "No reason is given." if suppressed else "",
        accepted_by=finding.accepted_by if suppressed else None,
    )


def _told(finding: Finding, rule: RuleInfo, speaker: Speaker) -> tuple[Direction, str]:
    """What a finding speaks for, and the sentence."""
    about = "all files together" if finding.resource == ESTATE else speaker.resource(finding.resource)
    if finding.outcome is Outcome.ERROR:
        return Direction.OPEN, f"The check “{rule.title}” could not be carried out for {about}."
    if finding.outcome is Outcome.PASS:
        return Direction.FOR, f"The check “{rule.title}” found nothing wrong with {about}."
    if finding.message.startswith(_UNDECIDED):
        reason = sentence(finding.message.removeprefix(_UNDECIDED))
        return Direction.OPEN, f"The files do not decide the check “{rule.title}” for {about}. The reason: {reason}"
    if finding.outcome is Outcome.UNKNOWN:
        return Direction.OPEN, f"The files do not decide the check “{rule.title}” for {about}."
    return Direction.AGAINST, speaker.message(finding.message)


def problems(report: Report) -> Drafts:
    """What could not be read or decided: it leaves every control open."""
    for problem in report.problems:
        if problem.kind in _PROBLEMS:
            yield Draft(_problem(problem), frozenset(), everywhere=True)


def _problem(problem: Problem) -> Evidence:
    text = _PROBLEMS[problem.kind].format(file=problem.span.file, message=problem.message)
    return Evidence(0, sentence(text), Direction.OPEN, Origin.PROBLEM, problem.span)
