"""On which nodes of a cluster a workload may run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts.nodes import eligible_nodes, in_zone
from scanner.model.objects import REQUIRED
from scanner.pipeline import Estate

SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres}]%s}
"""
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
PROFILE = """
resource "aws_eks_fargate_profile" "p" {
  cluster_name         = aws_eks_cluster.c.name
  fargate_profile_name = "p"
  subnet_ids           = ["subnet-1"]
  selector {
    namespace = "%s"
    labels    = %s
  }
}
"""
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
    graph = estate_of({"main.tf": CLUSTER, "a.yaml": SET % spec}).graph
    found = eligible_nodes(graph.resources["default/StatefulSet/db"], graph.resources["aws_eks_cluster.c"], graph)
    assert [group.name for group in found] == groups


@pytest.mark.parametrize(
    ("namespace", "labels", "groups"),
    [
        ("default", "{}", ["prod/p"]),  # what a profile selects runs nowhere else
        ("def*", "{}", ["prod/p"]),
        ("default", '{ app = "db" }', ["prod/p"]),
        ("default", '{ app = "other" }', ["prod/plain"]),
        ("batch", "{}", ["prod/plain"]),
    ],
)
def test_which_pods_run_on_fargate(
    namespace: str, labels: str, groups: list[str], estate_of: Callable[..., Estate]
) -> None:
    files = {"main.tf": CLUSTER + PROFILE % (namespace, labels), "a.yaml": SET % ""}
    graph = estate_of(files).graph
    found = eligible_nodes(graph.resources["default/StatefulSet/db"], graph.resources["aws_eks_cluster.c"], graph)
    assert [group.name for group in found] == groups


def test_no_daemon_runs_on_fargate(estate_of: Callable[..., Estate]) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/fargate.html#fargate-considerations."""
    daemons = (SET % "").replace("StatefulSet", "DaemonSet")
    graph = estate_of({"main.tf": CLUSTER + PROFILE % ("default", "{}"), "a.yaml": daemons}).graph
    found = eligible_nodes(graph.resources["default/DaemonSet/db"], graph.resources["aws_eks_cluster.c"], graph)
    assert [group.name for group in found] == ["prod/plain"]


@pytest.mark.parametrize(
    ("spec", "critical", "groups"),
    [
        ("", "false", ["prod/extra", "prod/system"]),
        ("", "true", ["prod/extra"]),
        (", tolerations: [{key: CriticalAddonsOnly, operator: Exists}]", "true", ["prod/extra", "prod/system"]),
        (", nodeSelector: {agentpool: system}", "false", ["prod/system"]),
        (", nodeSelector: {kubernetes.azure.com/agentpool: extra}", "false", ["prod/extra"]),
    ],
)
def test_the_pool_that_a_cluster_of_azure_declares_itself(
    spec: str, critical: str, groups: list[str], estate_of: Callable[..., Estate]
) -> None:
    graph = estate_of({"main.tf": AKS % ("null", '["1", "2"]', critical), "a.yaml": SET % spec}).graph
    cluster = graph.resources["azurerm_kubernetes_cluster.c"]
    found = eligible_nodes(graph.resources["default/StatefulSet/db"], cluster, graph)
    assert sorted(group.name for group in found) == groups


@pytest.mark.parametrize(
    ("terms", "allowed"),
    [
        ("[{key: topology.kubernetes.io/zone, operator: NotIn, values: [eu-west-1a]}]", False),
        ("[{key: topology.kubernetes.io/zone, operator: In, values: [eu-west-1a]}]", True),
        ("[{key: topology.kubernetes.io/zone, operator: In, values: [eu-west-1b]}]", False),
        ("[{key: disk, operator: In, values: [ssd]}]", True),
    ],
)
def test_zones_that_affinity_forbids(terms: str, allowed: bool, estate_of: Callable[..., Estate]) -> None:
    affinity = f"nodeAffinity: {{{REQUIRED}: {{nodeSelectorTerms: [{{matchExpressions: {terms}}}]}}}}"
    graph = estate_of({"a.yaml": SET % f", affinity: {{{affinity}}}"}).graph
    assert in_zone(graph.resources["default/StatefulSet/db"], "eu-west-1a") is allowed
