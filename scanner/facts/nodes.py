"""Nodes of clusters: which groups of them may run a workload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scanner.catalog.load import Entry, catalog
from scanner.graph.graph import Graph
from scanner.model.objects import PLATFORM, POOL_LABELS, admits, spec_of
from scanner.model.resource import EdgeKind, Resource
from scanner.model.value import Unknown, Value

_PER_NODE: Final = re.compile(
    r"^(?:topology\.kubernetes\.io/|failure-domain\.beta\.kubernetes\.io/|kubernetes\.io/|beta\.kubernetes\.io/|node\.kubernetes\.io/"
    r"|node-role\.kubernetes\.io/|karpenter\.|eks\.amazonaws\.com/capacityType|cloud\.google\.com/gke-(?:spot|preemptible))"
)
"""Labels that nodes are given by their cluster: no group states them."""
_TAINT: Final = re.compile(r"([^=:]+)(?:=([^:]*))?:(\w+)")


def cluster_of(resource: Resource, graph: Graph) -> Resource | None:
    """The cluster in the files in which an object runs."""
    for edge in graph.outgoing.get(resource.id, ()):
        if edge.kind is EdgeKind.PLACEMENT and graph.resources[edge.target].kind == "cluster":
            return graph.resources[edge.target]
    return None


def node_groups(cluster: Resource, graph: Graph) -> list[Resource]:
    """The groups of nodes of a cluster that the files declare."""
    return [
        group
        for group in graph.referrers(cluster, "node_group")
        if group.declaration.mode == "managed" and cluster in graph.targets(group, "cluster")
    ]


def group_name(group: Resource, graph: Graph) -> str:
    """``CLUSTER/NAME``, by which failure domains call a group of nodes."""
    clusters = [c for c in graph.targets(group, "cluster") if c.kind == "cluster"]
    return f"{_name(clusters[0]) if clusters else 'default'}/{_name(group)}"


def _name(resource: Resource) -> str:
    attributes = resource.declaration.attributes
    found = (resource.get("name"), *(attributes.get(n) for n in ("node_group_name", "fargate_profile_name", "name")))
    return next((name for name in found if isinstance(name, str) and name), resource.id)


def pod_spec(workload: Resource) -> Mapping[str, Value]:
    """The pod specification of a Kubernetes workload; empty for others."""
    if workload.platform != PLATFORM:
        return {}
    entry = catalog().entry(workload.type) or Entry("other")
    return spec_of(workload.declaration.attributes, entry.pods) if entry.pods else {}


def eligible_groups(workload: Resource, groups: list[Resource]) -> list[Resource]:
    """The groups on whose nodes a workload may run, as far as labels and taints tell; all where they tell of none."""
    spec = _without_node_labels(pod_spec(workload))
    found = [group for group in groups if admits(spec, _labels(group), _taints(group)) is not False]
    return found or groups


def _without_node_labels(spec: Mapping[str, Value]) -> Mapping[str, Value]:
    """A specification that asks only for labels which groups state."""
    chosen = spec.get("nodeSelector")
    kept = {k: v for k, v in chosen.items() if not _PER_NODE.match(k)} if isinstance(chosen, dict) else chosen
    affinity = spec.get("affinity")
    text = str(affinity.get("nodeAffinity")) if isinstance(affinity, dict) else ""
    result = {**spec, "nodeSelector": kept}
    return {**result, "affinity": None} if "kubernetes.io/" in text or "karpenter" in text else result


def _labels(group: Resource) -> dict[str, Value]:
    """The labels of a group's nodes; the group's own name under every label that a vendor uses for it."""
    written = group.get("labels")
    labels = dict(written) if isinstance(written, dict) else {}
    attributes = group.declaration.attributes
    name = next((attributes[n] for n in ("node_group_name", "fargate_profile_name", "name") if n in attributes), None)
    for label in POOL_LABELS:
        if name is not None:
            labels.setdefault(label, name)
    return labels


def _taints(group: Resource) -> list[Mapping[str, Value]]:
    written = group.get("taints")
    found: list[Mapping[str, Value]] = []
    for each in written if isinstance(written, list) else [written]:
        if isinstance(each, dict):
            found.append(each)
        elif isinstance(each, str) and (parts := _TAINT.fullmatch(each)):
            found.append({"key": parts[1], "value": parts[2], "effect": parts[3]})
        elif isinstance(each, Unknown):
            continue
    return found
