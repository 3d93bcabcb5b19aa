"""Score model 1 over rule findings.

Per axis the exposure depends on the worst failing severity first and on the number of failures of that severity
second: each
severity has a band, and more failures move through it without leaving it. So a fix (a failure gone, or less severe)
never lowers
a score, things that pass or do not matter change nothing, and no denominator moves. Unknowns widen an interval: the
low end
counts each as a failure. Arithmetic is exact and rounded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.report import AxisScore, Score

MODEL: Final = 1
BANDS: Final[Mapping[Severity, tuple[Fraction, Fraction]]] = {
    Severity.CRITICAL: (Fraction(60, 100), Fraction(100, 100)),
    Severity.HIGH: (Fraction(35, 100), Fraction(60, 100)),
    Severity.MEDIUM: (Fraction(15, 100), Fraction(35, 100)),
    Severity.LOW: (Fraction(3, 100), Fraction(15, 100)),
    Severity.INFO: (Fraction(0), Fraction(0)),
}
"""Exposure of an axis whose worst failure has that severity: with one failure just above the first, with many near
the second."""

HALF_WAY: Final = 3
"""The number of failures that reaches the middle of a band."""

WEIGHTS: Final[Mapping[Axis, Fraction]] = {
    Axis.ZONE: Fraction(20, 100),
    Axis.REGION: Fraction(20, 100),
    Axis.PROVIDER: Fraction(10, 100),
    Axis.ACCOUNT: Fraction(10, 100),
    Axis.EDGE: Fraction(10, 100),
    Axis.CUSTODY: Fraction(20, 100),
    Axis.DATA: Fraction(10, 100),
}
WEAKEST: Final = Fraction(1, 2)
"""How much the weakest axis counts on its own, so that good ones cannot average it away."""

GRADES: Final = ((90, "A"), (80, "B"), (70, "C"), (60, "D"))
CAP: Final = "C"
"""The best grade of a scan with a critical failure."""


def score(findings: Iterable[Finding]) -> Score:
    """The score of findings as judged, before waivers: a waiver never changes a score. An error counts as unknown."""
    counted = list(findings)
    axes = tuple(_axis(axis, [f for f in counted if f.axis is axis]) for axis in Axis)
    certain = {a: _exposure([f.severity for f in counted if f.axis is a and _fails(f)]) for a in Axis}
    possible = {
        a: _exposure([f.severity for f in counted if f.axis is a and f.outcome is not Outcome.PASS]) for a in Axis
    }
    low, high = _overall(possible), _overall(certain)
    critical = any(f.severity is Severity.CRITICAL and _fails(f) for f in counted)
    return Score(MODEL, low, high, _grade(low, critical), axes)


def _fails(finding: Finding) -> bool:
    return finding.outcome in (Outcome.FAIL, Outcome.SUPPRESSED)


def _axis(axis: Axis, findings: list[Finding]) -> AxisScore:
    failing = [f.severity for f in findings if _fails(f)]
    unknown = [f.severity for f in findings if f.outcome in (Outcome.UNKNOWN, Outcome.ERROR)]
    return AxisScore(
        axis, _points(_exposure(failing + unknown)), _points(_exposure(failing)), len(failing), len(findings)
    )


def _exposure(severities: list[Severity]) -> Fraction:
    """0 (none) to 1, by the worst severity and how often it occurs."""
    if not severities:
        return Fraction(0)
    worst = max(severities)
    bottom, top = BANDS[worst]
    number = severities.count(worst)
    return bottom + (top - bottom) * Fraction(number, number + HALF_WAY)


def _overall(exposures: Mapping[Axis, Fraction]) -> float:
    mean = sum((WEIGHTS[axis] * x for axis, x in exposures.items()), Fraction(0))
    return _points((1 - WEAKEST) * mean + WEAKEST * max(exposures.values()))


def _points(exposure: Fraction) -> float:
    return float(round(100 * (1 - exposure), 1))


def _grade(points: float, critical: bool) -> str:
    grade = next((letter for limit, letter in GRADES if points >= limit), "F")
    return max(grade, CAP) if critical else grade
