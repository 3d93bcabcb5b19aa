"""The ways that traffic takes, and the zone or site through which all of it passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.zones import count_different, in_one_zone, share_zone
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import EdgeKind, Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, negate, unknown_from

_SERVERS: Final = ("compute", "compute_group", "container_service", "function")
_PASSED: Final = ("target_group", "address", "endpoint", "other", "listener")
"""Kinds that hand a request on: whoever stands before them also stands before what is behind them."""
_FRONTS: Final = ("target_group", "load_balancer", "gateway", "cdn", "dns_record", "global_balancer")
_HOPS: Final = 4
_SHOWN: Final = 5


# -- what is behind a front ------------------------------------------------------------------------


def serves(resource: Resource, graph: Graph) -> Value:
    """Whether requests come to it: a balancer, gateway or DNS record names it, or apps run on it."""
    hosts = graph.referrers(resource, "container_service")
    return bool(fronts(resource, graph) or hosts) or _attached_elsewhere(resource)


def fronts(resource: Resource, graph: Graph) -> list[Resource]:
    """The balancers, gateways and names through which requests reach a resource directly."""
    found: dict[str, Resource] = {}
    level = [resource]
    for _ in range(_HOPS):
        sources = [graph.resources[e.source] for r in level for e in graph.incoming.get(r.id, ()) if _carries(e.kind)]
        found.update((s.id, s) for s in sources if s.kind in _FRONTS)
        level = [s for s in sources if s.kind in _PASSED and s.kind not in _FRONTS and s.id not in found]
    return list(found.values())


def _carries(kind: EdgeKind) -> bool:
    return kind in (EdgeKind.MEMBERSHIP, EdgeKind.RUNTIME)


def _attached_elsewhere(resource: Resource) -> bool:
    """Whether it says itself that it is a target of something outside of the files."""
    attributes = resource.declaration.attributes
    for name in ("target_group_arns", "load_balancers", "load_balancer", "target_pools", "loadbalancer_ids"):
        value = attributes.get(name)
        if isinstance(value, Unknown):
            return value.ref is not None and not value.ref.is_variable
        if value:
            return True
    return False


def alone_behind_front(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether it is the only thing that a balancer, gateway or name sends requests to; absent where none does."""
    found = fronts(resource, graph)
    if not found:
        return ABSENT
    if any(f.get("routing") not in (ABSENT, "simple") for f in found):
        return False
    related = tuple(Related(f.span, f"{f.id}: sends requests to it", f.id) for f in found[:_SHOWN])
    if isinstance(resource.declaration.exists, Unknown):
        return Answer(resource.declaration.exists, related)
    others = [peer.declaration.exists for peer in siblings_of(resource, graph)]
    return Answer(negate(either(others)), related)


def siblings_of(resource: Resource, graph: Graph) -> list[Resource]:
    """What shares its work: other instances of the same block, and what else stands behind the same fronts."""
    same = [r for r in graph.of_kind(resource.kind) if r.span == resource.span and r.type == resource.type]
    behind = [b for front in fronts(resource, graph) for b in _backends(front, graph)]
    found = {r.id: r for r in (*same, *behind) if r.id != resource.id}
    return list(found.values())


