"""Systems that need a majority of their members, and the nodes of chains: where they stand together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.place import bounds_of, region_zones, zone_bounds
from scanner.facts.value_bearing import NOT_PRODUCTION, TEST_NETWORKS, own_words
from scanner.facts.zones import QUORUM_ZONES, in_one_zone, share_zone, zones_matter
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value, both

_MAJORITY: Final = re.compile(
    r"(?<![a-z])(?:etcd|zookeeper|zk|consul[-_ ]?servers?|vault[-_ ]?servers?|nomad[-_ ]?servers?|raft|kraft|kafka"
    r"|redpanda|jetstream|cockroach(?:db)?|tikv|yugabyte|foundationdb|mongo(?:db)?|rabbitmq|cometbft|tendermint|quorum|consensus)(?![a-z])"
)
"""Names of systems that stop when they lose the majority of their members."""
_CLIENTS: Final = re.compile(
    r"(?<![a-z])(?:geth|erigon|nethermind|besu|reth|prysm|lighthouse|teku|nimbus|lodestar|bitcoind|bitcoin[-_ ]core|lnd"
    r"|agave|solana|validators?|beacon[-_ ]?(?:node|chain)s?|sequencers?|op[-_ ]?node|nitro|avalanchego|polkadot|cosmos"
    r"|gaiad|tendermint|cometbft"
    r"|eth[-_ ]?nodes?|btc[-_ ]?nodes?|rpc[-_ ]?nodes?|full[-_ ]?nodes?|archive[-_ ]?nodes?|chain[-_ ]?nodes?"
    r"|ethereum|blockchain)(?![a-z])"
)
"""Names of the software and of the parts that keep a chain's state or take part in its consensus."""
_RUNNING: Final = ("compute", "compute_group", "container_service", "blockchain_node", "workload")
_SHOWN: Final = 5


def needs_majority(resource: Resource) -> bool:
    """Whether its type or its names say that it stops when it loses the majority of its members."""
    return resource.get("majority") is True or _MAJORITY.search(own_words(resource)) is not None


def quorum_zones(resource: Resource, graph: Graph) -> Value | Answer:
    """In how many zones a majority system's members stand; absent for other things and where a region has not three.

    Kafka clusters are such systems by themselves, groups and series of servers by their names. A series of servers is
    answered at its first one.
    """
    offered = region_zones(resource, graph)
    if isinstance(offered, int) and offered < QUORUM_ZONES:
        return ABSENT
    if resource.kind == "compute":
        return _of_series(resource, graph)
    by_engine = resource.kind == "queue" and resource.get("engine") == "kafka"
    if not by_engine and (resource.kind == "queue" or not _MAJORITY.search(own_words(resource))):
        return ABSENT
    if resource.kind == "compute_group" and _below_three(resource.get("min_size")):
        return ABSENT
    bounds = zone_bounds(resource)
    return bounds if isinstance(bounds, Unknown) else _count(*bounds, resource)


def _of_series(resource: Resource, graph: Graph) -> Value | Answer:
    series = [r for r in graph.of_kind("compute") if r.span == resource.span and r.type == resource.type]
    if not _MAJORITY.search(own_words(resource)) or series[0].id != resource.id or len(series) < QUORUM_ZONES:
        return ABSENT
    zones: list[Value] = []
    for server in series:
        place = server.placement.zones
        if isinstance(place, Unknown):
            return place
        zones.extend(zone for zone in place if zone not in zones)
    return _count(*bounds_of(zones), resource)


def _count(least: int, most: int, resource: Resource) -> Value:
    if most == 0:
        return ABSENT
    if least >= QUORUM_ZONES or most < QUORUM_ZONES:
        return min(most, QUORUM_ZONES) if least >= QUORUM_ZONES else most
    return Unknown("whether its zones differ is not in the files", resource.span)


def _below_three(size: Value) -> bool:
    return isinstance(size, int) and size < QUORUM_ZONES


def chain_nodes_in_one_zone(_estate: Resource, graph: Graph) -> Value | Answer:
    """Whether every node of a chain in the files stands in one zone; absent when there is none."""
    nodes = [r for r in graph.of_kind(*_RUNNING) if _is_chain_node(r)]
    if not nodes or not all(zones_matter(node, graph) is True for node in nodes):
        return ABSENT
    alone = [in_one_zone(node) for node in nodes]
    if False in alone or ABSENT in alone:
        return False if False in alone else ABSENT
    return Answer(both((*alone, share_zone(nodes))), _related(nodes[1:]), nodes[0].span)


def chain_nodes(_estate: Resource, graph: Graph) -> Value:
    """The declarations that run nodes of a chain, by id."""
    return [node.id for node in graph.of_kind(*_RUNNING) if _is_chain_node(node)]


def _is_chain_node(resource: Resource) -> bool:
    if resource.declaration.mode != "managed" or resource.tier.lower() in NOT_PRODUCTION:
        return False
    words = own_words(resource)
    return resource.kind == "blockchain_node" or bool(_CLIENTS.search(words) and not TEST_NETWORKS.search(words))


def _related(nodes: Sequence[Resource]) -> tuple[Related, ...]:
    return tuple(Related(node.span, f"{node.id}: another node", node.id) for node in nodes[:_SHOWN])


FACTS: Final[Mapping[str, Fact]] = {
    "quorum_zones": Fact(
        quorum_zones,
        "in how many zones its majority stands",
        ("queue", "compute", "compute_group", "container_service"),
    ),
    "chain_nodes_in_one_zone": Fact(chain_nodes_in_one_zone, "whether all chain nodes stand in one zone", ("estate",)),
    "chain_nodes": Fact(chain_nodes, "the chain nodes in the files", ("estate",)),
}
