"""How much a service is exposed, and how exposures make a score. Exact: fractions in, fractions out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

from scanner.model.finding import Severity
from scanner.model.score import ScoreAxis
from scanner.scoring.weights import Weights

SIXTHS: Final = 6
"""A cut's severity is a mean of up to three whole numbers: counted in sixths it is whole itself."""

LARGEST: Final = 3
"""Cuts of more domains are not known, and expose to nothing."""

Exposures = Mapping[ScoreAxis, Fraction]


def of_cuts(size: int, sixths: int, weights: Weights) -> Fraction:
    """0 to 1, by the size of the smallest cuts and their summed severity in sixths."""
    number = min(Fraction(sixths, SIXTHS), weights.most_cuts)
    bottom, top = weights.bands[size]
    return bottom + (top - bottom) * number / (number + weights.half_way)


def of_failures(worst: Severity, number: int, weights: Weights) -> Fraction:
    """0 to 1, by the worst severity that fails and how often it does."""
    bottom, top = weights.rule_bands[worst]
    return bottom + (top - bottom) * Fraction(number) / (number + weights.rule_half_way)


def weakest(exposures: Exposures) -> ScoreAxis:
    """The most exposed axis, ``any`` aside since it is never less exposed than the others; the first of equals."""
    return max((axis for axis in ScoreAxis if axis is not ScoreAxis.ANY), key=lambda axis: exposures[axis])


def shares(exposures: Exposures, weights: Weights) -> dict[ScoreAxis, Fraction]:
    """What each axis counts in the whole."""
    worst = weakest(exposures)
    return {
        axis: (1 - weights.weakest) * weights.axes[axis] + (weights.weakest if axis is worst else 0)
        for axis in ScoreAxis
    }


def overall(exposures: Exposures, weights: Weights) -> Fraction:
    """The exposure of the whole: the mean of the axes with the weakest counted again."""
    return sum((share * exposures[axis] for axis, share in shares(exposures, weights).items()), Fraction(0))


def points(exposure: Fraction) -> float:
    """100 (not exposed) to 0, rounded half to even to one decimal: the only rounding there is."""
    return float(round(100 * (1 - exposure), 1))


def grade(low: float, capped: bool, weights: Weights) -> str:
    """The letter of the headline."""
    best: Iterable[str] = (letter for letter, least in weights.grades.items() if low >= least)
    letter = next(iter(best), "F")
    return max(letter, weights.cap) if capped else letter
