"""The JSON report: the shipped schema, and the names that others build on."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import scanner.reporters
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.model.resource import Scope
from scanner.model.score import (
    Contribution,
    DomainPoints,
    Interval,
    MissedTarget,
    Policy,
    Remainder,
    Score,
    ScoreAxis,
    Stage,
)
from scanner.model.service import Level
from scanner.reporters.json_ import render
from scanner.reporters.options import Options

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]

SCHEMA: dict[str, Any] = json.loads(Path(scanner.reporters.__file__).with_name("report_schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def document(report: Report, options: Options | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(report, options or Options()))
    return found


def test_reports_follow_the_shipped_schema(full: Report, report: Make) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for page in (full, report(), report(resources=(), coverage={})):
        assert [error.message for error in VALIDATOR.iter_errors(document(page))] == []


def test_the_schema_knows_the_words_of_the_model() -> None:
    definitions = SCHEMA["$defs"]
    assert definitions["axis"]["enum"] == [axis.value for axis in Axis]
    assert definitions["finding"]["properties"]["outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert definitions["resource"]["properties"]["scope"]["enum"] == [scope.value for scope in Scope]
    kinds = SCHEMA["properties"]["problems"]["items"]["properties"]["kind"]["enum"]
    assert kinds == [kind.value for kind in ProblemKind]
    severities = [severity.label for severity in sorted(Severity, reverse=True)]
    assert definitions["finding"]["properties"]["severity"]["enum"] == severities


def test_every_key_of_the_schema_is_written(full: Report) -> None:
    page = document(full)
    assert list(page) == SCHEMA["required"]
    assert list(page["resources"][0]) == SCHEMA["$defs"]["resource"]["required"]
    assert list(page["findings"][0]) == SCHEMA["$defs"]["finding"]["required"]


def test_a_resource(full: Report) -> None:
    first = document(full)["resources"][1]
    assert first == {
        "id": "aws_db_instance.main",
        "type": "aws_db_instance",
        "kind": "database",
        "platform": "terraform",
        "provider": "aws",
        "account": None,
        "region": "ap-northeast-1",
        "zones": ["ap-northeast-1a"],
        "scope": "zonal",
        "cluster": None,
        "tier": "production",
        "file": "db/main.tf",
        "line": 1,
        "references": ["aws_db_subnet_group.b"],
        "services": [],
        "unknown": {},
    }


def test_unknown_is_null_with_its_reason_and_place(full: Report) -> None:
    by_id = {resource["id"]: resource for resource in document(full)["resources"]}
    why = {"reason": "variable region has no default", "file": "variables.tf", "line": 5}
    partly = by_id["a.b"]
    assert (partly["region"], partly["account"], partly["zones"]) == (None, None, ["ap-northeast-1a", None])
    assert partly["unknown"] == {"account": why, "region": why, "zones": why}
    assert by_id["c.d"]["zones"] is None
    assert by_id["c.d"]["unknown"] == {"zones": why}
    assert by_id["c.d"]["references"] == ["a.b", "aws_db_subnet_group.b"]


def test_a_finding(full: Report) -> None:
    found = next(f for f in document(full)["findings"] if f["related"])
    assert found == {
        "rule": "RS101",
        "axis": "zone",
        "severity": "high",
        "outcome": "fail",
        "resource": "aws_db_instance.main",
        "change": None,
        "file": "db/main.tf",
        "line": 3,
        "column": 3,
        "end_line": 3,
        "end_column": 19,
        "message": "The database runs in one zone: multi_az is false.",
        "why": "If that zone fails, what reads it stops.",
        "fingerprint": "aa11",
        "confidence": "high",
        "accepted": None,
        "related": [
            {"resource": None, "file": "main.tf", "line": 7, "column": 1, "message": "in the module called"},
            {"resource": "module.other", "file": "main.tf", "line": 12, "column": 1, "message": "called here too"},
        ],
    }


def test_counts_and_coverage(full: Report) -> None:
    page = document(full)
    assert page["summary"] == {
        "resources": 3,
        "findings": 2,
        "by_severity": {"critical": 1, "high": 1, "medium": 0, "low": 0, "info": 0},
        "by_outcome": {"fail": 2, "unknown": 1, "pass": 1, "suppressed": 1, "error": 1},
        "problems": 2,
        "complete": False,
    }
    assert page["coverage"]["found"] == 5
    assert page["coverage"]["formats"]["terraform"] == {"found": 4, "read": 2, "partly_read": 1, "not_read": 1}
    assert page["scores"]["axes"][0] == {
        "axis": "zone",
        "low": 40.0,
        "high": 61.5,
        "failing": 1,
        "judged": 2,
        "stopped": 0,
    }
    assert [problem["file"] for problem in page["problems"]] == ["bad.tf", "main.tf"]


def test_a_score_of_services(report: Make) -> None:
    score = Score(
        1,
        40.0,
        61.5,
        "D",
        (),
        stage=Stage.R0,
        stage_high=Stage.R1,
        services=1,
        together=Interval(20.0, 30.0),
        lost=Fraction(60),
        contributions=(
            Contribution(
                ScoreAxis.ZONE, Fraction(100, 3), "api", ("zone:aws/a", "zone:aws/c"), gain_if_fixed=Fraction(20)
            ),
            Contribution(ScoreAxis.DATA, Fraction(20), rule="RS701"),
        ),
        others=Remainder(4, Fraction(20, 3)),
        domains=(DomainPoints("zone:aws/a", Fraction(50, 3)),),
        policy=Policy(70.0, 100.0, (MissedTarget("api", Level.ZONE, 3, 2, (("zone:aws/a", "zone:aws/c"),), False),)),
    )
    page = document(report(score=score))
    assert [error.message for error in VALIDATOR.iter_errors(page)] == []
    assert page["scores"] == {
        "model": 1,
        "stage": "R0",
        "stage_high": "R1",
        "low": 40.0,
        "high": 61.5,
        "confidence": 0.785,
        "grade": "D",
        "services": 1,
        "axes": [],
        "any": {"low": 20.0, "high": 30.0},
        "contributions": [
            {
                "service": "api",
                "cut": ["zone:aws/a", "zone:aws/c"],
                "rule": None,
                "axis": "zone",
                "points": 33.333,
                "gain_if_fixed": 20.0,
            },
            {"service": None, "cut": [], "rule": "RS701", "axis": "data", "points": 20.0, "gain_if_fixed": None},
        ],
        "contributions_left_out": {"number": 4, "points": 6.667},
        "domains": [{"domain": "zone:aws/a", "points": 16.667}],
        "policy": {
            "low": 70.0,
            "high": 100.0,
            "missed": [
                {
                    "service": "api",
                    "level": "zone",
                    "wanted": 3,
                    "found": 2,
                    "cuts": [["zone:aws/a", "zone:aws/c"]],
                    "certain": False,
                }
            ],
        },
    }
    assert list(page["scores"]) == SCHEMA["properties"]["scores"]["required"]


def test_the_schema_knows_the_words_of_the_score() -> None:
    scores = SCHEMA["properties"]["scores"]["properties"]
    assert SCHEMA["$defs"]["stage"]["enum"] == [*(stage.value for stage in Stage), None]
    axes = scores["contributions"]["items"]["properties"]["axis"]["enum"]
    assert axes == [axis.value for axis in ScoreAxis]
    missed = scores["policy"]["anyOf"][1]["properties"]["missed"]["items"]["properties"]
    assert missed["level"]["enum"] == [level.value for level in Level]


def test_hidden_findings_stay_in_the_counts(full: Report) -> None:
    page = document(full, Options(min_severity=Severity.CRITICAL, hide=frozenset({Outcome.UNKNOWN})))
    assert [finding["severity"] for finding in page["findings"]] == ["critical"]
    assert page["summary"]["by_outcome"]["unknown"] == 1
    assert page["summary"]["findings"] == 2


def test_order_does_not_depend_on_the_input(report: Make, finding: MakeFinding) -> None:
    findings = [finding(resource=f"r{n}", severity=Severity(n % 5)) for n in range(20)]
    assert render(report(findings)) == render(report(findings[::-1]))


@pytest.mark.parametrize("text", ["\x1b[31m", "\x9b31m", "\u202e", "\udcff", "\u2028", '"\\'])
def test_any_text_comes_back_and_none_reaches_a_terminal(report: Make, finding: MakeFinding, text: str) -> None:
    page = render(report([finding(message=text)]))
    assert json.loads(page)["findings"][0]["message"] == text
    assert page.isprintable() or {c for c in page if not c.isprintable()} == {"\n"}
    page.encode()
