"""How much of one thing a zone takes down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from scanner.catalog.load import Entry, catalog
from scanner.catalog.readers import lookup
from scanner.facts.fact import Answer, Fact
from scanner.facts.place import bounds_of, in_every_zone, region_has_zones, zone_bounds
from scanner.facts.relations import same_region
from scanner.facts.value_bearing import NOT_PRODUCTION
from scanner.graph.graph import Graph
from scanner.model.compose import PLATFORM as COMPOSE
from scanner.model.finding import Related
from scanner.model.resource import Resource, Scope
from scanner.model.span import Span
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, equal, unknown_from, unknowns_in

QUORUM_ZONES: Final = 3
"""Zones that a majority system needs to outlive any one of them: of two zones, one holds the majority."""
_ONE_PLACE: Final = ("compute", "volume")
"""Kinds that stand in one zone unless their type says otherwise, whatever subnets they may choose from."""
_NEVER_SWITCHED: Final = ("container_service",)
"""Kinds whose ``zone_redundant`` says how copies spread over the zones they are given, not that there are several."""


def development(resource: Resource, _graph: Graph) -> Value:
    """Whether the configuration puts it into an environment for development or tests."""
    return resource.tier.lower() in NOT_PRODUCTION


def zones_matter(resource: Resource, graph: Graph) -> Value:
    """Whether zones can be chosen at all: its region has several, and it is not configured as a test environment.

    A Compose project cannot choose: its host stands in one.
    """
    if (
        resource.platform == COMPOSE
        or development(resource, graph)
        or resource.placement.provider in _single_site_providers()
    ):
        return False
    return region_has_zones(resource, graph)


@cache
def _single_site_providers() -> frozenset[str]:
    """Providers of whose known regions none has several zones, such as Hetzner and DigitalOcean."""
    return frozenset(
        provider
        for provider, regions in catalog().regions.items()
        if regions and all(int(region.get("zones", 0)) < 2 for region in regions.values())
    )


def single_zone(resource: Resource, _graph: Graph) -> Value:
    """Whether the loss of one zone takes all of it down; absent where its type does not say or stands in no zone.

    A switch that is written (``multi_az``) decides, unless the zones it is given are certainly one. A type that spreads
    over whatever zones it is given is judged by them.
    """
    return in_one_zone(resource)


def in_one_zone(resource: Resource) -> Value:
    """:func:`single_zone` for other facts."""
    redundant = resource.get("zone_redundant")
    entry = catalog().entry(resource.type) or Entry("other")
    if resource.placement.scope in (Scope.GLOBAL, Scope.MULTI_REGION):
        return ABSENT if redundant is ABSENT else False
    if redundant is ABSENT:
        return _by_place(resource, entry)
    if redundant is False:
        return True
    if redundant is True and _is_regional(resource, entry):
        return False
    given = _given_one_zone(resource, entry)
    if isinstance(redundant, Unknown):
        return True if given is True else redundant
    if _is_switched(resource):
        return given is True
    return given if given is not ABSENT else _without_zones(resource, entry)


def _is_regional(resource: Resource, entry: Entry) -> bool:
    """Whether its zones are the provider's affair; a scope that depends on unknown subnets is none."""
    if isinstance(entry.scope, str):
        return entry.scope != "zonal"
    zones = resource.placement.zones
    named = isinstance(zones, Unknown) or any(isinstance(zone, str) for zone in zones)
    return resource.placement.scope is not Scope.ZONAL and not named


def memcached_in_one_zone(resource: Resource, _graph: Graph) -> Value:
    """Whether all nodes of a cache without replication stand in one zone; absent when the provider chooses."""
    if resource.place_of("zone_redundant")[1]:
        return in_one_zone(resource)
    return _given_one_zone(resource, catalog().entry(resource.type) or Entry("other"))


def _by_place(resource: Resource, entry: Entry) -> Value:
    """The answer for a type without a switch: a server or disk stands in one zone, other things where they say."""
    if resource.kind in _ONE_PLACE:
        return True
    return _given_one_zone(resource, entry) if resource.placement.scope is Scope.ZONAL else ABSENT


