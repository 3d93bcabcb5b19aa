"""How much of a thing one zone takes down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.place import zone_bounds, zone_count
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import EdgeKind, Resource
from scanner.model.value import ABSENT, Unknown, Value, both, equal, negate, unknown_from

QUORUM_ZONES: Final = 3
"""Zones that a majority system needs to outlive any one of them: of two zones, one holds the majority."""


def single_zone(resource: Resource, graph: Graph) -> Value:
    """Whether the loss of one zone takes all of it down.

    An explicit switch (``multi_az``) decides by itself; a type that spreads over the zones it is given is judged by them.
    """
    redundant = resource.get("zone_redundant")
    if isinstance(redundant, Unknown):
        return redundant
    switched = bool(resource.place_of("zone_redundant")[1]) and "zone_redundant" in resource.deciders
    if redundant is False:
        return True
    if redundant is True and switched:
        return False
    count = zone_count(resource, graph)
    if isinstance(count, int):
        return count < 2
    if isinstance(count, Unknown):
        return count
    return ABSENT if redundant is ABSENT else False


def member_count(resource: Resource, graph: Graph) -> Value:
    """How many members of a cluster are declared; unknown when that depends on a variable, or none is in the files."""
    members = graph.members(resource)
    if not members:
        return Unknown(f"no member of {resource.id} is in the files", resource.span)
    undecided = [m.declaration.exists for m in members if isinstance(m.declaration.exists, Unknown)]
    certain = len(members) - len(undecided)
    return unknown_from(undecided) if undecided and certain < 2 else certain


def member_zone_count(resource: Resource, graph: Graph) -> Value:
    """In how many zones a cluster's members stand: pinned ones, else as many as its subnets and members allow."""
    members = graph.members(resource)
    count = member_count(resource, graph)
    if isinstance(count, Unknown):
        return count
    pinned = [_pinned_zone(member) for member in members]
    if all(zone is not None for zone in pinned):
        return len(_different(zone for zone in pinned if zone is not None))
    available = zone_count(resource, graph)
    if isinstance(available, Unknown):
        return available
    return min(len(members), available) if isinstance(available, int) else len(members)


def _pinned_zone(member: Resource) -> Value:
    declared = member.declaration.attributes
    return declared.get("availability_zone", declared.get("zone"))


def _different(zones: Iterable[Value]) -> list[Value]:
    kept: list[Value] = []
    for zone in zones:
        if not any(equal(zone, other) is True for other in kept):
            kept.append(zone)
    return kept


