"""Where the lost points went: to cuts, to rules, to domains; and what mending one would gain."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, compress
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.score import Contribution, DomainPoints, Remainder, ScoreAxis
from scanner.model.service import Criticality, CutSet, ServiceCuts
from scanner.scoring import failures
from scanner.scoring.cuts import Classes, Reading, smallest
from scanner.scoring.estate import Memo, total_weight
from scanner.scoring.exposure import Exposures, overall, shares
from scanner.scoring.failures import Key

_ORDER: Final = {axis: place for place, axis in enumerate(ScoreAxis)}

_PARTS: Final = 6
"""Whole points over this can be split among one, two or three domains."""


class Estate(Struct, frozen=True):
    """The low bound of a scan: services with their cuts, the failures of the rest, and the exposure of each axis."""

    services: Sequence[ServiceCuts]
    readings: Sequence[Reading]
    possible: Mapping[Key, int]
    exposures: Exposures
    classes: Classes
    memo: Memo


class _Alike(NamedTuple):
    """Contributions with equal points: the smallest cuts of one service on one axis, or one rule's findings."""

    points: Fraction
    times: int
    axis: ScoreAxis
    service: int = -1  # its place among the services
    codes: tuple[int, ...] = ()
    rule: str = ""


class _Listed(Struct, frozen=True):
    """A contribution, and for a cut the index of its service and its number."""

    contribution: Contribution
    index: int = -1
    code: int = -1


Split = tuple[tuple[Contribution, ...], Remainder, tuple[DomainPoints, ...]]


def split(estate: Estate, lost: Fraction) -> Split:
    """The largest contributions, what they leave out of ``lost``, and the points of each domain."""
    weights = estate.memo.weights
    costs = _Costs(estate)
    alike = list(chain(_of_services(estate, costs), _of_rules(estate, costs)))
    largest = _largest(alike, estate, weights.listed)
    listed = (
        *(_with_gain(each, estate) for each in largest[: weights.gains]),
        *(each.contribution for each in largest[weights.gains :]),
    )
    number = sum(each.times for each in alike) - len(listed)
    others = Remainder(number, lost - sum((each.points for each in listed), Fraction(0)))
    return listed, others, _by_domain(alike, estate)


class _Costs:
    """What one unit of severity costs on an axis: worked out once for all services that are alike."""

    def __init__(self, estate: Estate) -> None:
        weights = estate.memo.weights
        self._memo = estate.memo
        self._whole = total_weight(estate.services, weights)
        self._shares = shares(estate.exposures, weights)
        self._known: dict[tuple[Criticality, ScoreAxis, tuple[int, int], int], Fraction] = {}

    def of_cut(self, tier: Criticality, axis: ScoreAxis, found: tuple[int, int], sixths: int) -> Fraction:
        """The points of one of the smallest cuts of a service on an axis."""
        key = (tier, axis, found, sixths)
        if key not in self._known:
            weight = self._memo.weights.tiers[tier] / self._whole
            exposure = self._memo.exposure(*found)
            self._known[key] = 100 * self._shares[axis] * weight * exposure * Fraction(sixths, found[1])
        return self._known[key]

    def of_rest(self, axis: ScoreAxis) -> Fraction:
        """The points of a whole exposure of what belongs to no service."""
        weight = 1 if axis is ScoreAxis.DATA else self._memo.weights.everything_else / self._whole
        return 100 * self._shares[axis] * weight


def _of_services(estate: Estate, costs: _Costs) -> Iterator[_Alike]:
    classes = estate.classes
    for index, (service, reading) in enumerate(zip(estate.services, estate.readings, strict=True)):
        counts, smallest = reading.counts, reading.smallest
        equal: dict[tuple[ScoreAxis, int], list[int]] = {}
        for code in counts:
            each = classes[code]
            for axis in each.axes:
                if smallest[axis][0] == each.size:
                    equal.setdefault((axis, each.sixths), []).append(code)
        for (axis, sixths), codes in equal.items():
            if cost := costs.of_cut(service.criticality, axis, smallest[axis], sixths):
                yield _Alike(cost, sum(map(counts.__getitem__, codes)), axis, index, tuple(codes))


