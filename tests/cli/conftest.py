"""The command line over a scan that is made up, so that each ending can be asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import scanner
import scanner.cli.explain
import scanner.cli.rules
import scanner.cli.scan
from scanner.cli.main import run
from scanner.config import Config
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.report import AxisScore, FormatCoverage, Report, Score
from scanner.model.rule import RuleInfo
from scanner.model.span import Span
from scanner.rules.rule import Example, Rule, RuleSet


def make_finding(
    severity: Severity = Severity.HIGH, outcome: Outcome = Outcome.FAIL, axis: Axis = Axis.ZONE
) -> Finding:
    """One finding on the first line of ``main.tf``."""
    span = Span("main.tf", 1, 1, 1, 9)
    return Finding("RS101", "database-single-zone", axis, severity, outcome, "aws_db_instance.main", span, "One zone.")


def make_report(findings: Sequence[Finding] = (), base: str = "/", **changes: Any) -> Report:
    """A report of one file."""
    fields: dict[str, Any] = {
        "tool_version": "1.2.3",
        "base": base,
        "resources": (),
        "edges": (),
        "findings": tuple(findings),
        "rules": {},
        "problems": (),
        "coverage": {"terraform": FormatCoverage(1, 1)},
        "score": Score(1, 50.0, 50.0, "C", tuple(AxisScore(axis, 50.0, 50.0, 1, 2) for axis in Axis)),
    }
    return Report(**(fields | changes))


def make_rules() -> RuleSet:
    """One rule with words and an example."""
    info = RuleInfo(
        code="RS101",
        slug="database-single-zone",
        axis=Axis.ZONE,
        severity=Severity.HIGH,
        precision="high",
        title="A database runs in one zone",
        why="If the zone fails, it is down.",
        remediation={"terraform/aws": "Set multi_az = true."},
        controls={"nist-800-53": ("CP-7",)},
        references=("https://example.org/multi-az",),
    )
    example = Example("fail", 'resource "aws_db_instance" "a" {\n  multi_az = false # <-\n}\n')
    return RuleSet({"RS101": Rule(info, ("database",), {}, "One zone.", examples=(example,))})


@dataclass(slots=True)
class Scan:
    """A made-up scan: what it returns or raises, and what it was asked."""

    report: Report = field(default_factory=make_report)
    error: BaseException | None = None
    paths: Sequence[Path] = ()
    config: Config = field(default_factory=Config)
    incidents: Collection[Any] | None = None

    def __call__(self, paths: Sequence[Path], config: Config, incidents: Collection[Any] | None = None) -> Report:
        self.paths, self.config, self.incidents = paths, config, incidents
        if self.error is not None:
            raise self.error
        return self.report


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scan:
    """Replaces the pipeline and the rules, and stands in an empty folder without settings from outside."""
    made_up = Scan()
    module = ModuleType("scanner.pipeline")
    vars(module)["scan"] = made_up
    monkeypatch.setitem(sys.modules, "scanner.pipeline", module)
    monkeypatch.setattr(scanner, "pipeline", module, raising=False)
    for command in (scanner.cli.scan, scanner.cli.rules, scanner.cli.explain):
        monkeypatch.setattr(command, "load", lambda _packs: make_rules())
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM", "RISKSCAN_FAIL_ON", "TF_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    return made_up


@pytest.fixture
def riskscan(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., SimpleNamespace]:
    """Runs the command line; returns its exit code, and what it wrote to stdout and stderr."""

    def call(*arguments: str) -> SimpleNamespace:
        code = run(arguments)
        sys.stdout.flush()
        written = capfdbinary.readouterr()
        return SimpleNamespace(code=code, out=written.out.decode(), err=written.err.decode())

    return call


@pytest.fixture
def finding() -> Callable[..., Finding]:
    return make_finding


@pytest.fixture
def report() -> Callable[..., Report]:
    return make_report


@pytest.fixture
def rules() -> RuleSet:
    return make_rules()