def _without_zones(resource: Resource, entry: Entry) -> Value:
    """The answer for a redundant type that is given no zones: false where the provider then chooses several."""
    reader = entry.properties.get("zone_redundant")
    spreads_over_given = isinstance(reader, dict) and "const" in reader and resource.placement.scope is Scope.ZONAL
    return ABSENT if spreads_over_given else False


def _is_switched(resource: Resource) -> bool:
    """Whether an attribute that is written in the files makes it zone-redundant."""
    if resource.kind in _NEVER_SWITCHED:
        return False
    declaration, path = resource.place_of("zone_redundant")
    return bool(path) and lookup(declaration.attributes, path) is not ABSENT


def _given_one_zone(resource: Resource, entry: Entry) -> Value:
    """Whether all zones that it may use are one; absent when none are given.

    A single zone name may be that of its primary alone; lists and subnets are everything that it may use.
    """
    bounds = zone_bounds(resource)
    if isinstance(bounds, Unknown):
        return False if stands_apart(resource) or in_every_zone(resource) else bounds
    least, most = bounds
    if most == 0:
        return ABSENT
    if most == 1:
        return not _is_switched(resource) or _given_as_list(resource, entry)
    if least > 1 or stands_apart(resource):
        return False
    return Unknown("whether its zones differ is not in the files", _unknown_origin(resource))


def stands_apart(resource: Resource) -> bool:
    """Whether its zones are not known, but its provider makes none that stands in one alone."""
    least, zones = resource.get("least_zones"), resource.placement.zones
    known = isinstance(zones, tuple) and not any(isinstance(zone, Unknown) for zone in zones)
    return isinstance(least, int) and least > 1 and not known


def _given_as_list(resource: Resource, entry: Entry) -> bool:
    written = [lookup(resource.declaration.attributes, path) for path in entry.zones]
    names = [value for value in written if value is not ABSENT]
    return not names or any(isinstance(value, list) for value in names)


def _unknown_origin(resource: Resource) -> Span | None:
    return next((unknown.origin for unknown in unknowns_in(resource.placement.zones)), None)


def member_count(resource: Resource, graph: Graph) -> Value | Answer:
    """How many servers of a database cluster can serve, replicas that scaling always keeps among them.

    Absent when its members have a standby of their own; unknown when their number is, or when none is in the files.
    """
    members = graph.members(resource)
    if any(member.get("zone_redundant") is not ABSENT for member in members):
        return ABSENT
    if not members:
        return Unknown(f"no member of {resource.id} is in the files", resource.span)
    related = tuple(Related(member.span, f"{member.id}: a member", member.id) for member in members[:5])
    undecided = [m.declaration.exists for m in members if isinstance(m.declaration.exists, Unknown)]
    certain = len(members) - len(undecided) + _kept_replicas(resource, graph)
    return Answer(unknown_from(undecided) if undecided and certain < QUORUM_ZONES - 1 else certain, related)


def _kept_replicas(cluster: Resource, graph: Graph) -> int:
    """The replicas that Application Auto Scaling adds to an Aurora, DocumentDB or Neptune cluster at least."""
    for declaration in graph.index.by_id.values():
        if declaration.type == "aws_appautoscaling_target" and any(
            r.target == cluster.id for r in declaration.references
        ):
            least = declaration.attributes.get("min_capacity")
            return least if isinstance(least, int) and not isinstance(least, bool) else 0
    return 0


def member_zone_count(resource: Resource, graph: Graph) -> Value | Answer:
    """In how many zones a cluster's two or more members stand; absent for fewer, or when the provider spreads them.

    Members without a zone of their own are spread by the provider over the zones of the cluster's subnets.
    """
    members = graph.members(resource)
    if len(members) < 2 or any(isinstance(m.declaration.exists, Unknown) for m in members):
        return ABSENT
    pinned = [member.declaration.attributes.get("availability_zone") for member in members]
    related = tuple(Related(m.span_of("availability_zone"), f"{m.id}: a member", m.id) for m in members[:5])
    if all(zone is not None for zone in pinned):
        return Answer(count_different(pinned), related)
    bounds = zone_bounds(resource)
    if isinstance(bounds, Unknown) or bounds[1] == 0:
        return bounds if isinstance(bounds, Unknown) else ABSENT
    return Answer(1, related) if bounds[1] == 1 else 2