def targets_in_one_zone(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether two or more targets behind one balancer or name stand in one zone; absent when there are fewer."""
    hops = 1 if resource.kind == "load_balancer" else _HOPS  # its target groups are asked themselves
    targets = [t for t in _backends(resource, graph, hops) if t.declaration.mode == "managed"]
    if len(targets) < 2 or not all(t.kind in _SERVERS for t in targets):
        return ABSENT
    alone = [in_one_zone(target) for target in targets]
    if False in alone or ABSENT in alone:
        return False if False in alone else ABSENT
    related = tuple(Related(t.span, f"{t.id}: is behind it", t.id) for t in targets[:_SHOWN])
    return Answer(both((*alone, share_zone(targets))), related)


def _nowhere(target: Resource) -> Unknown:
    return Unknown(f"the zone of {target.id} is not in the files", target.span)


def _backends(front: Resource, graph: Graph, hops: int = _HOPS) -> list[Resource]:
    """What a front sends requests to, through target groups, addresses and interfaces."""
    found: dict[str, Resource] = {}
    level = [front]
    for _ in range(hops):
        targets = [graph.resources[e.target] for r in level for e in graph.outgoing.get(r.id, ()) if _carries(e.kind)]
        found.update((t.id, t) for t in targets if t.kind in _SERVERS)
        level = [t for t in targets if t.kind in _PASSED and t.id not in found]
    return list(found.values())


def balances_within_zone(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether a balancer in several zones sends requests to targets of the same zone only."""
    crossing = resource.get("cross_zone")
    if crossing is not False or in_one_zone(resource) is True:
        return ABSENT if crossing is ABSENT or crossing is False else negate(crossing)
    groups = [
        t for t in (graph.resources[e.target] for e in graph.outgoing.get(resource.id, ())) if t.kind == "target_group"
    ]
    overrides = [group.get("cross_zone") for group in groups]
    if groups and all(value is not ABSENT for value in overrides):
        related = tuple(Related(g.span_of("cross_zone"), f"{g.id}: decides for itself", g.id) for g in groups[:_SHOWN])
        return Answer(negate(both(overrides)), related)
    return True


def fronts_several_zones(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether something that stands in several zones is reached through this address; absent when nothing uses it."""
    users = [
        r
        for r in graph.referrers(resource, "load_balancer", "gateway", "nat", "vpn")
        if r.declaration.mode == "managed"
    ]
    if not users:
        return ABSENT
    related = tuple(Related(user.span, f"{user.id}: is reached through it", user.id) for user in users[:_SHOWN])
    return Answer(either(_spread(user) for user in users), related)


def _spread(user: Resource) -> Truth:
    """Whether a user of an address was meant for several zones: by its own zones, else by its switch."""
    own = user.declaration.attributes.get("zones")
    if isinstance(own, list):
        return len(own) > 1
    alone = in_one_zone(user)
    return alone if isinstance(alone, Unknown) else alone is False


# -- outgoing traffic ------------------------------------------------------------------------------


def egress_zones(resource: Resource, graph: Graph) -> Value | Answer:
    """In how many zones subnets send their outgoing traffic through this NAT; absent when no subnet is known to."""
    subnets = {s.id: s for s in subnets_through(resource, graph)}
    if not subnets:
        return ABSENT
    zones: list[Value] = []
    for subnet in subnets.values():
        place = _zones_of_subnet(subnet, graph)
        if isinstance(place, Unknown) or isinstance(subnet.declaration.exists, Unknown):
            return unknown_from([place, subnet.declaration.exists])
        zones.extend(place)
    related = tuple(Related(s.span, f"{s.id}: sends its traffic through it", s.id) for s in subnets.values())
    return Answer(count_different(zones), related[:_SHOWN])


def subnets_through(nat: Resource, graph: Graph) -> Iterator[Resource]:
    """Subnets that name the NAT, and those of the route tables that do."""
    for source in graph.referrers(nat, "subnet", "route"):
        if source.kind == "subnet":
            yield source
            continue
        yield from (t for t in graph.targets(source, "subnet") if t.kind == "subnet")
        for table in (source, *(graph.resources[e.target] for e in graph.outgoing.get(source.id, ()))):
            if table.kind == "route":
                yield from graph.referrers(table, "subnet")


def _zones_of_subnet(subnet: Resource, graph: Graph) -> tuple[Value, ...] | Unknown:
    """A zonal subnet's zone; for a regional one, the zones of what stands in it."""
    if subnet.placement.scope is Scope.ZONAL:
        found = subnet.placement.zones
        return found if isinstance(found, Unknown) else found or (_nowhere(subnet),)
    standing: list[Value] = []
    for user in graph.referrers(subnet, "compute", "compute_group", "cluster", "node_group"):
        declared = user.get("node_zones")
        zones = declared if isinstance(declared, (list, Unknown)) else user.placement.zones
        if isinstance(zones, Unknown):
            return zones
        standing.extend(zones)
    return tuple(standing) or Unknown(f"the zones of what stands in {subnet.id} are not in the files", subnet.span)


# -- links to the outside --------------------------------------------------------------------------


def vpn_paths(resource: Resource, graph: Graph) -> Value | Answer:
    """How many ways lead through a VPN gateway or connection: its tunnels, or its active ends.

    Absent for a tunnel, which is counted at its gateway, and where the files show none.
    """
    tunnels = resource.get("tunnels")
    if tunnels is ABSENT:
        return _gateway_paths(resource, graph)
    return ABSENT if tunnels == 1 else tunnels


def _gateway_paths(gateway: Resource, graph: Graph) -> Value | Answer:
    tunnels = [m for m in graph.members(gateway) if m.kind == "vpn"]
    if tunnels:
        undecided = [t.declaration.exists for t in tunnels if isinstance(t.declaration.exists, Unknown)]
        related = tuple(Related(t.span, f"{t.id}: its tunnel", t.id) for t in tunnels[:_SHOWN])
        return Answer(unknown_from(undecided) if undecided else len(tunnels), related)
    active = gateway.get("active_active")
    if active is ABSENT or isinstance(active, Unknown) or not gateway.place_of("active_active")[1]:
        return active if isinstance(active, Unknown) else ABSENT
    return 2 if active else 1


def link_locations(resource: Resource, graph: Graph) -> Value | Answer:
    """At how many places private lines to the same provider arrive; a VPN beside them counts as one more."""
    if resource.get("location") is ABSENT:
        return ABSENT
    lines = [r for r in graph.of_kind("direct_link") if _beside(r, resource) and r.get("location") is not ABSENT]
    spare = [r for r in graph.of_kind("vpn") if _beside(r, resource)]
    places = count_different([line.get("location") for line in lines])
    related = tuple(Related(r.span, f"{r.id}: another line", r.id) for r in (*lines, *spare) if r.id != resource.id)
    return Answer(places if isinstance(places, Unknown) else places + bool(spare), related[:_SHOWN])


def _beside(other: Resource, resource: Resource) -> bool:
    return other.declaration.mode == "managed" and other.placement.provider == resource.placement.provider


def mount_zone_count(resource: Resource, graph: Graph) -> Value | Answer:
    """In how many zones a file system can be mounted; absent when its mount targets are not in the files."""
    targets = [r for r in graph.referrers(resource, "endpoint") if r.declaration.mode == "managed"]
    if not targets:
        return ABSENT
    apart = [t for t in targets if t.type in _ONE_A_ZONE and t.declaration.exists is True]
    zones: list[Value] = []
    for target in targets:
        place = target.placement.zones
        if isinstance(place, Unknown) or isinstance(target.declaration.exists, Unknown):
            return len(apart) if len(apart) > 1 else unknown_from([place, target.declaration.exists])
        zones.extend(place or (_nowhere(target),))
    related = tuple(Related(t.span, f"{t.id}: a mount target", t.id) for t in targets[:_SHOWN])
    found = count_different(zones)
    if isinstance(found, Unknown) and len(apart) > 1:
        found = len(apart)
    return Answer(found, related, targets[0].span_of("subnet_id") if len(targets) == 1 else None)


_ONE_A_ZONE: Final = frozenset({"aws_efs_mount_target"})
"""Of these a file system can have one in a zone: https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html"""


FACTS: Final[Mapping[str, Fact]] = {
    "serves": Fact(serves, "whether a balancer, gateway or name sends requests to it"),
    "alone_behind_front": Fact(alone_behind_front, "whether nothing else answers the same requests", _SERVERS),
    "targets_in_one_zone": Fact(
        targets_in_one_zone,
        "whether all of its targets stand in one zone",
        ("target_group", "load_balancer", "dns_record"),
    ),
    "balances_within_zone": Fact(balances_within_zone, "whether it keeps requests in their zone", ("load_balancer",)),
    "fronts_several_zones": Fact(fronts_several_zones, "whether something in several zones uses it", ("address",)),
    "egress_zones": Fact(egress_zones, "in how many zones subnets send traffic through it", ("nat",)),
    "vpn_paths": Fact(vpn_paths, "how many ways lead through it", ("vpn",)),
    "link_locations": Fact(link_locations, "at how many places private lines arrive", ("direct_link",)),
    "mount_zone_count": Fact(mount_zone_count, "in how many zones it can be mounted", ("file_store",)),
}
