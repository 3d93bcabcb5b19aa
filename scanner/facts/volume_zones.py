"""Zones of volumes: where disks of a class, or one that is declared by hand, can be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from scanner.graph.graph import Graph
from scanner.model.objects import PLATFORM, REQUIRED, ZONE_LABELS, pinned_values
from scanner.model.resource import Resource
from scanner.model.value import Unknown, Value

_DISK_ZONES: Final = (
    *ZONE_LABELS,
    "topology.gke.io/zone",
    "topology.ebs.csi.aws.com/zone",
    "topology.disk.csi.azure.com/zone",
)
"""Labels by which drivers tell zones."""


def shares_volume(workload: Resource) -> bool:
    """Whether all its pods mount the same claim, so that they stand where it does."""
    spec = workload.declaration.attributes.get("spec")
    own = isinstance(spec, dict) and bool(spec.get("volumeClaimTemplates"))
    return bool(workload.get("claims")) and not own


def volume_zones(workload: Resource, graph: Graph) -> frozenset[str] | None:
    """The zones in which its volumes can be used, where classes or volumes state them.

    https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies.
    """
    stated = [zones for each in _sources(workload, graph) if (zones := written_zones(each)) is not None]
    return frozenset.intersection(*stated) if stated else None


def volume_copies(workload: Resource, graph: Graph) -> int | None:
    """In how many zones a regional disk of Google is kept; its class need not say in which.

    https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/regional-pd.
    """
    for each in _sources(workload, graph):
        parameters = each.declaration.attributes.get("parameters")
        if isinstance(parameters, dict) and parameters.get("replication-type") == "regional-pd":
            return 2
    return None


def _sources(workload: Resource, graph: Graph) -> Iterator[Resource]:
    """The classes and volumes from which its claims are served."""
    seen: set[str] = set()
    ahead = [workload.id]
    while ahead:
        for edge in graph.outgoing.get(ahead.pop(), ()):
            target = graph.resources[edge.target]
            if target.kind in ("volume", "storage_class") and target.id not in seen and target.platform == PLATFORM:
                seen.add(target.id)
                ahead.append(target.id)
                yield target


def written_zones(source: Resource) -> frozenset[str] | None:
    """The zones that a class allows, or for which a volume is bound by its node affinity."""
    attributes = source.declaration.attributes
    topologies, spec = attributes.get("allowedTopologies"), attributes.get("spec")
    if isinstance(topologies, list):
        terms = [
            {"matchExpressions": [{**e, "operator": "In"} for e in _listed(term, "matchLabelExpressions")]}
            for term in topologies
        ]
        required: Value = {"nodeSelectorTerms": terms}
    else:
        affinity = spec.get("nodeAffinity") if isinstance(spec, dict) else None
        required = affinity.get("required") if isinstance(affinity, dict) else None
    values, _ = pinned_values({"affinity": {"nodeAffinity": {REQUIRED: required}}}, _DISK_ZONES)
    if any(isinstance(value, Unknown) for value in values):
        return None
    region = source.placement.region
    words = {
        str(value).removeprefix(f"{region}-") if source.placement.provider == "azure" else str(value)
        for value in values
    }
    return frozenset(words) or None


def _listed(term: Value, key: str) -> list[Mapping[str, Value]]:
    found = term.get(key) if isinstance(term, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
