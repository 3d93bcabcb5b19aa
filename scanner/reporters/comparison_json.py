"""A comparison as JSON: the stable form of ``riskscan diff``, described by ``comparison_schema.json``."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import asdict

from scanner.model.comparison import (
    Ambiguity,
    Comparison,
    Difference,
    Lone,
    Match,
    Place,
    ServicePair,
    Shift,
    Side,
    Turn,
)
from scanner.model.finding import Finding
from scanner.model.span import Span
from scanner.reporters import comparison as words
from scanner.reporters.inert import json_text
from scanner.reporters.options import DEFAULT, Options

SCHEMA_VERSION: Final = 1

Json = dict[str, Any]


def render(report: Comparison, _options: Options = DEFAULT) -> str:
    """All of it, whatever other formats leave out."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "riskscan", "version": report.tool_version},
        "verdict": words.verdict(report),
        "base": _side(report.base),
        "head": _side(report.head),
        "matched": [_match(match) for match in report.matches],
        "ambiguous": [_ambiguity(group) for group in report.ambiguous],
        "only_base": [_lone(each) for each in report.only_base],
        "only_head": [_lone(each) for each in report.only_head],
        "estate": [_shift(shift) for shift in report.estate],
        "services": [_service(service) for service in report.services],
        "new": [_turn(turn) for turn in report.new],
        "fixed": [_turn(turn) for turn in report.fixed],
        "lasting": [_resource_finding(finding) for finding in report.lasting],
        "touched": list(report.touched),
        "weakened": [{**_span(each.span), "message": each.message} for each in report.weakened],
    }
    return json_text(document, indent=2)


def _side(side: Side) -> Json:
    score = side.score
    return {
        "label": side.label,
        "revision": side.revision or None,
        "inventory": side.inventory,
        "resources": side.resources,
        "uncatalogued": side.uncatalogued,
        "stage": score.stage and score.stage.value,
        "stage_high": score.stage_high and score.stage_high.value,
        "low": score.low,
        "high": score.high,
        "grade": score.grade,
        "problems": [{**_span(p.span), "kind": p.kind.value, "message": p.message} for p in side.problems],
        "coverage": {
            name: {"found": part.found, "read": part.read, "partly_read": part.partly, "not_read": part.unread}
            for name, part in sorted(side.coverage.items())
        },
    }


def _match(match: Match) -> Json:
    return {
        "type": match.type,
        "kind": match.kind,
        "base": _place(match.base),
        "head": _place(match.head),
        "basis": match.basis.value,
        "evidence": match.evidence,
        "effect": match.effect.value,
        "differences": [_difference(each) for each in match.differences],
        "rules": [_shift(shift) for shift in match.shifts],
    }


def _difference(each: Difference) -> Json:
    return {
        "name": each.name,
        "base": each.base,
        "head": each.head,
        "base_place": _span(each.base_span),
        "head_place": _span(each.head_span),
        "effect": each.effect.value,
        "not_comparable": each.reason or None,
    }


def _shift(shift: Shift) -> Json:
    return {
        "rule": shift.rule,
        "slug": shift.slug,
        "axis": shift.axis.value,
        "severity": shift.severity.label,
        "base": shift.base and shift.base.value,
        "head": shift.head and shift.head.value,
        "effect": shift.effect.value,
        "message": shift.message,
        "reason": shift.reason or None,
        **_span(shift.span),
    }


def _ambiguity(group: Ambiguity) -> Json:
    return {
        "type": group.type,
        "basis": group.basis.value,
        "evidence": group.evidence,
        "base": [_place(place) for place in group.base],
        "head": [_place(place) for place in group.head],
    }


def _lone(each: Lone) -> Json:
    return {
        "type": each.type,
        "kind": each.kind,
        **_place(each.place),
        "note": each.note or None,
        "failing": [_finding(finding) for finding in each.failing],
    }


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "slug": finding.slug,
        "axis": finding.axis.value,
        "severity": finding.severity.label,
        "message": finding.message,
        "fingerprint": finding.fingerprint,
        **_span(finding.span),
    }


def _turn(turn: Turn) -> Json:
    return {
        **_resource_finding(turn.finding),
        "outcome": turn.finding.outcome.value,
        "other_side": turn.other and turn.other.value,
        "causes": [{**_span(each.span), "text": each.text, "removed": each.removed} for each in turn.causes],
    }


def _resource_finding(finding: Finding) -> Json:
    return {"resource": finding.resource, **_finding(finding)}


def _service(service: ServicePair) -> Json:
    return {
        "name": service.name or None,
        "head_name": service.head or None,
        "kind": service.kind,
        "criticality": service.criticality.value,
        "effect": service.effect.value,
        "not_comparable": service.reason or None,
        "coefficients": [
            {"level": c.level, "base": asdict(c.base), "head": asdict(c.head), "effect": c.effect.value}
            for c in service.coefficients
        ],
        "sentences": list(words.told(service)),
        "stops": [list(domains) for domains in service.stops],
        "spares": [list(domains) for domains in service.spares],
    }


def _place(place: Place) -> Json:
    return {"resource": place.resource, **_span(place.span)}


def _span(span: Span) -> Json:
    return {"file": span.file, "line": span.line}
