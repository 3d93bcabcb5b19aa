"""What a named domain may mean on an estate whose places are not all known."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.model.domain import Domain, DomainError, is_zone_id, parse, region_of_zone, region_of_zone_id
from scanner.simulation.fault_graph import FaultGraph
from scanner.simulation.places import EDGE_VENDORS, certainly_differ


class Reading(Struct, frozen=True):
    """One way to read a scenario: the events that fail, and what it assumes."""

    events: tuple[int, ...]
    assumption: str = ""


class Readings:
    """Reads domains on one estate."""

    def __init__(self, faults: FaultGraph) -> None:
        self.faults = faults
        self._by_key = {name.casefold(): name for name in faults.events}

    def of(self, domain: Domain) -> list[Reading]:
        """The ways to read a domain on this estate; one, unless a place may be one of several."""
        events = self.faults.events
        exact = self._by_key.get(self._spelled(domain).casefold())
        if domain.level == "provider" and exact is None:
            exact = self._by_key.get(f"edge:{domain.provider}".casefold())
        if domain.level == "edge" and exact is None:
            exact = self._by_key.get(f"provider:{domain.name}".casefold())
        if domain.level == "service" and exact is None and domain.provider in EDGE_VENDORS:
            exact = None if domain.place else self._by_key.get(f"edge:{domain.provider}".casefold())
        if domain.is_pattern:
            named = self.matched(domain)
            if domain.is_everywhere:
                return [Reading(tuple(events[name] for name in named))]
            return [Reading((events[name],), f"it is {self._said(name)}") for name in named] or [Reading(())]
        if domain.level == "zone":
            return self._zone_readings(domain, exact)
        if exact is None and domain.level in ("region", "account"):
            family = f"{domain.level}:{domain.provider}"
            return self._maybe([n for n in self.faults.families.get(family, ()) if n in self.faults.unknown], domain)
        return [Reading((events[exact],) if exact is not None else ())]

    def matched(self, pattern: Domain) -> list[str]:
        """The domains of the estate that a pattern stands for. Files may give names that no id can have."""
        return [name for name in sorted(self.faults.events) if _stands_for(pattern, name)]

    def _spelled(self, domain: Domain) -> str:
        if domain.level == "zone" and domain.provider == "aws":
            return f"zone:aws/{self.faults.zone_ids.get(domain.place, domain.place)}"
        return domain.text

    def _zone_readings(self, domain: Domain, exact: str | None) -> list[Reading]:
        """A zone by its name; by its id, each zone of the region that it may be."""
        events, ids = self.faults.events, self.faults.zone_ids
        asked = ids.get(domain.place, domain.place) if domain.provider == "aws" else domain.place
        by_id = is_zone_id(asked)
        if exact is not None and not by_id:
            return [Reading((events[exact],))]
        region = region_of_zone_id(asked) if by_id else region_of_zone(domain.provider, asked)
        family = self.faults.families.get(f"zone:{domain.provider}/{region}", ())
        taken = set(ids.values())
        if by_id:
            others = [n for n in family if n != exact and not is_zone_id(_place(n)) and _place(n) not in taken]
        else:
            unknown = self.faults.unknown
            others = [n for n in family if is_zone_id(_place(n))]
            others += [n for n in family if n in unknown and not certainly_differ(unknown[n], asked)]
        others += self._in_unknown_regions(domain.provider, asked)
        sure = (events[exact],) if exact is not None else ()
        named = [n for n in others if n not in self.faults.unknown]
        known = catalog().region(domain.provider, region or "")
        readings = [Reading((*sure, events[n]), f"{self._said(n)} is {domain.place}") for n in others]
        found = len(named) + len(taken & {_place(n) for n in family})
        if sure or not by_id or not named or known is None or known.zones != found:
            readings.append(Reading(sure, f"none of them is {domain.place}" if others else ""))
        return readings

    def _in_unknown_regions(self, provider: str, zone: str) -> list[str]:
        """The zones of regions that the files do not name that may be a zone."""
        families, unknown = self.faults.families, self.faults.unknown
        inside = [n for name, found in families.items() if name.startswith(f"zone:{provider}/?") for n in found]
        return [n for n in inside if n in unknown and (is_zone_id(zone) or not certainly_differ(unknown[n], zone))]

    def _maybe(self, names: Sequence[str], domain: Domain) -> list[Reading]:
        place = domain.place or domain.name
        readings = [Reading((self.faults.events[n],), f"{self._said(n)} is {place}") for n in names]
        return [*readings, Reading((), f"none of them is {place}" if readings else "")]

    def _said(self, name: str) -> str:
        """A domain in an assumption: your ap-northeast-1a; for one that is not named, what would tell it."""
        unknown = self.faults.unknown.get(name)
        place = _place(name)
        if unknown is None and not place.startswith("?"):
            return f"your {place}" if name.startswith("zone:") else name
        return f"the place not named ({unknown.reason})" if unknown is not None else f"the place of {place[1:]}"


def meaningless(down: Sequence[Domain], choices: Sequence[Sequence[Reading]]) -> tuple[str, ...]:
    """The domains, as written, in which nothing of the estate stands."""
    return tuple(d.text for d, found in zip(down, choices, strict=True) if not any(r.events for r in found))


def _stands_for(pattern: Domain, name: str) -> bool:
    try:
        return pattern.matches(parse(name))
    except DomainError:
        return False


def _place(name: str) -> str:
    return name.partition("/")[2]
