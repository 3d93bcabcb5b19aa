"""Assessments as JSON: the stable form of ``riskscan report``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from scanner.model.assessment import (
    Assessment,
    Attested,
    ComplianceReport,
    ControlEvidence,
    Direction,
    Evidence,
    Section,
)
from scanner.model.coverage import FormatCoverage
from scanner.model.span import Span
from scanner.reporters import assessment_words as words
from scanner.reporters.inert import json_text
from scanner.reporters.options import DEFAULT, Options

SCHEMA_VERSION: Final = 1

Json = dict[str, Any]


def render(report: ComplianceReport, _options: Options = DEFAULT) -> str:
    """All evidence once, and for each framework and control the numbers of its evidence."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "riskscan", "version": report.tool_version},
        "day": str(report.day) if report.day else None,
        "evidence": [_evidence(claim) for claim in report.evidence],
        "frameworks": [_assessment(each) for each in report.assessments],
        "problems": [{**_place(p.span), "kind": p.kind.value, "message": p.message} for p in report.problems],
        "coverage": {name: _files(part) for name, part in sorted(report.coverage.items())},
    }
    return json_text(document, indent=2)


def _files(part: FormatCoverage) -> Json:
    return {"found": part.found, "read": part.read, "partly_read": part.partly, "not_read": part.unread}


def _place(span: Span) -> Json:
    return {"file": span.file, "line": span.line}


def _evidence(claim: Evidence) -> Json:
    return {
        "number": words.reference(claim),
        "text": claim.text,
        "why_it_matters": claim.meaning or None,
        "direction": claim.direction.value,
        "origin": claim.origin.value,
        **_place(claim.span),
        "rule": claim.rule or None,
        "check": claim.check or None,
        "resource": claim.resource or None,
        "services": list(claim.services),
        "severity": claim.severity.label if claim.severity is not None else None,
        "axis": claim.axis.value if claim.axis else None,
        "domains": list(claim.domains),
        "related": [{**_place(r.span), "message": r.message, "resource": r.resource or None} for r in claim.related],
        "accepted": {"by": claim.accepted_by.value, "reason": claim.accepted} if claim.accepted_by else None,
    }


def _assessment(each: Assessment) -> Json:
    framework, summary = each.framework, each.summary
    return {
        "id": framework.id,
        "name": framework.name,
        "version": framework.version,
        "url": framework.url,
        "summary": {
            "scope": list(summary.scope),
            "worst": _numbers(summary.worst),
            "remaining": list(summary.remaining),
            "limits": list(summary.limits),
        },
        "controls": [_control(control) for control in each.controls],
        "attestations": [_attested(attested) for attested in each.attestations],
        "sections": [_section(section) for section in each.sections],
    }


def _numbers(claims: Iterable[Evidence]) -> list[str]:
    return [words.reference(claim) for claim in claims]


def _control(each: ControlEvidence) -> Json:
    control = each.control
    return {
        "id": control.id,
        "asks": control.title,
        "identifier": control.status.value,
        "axes": [axis.value for axis in control.axes],
        "supporting_axes": [axis.value for axis in control.supporting],
        "evidence": {direction.value: _numbers(each.of(direction)) for direction in Direction},
        "not_provable": control.unprovable,
        "remark": control.remark or None,
        "attestations": [_attested(attested) for attested in each.attestations],
        "limits": list(each.limits),
    }


def _attested(each: Attested) -> Json:
    return {
        "claim": each.claim,
        "resource": each.resource or None,
        "control": each.control or None,
        "holder": each.holder or None,
        "until": str(each.until) if each.until else None,
        "ended": each.expired,
        "evidence": each.reference or None,
        **_place(each.span),
    }


def _section(each: Section) -> Json:
    return {
        "id": each.id,
        "title": each.title,
        "text": each.text,
        "columns": list(each.columns),
        "rows": [list(row) for row in each.rows],
        "note": each.note or None,
    }
