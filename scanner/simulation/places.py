"""Failure domains as nodes: the tree of providers, accounts, regions, zones and services, and unknown places in it.

A parent's failure fails its children. A place that the files do not name is a domain of its own, since whatever stands
there certainly falls with some place; in the pessimistic bound it may be any named one that it is not known to differ
from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from scanner.catalog.load import Catalog
from scanner.facts.place import LISTING
from scanner.model.domain import is_zone_id
from scanner.model.value import Ref, Unknown, equal
from scanner.simulation.gates import Gates, Label

EDGE_VENDORS: Final = frozenset(
    {"cloudflare", "fastly", "akamai", "ns1", "dnsimple", "dnsmadeeasy", "ultradns", "bunnynet"}
)
"""Providers that only stand in the path of others' services: their domain is ``edge:NAME``."""

NO_PROVIDER: Final = "kubernetes"
"""What stands in the provider's place of a cluster of which nothing tells where it runs."""

MAX_ALIKE: Final = 64
"""Unknown places beyond this, of one parent, are not compared with each other."""

_UNFIT: Final = re.compile(r"[^\w.\[\]\"'/:-]+")

Place = str | Unknown


@dataclass(slots=True)
class Places:
    """The domains of an estate.

    ``events`` holds the basic event of each domain id, ``nodes`` the node that also falls with the domain's parents,
    ``siblings`` the places of one parent.
    """

    gates: Gates
    tables: Catalog
    zone_ids: dict[str, str] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, Unknown] = field(default_factory=dict)
    zonal: set[str] = field(default_factory=set)
    among: dict[str, list[str]] = field(default_factory=dict)
    siblings: dict[str, dict[str, Place]] = field(default_factory=dict)

    def provider(self, name: str) -> int:
        """A provider as a whole; of an edge vendor, its one domain."""
        return self._domain(f"edge:{name}" if name in EDGE_VENDORS else f"provider:{name}")

    def account(self, provider: str, account: Place) -> int:
        """An account, subscription or project."""
        return self._named("account", provider, account, lambda: (self.provider(provider),))

    def region(self, provider: str, region: Place) -> int:
        """A region or location."""
        return self._named("region", provider, region, lambda: (self.provider(provider),))

    def zone(self, provider: str, region: Place | None, zone: Place) -> int:
        """A zone of a region. ``zone`` is the provider's own word; Azure's has the region before it in its id."""
        parents = self._around(provider, region)
        if isinstance(zone, str):
            zone = self.zone_ids.get(zone, zone)
            if provider == "azure" and isinstance(region, str):
                zone = f"{region}-{zone}"
        where = key_of(region) if region is not None else ""
        return self._named("zone", f"{provider}/{where}", zone, lambda: parents, provider)

    def _around(self, provider: str, region: Place | None) -> tuple[int, ...]:
        """What a zone falls with: its region, else its provider; nothing where not even the provider is known."""
        if region is not None:
            return (self.region(provider, region),)
        return () if provider == NO_PROVIDER else (self.provider(provider),)

    def service(self, provider: str, name: str, region: Place | None) -> int:
        """A provider's service: of one region, or the global one."""
        if provider in EDGE_VENDORS:
            return self.provider(provider)
        if region is None:
            return self._domain(f"service:{provider}/{name}", lambda: (self.provider(provider),))
        parent = self.region(provider, region)
        return self._domain(f"service:{provider}/{name}@{key_of(region)}", lambda: (parent,))

    def zone_among(self, provider: str, region: Place | None, owner: str, zones: tuple[Place, ...]) -> int:
        """The one zone, not told, in which something stands: one of ``zones`` where they are given."""
        if not zones:
            place = Unknown(f"the zone of {owner} is not in the files", None, Ref(owner, "zone"))
            return self.zone(provider, region, place)
        parents = self._around(provider, region)
        name = f"zone:{provider}/?{_UNFIT.sub('_', owner)}.zone"
        own = self._domain(name, lambda: parents)
        self.among.setdefault(f"zone:{provider}/{key_of(region) if region is not None else ''}", []).append(name)
        given = [self.zone(provider, region, zone) for zone in zones]
        anyone = self.gates.if_undecided(self.gates.any(given), f"in which zone {owner} stands")
        return self.gates.any((own, self.gates.all(given), anyone))

    def zonal_service(self, provider: str, name: str, region: Place | None, zone: Place) -> int:
        """The part of a regional service that one zone holds."""
        parents = (self.zone(provider, region, zone), self.service(provider, name, region))
        shown = self.gates.labels[parents[0]].domain.partition("/")[2]
        self.zonal.add(f"service:{provider}/{name}@{shown}")
        return self._domain(f"service:{provider}/{name}@{shown}", lambda: parents)

    def control(self, provider: str, name: str, region: Place | None) -> int:
        """The plane that changes a service: in the service's region, or the home of a global one."""
        if region is None:
            home = self.tables.home(provider, name)
            parent = self.provider(provider) if home is None else self.region(provider, home)
            return self._domain(f"control:{provider}/{name}", lambda: (parent,))
        parent = self.region(provider, region)
        return self._domain(f"control:{provider}/{name}@{key_of(region)}", lambda: (parent,))

    def other(self, level: str, name: str) -> int:
        """A domain without parents: an owner of third-party endpoints, a custodian, registrar, authority, cluster."""
        return self._domain(f"{level}:{name}")

    # -- making ------------------------------------------------------------------------------------

    def _named(
        self, level: str, family: str, place: Place, parents: Callable[[], tuple[int, ...]], provider: str = ""
    ) -> int:
        name = f"{level}:{provider or family}/{key_of(place)}"
        if name not in self.nodes:
            self._domain(name, parents)
            self.siblings.setdefault(f"{level}:{family}", {})[name] = place
            if isinstance(place, Unknown):
                self.unknown[name] = place
        return self.nodes[name]

    def _domain(self, name: str, parents: Callable[[], tuple[int, ...]] = tuple) -> int:
        if name not in self.nodes:
            label = Label(name, domain=name)
            event = self.events[name] = self.gates.leaf(label)
            above = parents()
            node = self.gates.reserve(label) if above else event
            self.nodes[name] = node
            if above:
                self.gates.define(node, (event, *above))
        return self.nodes[name]

    def families(self) -> dict[str, tuple[str, ...]]:
        """The places of each parent, those among which something stands without a name included."""
        names = sorted({*self.siblings, *self.among})
        return {name: (*self.siblings.get(name, ()), *dict.fromkeys(self.among.get(name, ()))) for name in names}

    def close(self) -> None:
        """Let unknown places fall, in the pessimistic bound, with those that they may be. Call it once, at the end."""
        for family in self.siblings.values():
            for name, place in family.items():
                if not may_be_another(place):
                    continue
                others = [
                    self.events[other]
                    for other, where in list(family.items())[:MAX_ALIKE]
                    if other != name and not certainly_differ(place, where)
                ]
                if others:
                    reason = place.reason if isinstance(place, Unknown) else f"which zone {place} is"
                    alike = self.gates.if_undecided(self.gates.any(others), reason)
                    self.gates.extend(self.nodes[name], (alike,))


