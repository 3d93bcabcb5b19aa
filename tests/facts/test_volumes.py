"""How far volumes reach, and how many pods run at least."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts.volumes import volume_reach
from scanner.facts.workloads import least_pods
from scanner.model.value import ABSENT, Unknown
from scanner.pipeline import Estate

SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres}]%s}
  volumeClaimTemplates: [%s]
"""
CLASS = "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: %s\nparameters: {%s}\n"
CLAIM = "{metadata: {name: d}, spec: {accessModes: [%s]%s}}"
ONCE, FAST = "ReadWriteOnce", ", storageClassName: fast"


# https://kubernetes-csi.github.io/docs/drivers.html and each driver's own documentation:
# an EBS volume lives in one zone (https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes.html), EFS in a region;
# https://cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/regional-pd;
# https://learn.microsoft.com/azure/aks/azure-csi-driver-volume-provisioning (skuName: Premium_ZRS)
@pytest.mark.parametrize(
    ("claims", "more", "reach"),
    [
        ("", "", "none"),
        (CLAIM % (ONCE, FAST), CLASS % ("ebs.csi.aws.com", "type: gp3"), "zone"),
        (CLAIM % ("ReadWriteMany", FAST), CLASS % ("ebs.csi.aws.com", ""), "region"),
        (CLAIM % (ONCE, FAST), CLASS % ("efs.csi.aws.com", ""), "region"),
        (CLAIM % (ONCE, FAST), CLASS % ("pd.csi.storage.gke.io", ""), "zone"),
        (CLAIM % (ONCE, FAST), CLASS % ("pd.csi.storage.gke.io", "replication-type: regional-pd"), "region"),
        (CLAIM % (ONCE, FAST), CLASS % ("disk.csi.azure.com", "skuName: Premium_ZRS"), "region"),
        (CLAIM % (ONCE, FAST), CLASS % ("disk.csi.azure.com", "skuName: Premium_LRS"), "zone"),
        (CLAIM % (ONCE, FAST), CLASS % ("rancher.io/local-path", ""), "node"),
        (CLAIM % (ONCE, FAST), CLASS % ("rook-ceph.rbd.csi.ceph.com", ""), "region"),
        (CLAIM % (ONCE, ", storageClassName: gp3"), "", "zone"),
        (CLAIM % (ONCE, ", storageClassName: efs-sc"), "", "region"),
        (CLAIM % (ONCE, ", storageClassName: local-path"), "", "node"),
        (CLAIM % (ONCE, ", storageClassName: our-own"), "", "unknown"),
        (CLAIM % (ONCE, FAST), CLASS % ("example.com/driver", ""), "unknown"),
        (CLAIM % (ONCE, ""), "", "unknown"),
    ],
)
def test_reach_of_claims(claims: str, more: str, reach: str, estate_of: Callable[..., Estate]) -> None:
    graph = estate_of({"a.yaml": SET % ("", claims) + more}).graph
    found = volume_reach(graph.resources["default/StatefulSet/db"], graph)
    assert ("unknown" if isinstance(found, Unknown) else found) == reach


@pytest.mark.parametrize(
    ("path", "reach"),
    [("/data/chain", "node"), ("/mnt/ssd", "node"), ("/var/run/docker.sock", "none"), ("/proc", "none"), ("/", "none")],
)
def test_folders_of_the_node(path: str, reach: str, estate_of: Callable[..., Estate]) -> None:
    volumes = f", volumes: [{{name: d, hostPath: {{path: {path}}}}}]"
    graph = estate_of({"a.yaml": SET % (volumes, "")}).graph
    assert volume_reach(graph.resources["default/StatefulSet/db"], graph) == reach


def test_a_claim_leads_to_its_volume(estate_of: Callable[..., Estate]) -> None:
    volumes = ", volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"
    text = SET % (volumes, "") + (
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {volumeName: v, storageClassName: ''}\n"
        "---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v}\nspec: {%s}\n"
    )
    for source, reach in (("nfs: {server: a, path: /}", "region"), ("local: {path: /d}", "node")):
        graph = estate_of({"a.yaml": text % source}).graph
        assert volume_reach(graph.resources["default/StatefulSet/db"], graph) == reach


SCALED = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {%sscaleTargetRef: {kind: StatefulSet, name: db}}\n"


# "minReplicas … defaults to 1 pod": https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
@pytest.mark.parametrize(
    ("replicas", "scaler", "least"),
    [
        ("", "", 1),
        ("replicas: 3", "", 3),
        ("replicas: 3", SCALED % "minReplicas: 2, ", 2),
        ("replicas: 3", SCALED % "", 1),
    ],
)
def test_least_pods(replicas: str, scaler: str, least: int, estate_of: Callable[..., Estate]) -> None:
    text = (SET % ("", "")).replace(
        "spec:\n  template", f"spec:\n  {replicas}\n  template" if replicas else "spec:\n  template"
    )
    graph = estate_of({"a.yaml": text + scaler}).graph
    assert least_pods(graph.resources["default/StatefulSet/db"], graph) == least


def test_one_on_each_node_has_no_least_number(estate_of: Callable[..., Estate]) -> None:
    graph = estate_of({"a.yaml": (SET % ("", "")).replace("StatefulSet", "DaemonSet")}).graph
    assert least_pods(graph.resources["default/DaemonSet/db"], graph) is ABSENT


AKS = """
resource "azurerm_kubernetes_cluster" "c" {
  name               = "prod"
  location           = "westeurope"
  kubernetes_version = %s
  default_node_pool {
    name                         = "system"
    zones                        = %s
    only_critical_addons_enabled = %s
  }
}
resource "azurerm_kubernetes_cluster_node_pool" "extra" {
  name                  = "extra"
  kubernetes_cluster_id = azurerm_kubernetes_cluster.c.id
  zones                 = ["1"]
}
"""


@pytest.mark.parametrize(
    ("version", "zones", "claim", "reach"),
    [
        ('"1.31"', '["1", "2"]', ", storageClassName: managed-csi", "region"),
        ('"1.29.2"', '["1", "2"]', "", "region"),
        ("null", '["1", "2"]', ", storageClassName: default", "region"),
        ('"1.28"', '["1", "2"]', ", storageClassName: managed-csi", "zone"),
        ('"1.31"', '["1"]', ", storageClassName: managed-csi-premium", "zone"),
    ],
)
def test_disks_of_the_classes_that_aks_brings(
    version: str, zones: str, claim: str, reach: str, estate_of: Callable[..., Estate]
) -> None:
    """https://learn.microsoft.com/en-us/azure/aks/concepts-storage#storage-classes."""
    graph = estate_of({"main.tf": AKS % (version, zones, "false"), "a.yaml": SET % ("", CLAIM % (ONCE, claim))}).graph
    assert volume_reach(graph.resources["default/StatefulSet/db"], graph) == reach
