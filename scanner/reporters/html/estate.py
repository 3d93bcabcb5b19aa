"""What the parts of the page ask again and again: resources by number, what stands where, what each domain stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.domain import UNKNOWN
from scanner.model.outage import Effect, Outages, Scenario
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.value import Unknown, Value
from scanner.reporters import services
from scanner.reporters.outage_text import state

STATES: Final = ("down", "by hand", "unknown", "up")
"""What becomes of a service, the worst first."""


class Toll(Struct, frozen=True):
    """How many services and custody items an outage stops for good, by hand, perhaps, and not at all."""

    stopped: int = 0
    by_hand: int = 0
    unknown: int = 0
    up: int = 0

    @property
    def any(self) -> bool:
        """Whether any service may be hit."""
        return bool(self.stopped or self.by_hand or self.unknown)


class Estate(Struct, frozen=True):
    """A report with its resources numbered, so that what stands together has numbers in a row.

    ``at`` holds by domain the numbers of what stands there, of zones also what is spread over them; ``tolls`` what each
    does to services.
    """

    report: Report
    resources: tuple[Resource, ...]
    numbers: Mapping[str, int]
    single: tuple[Effect, ...]
    incidents: tuple[Effect, ...]
    at: Mapping[str, frozenset[int]]
    tolls: Mapping[str, Toll]
    used: Mapping[str, list[str]]

    def indexes(self, names: Iterable[str]) -> list[int]:
        """The numbers of resources, ascending; such as are in no report are left out."""
        return sorted(self.numbers[name] for name in names if name in self.numbers)

    def positions(self, domains: Iterable[str]) -> list[int]:
        """Where failure domains stand among the single outages, as runs."""
        order = {effect.scenario.id: position for position, effect in enumerate(self.single)}
        return runs(sorted(order[name] for name in domains))


def runs(numbers: Iterable[int]) -> list[int]:
    """Ascending numbers as gaps and lengths: ``2, 3, 4, 9`` → ``2, 3, 4, 1``."""
    found: list[int] = []
    end = 0
    for number in numbers:
        if found and number == end:
            found[-1] += 1
        else:
            found += [number - end, 1]
        end = number + 1
    return found


def estate(report: Report) -> Estate:
    """Number the resources of a report, and look its outages up."""
    ordered = tuple(sorted(report.resources, key=_place))
    numbers = {resource.id: number for number, resource in enumerate(ordered)}
    outages = report.outages or Outages((), ())
    spread = _spread(ordered)
    at = {
        effect.scenario.id: frozenset(numbers[name] for name in effect.standing if name in numbers).union(
            spread.get(effect.scenario.id, ())
        )
        for effect in outages.single
    }
    return Estate(
        report,
        ordered,
        numbers,
        outages.single,
        outages.incidents,
        at,
        {effect.scenario.id: toll(effect.scenario) for effect in outages.single},
        services.by_resource(report),
    )


def _spread(resources: Sequence[Resource]) -> Mapping[str, set[int]]:
    """What is spread over zones, in each of them, and what stands in one that has no name, there."""
    found: dict[str, set[int]] = {}
    for number, resource in enumerate(resources):
        place = resource.placement
        zones = () if isinstance(place.zones, Unknown) else place.zones
        before = f"{place.region}-" if place.provider == "azure" else ""
        named = [f"{before}{zone}" for zone in zones if isinstance(zone, str)]
        for zone in (*named, f"{UNKNOWN}{resource.id}.zone"):
            found.setdefault(f"zone:{place.provider}/{zone}", set()).add(number)
    return found


def toll(scenario: Scenario) -> Toll:
    """What a scenario does to all services and custody items."""
    states = [state(service) for service in scenario.services]
    return Toll(*(states.count(word) for word in STATES))


def _place(resource: Resource) -> tuple[str, str, str, str, str]:
    place = resource.placement
    zones = place.zones if isinstance(place.zones, Unknown) else " ".join(map(_text, place.zones))
    return place.provider, _text(place.account), _text(place.region), _text(zones), resource.id


def _text(value: Value) -> str:
    return "" if value is None else f"?{value.ref or value.reason}" if isinstance(value, Unknown) else str(value)
