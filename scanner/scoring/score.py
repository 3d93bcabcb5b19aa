"""Score model 1: the graph scores, rules score what is on no service's graph. See README.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.model.finding import Axis, Finding, Severity
from scanner.model.score import AxisScore, Interval, Score, ScoreAxis
from scanner.model.service import Criticality, ServiceCuts, Targets
from scanner.scoring import failures
from scanner.scoring.contributions import Estate, split
from scanner.scoring.cuts import Classes, Reading, Smallest, avoidable, milder, read_both
from scanner.scoring.estate import Memo, exposures, stage
from scanner.scoring.exposure import Exposures, grade, overall, points
from scanner.scoring.targets import policy
from scanner.scoring.weights import Weights, weights


def score(
    services: Iterable[ServiceCuts],
    apart: Iterable[Finding],
    findings: Iterable[Finding],
    targets: Targets | None = None,
    numbers: Weights | None = None,
) -> Score:
    """The score of a scan.

    ``findings`` are all findings as judged, before waivers, since a waiver never changes a score; ``apart`` are those
    of them about resources on no service's graph. ``services`` hold every minimal cut set once. Without any service
    the rules are all there is. ``numbers`` are the weights, by default the model's.
    """
    numbers = numbers or weights()
    ordered, judged = sorted(services, key=lambda service: (service.name, service.kind)), list(findings)
    classes, memo = Classes(numbers), Memo(numbers, {})
    readings = [read_both(service, classes) for service in ordered]
    counted = failures.count(apart, judged)
    lows = [low.smallest for low, _ in readings]
    highs = [milder(low.smallest, high.smallest) for low, high in readings]
    low, high = (
        exposures(ordered, cuts, failures.exposures(counts, numbers), memo)
        for cuts, counts in ((lows, counted.possible), (highs, counted.certain))
    )
    lost = overall(low, numbers)
    headline, lows_alone = points(lost), [reading for reading, _ in readings]
    estate = Estate(ordered, lows_alone, counted.possible, low, classes, memo)
    listed, others, domains = split(estate, 100 * lost)
    return Score(
        model=numbers.model,
        low=headline,
        high=points(overall(high, numbers)),
        grade=grade(headline, _capped(ordered, lows_alone, judged, classes), numbers),
        axes=tuple(_axis(axis, low, high, judged, lows) for axis in Axis),
        stage=stage([avoidable(low, classes) for low, _ in readings]),
        stage_high=stage([milder(avoidable(low, classes), avoidable(high, classes)) for low, high in readings]),
        services=len(ordered),
        together=Interval(points(low[ScoreAxis.ANY]), points(high[ScoreAxis.ANY])),
        lost=100 * lost,
        contributions=listed,
        others=others,
        domains=domains,
        policy=policy(ordered, readings, highs, targets or {}, classes, memo),
    )


def _axis(
    axis: Axis, low: Exposures, high: Exposures, findings: Sequence[Finding], cuts: Sequence[Smallest]
) -> AxisScore:
    here, on_axis = ScoreAxis(axis.value), [f for f in findings if f.axis is axis]
    return AxisScore(
        axis,
        points(low[here]),
        points(high[here]),
        sum(map(failures.fails, on_axis)),
        len(on_axis),
        sum(1 for smallest in cuts if here in smallest and smallest[here][0] == 1),
    )


def _capped(
    services: Sequence[ServiceCuts], readings: Sequence[Reading], findings: Sequence[Finding], classes: Classes
) -> bool:
    """Whether a rule fails with critical severity, or one account, key or DNS host stops a critical service."""
    return any(f.severity is Severity.CRITICAL and failures.fails(f) for f in findings) or any(
        classes[number].capped
        for service, reading in zip(services, readings, strict=True)
        if service.criticality is Criticality.CRITICAL
        for number in reading.counts
    )
