"""The policy view: only what falls short of a target of the configuration costs points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scanner.model.score import MissedTarget, Policy, ScoreAxis
from scanner.model.service import Level, ServiceCuts, Targets
from scanner.scoring.cuts import Classes, Reading, Smallest, sizes_by_level
from scanner.scoring.estate import Memo, exposures
from scanner.scoring.exposure import overall, points

_AXES: Final[Mapping[Level, ScoreAxis]] = {
    Level.ZONE: ScoreAxis.ZONE,
    Level.REGION: ScoreAxis.REGION,
    Level.PROVIDER: ScoreAxis.PROVIDER,
    Level.ACCOUNT: ScoreAxis.ACCOUNT,
    Level.EDGE: ScoreAxis.EDGE,
    Level.OWNER: ScoreAxis.EDGE,
    Level.CUSTODIAN: ScoreAxis.CUSTODY,
    Level.CLUSTER: ScoreAxis.ZONE,
    Level.SERVICE: ScoreAxis.ANY,  # services of a provider are on several axes
}
"""The axis that a missed target of a level costs points on."""

Both = tuple[Reading, Reading]


def policy(
    services: Sequence[ServiceCuts],
    readings: Sequence[Both],
    highs: Sequence[Smallest],
    targets: Targets,
    classes: Classes,
    memo: Memo,
) -> Policy | None:
    """The score of what falls short, and each target that is missed. ``None`` when there is no target at all."""
    if not any(wanted for levels in targets.values() for wanted in levels.values()):
        return None
    missed: list[MissedTarget] = []
    lows_left: list[Smallest] = []
    highs_left: list[Smallest] = []
    for service, (low, high), high_cuts in zip(services, readings, highs, strict=True):
        found = list(_missed(service, low, high, targets, classes))
        missed.extend(found)
        lows_left.append(_only(low.smallest, found))
        highs_left.append(_only(high_cuts, [m for m in found if m.certain]))
    nothing = dict.fromkeys(ScoreAxis, memo.weights.everything_else * 0)
    low_end, high_end = (
        points(overall(exposures(services, left, nothing, memo), memo.weights)) for left in (lows_left, highs_left)
    )
    return Policy(low_end, high_end, tuple(missed))


def _missed(
    service: ServiceCuts, low: Reading, high: Reading, targets: Targets, classes: Classes
) -> Iterator[MissedTarget]:
    wanted = targets.get(service.criticality, {})
    if not wanted:
        return
    found = sizes_by_level(low.counts, classes)
    at_best = sizes_by_level(high.counts, classes)
    for level in Level:
        least = wanted.get(level, 0)
        if level in found and found[level] < least:
            certain = level in at_best and at_best[level] < least
            cuts = tuple(sorted(_cuts(low, level, found[level], classes)))
            yield MissedTarget(service.name, level, least, found[level], cuts, certain)


def _cuts(reading: Reading, level: Level, size: int, classes: Classes) -> Iterator[tuple[str, ...]]:
    for cut, number in zip(reading.cuts, reading.numbers, strict=True):
        each = classes[number]
        if each.size == size and level in each.levels:
            yield cut.domains


def _only(smallest: Smallest, missed: Sequence[MissedTarget]) -> Smallest:
    """The cuts of the axes on which something falls short."""
    axes = {_AXES[target.level] for target in missed}
    return {axis: found for axis, found in smallest.items() if axis in axes}
