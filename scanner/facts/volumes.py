"""How far the volumes of workloads reach: which loss takes a disk out of reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from scanner.facts.nodes import cluster_of, node_groups, pod_spec
from scanner.facts.volume_zones import written_zones
from scanner.graph.graph import Graph
from scanner.model.objects import stands_in_cluster
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value

OPERATED: Final = frozenset({"database", "cache", "queue", "search", "object_store", "secret_manager"})
"""Kinds that operators run in clusters, with a volume for each pod."""

Reach = Literal["none", "node", "zone", "region"]

_PROVISIONERS: Final[Mapping[str, Reach]] = {
    "ebs.csi.aws.com": "zone",
    "kubernetes.io/aws-ebs": "zone",
    "ebs.csi.eks.amazonaws.com": "zone",
    "efs.csi.aws.com": "region",
    "fsx.csi.aws.com": "zone",
    "s3.csi.aws.com": "region",
    "pd.csi.storage.gke.io": "zone",
    "kubernetes.io/gce-pd": "zone",
    "filestore.csi.storage.gke.io": "zone",
    "disk.csi.azure.com": "zone",
    "kubernetes.io/azure-disk": "zone",
    "file.csi.azure.com": "region",
    "kubernetes.io/azure-file": "region",
    "blob.csi.azure.com": "region",
    "cinder.csi.openstack.org": "zone",
    "kubernetes.io/cinder": "zone",
    "rancher.io/local-path": "node",
    "kubernetes.io/no-provisioner": "node",
    "kubernetes.io/host-path": "node",
    "k8s.io/minikube-hostpath": "node",
    "docker.io/hostpath": "node",
    "openebs.io/local": "node",
    "local.csi.openebs.io": "node",
    "topolvm.io": "node",
}
"""What drivers say of their volumes. Those that copy between nodes themselves (Ceph, Longhorn, Portworx) are not bound:
https://kubernetes-csi.github.io/docs/drivers.html."""
_REPLICATED: Final = re.compile(
    r"rbd\.csi\.ceph|cephfs\.csi\.ceph|kubernetes\.io/rbd|quobyte|scaleio|driver\.longhorn\.io|portworx|linstor|storageos|mayastor"
)
_NETWORKED: Final = re.compile(r"(?:^|[./-])nfs|smb\.csi|glusterfs")
_CLASS_NAMES: Final[tuple[tuple[re.Pattern[str], Reach], ...]] = (
    (re.compile(r"(?:^|-)(?:efs|nfs|azurefile|azure-file|filestore|cephfs)(?:-|$)", re.IGNORECASE), "region"),
    (re.compile(r"^(?:local-path|local-storage|local|hostpath|standard-local)$"), "node"),
    (
        re.compile(
            r"^(?:gp2|gp3|io1|io2|st1|ebs(?:-.*)?|standard-rwo|premium-rwo|pd-(?:ssd|standard|balanced)|managed(?:-.*)?"
            r"|default|do-block-storage|hcloud-volumes|linode-block-storage(?:-.*)?|vultr-block-storage(?:-.*)?)$"
        ),
        "zone",
    ),
)
"""Classes that vendors put into every cluster, by name."""
_OF_AKS: Final = frozenset({"default", "managed", "managed-csi", "managed-premium", "managed-csi-premium"})
"""Classes of disks that every AKS cluster has."""
_REDUNDANT_SINCE: Final = 29
"""The minor version of Kubernetes since which AKS makes zone-redundant disks of its own classes."""
_CLOUDS: Final = frozenset({"aws", "google", "azure"})
"""Providers whose clusters make zonal disks when no class is asked for."""
_OF_NODES: Final = re.compile(
    r"^/(?:var/run|run|proc|sys|dev|etc|var/log|lib|lib64|usr|boot|var/lib/kubelet|var/lib/docker|var/lib/containerd|tmp|opt/cni"
    r"|mnt/disks/by-uuid|cgroup|root/?$|/?$)(?:/|$)|^/$"
)
"""Folders of a node that are the node's own, no data of a workload."""
_RANK: Final = ("none", "region", "zone", "node")


def volume_reach(workload: Resource, graph: Graph) -> Reach | Unknown:
    """What binds a workload by its volumes: a ``node``, a ``zone``, nothing below the ``region``, or ``none``."""
    if not stands_in_cluster(workload.declaration) or workload.get("every_node") is True:
        return "none"
    own: list[Reach | Unknown] = ["node"] if kept_on_host(workload) else []
    return _narrowest([*_claimed(workload, graph), *_operated(workload, graph), *own])


def reach_of_claims(workload: Resource, graph: Graph) -> Reach | Unknown:
    """:func:`volume_reach` of what it claims, without the folders of its node."""
    return _narrowest(list(_claimed(workload, graph)))


def _narrowest(found: Sequence[Reach | Unknown]) -> Reach | Unknown:
    known = [reach for reach in found if not isinstance(reach, Unknown)]
    worst: Reach = max(known, key=_RANK.index, default="none")
    undecided = next((reach for reach in found if isinstance(reach, Unknown)), None)
    return undecided if undecided is not None and worst not in ("zone", "node") else worst


