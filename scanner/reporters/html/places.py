"""The map: which failure domain stands in which, and what stands in each.

Providers hold accounts, these hold regions, these hold zones and clusters. A region that several accounts use is drawn
in each of them, with what the account has there: pressing one presses all. What belongs to no cloud stands beside.
Nested boxes of text were preferred to a treemap: names of resources are what readers look for, and areas in proportion
to numbers of resources say nothing about risk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from scanner.model.domain import Domain
from scanner.model.resource import Resource
from scanner.model.service import Criticality
from scanner.model.value import Unknown, Value
from scanner.reporters.html import names
from scanner.reporters.html.estate import Estate, Toll
from scanner.reporters.services import PASSIVE

DRAWN: Final = 12
"""So many domains of one level are drawn in one box; the others are listed behind a search."""
SMALL: Final = 20
"""Accounts and regions with more than this take a line of their own."""
ENTERED: Final = 6
"""So many services are named in the box that they are entered in, critical ones first."""
NAMED: Final = 8
"""So many resources of a kind are named in a box; of a ``CROWD`` only ``FEW``."""
CROWD: Final = 24
FEW: Final = 3

BESIDE: Final = ("edge", "registrar", "ca", "owner", "custodian")
_LOOSE: Final = ("account", "region", "zone", "cluster", "node-group", "service", "control", "other")
"""Levels of which some domains may belong to no cloud that the files name."""


class Row(Struct, frozen=True):
    """The resources of one kind in a box: how they are called, the first of them, and all of their numbers."""

    kind: str
    shown: tuple[tuple[int, str, str], ...]
    numbers: tuple[int, ...]

    @property
    def more(self) -> int:
        """How many are only counted."""
        return len(self.numbers) - len(self.shown)


class Entered(Struct, frozen=True):
    """The services that are entered in a box: some by number and name, the numbers of the others."""

    shown: tuple[tuple[int, str], ...]
    others: tuple[int, ...]
    critical: int


class Vendor(Struct, frozen=True):
    """A service or control plane of the provider that what stands in a box needs."""

    name: names.Name
    toll: Toll


class Box(Struct, frozen=True):
    """A failure domain with what stands in it and in nothing smaller. ``note`` tells why it has no name."""

    level: str
    name: names.Name
    toll: Toll
    note: str = ""
    entered: Entered | None = None
    rows: tuple[Row, ...] = ()
    passive: Row | None = None
    vendors: tuple[Vendor, ...] = ()
    groups: tuple[Group, ...] = ()
    standing: tuple[int, ...] = ()

    @property
    def small(self) -> bool:
        """Whether two such boxes fit beside each other."""
        return len(self.standing) <= SMALL and not any(group.level != "region" for group in self.groups)


class Group(Struct, frozen=True):
    """The boxes of one level in another box: those that are drawn, and the ids of the others."""

    level: str
    boxes: tuple[Box, ...]
    more: tuple[str, ...] = ()

    @property
    def unnamed(self) -> int:
        """How many of the others have no name."""
        return sum(names.domain(name).unnamed for name in self.more)


class Map(Struct, frozen=True):
    """All failure domains of an estate: clouds, what stands beside them, and what runs and has no place of its own."""

    clouds: Group
    beside: tuple[Group, ...]
    nowhere: tuple[Row, ...]


def drawn(estate: Estate) -> Map:
    """The map of an estate."""
    return _Drawing(estate).map()


class _Drawing:
    """Draws each domain once in each box that it belongs to.

    ``held`` are the resources in clusters: these stand in the region of their cluster's own resource, whatever account
    and zones what runs in them is told to be in.
    """

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        ids = (effect.scenario.id for effect in estate.single)
        self.domains = {name: names.read(name) or Domain("other", name=name) for name in ids}
        self.order = {effect.scenario.id: position for position, effect in enumerate(estate.single)}
        self.levels: dict[str, list[str]] = defaultdict(list)
        for name, domain in self.domains.items():
            self.levels[domain.level].append(name)
        self.left = set(self.domains)
        self.held = frozenset[int]()
        self.entries = _entries(estate)
        self.at = estate.at

    def map(self) -> Map:
        """Clouds first: what is drawn in one of them does not stand beside."""
        everything = frozenset(range(len(self.estate.resources)))
        providers = dict.fromkeys(self.levels["provider"])
        clouds = self._group("provider", list(providers), everything)
        beside = [self._group(level, self.levels[level], everything) for level in BESIDE]
        loose = [self._group(level, sorted(self._rest(level)), everything) for level in _LOOSE]
        nowhere = frozenset(n for n in everything.difference(*self.at.values()) if not self._passive(n))
        return Map(clouds, tuple(g for g in (*beside, *loose) if g.boxes), tuple(self._rows(nowhere)))

    def _rest(self, level: str) -> Iterator[str]:
        return (name for name in self.levels[level] if name in self.left)

    def _group(self, level: str, found: Iterable[str], within: frozenset[int]) -> Group:
        """The boxes of some domains: those that do most are drawn, so that what is left out does least."""
        ordered = sorted(found, key=lambda name: (names.domain(name).unnamed, self.order[name]))
        first, rest = ordered[:DRAWN], ordered[DRAWN:]
        self.left.difference_update(ordered)
        return Group(level, tuple(self._box(level, name, within) for name in first), tuple(rest))

    def _box(self, level: str, name: str, within: frozenset[int]) -> Box:
        here = self.at[name] & within
        match level:
            case "provider":
                groups, inner = self._in_provider(self.domains[name].provider, here)
            case "account":
                groups, inner = self._in_account(self.domains[name].provider, here)
            case "region":
                groups, inner = self._in_region(name, here)
            case "cluster":
                groups, inner = self._in_cluster(name, here)
            case _:
                groups, inner = [], frozenset[int]()
        own = here - inner
        passive = frozenset(filter(self._passive, own))
        named = names.domain(name)
        return Box(
            level,
            named,
            self.estate.tolls[name],
            self._why(named, level, here),
            self._entered(own),
            tuple(self._rows(own - passive)),
            next(iter(self._rows(passive, "also")), None),
            tuple(self._vendors(name, here)),
            tuple(group for group in groups if group.boxes),
            tuple(sorted(here)),
        )

    def _in_provider(self, provider: str, here: frozenset[int]) -> tuple[list[Group], frozenset[int]]:
        accounts = [n for n in self.levels["account"] if self.domains[n].provider == provider]
        groups = [self._group("account", accounts, here)]
        outside = here.difference(self.held, *(self.at[n] for n in accounts))
        regions = [n for n in self._rest("region") if self.domains[n].provider == provider]
        regions += [n for n in self._regions(provider, outside) if n not in regions]
        groups.append(self._group("region", regions, outside))
        zones = [n for n in self._rest("zone") if self.domains[n].provider == provider]
        groups.append(self._group("zone", zones, outside))
        return groups, here & (self._standing((*accounts, *regions, *zones)) | self.held)

    def _in_account(self, provider: str, here: frozenset[int]) -> tuple[list[Group], frozenset[int]]:
        regions = self._regions(provider, here)
        return [self._group("region", regions, here)], here & self._standing(regions)

    def _regions(self, provider: str, here: frozenset[int]) -> list[str]:
        return [n for n in self.levels["region"] if self.domains[n].provider == provider and self.at[n] & here]

    def _in_region(self, name: str, here: frozenset[int]) -> tuple[list[Group], frozenset[int]]:
        provider, region = self.domains[name].provider, self.domains[name].region
        zones = [n for n in self.levels["zone"] if self._zone_in(n, provider, region, here)]
        clusters = [n for n in self.levels["cluster"] if self.at[n] & here and n in self.left]
        held = self._standing(clusters).union(*(self._standing(self._nodes(n)) for n in clusters))
        self.held |= held
        groups = [
            self._group("zone", zones, here - held),
            self._group("cluster", clusters, held),
        ]
        return groups, here & (held | self._standing(zones))

    def _zone_in(self, name: str, provider: str, region: str | None, here: frozenset[int]) -> bool:
        domain = self.domains[name]
        if domain.provider != provider or (domain.region is not None and domain.region != region):
            return False
        standing = self.at[name]
        return bool(standing & here) or (not standing and domain.region == region and name in self.left)

    def _in_cluster(self, name: str, here: frozenset[int]) -> tuple[list[Group], frozenset[int]]:
        nodes = self._nodes(name)
        return [self._group("node-group", nodes, self.held)], here & self._standing(nodes)

    def _nodes(self, cluster: str) -> list[str]:
        return [n for n in self.levels["node-group"] if self.domains[n].place == self.domains[cluster].name]

    def _standing(self, found: Iterable[str]) -> frozenset[int]:
        return frozenset[int]().union(*(self.at[name] for name in found))

    def _vendors(self, name: str, here: frozenset[int]) -> Iterator[Vendor]:
        """The provider's services that belong to a box: those of a region in it, global ones in the provider."""
        box = self.domains[name]
        if box.level not in ("provider", "region"):
            return
        for word in (*self.levels["service"], *self.levels["control"]):
            domain = self.domains[word]
            if domain.provider != box.provider:
                continue
            if box.level == "region" and (domain.region != box.region or not (self._stands(word, here))):
                continue
            if box.level == "provider" and word not in self.left:
                continue
            self.left.discard(word)
            yield Vendor(names.domain(word), self.estate.tolls[word])

    def _stands(self, word: str, here: frozenset[int]) -> bool:
        return bool(self.at[word] & here) or (not self.at[word] and word in self.left)

    def _entered(self, own: frozenset[int]) -> Entered | None:
        order, services = list(Criticality), self.estate.report.services
        found = [number for number, entry in enumerate(self.entries) if entry & own]
        found.sort(key=lambda number: order.index(services[number].criticality))
        others = found[ENTERED:]
        shown = tuple((number, services[number].name) for number in found[:ENTERED])
        critical = sum(services[number].criticality is Criticality.CRITICAL for number in others)
        return Entered(shown, tuple(sorted(others)), critical) if found else None

    def _passive(self, number: int) -> bool:
        return self.estate.resources[number].kind in PASSIVE

    def _rows(self, found: Iterable[int], word: str = "") -> Iterator[Row]:
        """The resources by kind, in the order of its name."""
        kinds: dict[str, list[int]] = defaultdict(list)
        for number in sorted(found):
            kinds[word or names.kind(self.estate.resources[number].kind)].append(number)
        for kind, numbers in sorted(kinds.items()):
            some = numbers[: NAMED if len(numbers) <= CROWD else FEW]
            called = zip(some, self._called(some), strict=True)
            shown = ((n, name, self.estate.resources[n].id) for n, name in called)
            yield Row(kind, () if word else tuple(shown), tuple(numbers))

    def _called(self, numbers: Iterable[int]) -> list[str]:
        """Resources by their short names, behind their roots where these are not enough to tell them apart."""
        found = [self.estate.resources[number] for number in numbers]
        short = [names.short(resource) for resource in found]
        roots = [resource.declaration.root for resource in found]
        return [f"{r}#{s}" if r and short.count(s) > 1 else s for r, s in zip(roots, short, strict=True)]

    def _why(self, name: names.Name, level: str, here: frozenset[int]) -> str:
        """Why a place has no name, as its resources say it."""
        if not name.unnamed:
            return ""
        if name.text.removesuffix(f".{level}") in self.estate.numbers:
            return names.untold(name)
        found = (_reason(self.estate.resources[number], level) for number in sorted(here))
        return next(filter(None, found), names.untold(name))


def _reason(resource: Resource, level: str) -> str:
    place = resource.placement
    zones: Iterable[Value] = place.zones if isinstance(place.zones, tuple) else (place.zones,)
    parts: dict[str, Iterable[Value]] = {"account": (place.account,), "region": (place.region,)}
    unknown = next((value for value in parts.get(level, zones) if isinstance(value, Unknown)), None)
    return unknown.reason if unknown is not None else ""


def _entries(estate: Estate) -> list[frozenset[int]]:
    """Where each service is entered."""
    return [frozenset(estate.indexes(service.entry)) for service in estate.report.services]
