"""What is kept of a report, whether it is at hand or lies in a file as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from scanner.history.entry_text import LABELS, Count, Points, Size
from scanner.model.finding import Axis, Outcome
from scanner.model.history import ServiceSizes, Sizes, Summary
from scanner.model.outage import ServiceRisk
from scanner.model.report import Report
from scanner.model.score import Interval, Stage
from scanner.model.service import Criticality, Level

MAX_BYTES: Final = 1024 * 1024 * 1024
"""A larger report is refused."""
SCHEMA_VERSION: Final = 1
"""The version of JSON reports that is read."""
_NOTHING: Final = (None, None)
LONGEST: Final = 400
"""Characters of a name; the rest of longer ones is left out."""


class ReportError(Exception):
    """The text is no report of riskscan that can be read; the message says why."""


def summary_of(report: Report, rule_set: str) -> Summary:
    """What is kept of a report, whose secrets are taken out already."""
    score = report.score
    outcomes = Counter(finding.outcome for finding in report.findings)
    severities = Counter(f.severity.label for f in report.findings if f.outcome is Outcome.FAIL)
    axes = {
        each.axis: Interval(each.low, each.high)
        for each in score.axes
        if _is_judged(each.axis, each.judged, score.services)
    }
    return Summary(
        tool_version=storable(report.tool_version),
        score_model=score.model,
        rule_set=rule_set,
        stage=score.stage,
        stage_high=score.stage_high,
        grade=score.grade if axes else "",
        score=Interval(score.low, score.high),
        axes=axes,
        severities={label: severities[label] for label in LABELS},
        unknown=outcomes[Outcome.UNKNOWN],
        suppressed=outcomes[Outcome.SUPPRESSED],
        problems=len(report.problems),
        resources=len(report.resources),
        services=tuple(map(_sizes, report.services)),
        complete=_is_complete(report),
    )


def _is_complete(report: Report) -> bool:
    lost = any(problem.kind.incomplete for problem in report.problems)
    return not lost and any(part.read or part.partly for part in report.coverage.values())


def _is_judged(axis: Axis, judged: int, services: int) -> bool:
    """Whether anything counts on an axis: a rule's finding, or a service, which all axes but ``data`` ask about."""
    return judged > 0 or (services > 0 and axis is not Axis.DATA)


def _sizes(risk: ServiceRisk) -> ServiceSizes:
    pairs = {Level(level): (low, risk.coefficients_high.get(level)) for level, low in risk.coefficients.items()}
    return ServiceSizes(storable(risk.name), risk.kind, risk.criticality, _told(pairs))


def _told(pairs: Mapping[Level, tuple[int | None, int | None]]) -> dict[Level, Sizes]:
    """The coefficients that tell something, in the order of their levels."""
    return {level: Sizes(*pairs[level]) for level in Level if pairs.get(level, _NOTHING) != _NOTHING}


def storable(text: str) -> str:
    """A text that any file can hold: half of a pair, which stands for a byte that is no text, is written out."""
    whole = text.encode("utf-8", "backslashreplace").decode()
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"


class _Tool(Struct):
    name: Literal["riskscan"]
    version: str


class _Counts(Struct):
    resources: Count
    by_severity: dict[str, Count]
    by_outcome: dict[str, Count]
    problems: Count
    complete: bool


class _Axis(Struct):
    axis: Axis
    low: Points
    high: Points
    judged: Count


class _Scores(Struct):
    model: Count
    stage: Stage | None
    stage_high: Stage | None
    low: Points
    high: Points
    grade: str
    services: Count
    axes: tuple[_Axis, ...]


class _Interval(Struct):
    low: Size | None
    high: Size | None


class _Service(Struct):
    name: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    intervals: dict[Level, _Interval]


class _Coverage(Struct):
    read: Count
    partly_read: Count


class _Report(Struct):
    """The parts of the JSON report that are kept; ``report_schema.json`` describes it."""

    tool: _Tool
    summary: _Counts
    scores: _Scores
    services: tuple[_Service, ...]
    coverage: _Coverage


class _Versioned(Struct):
    schema_version: Any = None


def summary_from(data: bytes) -> Summary:
    """What is kept of a JSON report. It does not tell which rules were asked. Raises :class:`ReportError`."""
    try:
        version = msgspec.json.decode(data, type=_Versioned).schema_version
        if version != SCHEMA_VERSION or isinstance(version, bool):
            raise ReportError(_not_ours(version))
        found = msgspec.json.decode(data, type=_Report)
    except msgspec.ValidationError as error:
        raise ReportError(f"not a JSON report of a scan: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReportError(f"invalid JSON: {error}") from None
    except RecursionError:
        raise ReportError("nested too deeply") from None
    return _summary(found)


def _not_ours(version: object) -> str:
    if isinstance(version, int) and version > SCHEMA_VERSION:
        return f"its schema_version {version} is newer than this riskscan reads ({SCHEMA_VERSION}); update riskscan"
    return "not a JSON report of a scan: it has no schema_version that was ever written"


def _summary(found: _Report) -> Summary:
    scores, counts = found.scores, found.summary
    axes = {
        each.axis: _ordered(each.low, each.high)
        for each in scores.axes
        if _is_judged(each.axis, each.judged, scores.services)
    }
    return Summary(
        tool_version=storable(found.tool.version),
        score_model=scores.model,
        rule_set="",
        stage=scores.stage,
        stage_high=scores.stage_high,
        grade=scores.grade if axes and scores.grade in tuple("ABCDEF") else "",
        score=_ordered(scores.low, scores.high),
        axes=axes,
        severities={label: counts.by_severity.get(label, 0) for label in LABELS},
        unknown=counts.by_outcome.get("unknown", 0),
        suppressed=counts.by_outcome.get("suppressed", 0),
        problems=counts.problems,
        resources=counts.resources,
        services=tuple(_service(each) for each in found.services),
        complete=counts.complete and found.coverage.read + found.coverage.partly_read > 0,
    )


def _ordered(low: float, high: float) -> Interval:
    if low > high:
        raise ReportError(f"an interval from {low} to {high} begins after its end")
    return Interval(low, high)


def _service(each: _Service) -> ServiceSizes:
    return ServiceSizes(storable(each.name), each.kind, each.criticality, _ordered_sizes(each.intervals))


def _ordered_sizes(intervals: Mapping[Level, _Interval]) -> Mapping[Level, Sizes]:
    if any((found.low or 4) > (found.high or 4) for found in intervals.values()):
        raise ReportError("an interval of coefficients begins after its end")
    return _told({level: (found.low, found.high) for level, found in intervals.items()})