def kept_on_host(workload: Resource) -> list[str]:
    """The folders of its node in which a workload keeps data; those that are the node's own are left out."""
    paths = workload.get("host_paths")
    return [p for p in paths if isinstance(p, str) and not _OF_NODES.search(p)] if isinstance(paths, list) else []


def _claimed(workload: Resource, graph: Graph) -> Iterator[Reach | Unknown]:
    templates = workload.declaration.attributes.get("spec")
    templates = templates.get("volumeClaimTemplates") if isinstance(templates, dict) else None
    for template in templates if isinstance(templates, list) else ():
        spec = template.get("spec") if isinstance(template, dict) else None
        if isinstance(spec, dict):
            yield _of_claim(spec.get("accessModes"), spec.get("storageClassName"), workload, graph)
    mounted = {volume.declaration.name: volume for volume in _mounted(workload, graph)}
    for volume in mounted.values():
        yield claim_reach(volume, graph)
    for name in _claim_names(workload):
        if name not in mounted:
            yield Unknown(f"claim {name} is not in the files", workload.span_of("claims"))


def _claim_names(workload: Resource) -> Iterator[str]:
    """The claims that its pods mount by name."""
    volumes = pod_spec(workload).get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        claim = volume.get("persistentVolumeClaim") if isinstance(volume, dict) else None
        if isinstance(claim, dict) and isinstance(claim.get("claimName"), str):
            yield claim["claimName"]


def _operated(store: Resource, graph: Graph) -> Iterator[Reach | Unknown]:
    """The volumes that an operator claims for a store: one for each of its pods."""
    if store.kind in OPERATED:
        yield _of_claim(None, store.get("storage_class"), store, graph)


def _mounted(workload: Resource, graph: Graph) -> Iterator[Resource]:
    for edge in graph.outgoing.get(workload.id, ()):
        target = graph.resources[edge.target]
        if target.kind == "volume" and stands_in_cluster(target.declaration):
            yield target


def claim_reach(volume: Resource, graph: Graph) -> Reach | Unknown:
    """How far a claim, or a volume that is declared by hand, reaches."""
    if volume.get("host_path") not in (ABSENT, None, ""):
        return "node"
    for edge in graph.outgoing.get(volume.id, ()):
        target = graph.resources[edge.target]
        if target.kind == "volume":
            return claim_reach(target, graph)
    spec = volume.declaration.attributes.get("spec")
    if isinstance(spec, dict) and any(key in spec for key in ("nfs", "cephfs", "azureFile", "glusterfs")):
        return "region"
    if len(written_zones(volume) or ()) > 1:
        return "region"
    return _of_claim(volume.get("access_modes"), volume.get("storage_class"), volume, graph)


def _of_claim(modes: Value, name: Value, owner: Resource, graph: Graph) -> Reach | Unknown:
    if isinstance(modes, list) and "ReadWriteMany" in modes:
        return "region"
    if isinstance(name, Unknown):
        return name
    declared = [c for c in graph.of_kind("storage_class") if c.declaration.name == name]
    declared = [c for c in declared if c.declaration.root == owner.declaration.root] or declared
    if len(declared) == 1:
        return class_reach(declared[0])
    cluster = cluster_of(owner, graph)
    if cluster is not None and cluster.placement.provider == "azure" and (not name or name in _OF_AKS):
        return _of_aks(cluster, graph)
    for pattern, reach in _CLASS_NAMES:
        if isinstance(name, str) and pattern.search(name):
            return reach
    provider = (cluster or owner).placement.provider
    if not name and provider in _CLOUDS:
        return "zone"
    asked = f"storage class {name}" if name else "the default storage class"
    return Unknown(f"{asked} is not in the files", owner.span_of("storage_class"))


def class_reach(declared: Resource) -> Reach | Unknown:
    """How far the volumes of a class reach."""
    driver = declared.get("provisioner")
    if not isinstance(driver, str):
        return Unknown("its storage class names no driver", declared.span)
    parameters = declared.declaration.attributes.get("parameters")
    held = {str(k).lower(): str(v).lower() for k, v in parameters.items()} if isinstance(parameters, dict) else {}
    if held.get("replication-type") == "regional-pd" or held.get(
        "skuname", held.get("storageaccounttype", "")
    ).endswith("_zrs"):
        return "region"
    if held.get("tier") in ("enterprise", "regional") or _REPLICATED.search(driver) or _NETWORKED.search(driver):
        return "region"
    known = _PROVISIONERS.get(driver)
    return known or Unknown(f"how far volumes of {driver} reach is not known", declared.span_of("provisioner"))


def _of_aks(cluster: Resource, graph: Graph) -> Reach:
    """Classes that AKS brings: zone-redundant in clusters over several zones since Kubernetes 1.29.

    https://learn.microsoft.com/en-us/azure/aks/concepts-storage#storage-classes; a version that is not written is new.
    """
    places = (cluster.get("node_zones"), *(group.placement.zones for group in node_groups(cluster, graph)))
    zones = {zone for each in places if isinstance(each, (list, tuple)) for zone in each}
    version = cluster.declaration.attributes.get("kubernetes_version")
    minor = version.split(".")[1] if isinstance(version, str) and version.startswith("1.") else ""
    new = not minor.isdigit() or int(minor) >= _REDUNDANT_SINCE
    return "region" if new and len(zones) > 1 else "zone"
