"""The score of a scan."""

from scanner.scoring.coefficients import coefficient_intervals, coefficients
from scanner.scoring.score import score

__all__ = ["coefficient_intervals", "coefficients", "score"]
