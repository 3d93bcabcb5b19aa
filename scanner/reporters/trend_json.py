"""A history as JSON, described by ``history_schema.json``; the file that it comes from may be of either kind."""

from __future__ import annotations

from typing import Any, Final

from scanner.model.history import Entry, History, Series, ServiceSizes, series
from scanner.model.problem import Problem
from scanner.model.score import Interval
from scanner.reporters import trend
from scanner.reporters.inert import json_text
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.trend import Step

SCHEMA_VERSION: Final = 1

Json = dict[str, Any]


def render(history: History, _options: Options = DEFAULT, service: str = "") -> str:
    """All of it; with ``service``, only that service's coefficients."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "riskscan"},
        "file": history.file,
        "series": [_series(each, service) for each in series(history)],
        "problems": [_problem(problem) for problem in history.problems],
    }
    return json_text(document, indent=2)


def _series(each: Series, service: str) -> Json:
    place = each.place
    return {
        "name": place.name or None,
        "paths": list(place.paths),
        "configuration": place.configuration or None,
        "branch": each.branch or None,
        "entries": [_step(step, service) for step in trend.steps(each)],
    }


def _step(step: Step, service: str) -> Json:
    return {
        **_entry(step.entry, service),
        "breaks": list(step.breaks),
        "change": None if step.change is None else round(step.change, 1),
    }


def _entry(entry: Entry, service: str) -> Json:
    summary = entry.summary
    return {
        "date": entry.date,
        "commit": entry.commit or None,
        "tool_version": summary.tool_version,
        "score_model": summary.score_model,
        "rule_set": summary.rule_set or None,
        "stage": summary.stage and summary.stage.value,
        "stage_high": summary.stage_high and summary.stage_high.value,
        "grade": summary.grade or None,
        "score": _interval(summary.score) if summary.grade else None,
        "axes": {axis.value: _interval(found) for axis, found in summary.axes.items()},
        "by_severity": dict(summary.severities),
        "unknown": summary.unknown,
        "suppressed": summary.suppressed,
        "problems": summary.problems,
        "resources": summary.resources,
        "complete": summary.complete,
        "services": [_service(each) for each in trend.chosen(summary.services, service)],
    }


def _interval(interval: Interval) -> Json:
    return {"low": interval.low, "high": interval.high}


def _service(each: ServiceSizes) -> Json:
    sizes = {level.value: {"low": found.low, "high": found.high} for level, found in each.coefficients.items()}
    return {
        "name": each.name,
        "kind": each.kind,
        "criticality": each.criticality.value,
        "coefficients": sizes,
    }


def _problem(problem: Problem) -> Json:
    return {
        "file": problem.span.file,
        "line": problem.span.line,
        "kind": problem.kind.value,
        "message": problem.message,
    }
