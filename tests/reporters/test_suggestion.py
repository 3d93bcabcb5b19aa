"""Which lines get a suggestion, and that it is that line with one literal replaced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.report import Report
from scanner.model.rule import RuleInfo
from scanner.model.span import Span
from scanner.reporters.redact import MASK
from scanner.reporters.suggestion import suggested, suggestions

RULE = RuleInfo(
    "RS101", "x", Axis.ZONE, Severity.HIGH, "high", "x", "x",
    suggest={
        "multi_az": {"": "true"},
        "replicas": {"": "2"},
        "availability_type": {"ZONAL": "REGIONAL"},
        "kubernetes.io/capacity": {"spot": "on-demand"},
    },
)  # fmt: skip


def of(finding: Callable[..., Finding], line: str, marked: str, **changes: object) -> str | None:
    column = line.index(marked) + 1
    found = finding(**({"span": Span("a.tf", 2, column, 2, column + len(marked))} | changes))
    fix = suggested(found, RULE, ["first", line, "third"])
    if fix is None:
        return None
    assert (fix.before, fix.line) == (line.rstrip("\r\n"), 2)
    assert f"{fix.before[: fix.column - 1]}{fix.text}{fix.before[fix.end_column - 1 :]}" == fix.after
    return fix.after


@pytest.mark.parametrize(
    ("line", "marked", "expected"),
    [
        ("  multi_az = false", "multi_az = false", "  multi_az = true"),
        ("  multi_az   =   false # why", "multi_az   =   false", "  multi_az   =   true # why"),
        ("\tmulti_az = false", "multi_az = false", "\tmulti_az = true"),
        ("  multi_az = false\r", "multi_az = false", "  multi_az = true"),
        ("      MultiAZ: false", "MultiAZ: false", "      MultiAZ: true"),
        ("  multiAz: false // why", "multiAz: false", "  multiAz: true // why"),
        ('  "MultiAZ": "false",', '"MultiAZ": "false"', '  "MultiAZ": "true",'),
        ('  "MultiAZ": false,', '"MultiAZ": false', '  "MultiAZ": true,'),
        ('  multi_az = "false"', 'multi_az = "false"', '  multi_az = "true"'),
        ("spec: {replicas: 1, x: 1}", "replicas: 1", "spec: {replicas: 2, x: 1}"),
        ('  availability_type = "ZONAL"', 'availability_type = "ZONAL"', '  availability_type = "REGIONAL"'),
        ("  kubernetes.io/capacity: spot", "kubernetes.io/capacity: spot", "  kubernetes.io/capacity: on-demand"),
        ("  'replicas': '1'", "'replicas': '1'", "  'replicas': '2'"),
    ],
)
def test_one_literal_is_replaced(finding: Callable[..., Finding], line: str, marked: str, expected: str) -> None:
    assert of(finding, line, marked) == expected


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("  multi_az = var.multi_az", "multi_az = var.multi_az"),
        ("  multi_az = local.ha ? true : false", "multi_az = local.ha ? true : false"),
        ("  multi_az = tobool(false)", "multi_az = tobool(false)"),
        ('  multi_az = "${false}"', 'multi_az = "${false}"'),
        ("  multi_az = null", "multi_az = null"),
        ("  multi_az = 0", "multi_az = 0"),
        ("  MultiAZ: !Ref MultiAZ", "MultiAZ: !Ref MultiAZ"),
        ("  replicas: {{ .Values.replicas }}", "replicas: {{ .Values.replicas }}"),
        ("  replicas: [1]", "replicas: [1]"),
        ("  replicas: -1", "replicas: -1"),
        ("  replicas: one", "replicas: one"),
        ("  replicas: 2", "replicas: 2"),  # that is no fix: something else is wrong
        ('  availability_type = "OTHER"', 'availability_type = "OTHER"'),
        ("  other = false", "other = false"),
        ('resource "aws_db_instance" "main" {', 'resource "aws_db_instance" "main" {'),
        ("  spec: {replicas: 1, password: hunter2}", "replicas: 1"),
        ("  multi_az = false # \u202e", "multi_az = false"),
        (f"  multi_az = false # {MASK}", "multi_az = false"),
    ],
)
def test_anything_else_gets_none(finding: Callable[..., Finding], line: str, marked: str) -> None:
    assert of(finding, line, marked) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": Outcome.UNKNOWN},
        {"span": Span("a.tf", 2, 3, 3, 4)},
        {"span": Span("a.tf", 9, 3, 9, 19)},
        {"span": Span("a.tf", 0, 3, 0, 19)},
        {"span": Span("a.tf", 2, 1, 2, 19)},
    ],
)
def test_only_for_failures_marked_on_that_very_text(
    finding: Callable[..., Finding], changes: dict[str, object]
) -> None:
    assert of(finding, "  multi_az = false", "multi_az = false", **changes) is None


def test_one_for_each_line(report: Callable[..., Report], finding: Callable[..., Finding]) -> None:
    page = report(rules={"RS101": RULE, "RS102": replace(RULE, code="RS102", suggest={"multi_az": {"": "false"}})})
    found = suggestions([finding(), finding(rule="RS102"), finding(rule="unknown")], page)
    assert [fix.after for fix in found] == ["  multi_az = true"]
    assert suggestions([finding(span=Span("other.tf", 3, 3, 3, 19))], page) == []
