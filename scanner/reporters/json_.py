"""The JSON report, a stable interface: ``report_schema.json`` describes it, ``schema_version`` changes with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from msgspec.structs import asdict

from scanner.model.change import Change
from scanner.model.finding import Finding, Outcome, Related
from scanner.model.outage import RiskGroup, ServiceRisk, Step
from scanner.model.problem import Problem
from scanner.model.report import FormatCoverage, Report
from scanner.model.resource import Edge, Resource
from scanner.model.score import Contribution, Policy
from scanner.model.value import Unknown, Value
from scanner.reporters import changes, services, since_json, summary
from scanner.reporters.inert import json_text
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted

SCHEMA_VERSION: Final = 1

Json = dict[str, Any]


def render(report: Report, options: Options = DEFAULT) -> str:
    """The whole report. What could not be decided is null, and the resource's ``unknown`` says why."""
    report = redacted(report)
    references = _references(report.resources, report.edges)
    used = services.by_resource(report)
    known = changes.by_resource(report)
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "riskscan", "version": report.tool_version},
        "summary": _summary(report),
        "scores": _scores(report),
        "resources": [
            _resource(r, references[r.id], used.get(r.id, [])) for r in sorted(report.resources, key=lambda r: r.id)
        ],
        "findings": [_finding(finding, known.get(finding.resource)) for finding in _in_order(report, options)],
        "services": [_service(service) for service in report.services],
        "problems": [_problem(p) for p in sorted(report.problems, key=_problem_order)],
        "coverage": _coverage(report),
        "changes": _changes(report) if report.changes else None,
        "since": since_json.document(report.since) if report.since else None,
    }
    return json_text(document, indent=2)


def _summary(report: Report) -> Json:
    counts = summary.count(report)
    return {
        "resources": len(report.resources),
        "findings": counts.outcomes[Outcome.FAIL],
        "by_severity": {severity.label: number for severity, number in counts.severities.items()},
        "by_outcome": {outcome.value: number for outcome, number in counts.outcomes.items()},
        "problems": len(report.problems),
        "complete": not counts.incomplete,
    }


def _scores(report: Report) -> Json:
    score = report.score
    return {
        "model": score.model,
        "stage": score.stage and score.stage.value,
        "stage_high": score.stage_high and score.stage_high.value,
        "low": score.low,
        "high": score.high,
        "confidence": score.confidence,
        "grade": score.grade,
        "services": score.services,
        "axes": [asdict(axis) | {"axis": axis.axis.value} for axis in score.axes],
        "any": asdict(score.together),
        "contributions": [_contribution(each) for each in score.contributions],
        "contributions_left_out": {"number": score.others.number, "points": _points(score.others.points)},
        "domains": [{"domain": each.domain, "points": _points(each.points)} for each in score.domains],
        "policy": score.policy and _policy(score.policy),
    }


def _contribution(each: Contribution) -> Json:
    return {
        "service": each.service or None,
        "cut": list(each.cut),
        "rule": each.rule or None,
        "axis": each.axis.value,
        "points": _points(each.points),
        "gain_if_fixed": None if each.gain_if_fixed is None else _points(each.gain_if_fixed),
    }


def _policy(policy: Policy) -> Json:
    missed = [asdict(target) | {"level": target.level.value} for target in policy.missed]
    return {"low": policy.low, "high": policy.high, "missed": missed}


def _points(exact: Fraction) -> float:
    return float(round(exact, 3))


def _service(service: ServiceRisk) -> Json:
    levels = {
        level: {"low": low, "high": service.coefficients_high[level], "manual": service.coefficients_manual[level]}
        for level, low in service.coefficients.items()
    }
    return {
        "name": service.name,
        "kind": service.kind,
        "criticality": service.criticality.value,
        "entry": list(service.entry),
        "found": service.found,
        "coefficients": dict(service.coefficients),
        "coefficients_manual": dict(service.coefficients_manual),
        "intervals": levels,
        "risk_groups": [list(group.domains) for group in service.risk_groups],
        "reasons": [_group(group) for group in service.risk_groups],
        "risk_groups_total": service.groups_total,
        "complete_to_size": service.exact,
        "gatekeepers": list(service.gatekeepers),
        "attestations": list(service.attestations),
        "cold_start": list(service.cold_start),
        "resources": len(service.cone),
    }


