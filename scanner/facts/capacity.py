"""How many copies of a thing run at least, on what capacity, and how the nodes of a cluster are spread."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from scanner.catalog.readers import lookup
from scanner.facts import pods
from scanner.facts.fact import Answer, Fact
from scanner.facts.traffic import serves, siblings_of
from scanner.facts.value_bearing import own_words
from scanner.facts.workloads import pods_at_least, scalers
from scanner.facts.zones import count_different, in_one_zone, share_zone
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, equal, unknown_from

_PER_ZONE: Final = ("google_container_node_pool", "ibm_container_vpc_worker_pool", "ibm_container_worker_pool")
"""Node groups whose ``min_size`` counts the nodes of each zone."""
_SHOWN: Final = 5


def least_copies(resource: Resource, graph: Graph) -> Value | Answer:
    """How many copies of a service or workload run at least: the lower bound of its scaling, else the wanted number.

    Absent where a serverless platform restarts copies in other zones by itself, where none are kept, and for a bare
    pod, which is one by its nature.
    """
    if _is_serverless(resource):
        return ABSENT
    if scalers(resource, graph):
        answer = pods_at_least(resource, graph)
        return ABSENT if (answer.value if isinstance(answer, Answer) else answer) == 0 else answer
    for name in ("min_replicas", "replicas"):
        value = resource.get(name)
        if value is not ABSENT and resource.place_of(name)[1]:
            return ABSENT if value == 0 else value
    return ABSENT


def _is_serverless(resource: Resource) -> bool:
    always_spread = resource.get("zone_redundant") is True and not resource.place_of("zone_redundant")[1]
    return always_spread and in_one_zone(resource) is False and resource.placement.scope is not Scope.ZONAL


def must_stay(resource: Resource, graph: Graph) -> Value:
    """Whether somebody waits for it: requests come to it, or it holds the nodes of a cluster."""
    return resource.kind == "node_group" or serves(resource, graph)


def group_in_one_zone(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether a group of servers stands in one zone and no sibling behind the same balancer stands in another."""
    alone = in_one_zone(resource)
    if alone is not True:
        return alone
    siblings = siblings_of(resource, graph)
    related = tuple(Related(s.span, f"{s.id}: answers the same requests", s.id) for s in siblings[:_SHOWN])
    return Answer(both(_in_same_zone(resource, sibling) for sibling in siblings), related)


def _in_same_zone(resource: Resource, sibling: Resource) -> Truth:
    alone = in_one_zone(sibling)
    return share_zone((resource, sibling)) if alone is True else alone if isinstance(alone, Unknown) else False


