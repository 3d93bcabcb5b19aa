"""Outages as JSON: the stable form of ``riskscan simulate``."""

from __future__ import annotations

from typing import Any, Final

from scanner.model.coverage import FormatCoverage
from scanner.model.domain import SHAPES
from scanner.model.outage import Cause, OutageReport, Scenario, ServiceOutage, Step
from scanner.reporters.inert import json_text
from scanner.reporters.options import DEFAULT, Options

SCHEMA_VERSION: Final = 1

Json = dict[str, Any]


def render(report: OutageReport, _options: Options = DEFAULT) -> str:
    """All scenarios with every service."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "riskscan", "version": report.tool_version},
        "scenarios": [_scenario(scenario) for scenario in report.scenarios],
        "problems": [
            {"file": p.span.file, "line": p.span.line, "kind": p.kind.value, "message": p.message}
            for p in report.problems
        ],
        "coverage": {name: _files(part) for name, part in sorted(report.coverage.items())},
    }
    return json_text(document, indent=2)


def _files(part: FormatCoverage) -> Json:
    return {"found": part.found, "read": part.read, "partly_read": part.partly, "not_read": part.unread}


def _scenario(scenario: Scenario) -> Json:
    return {
        "id": scenario.id,
        "title": scenario.title or None,
        "down": list(scenario.down),
        "unused": list(scenario.unused),
        "notes": list(scenario.notes),
        "services": [_service(service) for service in scenario.services],
    }


def _service(service: ServiceOutage) -> Json:
    return {
        "name": service.name,
        "kind": service.kind,
        "criticality": service.criticality.value,
        "automatic": service.automatic.value,
        "manual": service.manual.value,
        "data": service.data.value,
        "condition": service.condition or None,
        "because": [_cause(cause) for cause in service.because],
        "path": [step.name for step in service.path if step.name.partition(":")[0] not in SHAPES],
        "steps": [_step(step) for step in service.path],
        "remedies": list(service.remedies),
        "lost": list(service.lost),
    }


def _cause(cause: Cause) -> Json:
    span = cause.span
    return {"resource": cause.resource, "domain": cause.domain, "file": span and span.file, "line": span and span.line}


def _step(step: Step) -> Json:
    span = step.span
    return {"name": step.name, "text": step.text, "file": span and span.file, "line": span and span.line}
