"""Nodes of clusters: which groups of them may run a workload."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from scanner.catalog.load import Entry, catalog
from scanner.graph.graph import Graph
from scanner.model.objects import (
    PLATFORM,
    POOL_LABELS,
    REQUIRED,
    ZONE_LABELS,
    admits,
    labels_of,
    namespace_of,
    selects,
    spec_of,
    stands_in_cluster,
    template_of,
    zonal_terms,
)
from scanner.model.resource import EdgeKind, Resource
from scanner.model.value import Truth, Unknown, Value

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
    return f"{cluster_name(clusters[0]) if clusters else 'default'}/{cluster_name(group)}"


def cluster_name(resource: Resource) -> str:
    """The name of a cluster or a group of nodes, by which failure domains call it."""
    attributes = resource.declaration.attributes
    found = (resource.get("name"), *(attributes.get(n) for n in ("node_group_name", "fargate_profile_name", "name")))
    named = next((name for name in found if isinstance(name, str) and name), None)
    return named or (resource.declaration.name if resource.platform == PLATFORM else resource.id)


def pod_spec(workload: Resource) -> Mapping[str, Value]:
    """The pod specification of a Kubernetes workload; empty for others."""
    if not stands_in_cluster(workload.declaration):
        return {}
    entry = catalog().entry(workload.type) or Entry("other")
    return spec_of(workload.declaration.attributes, entry.pods) if entry.pods else {}


class Nodes(Struct, frozen=True):
    """Nodes of one group: the name of its failure domain, its resource (none for what a cluster declares itself)."""

    name: str
    zones: tuple[str | Unknown, ...] | None
    labels: Mapping[str, Value]
    taints: Sequence[Mapping[str, Value]] = ()
    id: str = ""


def eligible_nodes(workload: Resource, cluster: Resource, graph: Graph) -> list[Nodes]:
    """The groups on whose nodes a workload may run, as far as labels and taints tell; all where they tell of none."""
    spec = _without_node_labels(pod_spec(workload))
    groups = [_nodes_of(each, graph) for each in _for_pod(workload, node_groups(cluster, graph))]
    own = _own_nodes(cluster)
    groups += [own] if own is not None else []
    return [each for each in groups if admits(spec, each.labels, list(each.taints)) is not False] or groups


def _nodes_of(group: Resource, graph: Graph) -> Nodes:
    zones = group.placement.zones
    known = zones if isinstance(zones, tuple) else None
    return Nodes(group_name(group, graph), known, _labels(group), _taints(group), group.id)


def _own_nodes(cluster: Resource) -> Nodes | None:
    """The pool that an Azure cluster declares itself: https://learn.microsoft.com/en-us/azure/aks/use-system-pools."""
    pool = cluster.declaration.attributes.get("default_node_pool")
    pool = pool[0] if isinstance(pool, list) and pool else pool
    if not isinstance(pool, dict) or not isinstance(pool.get("name"), str):
        return None
    zones, labels, name = cluster.get("node_zones"), pool.get("node_labels"), str(pool["name"])
    known = tuple(z for z in zones if isinstance(z, (str, Unknown))) if isinstance(zones, list) and zones else None
    kept = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}
    taints = [kept] if pool.get("only_critical_addons_enabled") is True else []
    held = {**(labels if isinstance(labels, dict) else {}), **dict.fromkeys(POOL_LABELS, name)}
    return Nodes(f"{cluster_name(cluster)}/{name}", known, held, taints)


def _for_pod(workload: Resource, groups: list[Resource]) -> list[Resource]:
    """Fargate takes the pods that a profile selects, no others and no daemons; these run on no other nodes.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html.
    """
    profiles = [group for group in groups if "fargate_profile_name" in group.declaration.attributes]
    others = [group for group in groups if group not in profiles]
    daemon = workload.get("every_node") is True
    return ([] if daemon else [p for p in profiles if _profiled(workload, p)]) or others


def _profiled(workload: Resource, profile: Resource) -> bool:
    """Whether a selector of a profile names the namespace of a pod and labels that it has."""
    entry, attributes = catalog().entry(workload.type) or Entry("other"), workload.declaration.attributes
    labels = labels_of(template_of(attributes, entry.pods)) if entry.pods else {}
    written = profile.declaration.attributes.get("selector")
    for each in written if isinstance(written, list) else [written]:
        if not isinstance(each, dict):
            return True
        namespace, wanted = each.get("namespace"), each.get("labels") or {}
        named = not isinstance(namespace, str) or fnmatchcase(namespace_of(attributes), namespace)
        if named and selects(wanted, labels) is not False:
            return True
    return False


def in_zone(workload: Resource, zone: str | Unknown) -> Truth:
    """Whether what a pod says of zones lets it run in one; of a placement's zones it may forbid some."""
    place = workload.placement
    if isinstance(zone, Unknown):
        return zone
    word = f"{place.region}-{zone}" if place.provider == "azure" else zone
    terms = [{"matchExpressions": zonal} for zonal in zonal_terms(pod_spec(workload))]
    spec = {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}} if terms else {}
    return admits(spec, dict.fromkeys(ZONE_LABELS, word), [])


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
