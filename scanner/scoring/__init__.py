"""The score of a scan."""

from scanner.scoring.score import score

__all__ = ["score"]
