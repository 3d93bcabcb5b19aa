"""Services on two sides: how many failures each takes there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import Final

from scanner.model.comparison import Coefficient, Effect, Interval, ServicePair
from scanner.model.outage import LEVELS, ServiceRisk

_BEYOND: Final = 4
"""Stands for a coefficient of more than three."""


def services(
    base: Sequence[ServiceRisk], head: Sequence[ServiceRisk], counterparts: Mapping[str, str], labels: tuple[str, str]
) -> tuple[ServicePair, ...]:
    """The services of ``base`` with their counterparts, then those of ``head`` that have none.

    ``counterparts`` maps ids of ``base`` to those of ``head``.
    """
    named = {(str(each.kind), each.name): each for each in head}
    entered: dict[tuple[str, str], deque[ServiceRisk]] = {}
    for each in head:
        for entry in each.entry:
            entered.setdefault((each.kind, entry), deque()).append(each)
    taken: set[tuple[str, str]] = set()
    found: list[ServicePair] = []
    for each in base:
        twin = named.get((each.kind, each.name))
        if twin is None or (each.found and not _share_entry(each, twin, counterparts)):
            twin = _by_entry(each, entered, counterparts, taken)
        if twin is None or (twin.kind, twin.name) in taken:
            found.append(_alone(each, each.name, "", f"nothing of it was found in the {labels[1]}"))
            continue
        taken.add((twin.kind, twin.name))
        found.append(_pair(each, twin))
    rest = [each for each in head if (each.kind, each.name) not in taken]
    found += [_alone(each, "", each.name, f"nothing of it was found in the {labels[0]}") for each in rest]
    return tuple(found)


def _share_entry(one: ServiceRisk, other: ServiceRisk, counterparts: Mapping[str, str]) -> bool:
    return any(counterparts.get(entry) in other.entry for entry in one.entry)


def _by_entry(
    service: ServiceRisk,
    entered: Mapping[tuple[str, str], deque[ServiceRisk]],
    counterparts: Mapping[str, str],
    taken: AbstractSet[tuple[str, str]],
) -> ServiceRisk | None:
    """The next service of ``head`` that has the same way in and is nobody's yet."""
    for entry in service.entry:
        waiting = entered.get((service.kind, counterparts.get(entry, "")), deque())
        while waiting and (waiting[0].kind, waiting[0].name) in taken:
            waiting.popleft()
        if waiting:
            return waiting[0]
    return None


def _alone(service: ServiceRisk, name: str, head: str, reason: str) -> ServicePair:
    return ServicePair(name, head, service.kind, service.criticality, (), reason)


def _pair(base: ServiceRisk, head: ServiceRisk) -> ServicePair:
    found = []
    for level in LEVELS:
        one, other = _interval(base, level), _interval(head, level)
        if one != Interval(None, None) or other != Interval(None, None):
            found.append(Coefficient(level, one, other, effect(one, other)))
    before, after = ([frozenset(cut.domains) for cut in each.cuts.low] for each in (base, head))
    return ServicePair(
        base.name,
        head.name,
        base.kind,
        base.criticality,
        tuple(found),
        stops=_beyond(after, before),
        spares=_beyond(before, after),
    )


def _beyond(cuts: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> tuple[tuple[str, ...], ...]:
    """The sets that none of the others is in, so that on the other side they stop nothing; the smallest first."""
    known = frozenset(others)
    rest = (cut for cut in cuts if not any(part in known for part in _parts(cut)))
    return tuple(sorted((tuple(sorted(cut)) for cut in rest), key=lambda names: (len(names), names)))


def _parts(cut: frozenset[str]) -> Iterator[frozenset[str]]:
    """All sets of one or more of up to three domains."""
    for size in range(1, len(cut) + 1):
        yield from map(frozenset, combinations(sorted(cut), size))


def _interval(service: ServiceRisk, level: str) -> Interval:
    return Interval(service.coefficients[level], service.coefficients_high[level])


def effect(base: Interval, head: Interval) -> Effect:
    """Fewer failures for certain is more centralized; intervals that overlap without being equal decide nothing."""
    if base == head:
        return Effect.NEITHER
    one, other = (_number(base.low), _number(base.high)), (_number(head.low), _number(head.high))
    if other[1] < one[0]:
        return Effect.MORE
    return Effect.LESS if other[0] > one[1] else Effect.UNDECIDED


def _number(value: int | None) -> int:
    return _BEYOND if value is None else value
