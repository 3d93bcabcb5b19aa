"""Copies, nodes and the capacity that they run on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

UNKNOWN = "unknown"
A, C = "ap-northeast-1a", "ap-northeast-1c"
VARIABLES = 'variable "n" { type = number }\nvariable "cluster" {}\n'


def answer(graph: Graph, resource: str, fact: str) -> Any:
    """The fact's value; an unknown as a word."""
    found = FACTS[fact].compute(graph.resources[resource], graph)
    value = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(value, Unknown) else value


def scaled(least: str) -> str:
    return (
        'resource "aws_ecs_service" "s" {\n name = "s"\n desired_count = 1\n}\n'
        'resource "aws_appautoscaling_target" "t" {\n service_namespace = "ecs"\n'
        f' resource_id = "service/main/${{aws_ecs_service.s.name}}"\n min_capacity = {least}\n max_capacity = 9\n}}\n'
    )


COPIES: dict[str, tuple[str, str, Any]] = {
    "one": ('resource "aws_ecs_service" "s" { desired_count = 1 }', "aws_ecs_service.s", 1),
    "the bound of scaling, not the number at the start": (scaled("3"), "aws_ecs_service.s", 3),
    "switched off": ('resource "aws_ecs_service" "s" { desired_count = 0 }', "aws_ecs_service.s", ABSENT),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html: one on every instance
    "a daemon": ('resource "aws_ecs_service" "s" { scheduling_strategy = "DAEMON" }', "aws_ecs_service.s", ABSENT),
    "a number that a variable gives": (
        VARIABLES + 'resource "aws_ecs_service" "s" { desired_count = var.n }',
        "aws_ecs_service.s",
        UNKNOWN,
    ),
    # https://cloud.google.com/run/docs/zonal-redundancy: the platform starts copies in other zones
    "serverless": (
        'resource "google_cloud_run_v2_service" "s" {\n template {\n scaling {\n min_instance_count = 1\n }\n }\n}',
        "google_cloud_run_v2_service.s",
        ABSENT,
    ),
    # https://kubernetes.io/docs/concepts/workloads/controllers/deployment/: replicas defaults to 1
    "a deployment that says nothing": (
        'resource "kubernetes_deployment" "s" {\n spec {\n template {}\n }\n}',
        "kubernetes_deployment.s",
        1,
    ),
    "a deployment that an autoscaler scales": (
        (
            'resource "kubernetes_deployment" "s" {\n metadata {\n name = "s"\n }\n spec {\n template {}\n }\n}\n'
            'resource "kubernetes_horizontal_pod_autoscaler" "h" {\n spec {\n min_replicas = 3\n scale_target_ref {\n'
            " name = kubernetes_deployment.s.metadata[0].name\n }\n }\n}"
        ),
        "kubernetes_deployment.s",
        3,
    ),
}


@pytest.mark.parametrize(("text", "resource", "expected"), COPIES.values(), ids=COPIES)
def test_least_copies(text: str, resource: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), resource, "least_copies") == expected


EKS = 'resource "aws_eks_cluster" "c" {\n name = "c"\n}\n'


def group(name: str, body: str, cluster: str = "aws_eks_cluster.c.name") -> str:
    return f'resource "aws_eks_node_group" "{name}" {{\n cluster_name = {cluster}\n {body}\n}}\n'


SUBNETS = "".join(
    f'resource "aws_subnet" "{zone}" {{\n vpc_id = "v"\n availability_zone = "ap-northeast-1{zone}"\n}}\n'
    for zone in "ac"
)
IN_A, IN_C = "subnet_ids = [aws_subnet.a.id]", "subnet_ids = [aws_subnet.c.id]"
SPOT, REGULAR = 'capacity_type = "SPOT"', 'capacity_type = "ON_DEMAND"'

NODES: dict[str, tuple[str, str, Any]] = {
    "one group in one zone": (EKS + SUBNETS + group("g", IN_A), "nodes_in_one_zone", True),
    "two groups in one zone": (EKS + SUBNETS + group("g", IN_A) + group("h", IN_A), "nodes_in_one_zone", True),
    "one group a zone": (EKS + SUBNETS + group("g", IN_A) + group("h", IN_C), "nodes_in_one_zone", False),
    "another cluster's group does not help": (
        EKS
        + SUBNETS
        + group("g", IN_A)
        + 'resource "aws_eks_cluster" "d" {\n name = "d"\n}\n'
        + group("h", IN_C, "aws_eks_cluster.d.name"),
        "nodes_in_one_zone",
        True,
    ),
    "a cluster that is not in the files": (
        VARIABLES + SUBNETS + group("g", IN_A, "var.cluster"),
        "nodes_in_one_zone",
        UNKNOWN,
    ),
    "a cluster that is not in the files, with a group elsewhere": (
        SUBNETS + group("g", IN_A, '"c"') + group("h", IN_C, '"c"'),
        "nodes_in_one_zone",
        False,
    ),
    "spot alone": (EKS + group("g", SPOT), "spot_only", True),
    "spot beside regular nodes": (EKS + group("g", SPOT) + group("h", REGULAR), "spot_only", False),
    "spot in a cluster that is not in the files": (
        VARIABLES + group("g", SPOT, "var.cluster"),
        "spot_only",
        UNKNOWN,
    ),
}