def _group(group: RiskGroup) -> Json:
    return {
        "domains": list(group.domains),
        "certain": group.certain,
        "recoverable_by_hand": group.recoverable,
        "paths": [[_step(step) for step in path] for path in group.paths],
    }


def _step(step: Step) -> Json:
    span = step.span
    return {"name": step.name, "text": step.text, "file": span and span.file, "line": span and span.line}


def _references(resources: Iterable[Resource], edges: Iterable[Edge]) -> Mapping[str, list[str]]:
    """What each resource mentions: addresses, sorted, each once."""
    found = {r.id: {reference.target for reference in r.declaration.references} for r in resources}
    for edge in edges:
        found.setdefault(edge.source, set()).add(edge.target)
    return {source: sorted(targets) for source, targets in found.items()}


def _resource(resource: Resource, references: list[str], used_by: list[str]) -> Json:
    place = resource.placement
    decided: dict[str, Value] = {
        "provider": place.provider or None,
        "account": place.account,
        "region": place.region,
        "zones": place.zones,
        "scope": place.scope.value,
        "cluster": place.cluster,
        "tier": resource.tier or None,
    }
    return {
        "id": resource.id,
        "type": resource.native_type,
        "kind": resource.kind,
        "platform": resource.declaration.dialect,
        **{name: _plain(value) for name, value in decided.items()},
        "file": resource.span.file,
        "line": resource.span.line,
        "references": references,
        "services": used_by,
        "unknown": {name: _reason(value) for name, value in decided.items() if _undecided(value)},
    }


def _plain(value: Value) -> Value:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, Unknown) else value


def _undecided(value: Value) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, tuple) and any(map(_undecided, value)))


def _reason(value: Value) -> Json:
    unknown = value if isinstance(value, Unknown) else next(item for item in value if isinstance(item, Unknown))
    origin = unknown.origin
    return {"reason": unknown.reason, "file": origin and origin.file, "line": origin and origin.line}


def _in_order(report: Report, options: Options) -> list[Finding]:
    found = [finding for outcome in Outcome for finding in summary.listed(report, outcome, options)]
    return sorted(found, key=lambda f: (f.span.file, f.span.line, f.span.column, f.rule, f.resource, f.outcome))


def _changes(report: Report) -> Json:
    return {
        "plans": changes.plans(report),
        "counts": {action.value: number for action, number in changes.counts(report).items()},
        "resources": [_change(change) for change in sorted(report.changes, key=lambda change: change.id)],
    }


def _change(change: Change) -> Json:
    return {
        "id": change.id,
        "type": change.type,
        "action": change.action.value,
        "reason": change.reason or None,
        "attributes": list(change.attributes),
        "plan": change.plan,
        "file": change.span.file,
        "line": change.span.line,
    }


def _finding(finding: Finding, change: Change | None) -> Json:
    span = finding.span
    return {
        "rule": finding.rule,
        "axis": finding.axis.value,
        "severity": finding.severity.label,
        "outcome": finding.outcome.value,
        "resource": finding.resource,
        "change": change.action.value if change is not None else None,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "message": finding.message,
        "why": finding.why,
        "fingerprint": finding.fingerprint,
        "confidence": finding.confidence,
        "accepted": _accepted(finding),
        "related": [_related(place) for place in summary.trail(finding)],
    }


def _accepted(finding: Finding) -> Json | None:
    """Where and why a suppressed finding was accepted."""
    if finding.accepted_by is None:
        return None
    return {"by": finding.accepted_by.value, "reason": finding.reason}


def _related(place: Related) -> Json:
    return {
        "resource": place.resource or None,
        "file": place.span.file,
        "line": place.span.line,
        "column": place.span.column,
        "message": place.message,
    }


def _problem(problem: Problem) -> Json:
    return {
        "file": problem.span.file,
        "line": problem.span.line,
        "kind": problem.kind.value,
        "message": problem.message,
    }


def _problem_order(problem: Problem) -> tuple[str, int, str, str]:
    return problem.span.file, problem.span.line, problem.kind, problem.message


def _coverage(report: Report) -> Json:
    return {
        **_files(summary.total(report.coverage.values())),
        "formats": {name: _files(part) for name, part in sorted(report.coverage.items())},
        "uncatalogued": dict(sorted(report.uncatalogued.items())),
    }


def _files(part: FormatCoverage) -> Json:
    return {"found": part.found, "read": part.read, "partly_read": part.partly, "not_read": part.unread}