def _of_rules(estate: Estate, costs: _Costs) -> Iterator[_Alike]:
    rest = failures.exposures(estate.possible, estate.memo.weights)
    for axis in ScoreAxis:
        _, by_rule = failures.worst(estate.possible, axis)
        cost = costs.of_rest(axis) * rest[axis]
        for rule, number in by_rule.items():
            if cost:
                yield _Alike(cost * Fraction(number, sum(by_rule.values())), 1, axis, rule=rule)


def _largest(alike: Iterable[_Alike], estate: Estate, most: int) -> list[_Listed]:
    """The contributions with most points; among equals by service, axis, rule and cut."""

    def order(each: _Alike) -> tuple[float, int, int, str]:
        return -float(each.points), each.service, _ORDER[each.axis], each.rule

    found: list[_Listed] = []
    for each in sorted(alike, key=order):
        if len(found) >= most:
            break
        found.extend(_spelled_out(each, estate))
    return found[:most]


def _spelled_out(each: _Alike, estate: Estate) -> list[_Listed]:
    if each.service < 0:
        return [_Listed(Contribution(each.axis, each.points, rule=each.rule))]
    service, reading = estate.services[each.service], estate.readings[each.service]
    cuts = ((cut.domains, code) for code, cut in zip(*_selected(reading, each.codes), strict=True))
    return [
        _Listed(Contribution(each.axis, each.points, service.name, cut), each.service, code)
        for cut, code in sorted(cuts)
    ]


def _with_gain(listed: _Listed, estate: Estate) -> Contribution:
    weights, found = estate.memo.weights, listed.contribution
    after = _without_cut(listed, estate) if listed.index >= 0 else _without_rule(found.rule, estate)
    gain = overall(estate.exposures, weights) - overall(after, weights)
    return replace(found, gain_if_fixed=100 * gain)


def _without_cut(listed: _Listed, estate: Estate) -> Exposures:
    """The exposures with one cut of one service gone: only that service's part of them changes."""
    service, reading = estate.services[listed.index], estate.readings[listed.index]
    left = {code: number - (code == listed.code) for code, number in reading.counts.items()}
    remaining = smallest({code: number for code, number in left.items() if number}, estate.classes)
    weight = estate.memo.weights.tiers[service.criticality] / total_weight(estate.services, estate.memo.weights)
    after = dict(estate.exposures)
    for axis, found in reading.smallest.items():
        exposure = estate.memo.exposure(*remaining[axis]) if axis in remaining else Fraction(0)
        after[axis] -= weight * (estate.memo.exposure(*found) - exposure)
    return after


def _without_rule(rule: str, estate: Estate) -> Exposures:
    """The exposures with all that one rule found mended."""
    weights = estate.memo.weights
    old = failures.exposures(estate.possible, weights)
    new = failures.exposures(failures.without(estate.possible, rule), weights)
    weight = weights.everything_else / total_weight(estate.services, weights)
    return {
        axis: exposure - (old[axis] - new[axis]) * (1 if axis is ScoreAxis.DATA else weight)
        for axis, exposure in estate.exposures.items()
    }


def _by_domain(alike: Iterable[_Alike], estate: Estate) -> tuple[DomainPoints, ...]:
    """Each cut's points in equal parts to its domains, the most expensive first.

    Counted over one denominator, since adding fractions one by one reduces each sum anew.
    """
    of_cuts = [each for each in alike if each.service >= 0]
    common = _PARTS * math.lcm(*{each.points.denominator for each in of_cuts})
    worth: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for each in of_cuts:
        whole = each.points.numerator * (common // each.points.denominator)
        for code in each.codes:
            worth[each.service][code] += whole // estate.classes[code].size
    met: defaultdict[int, list[str]] = defaultdict(list)
    for index, parts in worth.items():
        reading = estate.readings[index]
        for code, cut in zip(*_selected(reading, parts), strict=True):
            met[parts[code]].extend(cut.domains)
    added: Counter[str] = Counter()
    for part, domains in met.items():
        for domain, times in Counter(domains).items():
            added[domain] += part * times
    return tuple(
        DomainPoints(domain, Fraction(added[domain], common)) for domain in sorted(added, key=lambda d: (-added[d], d))
    )


def _selected(reading: Reading, codes: Container[int]) -> tuple[Iterator[int], Iterator[CutSet]]:
    """The cuts with one of these numbers, and their numbers."""
    chosen = list(map(codes.__contains__, reading.numbers))
    return compress(reading.numbers, chosen), compress(reading.cuts, chosen)