@pytest.mark.parametrize(("text", "fact", "expected"), NODES.values(), ids=NODES)
def test_node_groups(text: str, fact: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), "aws_eks_node_group.g", fact) == expected


@pytest.mark.parametrize(
    ("text", "cluster", "expected"),
    [
        (EKS, "aws_eks_cluster.c", ABSENT),
        (EKS + group("g", "scaling_config {\n min_size = 1\n }"), "aws_eks_cluster.c", 1),
        (
            EKS + group("g", "scaling_config {\n min_size = 1\n }") + group("h", "scaling_config {\n min_size = 1\n }"),
            "aws_eks_cluster.c",
            2,
        ),
        (VARIABLES + EKS + group("g", "scaling_config {\n min_size = var.n\n }"), "aws_eks_cluster.c", UNKNOWN),
        (
            # https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/container_node_pool:
            # min_node_count is per zone
            (
                'resource "google_container_cluster" "c" {\n location = "asia-northeast1"\n'
                " remove_default_node_pool = true\n initial_node_count = 1\n}\n"
                'resource "google_container_node_pool" "p" {\n cluster = google_container_cluster.c.name\n'
                ' location = "asia-northeast1"\n autoscaling {\n min_node_count = 1\n }\n}'
            ),
            "google_container_cluster.c",
            2,
        ),
        (
            (
                'resource "google_container_cluster" "c" {\n location = "asia-northeast1"\n'
                " remove_default_node_pool = true\n initial_node_count = 1\n}\n"
                'resource "google_container_node_pool" "p" {\n cluster = google_container_cluster.c.name\n'
                ' location = "asia-northeast1"\n autoscaling {\n total_min_node_count = 1\n }\n}'
            ),
            "google_container_cluster.c",
            1,
        ),
        (
            'resource "azurerm_kubernetes_cluster" "c" {\n default_node_pool {\n node_count = 1\n }\n}',
            "azurerm_kubernetes_cluster.c",
            1,
        ),
    ],
)
def test_least_nodes(text: str, cluster: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), cluster, "least_nodes") == expected


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("node_count = 3", True),
        ('node_count = 3\n zones = ["1"]', True),
        ('node_count = 3\n zones = ["1", "2"]', False),
        ("node_count = 3\n zones = var.zones", UNKNOWN),
    ],
)
def test_default_nodes(pool: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    # https://learn.microsoft.com/en-us/azure/aks/availability-zones: without zones the nodes may share one
    text = (
        f'variable "zones" {{}}\nresource "azurerm_kubernetes_cluster" "c" {{\n default_node_pool {{\n {pool}\n }}\n}}'
    )
    assert answer(graph_of(text), "azurerm_kubernetes_cluster.c", "default_nodes_in_one_zone") == expected


def asg(name: str, zone: str) -> str:
    return (
        f'resource "aws_autoscaling_group" "{name}" {{\n min_size = 1\n max_size = 1\n'
        f' availability_zones = ["{zone}"]\n target_group_arns = [aws_lb_target_group.t.arn]\n}}\n'
    )


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (asg("g", A), True),
        (asg("g", A) + asg("h", A), True),
        (asg("g", A) + asg("h", C), False),
    ],
    ids=["alone", "a sibling in the same zone", "a sibling in another zone"],
)
def test_group_in_one_zone(groups: str, expected: bool, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('resource "aws_lb_target_group" "t" {\n port = 80\n}\n' + groups)
    assert answer(graph, "aws_autoscaling_group.g", "group_in_one_zone") is expected


def packed(strategy: str, servers: str, name: str = "engine") -> str:
    return (
        VARIABLES + f'resource "aws_placement_group" "p" {{\n name = "{name}"\n strategy = "{strategy}"\n}}\n' + servers
    )


SERVERS = 'resource "aws_instance" "i" {\n count = 5\n placement_group = aws_placement_group.p.name\n}\n'
GROUP = (
    'resource "aws_launch_template" "l" {\n placement {\n group_name = aws_placement_group.p.name\n }\n}\n'
    'resource "aws_autoscaling_group" "g" {\n min_size = 3\n max_size = 9\n launch_template {\n'
    " id = aws_launch_template.l.id\n }\n}\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (packed("cluster", SERVERS), 5),
        (packed("cluster", GROUP), 3),
        (packed("cluster", SERVERS.replace("5", "var.n")), UNKNOWN),
        (packed("spread", SERVERS), ABSENT),
        (packed("cluster", SERVERS, "hpc"), ABSENT),
        (packed("cluster", ""), ABSENT),
    ],
    ids=["servers", "a group through its template", "a number that a variable gives", "spread", "jobs", "empty"],
)
def test_packed_servers(text: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), "aws_placement_group.p", "packed_servers") == expected
