"""All that a reporter may print, and the source of the JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.coverage import FormatCoverage
from scanner.model.finding import Axis, Finding
from scanner.model.outage import ServiceRisk
from scanner.model.problem import Problem
from scanner.model.resource import Edge, Resource
from scanner.model.rule import RuleInfo


@dataclass(frozen=True, slots=True)
class AxisScore:
    """The score of one axis: 0 (worst) to 100. ``low`` counts every unknown as a failure, ``high`` as a pass."""

    axis: Axis
    low: float
    high: float
    failing: int
    judged: int


@dataclass(frozen=True, slots=True)
class Score:
    """The score of the whole scan and of its axes. ``low`` is the headline; ``model`` is the version of the formula."""

    model: int
    low: float
    high: float
    grade: str
    axes: tuple[AxisScore, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of one scan. Nothing that was asked or met disappears from it.

    ``findings`` holds every outcome, sorted; ``sources`` maps a reported file to its lines, for code frames.
    """

    tool_version: str
    base: str
    resources: tuple[Resource, ...]
    edges: tuple[Edge, ...]
    findings: tuple[Finding, ...]
    rules: Mapping[str, RuleInfo]
    problems: tuple[Problem, ...]
    coverage: Mapping[str, FormatCoverage]
    score: Score
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    uncatalogued: Mapping[str, int] = field(default_factory=dict)
    roots: tuple[str, ...] = ()
    services: tuple[ServiceRisk, ...] = ()


__all__ = ["AxisScore", "FormatCoverage", "Report", "Score"]