def same_zone_as_primary(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether a replica stands in the very zone of what it copies; absent when it is no replica or zones are not pinned."""
    if resource.get("replica_of") is ABSENT:
        return ABSENT
    mine = _pinned_zone(resource)
    for primary in graph.targets(resource, "replica_of"):
        theirs = _pinned_zone(primary)
        if mine is None or theirs is None:
            return ABSENT
        return Answer(equal(mine, theirs), (Related(primary.span_of("availability_zone"), "the primary", primary.id),))
    return ABSENT


def egress_zones(resource: Resource, graph: Graph) -> Value | Answer:
    """In how many zones subnets send their outgoing traffic through this one NAT; absent when no subnet is known to."""
    subnets: dict[str, Resource] = {}
    for route in graph.referrers(resource, "route"):
        for subnet in _subnets_of(route, graph):
            subnets[subnet.id] = subnet
    if not subnets:
        return ABSENT
    zones: list[Value] = []
    for subnet in subnets.values():
        place = subnet.placement.zones
        if isinstance(place, Unknown) or isinstance(subnet.declaration.exists, Unknown):
            return unknown_from([place if isinstance(place, Unknown) else subnet.declaration.exists])
        zones.extend(place)
    related = tuple(Related(subnet.span, "sends its traffic through it", subnet.id) for subnet in subnets.values())
    return Answer(len(_different(zones)), related[:5])


def _subnets_of(route: Resource, graph: Graph) -> Iterable[Resource]:
    """The subnets that a route serves, also through its table's associations."""
    tables = [route, *(edge_target for edge_target in _route_tables(route, graph))]
    for table in tables:
        for edge in (*graph.incoming.get(table.id, ()), *graph.outgoing.get(table.id, ())):
            for end in (edge.source, edge.target):
                resource = graph.resources[end]
                if resource.kind == "subnet":
                    yield resource
                elif resource.kind == "glue":
                    yield from (
                        graph.resources[e.target] for e in graph.outgoing.get(end, ()) if _is_subnet(graph, e.target)
                    )


def _route_tables(route: Resource, graph: Graph) -> Iterable[Resource]:
    return (t for e in graph.outgoing.get(route.id, ()) if (t := graph.resources[e.target]).kind == "route")


def _is_subnet(graph: Graph, name: str) -> bool:
    return graph.resources[name].kind == "subnet"


def other_nats(resource: Resource, graph: Graph) -> Value:
    """How many other NATs of the same network stand in other zones; unknown when whether they exist is."""
    others = [
        n for n in graph.of_kind("nat") if n.id != resource.id and n.type == resource.type and _peers(resource, n)
    ]
    undecided = [n.declaration.exists for n in others if isinstance(n.declaration.exists, Unknown)]
    if undecided:
        return unknown_from(undecided)
    mine = resource.placement.zones
    elsewhere = [n for n in others if both((negate(equal(_first(n.placement.zones), _first(mine))),)) is True]
    return len(elsewhere)


def _peers(left: Resource, right: Resource) -> bool:
    return left.declaration.root == right.declaration.root and left.declaration.module == right.declaration.module


def _first(zones: Value) -> Value:
    return zones[0] if isinstance(zones, tuple) and zones else None


def targets_in_one_zone(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether everything behind a balancer or target group stands in one zone; absent when no target's place is known."""
    targets = _backends(resource, graph)
    if not targets:
        return ABSENT
    if not all(t.kind in ("compute", "compute_group", "container_service", "function") for t in targets):
        return ABSENT
    zones: list[Value] = []
    for target in targets:
        alone = single_zone(target, graph)
        if alone is False:
            return False
        place = target.placement.zones
        if isinstance(place, Unknown) or isinstance(alone, Unknown):
            return unknown_from([place if isinstance(place, Unknown) else alone])
        zones.extend(place[:1] or (Unknown(f"the zone of {target.id} is not in the files", target.span),))
    different = _different(zones)
    if len(different) > 1 and any(isinstance(z, Unknown) for z in different):
        return unknown_from(different)
    related = tuple(Related(t.span, "is behind it", t.id) for t in targets[:5])
    return Answer(len(different) == 1, related)


def _backends(resource: Resource, graph: Graph) -> list[Resource]:
    """What a target group sends requests to: named by it, attached to it, or naming it."""
    found: dict[str, Resource] = {}
    for edge in graph.outgoing.get(resource.id, ()):
        if edge.kind is EdgeKind.MEMBERSHIP:
            found[edge.target] = graph.resources[edge.target]
    for edge in graph.incoming.get(resource.id, ()):
        source = graph.resources[edge.source]
        if source.kind in ("compute_group", "container_service"):
            found[source.id] = source
    return list(found.values())


def quorum_zone_shortfall(resource: Resource, graph: Graph) -> Value:
    """Whether a majority system has fewer than three zones; unknown with its zones, absent when not placed in zones."""
    bounds = zone_bounds(resource)
    if isinstance(bounds, Unknown):
        return bounds
    least, most = bounds
    if least < QUORUM_ZONES <= most:
        return zone_count(resource, graph) if least < 2 else Unknown("whether its zones differ is not in the files")
    return most < QUORUM_ZONES if most else ABSENT


FACTS: Final[Mapping[str, Fact]] = {
    "single_zone": Fact(single_zone, "whether the loss of one zone takes all of it down"),
    "member_count": Fact(member_count, "how many members the cluster declares", ("database", "search", "cluster")),
    "member_zone_count": Fact(member_zone_count, "in how many zones the cluster's members stand", ("database",)),
    "same_zone_as_primary": Fact(
        same_zone_as_primary, "whether a replica stands in its primary's zone", ("database", "cache")
    ),
    "egress_zones": Fact(egress_zones, "in how many zones subnets send traffic through it", ("nat",)),
    "other_nats": Fact(other_nats, "how many NATs stand in other zones of the same configuration", ("nat",)),
    "targets_in_one_zone": Fact(targets_in_one_zone, "whether all of its targets stand in one zone", ("target_group",)),
    "quorum_zone_shortfall": Fact(quorum_zone_shortfall, "whether it has fewer zones than a majority needs"),
}
