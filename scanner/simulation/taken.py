"""Clusters and hosts that nothing names: what is applied as one is taken to run in one of its own."""

from __future__ import annotations

from collections.abc import Mapping

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
