"""A history as CSV (RFC 4180): one row an entry, the oldest first."""

from __future__ import annotations

import csv
import io
from typing import Final

from scanner.model.finding import Axis, Severity
from scanner.model.history import History, Series, Sizes, series
from scanner.model.service import Level
from scanner.reporters import trend
from scanner.reporters.inert import inert
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.trend import Step

_SEVERITIES: Final = tuple(severity.label for severity in sorted(Severity, reverse=True))
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula.

https://owasp.org/www-community/attacks/CSV_Injection
"""
COLUMNS: Final = (
    *("name", "paths", "configuration", "branch", "date", "commit", "tool_version", "score_model", "rule_set"),
    *("comparable", "complete", "stage", "stage_high", "grade", "score_low", "score_high", "change"),
    *(f"{axis}_{end}" for axis in Axis for end in ("low", "high")),
    *(f"findings_{label}" for label in _SEVERITIES),
    *("unknown", "suppressed", "problems", "resources", "services"),
    *(f"coefficient_{level}_{end}" for level in Level for end in ("low", "high")),
)
"""Coefficients are the smallest of all services, empty where more than three domains are needed."""


def render(history: History, _options: Options = DEFAULT, service: str = "") -> str:
    """The history as a table."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in series(history):
        writer.writerows(map(list, (_row(each, step, service) for step in trend.steps(each))))
    return stream.getvalue()


def _row(each: Series, step: Step, service: str) -> list[str]:
    entry, summary, place = step.entry, step.entry.summary, each.place
    judged = bool(summary.grade)
    axes = [summary.axes.get(axis) for axis in Axis]
    sizes = [trend.smallest(summary, level, service) for level in Level]
    return [
        *map(_text, (place.name, " ".join(place.paths), place.configuration, each.branch, entry.date, entry.commit)),
        *map(_text, (summary.tool_version, str(summary.score_model), summary.rule_set)),
        *(_truth(not step.breaks), _truth(summary.complete)),
        *(summary.stage or "", summary.stage_high or "", summary.grade),
        *([_number(summary.score.low), _number(summary.score.high)] if judged else ["", ""]),
        "" if step.change is None else _number(step.change),
        *(text for axis in axes for text in ((_number(axis.low), _number(axis.high)) if axis else ("", ""))),
        *(str(summary.severities.get(label, 0)) for label in _SEVERITIES),
        *map(str, (summary.unknown, summary.suppressed, summary.problems, summary.resources, len(summary.services))),
        *(text for found in sizes for text in _ends(found)),
    ]


def _ends(sizes: Sizes) -> tuple[str, str]:
    low, high = ("" if size is None else str(size) for size in (sizes.low, sizes.high))
    return low, high


def _text(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    shown = inert(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _truth(truth: bool) -> str:
    return "true" if truth else "false"


def _number(value: float) -> str:
    return f"{round(value, 1):g}"
