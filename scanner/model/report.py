"""All that a reporter may print, and the source of the JSON schema."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from scanner.model.change import Change
from scanner.model.comparison import Comparison
from scanner.model.coverage import FormatCoverage
from scanner.model.finding import Finding
from scanner.model.history import History
from scanner.model.outage import Outages, ServiceRisk
from scanner.model.problem import Problem
from scanner.model.resource import Edge, Resource
from scanner.model.rule import RuleInfo
from scanner.model.score import AxisScore, Score

__all__ = ["AxisScore", "FormatCoverage", "Report", "Score"]


class Report(Struct, frozen=True):
    """The answer of one scan. Nothing that was asked or met disappears from it.

    ``findings`` holds every outcome, sorted; ``sources`` maps a reported file to its lines, for code frames;
    ``changes`` is what the apply of a plan will do; ``since`` compares it with an earlier state, where one was named;
    ``outages`` is there where it was asked for, ``history`` where a file of earlier summaries was named.
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
    sources: Mapping[str, tuple[str, ...]] = {}
    secrets: frozenset[str] = frozenset()
    uncatalogued: Mapping[str, int] = {}
    roots: tuple[str, ...] = ()
    services: tuple[ServiceRisk, ...] = ()
    changes: tuple[Change, ...] = ()
    since: Comparison | None = None
    outages: Outages | None = None
    history: History | None = None


__all__ = ["AxisScore", "FormatCoverage", "Report", "Score"]