def count_different(zones: Iterable[Value]) -> Value:
    """How many different zones there are at least; unknown when they may all be one or not."""
    kept: list[Value] = []
    for zone in zones:
        if not any(equal(zone, other) is True for other in kept):
            kept.append(zone)
    least, most = bounds_of(kept)
    return least if least > 1 or most == 1 else unknown_from(kept, "whether the zones differ is not in the files")


def share_zone(resources: Sequence[Resource]) -> Truth:
    """Whether things that each stand in one zone stand in the same one of one region."""
    first, *others = resources
    together = both(same_region(first, other) for other in others)
    if together is not True:
        return together
    zones: list[Value] = []
    for resource in resources:
        place = resource.placement.zones
        missing = Unknown(f"the zone of {resource.id} is not in the files", resource.span)
        zones.append(place[0] if isinstance(place, tuple) and len(place) == 1 else missing)
    count = count_different(zones)
    return count if isinstance(count, Unknown) else count == 1


def same_zone_as_primary(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether a replica stands in the very zone of a primary without a standby; absent when a zone is left open."""
    mine = _only_zone(resource)
    if resource.get("replica_of") is ABSENT or mine is None:
        return ABSENT
    for primary in graph.targets(resource, "replica_of"):
        theirs = _only_zone(primary)
        if theirs is None or in_one_zone(primary) is False:
            return ABSENT
        if isinstance(mine, Unknown) and isinstance(theirs, Unknown) and mine.ref != theirs.ref:
            return unknown_from([mine, theirs])
        return Answer(equal(mine, theirs), (Related(primary.span, f"{primary.id}: the primary", primary.id),))
    return ABSENT


def _only_zone(resource: Resource) -> str | Unknown | None:
    zones = resource.placement.zones
    return zones[0] if isinstance(zones, tuple) and len(zones) == 1 else None


def master_candidates(resource: Resource, _graph: Graph) -> Value:
    """How many nodes of a search cluster can be elected master: the dedicated ones, else all data nodes."""
    dedicated = resource.get("dedicated_masters")
    if dedicated is ABSENT or isinstance(dedicated, Unknown):
        return dedicated
    return dedicated or resource.get("nodes")


def network_zone_count(resource: Resource, graph: Graph) -> Value | Answer:
    """In how many zones the subnets of a network stand; absent when no zonal subnet of it is in the files."""
    subnets = [
        s
        for s in graph.referrers(resource, "subnet")
        if s.placement.scope is Scope.ZONAL and s.declaration.mode == "managed"
    ]
    if not subnets:
        return ABSENT
    zones: list[Value] = []
    for subnet in subnets:
        place = subnet.placement.zones
        if isinstance(place, Unknown) or isinstance(subnet.declaration.exists, Unknown):
            return unknown_from([place, subnet.declaration.exists])
        zones.extend(place or (Unknown(f"{subnet.id} names no zone", subnet.span),))
    related = tuple(Related(s.span_of("availability_zone"), f"{s.id}: a subnet of it", s.id) for s in subnets[:5])
    return Answer(count_different(zones), related)


FACTS: Final[Mapping[str, Fact]] = {
    "zones_matter": Fact(zones_matter, "whether its region has several zones and it is no test environment"),
    "development": Fact(development, "whether it belongs to an environment for development or tests"),
    "single_zone": Fact(single_zone, "whether the loss of one zone takes all of it down"),
    "memcached_in_one_zone": Fact(memcached_in_one_zone, "whether all nodes stand in one zone", ("cache",)),
    "member_count": Fact(member_count, "how many servers of the cluster can serve", ("database",)),
    "member_zone_count": Fact(member_zone_count, "in how many zones the cluster's members stand", ("database",)),
    "same_zone_as_primary": Fact(
        same_zone_as_primary, "whether a replica stands in its primary's zone", ("database", "cache", "file_store")
    ),
    "master_candidates": Fact(master_candidates, "how many nodes can be elected master", ("search",)),
    "network_zone_count": Fact(network_zone_count, "in how many zones the network's subnets stand", ("network",)),
}
