"""Places that nothing names: what is applied as one is taken to run in a cluster of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from scanner.facts.nodes import cluster_of
from scanner.graph.graph import Graph
from scanner.model.compose import PLATFORM as COMPOSE
from scanner.model.compose import host_name
from scanner.model.objects import stands_in_cluster
from scanner.simulation.stands import root_of


def taken_clusters(graph: Graph) -> Mapping[str, str]:
    """The failure domains of such clusters, and what to say of each."""
    found: dict[str, str] = {}
    for resource in graph.resources.values():
        if resource.placement.cluster is not None:
            continue
        if resource.platform == COMPOSE:
            found[f"cluster:{host_name(resource.declaration)}"] = "the host of this project"
        elif stands_in_cluster(resource.declaration) and cluster_of(resource, graph) is None:
            found[f"cluster:{root_of(resource) or 'default'}"] = "the one that it is applied to; no file names it"
    return found


@cache
def is_unnamed(domain: str) -> bool:
    """Whether a domain is a place that the files do not name (``zone:aws/?var.zone``)."""
    return domain.partition("/")[2].startswith("?")


def names_again(party: str, sure: Sequence[str], families: Mapping[str, str]) -> bool:
    """Whether a party counts only where it is one of those that count for certain, under another name.

    ``families`` maps places to those among which one that has no name may be.
    """
    family = families.get(party)
    if family is None or party in sure:
        return False
    alike = [name for name in sure if families.get(name) == family]
    return any(is_unnamed(party) or is_unnamed(name) for name in alike)
