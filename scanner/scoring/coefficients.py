"""Coefficients: how many domains of one level it takes to stop a service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from scanner.model.service import CutSet, Level, ServiceCuts
from scanner.scoring.cuts import Classes, read, sizes_by_level
from scanner.scoring.weights import weights


def coefficients(cuts: Iterable[CutSet], kind: Literal["service", "custody"] = "service") -> dict[Level, int | None]:
    """The size of the smallest cut of each level; ``None`` when no set of up to three of its domains stops it."""
    classes = Classes(weights())
    sizes = sizes_by_level(read(kind, tuple(cuts), classes).counts, classes)
    return {level: sizes.get(level) for level in Level}


def coefficient_intervals(service: ServiceCuts) -> dict[Level, tuple[int | None, int | None]]:
    """The coefficient of each level with unknowns taken for bad, which is the headline, and for good."""
    low, high = (coefficients(cuts, service.kind) for cuts in (service.low, service.high))
    return {level: (low[level], high[level]) for level in Level}
