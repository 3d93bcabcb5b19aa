"""What is kept of a report: counted by hand, and the same from its JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.config import Config, find_config, load_config
from scanner.history.summary import ReportError, storable, summary_from, summary_of
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.history import Sizes
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import AxisScore, FormatCoverage, Report, Score
from scanner.model.score import Interval, Stage
from scanner.model.service import Level
from scanner.model.span import Span
from scanner.pipeline import scan
from scanner.reporters.json_ import render
from scanner.reporters.redact import redacted

EXAMPLES = Path(__file__).parents[2] / "examples"


def finding(outcome: Outcome, severity: Severity = Severity.HIGH) -> Finding:
    return Finding("RS101", "one-zone", Axis.ZONE, severity, outcome, "a.b", Span("main.tf", 1), "One zone.")


def report(**changes: Any) -> Report:
    axes = (AxisScore(Axis.ZONE, 10.0, 20.0, 1, 2), AxisScore(Axis.DATA, 100.0, 100.0, 0, 0))
    score = Score(1, 33.5, 40.0, "F", axes, Stage.R0, Stage.R1, 2)
    fields: dict[str, Any] = {
        "findings": (
            finding(Outcome.FAIL),
            finding(Outcome.FAIL, Severity.CRITICAL),
            finding(Outcome.FAIL),
            finding(Outcome.UNKNOWN),
            finding(Outcome.SUPPRESSED),
            finding(Outcome.PASS),
        ),
        "coverage": {"terraform": FormatCoverage(1, 1)},
        "problems": (),
        "score": score,
    }
    return Report("1.2.3", "/", (), (), rules={}, **(fields | changes))


def test_a_report_is_counted() -> None:
    found = summary_of(report(), "ab")
    assert found.severities == {"critical": 1, "high": 2, "medium": 0, "low": 0, "info": 0}
    assert (found.unknown, found.suppressed, found.problems) == (1, 1, 0)
    assert (found.stage, found.stage_high, found.grade) == (Stage.R0, Stage.R1, "F")
    assert found.score == Interval(33.5, 40.0)
    assert found.axes == {Axis.ZONE: Interval(10.0, 20.0)}  # nothing was judged about data, which services do not ask
    assert found.complete
    assert found.rule_set == "ab"


def test_where_nothing_was_judged_there_is_no_grade() -> None:
    empty = Score(1, 100.0, 100.0, "A", (AxisScore(Axis.ZONE, 100.0, 100.0, 0, 0),))
    found = summary_of(report(score=empty, findings=()), "")
    assert (found.grade, found.axes, found.stage) == ("", {}, None)


@pytest.mark.parametrize(
    ("changes", "complete"),
    [
        ({}, True),
        ({"coverage": {}}, False),
        ({"coverage": {"terraform": FormatCoverage(1, 0, 0, 1)}}, False),
        ({"problems": (Problem(Span("a", 1), ProblemKind.INVALID, "no"),)}, False),
        ({"problems": (Problem(Span("a", 1), ProblemKind.UNRESOLVED, "no"),)}, True),
    ],
)
def test_a_scan_that_lost_input_is_incomplete(changes: dict[str, Any], complete: bool) -> None:
    made = report(**changes)
    assert summary_of(made, "").complete is complete
    assert summary_from(render(made).encode()).complete is complete


@pytest.mark.parametrize("name", ["tokyo-exchange", "validator-fleet"])
def test_the_json_of_a_report_gives_the_same(name: str) -> None:
    folder = EXAMPLES / name
    file = find_config([folder], folder)
    made = scan([folder], load_config(file) if file else Config())
    direct = summary_of(redacted(made), "ab")
    told = summary_from(render(made).encode())
    assert replace(direct, rule_set="") == told
    assert len(told.services) == len(made.services) > 0
    first, risk = told.services[0], made.services[0]
    assert first.coefficients[Level.REGION] == Sizes(risk.coefficients["region"], risk.coefficients_high["region"])


BROKEN = [
    (b"", "invalid JSON"),
    (b"[]", "not a JSON report of a scan"),
    (b"{}", "it has no schema_version"),
    (b'{"schema_version": true}', "it has no schema_version"),
    (b'{"schema_version": 2}', "schema_version 2 is newer"),
    (b'{"schema_version": 1}', "missing required field `tool`"),
    (b'{"schema_version": NaN}', "invalid JSON"),
    (b'{"schema_version": ' + b"[" * 100_000, "nested too deeply"),
    (b"\xff\xfe", "invalid JSON"),
]


@pytest.mark.parametrize(("data", "words"), BROKEN)
def test_what_is_no_report_is_told(data: bytes, words: str) -> None:
    with pytest.raises(ReportError, match=words.replace("(", r"\(")):
        summary_from(data)


def test_a_report_of_another_program_is_told() -> None:
    document = json.loads(render(report()))
    for change in ({"tool": {"name": "other", "version": "1"}}, {"summary": None}, {"services": [{"name": 1}]}):
        with pytest.raises(ReportError, match="not a JSON report of a scan"):
            summary_from(json.dumps(document | change).encode())
    document["scores"] |= {"low": 90.0, "high": 10.0}
    with pytest.raises(ReportError, match="begins after its end"):
        summary_from(json.dumps(document).encode())


def test_names_that_no_file_can_hold_are_written_out() -> None:
    assert storable("a\udc80b") == r"a\udc80b"
    assert len(storable("x" * 1_000)) == 400