def spot_only(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether all of its capacity may be taken away at once; for nodes, whether its cluster has no others."""
    spot = resource.get("spot")
    if spot is True and resource.kind == "workload":
        return both(peer.get("spot") is True for peer in pods.peers(resource, graph))
    if spot is not True or resource.kind != "node_group":
        return spot
    clusters = _clusters(resource, graph)
    if any(cluster.get("node_count") not in (ABSENT, 0) and _keeps_default_nodes(cluster) for cluster in clusters):
        return False
    peers = _peers(resource, graph)
    related = tuple(Related(p.span_of("spot"), f"{p.id}: other nodes of the cluster", p.id) for p in peers[:_SHOWN])
    others = [p.get("spot") for p in peers]
    interruptible = both(value if isinstance(value, (bool, Unknown)) else False for value in others)
    if interruptible is True and not clusters:
        return Answer(_elsewhere(resource), related)
    return Answer(interruptible, related)


def nodes_in_one_zone(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether all nodes of its cluster stand in one zone, its own group among them."""
    alone = in_one_zone(resource)
    if alone is not True:
        return alone
    clusters = _clusters(resource, graph)
    if any(_default_nodes_spread(cluster) for cluster in clusters):
        return False
    zones: list[Value] = list(_zones(resource))
    peers = _peers(resource, graph)
    for peer in peers:
        other = in_one_zone(peer)
        if other is not True:
            return False if other is False else other if isinstance(other, Unknown) else unknown_from([])
        zones.extend(_zones(peer))
    related = tuple(Related(p.span, f"{p.id}: other nodes of the cluster", p.id) for p in peers[:_SHOWN])
    count = count_different(zones) if zones else 1
    if count == 1 and not clusters:
        return Answer(_elsewhere(resource), related)
    return Answer(count if isinstance(count, Unknown) else count == 1, related)


def default_nodes_in_one_zone(resource: Resource, _graph: Graph) -> Value:
    """Whether the nodes that a cluster is created with stand in one zone; absent when it has none of its own."""
    zones = resource.get("node_zones")
    if zones is ABSENT or isinstance(zones, Unknown) or not _keeps_default_nodes(resource):
        return zones if isinstance(zones, Unknown) else ABSENT
    return isinstance(zones, list) and len(zones) < 2


def least_nodes(resource: Resource, graph: Graph) -> Value | Answer:
    """How many nodes a cluster keeps, over all of its groups; absent when the files show none or cannot tell."""
    own = resource.get("node_count") if _keeps_default_nodes(resource) else ABSENT
    groups = [g for g in graph.of_kind("node_group") if resource in graph.targets(g, "cluster")]
    sizes = [_least(group) for group in groups]
    if any(size is ABSENT for size in sizes) or (own is ABSENT and not sizes):
        return ABSENT
    counts = [size for size in (own, *sizes) if size is not ABSENT]
    undecided = [c for c in (*counts, *(g.declaration.exists for g in groups)) if isinstance(c, Unknown)]
    certain = sum(c for c in counts if isinstance(c, int))
    related = tuple(Related(g.span_of("min_size"), f"{g.id}: its nodes", g.id) for g in groups[:_SHOWN])
    mark = groups[0].span_of("min_size") if len(groups) == 1 and own is ABSENT else None
    return Answer(unknown_from(undecided) if undecided and certain < 2 else certain, related, mark)


def _least(group: Resource) -> Value:
    size = group.get("min_size")
    total = lookup(group.declaration.attributes, "autoscaling.total_min_node_count") is not ABSENT
    several = group.type in _PER_ZONE and not total and in_one_zone(group) is False
    return size * 2 if several and isinstance(size, int) else size


def _keeps_default_nodes(cluster: Resource) -> bool:
    return cluster.declaration.attributes.get("remove_default_node_pool") is not True


def _default_nodes_spread(cluster: Resource) -> bool:
    zones = cluster.get("node_zones")
    return _keeps_default_nodes(cluster) and isinstance(zones, list) and len(zones) > 1


def _clusters(group: Resource, graph: Graph) -> tuple[Resource, ...]:
    return tuple(c for c in graph.targets(group, "cluster") if c.kind == "cluster" and c.declaration.mode == "managed")


def _peers(group: Resource, graph: Graph) -> Sequence[Resource]:
    """The other groups of the same cluster, by reference or by the same written name."""
    mine = {cluster.id for cluster in graph.targets(group, "cluster")}
    return [
        other
        for other in graph.of_kind("node_group")
        if other.id != group.id and other.declaration.mode == "managed" and _same_cluster(group, other, mine, graph)
    ]


def _same_cluster(group: Resource, other: Resource, mine: set[str], graph: Graph) -> bool:
    if mine:
        return any(cluster.id in mine for cluster in graph.targets(other, "cluster"))
    same: Truth = equal(group.get("cluster"), other.get("cluster"))
    return group.get("cluster") is not ABSENT and same is True


def _elsewhere(group: Resource) -> Unknown:
    return Unknown("whether its cluster has other nodes is not in the files", group.span_of("cluster"))


def _zones(group: Resource) -> tuple[Value, ...]:
    zones = group.placement.zones
    return zones if isinstance(zones, tuple) else (zones,)


_COMPUTING: Final = re.compile(r"(?<![a-z])(?:hpc|mpi|gpu|ml|training|slurm|batch|render|simulations?)(?![a-z])")
"""Names of groups whose servers work on one job: packing them is the point, and the job can be run again."""


def packed_servers(resource: Resource, graph: Graph) -> Value | Answer:
    """How many servers a placement group packs close together.

    Absent when it spreads them, when they compute jobs, or when none is in the files.
    """
    strategy = resource.get("strategy")
    if _COMPUTING.search(own_words(resource)):
        return ABSENT
    if isinstance(strategy, Unknown) or strategy != "cluster":
        return strategy if isinstance(strategy, Unknown) else ABSENT
    direct = graph.referrers(resource, "compute", "compute_group")
    through = [
        r
        for template in graph.referrers(resource, "other")
        for r in graph.referrers(template, "compute", "compute_group")
    ]
    users = {r.id: r for r in (*direct, *through) if r.declaration.mode == "managed"}
    if not users:
        return ABSENT
    sizes = [1 if user.kind == "compute" else user.get("min_size") for user in users.values()]
    known = sum(size for size in sizes if isinstance(size, int))
    undecided = [v for v in (*sizes, *(u.declaration.exists for u in users.values())) if isinstance(v, Unknown)]
    related = tuple(Related(u.span, f"{u.id}: packed into it", u.id) for u in list(users.values())[:_SHOWN])
    return Answer(unknown_from(undecided) if undecided and known < 3 else known, related)


_CONTAINERS: Final = ("container_service", "workload")
_CAPACITY: Final = ("compute_group", "container_service", "node_group", "workload")

FACTS: Final[Mapping[str, Fact]] = {
    "least_copies": Fact(least_copies, "how many copies of it run at least", _CONTAINERS),
    "group_in_one_zone": Fact(
        group_in_one_zone, "whether it and all that share its work stand in one zone", ("compute_group",)
    ),
    "must_stay": Fact(must_stay, "whether somebody waits for it", _CAPACITY),
    "spot_only": Fact(spot_only, "whether all of its capacity may be taken away", _CAPACITY),
    "nodes_in_one_zone": Fact(nodes_in_one_zone, "whether its cluster's nodes stand in one zone", ("node_group",)),
    "default_nodes_in_one_zone": Fact(
        default_nodes_in_one_zone, "whether its own nodes stand in one zone", ("cluster",)
    ),
    "least_nodes": Fact(least_nodes, "how many nodes it keeps", ("cluster",)),
    "packed_servers": Fact(packed_servers, "how many servers it packs close together", ("placement_group",)),
}
