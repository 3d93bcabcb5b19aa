"""GitLab's code quality report, by the documented format."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters.gitlab import render
from scanner.reporters.options import Options

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]


def entries(report: Report, options: Options | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render(report, options or Options()))
    return found


def test_an_entry(report: Make, finding: MakeFinding) -> None:
    (entry,) = entries(report([finding()]), Options(prefix="infra/"))
    assert len(entry.pop("fingerprint")) == 64
    assert entry == {
        "description": "aws_db_instance.main: The database runs in one zone: multi_az is false.",
        "check_name": "database-single-zone",
        "severity": "critical",
        "location": {"path": "infra/db/main.tf", "lines": {"begin": 3}},
    }


# https://docs.gitlab.com/ci/testing/code_quality/: info, minor, major, critical or blocker.
@pytest.mark.parametrize(
    ("severity", "word"),
    [
        (Severity.CRITICAL, "blocker"),
        (Severity.HIGH, "critical"),
        (Severity.MEDIUM, "major"),
        (Severity.LOW, "minor"),
        (Severity.INFO, "info"),
    ],
)
def test_severities(report: Make, finding: MakeFinding, severity: Severity, word: str) -> None:
    assert entries(report([finding(severity=severity)]))[0]["severity"] == word


def test_fingerprints_are_unique_and_stay(report: Make, finding: MakeFinding) -> None:
    same = [finding(span=Span("a.tf", line), fingerprint=name) for line, name in enumerate(["x", "x", "", ""], start=1)]
    first, again = entries(report(same)), entries(report(same))
    assert len({entry["fingerprint"] for entry in first}) == 4
    assert first == again


def test_lost_input_is_an_entry_and_unknowns_on_request(full: Report) -> None:
    found = entries(full)
    assert [entry["check_name"] for entry in found] == ["database-single-zone"] * 2 + ["invalid"]
    assert found[2]["description"] == "Not read: unexpected }"
    shown = entries(full, Options(show=frozenset({Outcome.UNKNOWN})))
    assert [entry["severity"] for entry in shown] == ["blocker", "critical", "info", "critical"]


def test_nothing_is_an_empty_list(report: Make) -> None:
    assert render(report()) == "[]\n"
