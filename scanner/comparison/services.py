"""Services on two sides: how many failures each takes there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    named: dict[tuple[str, str], ServiceRisk] = {(each.kind, each.name): each for each in head if not each.found}
    entered: dict[tuple[str, str], ServiceRisk] = {
        (each.kind, entry): each for each in reversed(head) for entry in each.entry
    }
    taken: set[str] = set()
    found: list[ServicePair] = []
    for each in base:
        twin = named.get((each.kind, each.name)) if not each.found else None
        twin = twin or next(_by_entry(each, entered, counterparts), None)
        if twin is None or twin.name in taken:
            found.append(_alone(each, each.name, "", f"nothing of it was found in the {labels[1]}"))
            continue
        taken.add(twin.name)
        found.append(_pair(each, twin))
    rest = [each for each in head if each.name not in taken]
    found += [_alone(each, "", each.name, f"nothing of it was found in the {labels[0]}") for each in rest]
    return tuple(found)


def _by_entry(
    service: ServiceRisk, entered: Mapping[tuple[str, str], ServiceRisk], counterparts: Mapping[str, str]
) -> Iterator[ServiceRisk]:
    for entry in service.entry:
        twin = entered.get((service.kind, counterparts.get(entry, "")))
        if twin is not None:
            yield twin


def _alone(service: ServiceRisk, name: str, head: str, reason: str) -> ServicePair:
    return ServicePair(name, head, service.kind, service.criticality, (), reason)


def _pair(base: ServiceRisk, head: ServiceRisk) -> ServicePair:
    found = []
    for level in LEVELS:
        one, other = _interval(base, level), _interval(head, level)
        if one != Interval(None, None) or other != Interval(None, None):
            found.append(Coefficient(level, one, other, effect(one, other)))
    return ServicePair(base.name, head.name, base.kind, base.criticality, tuple(found))


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
