"""How far volumes reach, and on which nodes a workload may run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts.nodes import eligible_groups, group_name, node_groups
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


CLUSTER = """
resource "aws_eks_cluster" "c" {
  name     = "prod"
  role_arn = "r"
  vpc_config { subnet_ids = [] }
}
resource "aws_eks_node_group" "plain" {
  cluster_name    = aws_eks_cluster.c.name
  node_group_name = "plain"
  subnet_ids      = []
  node_role_arn   = "r"
}
resource "aws_eks_node_group" "gpu" {
  cluster_name    = aws_eks_cluster.c.name
  node_group_name = "gpu"
  subnet_ids      = []
  node_role_arn   = "r"
  labels          = { disk = "ssd" }
  taint {
    key    = "gpu"
    value  = "yes"
    effect = "NO_SCHEDULE"
  }
}
"""


@pytest.mark.parametrize(
    ("spec", "groups"),
    [
        ("", ["prod/plain"]),
        (", tolerations: [{key: gpu, operator: Exists}]", ["prod/gpu", "prod/plain"]),
        (", tolerations: [{key: gpu, operator: Exists}], nodeSelector: {disk: ssd}", ["prod/gpu"]),
        (", nodeSelector: {eks.amazonaws.com/nodegroup: plain}", ["prod/plain"]),
        (", nodeSelector: {kubernetes.io/os: linux}", ["prod/plain"]),
        # no group states such a label: any may carry it
        (", nodeSelector: {made-by-hand: x}", ["prod/gpu", "prod/plain"]),
    ],
)
def test_which_groups_take_a_workload(spec: str, groups: list[str], estate_of: Callable[..., Estate]) -> None:
    graph = estate_of({"main.tf": CLUSTER, "a.yaml": SET % (spec, "")}).graph
    found = eligible_groups(
        graph.resources["default/StatefulSet/db"], node_groups(graph.resources["aws_eks_cluster.c"], graph)
    )
    assert [group_name(group, graph) for group in found] == groups
