"""All services of a scan in one bound, and the rest that belongs to none, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from scanner.model.score import ScoreAxis, Stage
from scanner.model.service import Criticality, ServiceCuts
from scanner.scoring.cuts import Smallest
from scanner.scoring.exposure import Exposures, of_cuts
from scanner.scoring.weights import Weights

_PLACES = (ScoreAxis.ZONE, ScoreAxis.REGION)
_SERVED = tuple(axis for axis in ScoreAxis if axis not in (ScoreAxis.ANY, ScoreAxis.DATA))
"""The axes that failure domains belong to."""


class Memo(Struct, frozen=True):
    """Exposures already worked out: many services have the same."""

    weights: Weights
    known: dict[tuple[int, int], Fraction]

    def exposure(self, size: int, sixths: int) -> Fraction:
        """As :func:`of_cuts`."""
        if (size, sixths) not in self.known:
            self.known[size, sixths] = of_cuts(size, sixths, self.weights)
        return self.known[size, sixths]


def total_weight(services: Sequence[ServiceCuts], weights: Weights) -> Fraction:
    """W: the weight of all services and of the rest, which is there even when it is empty."""
    number = Counter(service.criticality for service in services)
    return sum((weights.tiers[tier] * times for tier, times in number.items()), weights.everything_else)


def exposures(
    services: Sequence[ServiceCuts],
    cuts: Sequence[Smallest],
    rest: Exposures,
    memo: Memo,
) -> dict[ScoreAxis, Fraction]:
    """X_a of each axis. ``rest`` is the exposure of what belongs to no service; its ``data`` is the whole axis."""
    weights = memo.weights
    alike: dict[ScoreAxis, Counter[tuple[Criticality, tuple[int, int]]]] = {axis: Counter() for axis in ScoreAxis}
    for service, smallest in zip(services, cuts, strict=True):
        for axis, found in smallest.items():
            alike[axis][service.criticality, found] += 1
    whole = total_weight(services, weights)
    exposed = {
        axis: sum(
            (weights.tiers[tier] * times * memo.exposure(*found) for (tier, found), times in counts.items()),
            weights.everything_else * rest[axis],
        )
        / whole
        for axis, counts in alike.items()
    }
    return exposed | {ScoreAxis.DATA: rest[ScoreAxis.DATA]}


def stage(cuts: Sequence[Smallest]) -> Stage | None:
    """What every service survives: the smallest cut of any service decides."""
    if not cuts:
        return None
    least: Mapping[ScoreAxis, int] = {
        axis: min((found[axis][0] for found in cuts if axis in found), default=4) for axis in _SERVED
    }
    if min(least[axis] for axis in _PLACES) == 1:
        return Stage.R0
    fewest = min(least.values())
    return Stage.R1 if fewest == 1 else Stage.R2 if fewest == 2 else Stage.R3  # the stages count
