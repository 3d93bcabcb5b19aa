"""Rule findings counted for the score: what failed, and what may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

from msgspec import Struct

from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.score import ScoreAxis
from scanner.scoring.exposure import Exposures, of_failures
from scanner.scoring.weights import Weights

Key = tuple[ScoreAxis, Severity, str]


class Failures(Struct, frozen=True):
    """How many findings there are of each axis, severity and rule: those that fail, and besides those that may."""

    certain: Mapping[Key, int]
    possible: Mapping[Key, int]


def count(apart: Iterable[Finding], everywhere: Iterable[Finding]) -> Failures:
    """The failures of what belongs to no service, and on the axis ``data`` those of everything.

    A waived failure counts as a failure, and a rule that crashed as unknown.
    """
    counted = [f for f in apart if f.axis is not Axis.DATA] + [f for f in everywhere if f.axis is Axis.DATA]
    return Failures(
        Counter(_key(f) for f in counted if fails(f)),
        Counter(_key(f) for f in counted if f.outcome is not Outcome.PASS),
    )


def _key(finding: Finding) -> Key:
    return ScoreAxis(finding.axis.value), finding.severity, finding.rule


def fails(finding: Finding) -> bool:
    """Whether a finding is a failure, waived or not."""
    return finding.outcome in (Outcome.FAIL, Outcome.SUPPRESSED)


def without(counts: Mapping[Key, int], rule: str) -> dict[Key, int]:
    """The counts after everything that one rule found is mended."""
    return {key: number for key, number in counts.items() if key[2] != rule}


def worst(counts: Mapping[Key, int], axis: ScoreAxis) -> tuple[Severity, dict[str, int]]:
    """The worst severity on an axis and how many findings of it each rule has. ``any`` is all axes but ``data``."""
    on_axis = {
        (severity, rule, where): number
        for (where, severity, rule), number in counts.items()
        if number and (where is axis or (axis is ScoreAxis.ANY and where is not ScoreAxis.DATA))
    }
    top = max((severity for severity, _, _ in on_axis), default=Severity.INFO)
    by_rule: Counter[str] = Counter()
    for (severity, rule, _), number in on_axis.items():
        if severity is top:
            by_rule[rule] += number
    return top, dict(by_rule)


def exposures(counts: Mapping[Key, int], weights: Weights) -> Exposures:
    """The exposure of each axis by its worst failures alone."""
    return {axis: _exposure(*worst(counts, axis), weights) for axis in ScoreAxis}


def _exposure(severity: Severity, by_rule: Mapping[str, int], weights: Weights) -> Fraction:
    return of_failures(severity, sum(by_rule.values()), weights) if by_rule else Fraction(0)
