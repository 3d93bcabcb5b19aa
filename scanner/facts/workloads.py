"""Workloads of clusters: how many pods run at least, and what is said about them in other objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.volumes import volume_reach
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value

_KINDS: Final = ("workload",)


def scalers(workload: Resource, graph: Graph) -> list[Resource]:
    """The autoscalers that change how many copies of it run."""
    return list(graph.referrers(workload, "autoscaler"))


def least_pods(workload: Resource, graph: Graph) -> Value:
    """How many pods run at least: an autoscaler's minimum, else the wanted number. Absent for one on each node."""
    if workload.get("every_node") is True:
        return ABSENT
    found = [scaler.get("min_replicas") for scaler in scalers(workload, graph)]
    return next((minimum for minimum in found if minimum is not ABSENT), workload.get("replicas"))


def members(resource: Resource, graph: Graph) -> Value:
    """How many pods hold it: those of a workload, or the servers that an operator keeps of a store."""
    if resource.kind == "workload":
        return least_pods(resource, graph)
    found = (resource.get(name) for name in ("instances", "brokers", "nodes"))
    return next((count for count in found if count is not ABSENT), ABSENT)


def pods_at_least(workload: Resource, graph: Graph) -> Value | Answer:
    """:func:`least_pods`, shown where it is decided."""
    for scaler in scalers(workload, graph):
        minimum = scaler.get("min_replicas")
        if minimum is not ABSENT:
            related = (Related(scaler.span, f"{scaler.id}: scales it", scaler.id),)
            return Answer(minimum, related, scaler.span_of("min_replicas"))
    return least_pods(workload, graph)


def reach_of_volumes(workload: Resource, graph: Graph) -> Value:
    """What its volumes bind it to: ``node``, ``zone``, ``region``, or ``none``."""
    found = volume_reach(workload, graph)
    return found if isinstance(found, Unknown) else str(found)


FACTS: Final[Mapping[str, Fact]] = {
    "pods_at_least": Fact(pods_at_least, "how many pods of it run at least, autoscaling considered", _KINDS),
    "volume_reach": Fact(reach_of_volumes, "what its volumes bind it to: node, zone, region or none", _KINDS),
}