def key_of(place: Place) -> str:
    """A place in a domain's id: its name, or what an unknown one is read from, after a question mark."""
    if isinstance(place, str):
        return place
    if place.ref is not None:
        return f"?{_UNFIT.sub('_', str(place.ref))}"
    if place.parts:
        return "?" + "".join(
            _UNFIT.sub("_", part) if isinstance(part, str) else f"({key_of(part)[1:]})" for part in place.parts
        )
    origin = f"@{place.origin.file}:{place.origin.line}" if place.origin else ""
    return f"?{_UNFIT.sub('_', place.reason)[:60]}{origin}"


def may_be_another(place: Place) -> bool:
    """Whether a place may be one that another name stands for too: an unknown one, or a zone known by its id alone."""
    return isinstance(place, Unknown) or is_zone_id(place)


def certainly_differ(one: Place, other: Place) -> bool:
    """Whether two places of one parent are certainly not the same."""
    if isinstance(one, Unknown) and isinstance(other, Unknown) and one.ref and other.ref:
        listed = one.ref.address == other.ref.address and LISTING.search(one.ref.address)
        if listed:
            return one.ref.path != other.ref.path
        if not (one.parts and other.parts):
            return False
    if isinstance(one, str) and isinstance(other, str):
        return one != other and is_zone_id(one) == is_zone_id(other)
    if any(isinstance(place, Unknown) and not place.parts for place in (one, other)):
        return False
    return equal(one, other) is False
