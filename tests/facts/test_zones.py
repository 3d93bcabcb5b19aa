"""What one zone takes down. Expectations follow the providers' documentation, named beside the cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

UNKNOWN = "unknown"


def subnets(*zones: str) -> str:
    return "".join(
        f'resource "aws_subnet" "s{n}" {{\n vpc_id = aws_vpc.v.id\n availability_zone = "{zone}"\n}}\n'
        for n, zone in enumerate(zones)
    )


A, C = "ap-northeast-1a", "ap-northeast-1c"
VPC = 'resource "aws_vpc" "v" {\n cidr_block = "10.0.0.0/16"\n}\n'
ZONE = 'variable "zone" {}\nvariable "zones" { type = list(string) }\nvariable "on" { type = bool }\n'


def answer(graph: Graph, resource: str, fact: str) -> Any:
    """The fact's value; an unknown as a word."""
    found = FACTS[fact].compute(graph.resources[resource], graph)
    value = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(value, Unknown) else value


SINGLE: dict[str, tuple[str, str, Any]] = {
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html: an application
    # load balancer must be given subnets of two zones, others need not
    "an application load balancer in subnets not told": (
        ZONE + 'resource "aws_lb" "l" { subnets = var.zones }',
        "aws_lb.l",
        False,
    ),
    "a network load balancer in subnets not told": (
        ZONE + 'resource "aws_lb" "l" {\n load_balancer_type = "network"\n subnets = var.zones\n}',
        "aws_lb.l",
        UNKNOWN,
    ),
    "an application load balancer in subnets of one zone": (
        VPC + subnets(A, A) + 'resource "aws_lb" "l" { subnets = [aws_subnet.s0.id, aws_subnet.s1.id] }',
        "aws_lb.l",
        True,
    ),
    # https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html: every region has several
    "a classic balancer in all zones of its region": (
        (
            'data "aws_availability_zones" "z" {}\n'
            'resource "aws_elb" "l" { availability_zones = data.aws_availability_zones.z.names }'
        ),
        "aws_elb.l",
        False,
    ),
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html: off unless asked for
    "a database by default": ('resource "aws_db_instance" "d" {}', "aws_db_instance.d", True),
    "a switch that is on": ('resource "aws_db_instance" "d" { multi_az = true }', "aws_db_instance.d", False),
    "a switch that is on, subnets unknown": (
        ZONE
        + 'resource "aws_db_subnet_group" "g" {\n subnet_ids = var.zones\n}\n'
        + 'resource "aws_db_instance" "d" {\n multi_az = true\n db_subnet_group_name = aws_db_subnet_group.g.name\n}',
        "aws_db_instance.d",
        False,
    ),
    "a switch that a variable decides": (
        ZONE + 'resource "aws_db_instance" "d" { multi_az = var.on }',
        "aws_db_instance.d",
        UNKNOWN,
    ),
    # a primary's zone is no limit for its standby
    "a standby beside a named zone": (
        'resource "google_redis_instance" "r" {\n tier = "STANDARD_HA"\n location_id = "asia-northeast1-a"\n}',
        "google_redis_instance.r",
        False,
    ),
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html: the list places every node
    "a switch that is on, every node in one zone": (
        (
            'resource "aws_elasticache_replication_group" "r" {\n automatic_failover_enabled = true\n'
            f' multi_az_enabled = true\n preferred_cache_cluster_azs = ["{A}", "{A}"]\n}}'
        ),
        "aws_elasticache_replication_group.r",
        True,
    ),
    "a group in two subnets of one zone": (
        VPC + subnets(A, A) + 'resource "aws_autoscaling_group" "g" {\n min_size = 2\n max_size = 2\n'
        " vpc_zone_identifier = [aws_subnet.s0.id, aws_subnet.s1.id]\n}",
        "aws_autoscaling_group.g",
        True,
    ),
    "a group in two zones": (
        VPC + subnets(A, C) + 'resource "aws_autoscaling_group" "g" {\n min_size = 2\n max_size = 2\n'
        " vpc_zone_identifier = [aws_subnet.s0.id, aws_subnet.s1.id]\n}",
        "aws_autoscaling_group.g",
        False,
    ),
    "a group in two elements of the zones' listing": (
        'data "aws_availability_zones" "z" {}\n' + VPC + 'resource "aws_subnet" "s" {\n count = 2\n'
        " vpc_id = aws_vpc.v.id\n availability_zone = data.aws_availability_zones.z.names[count.index]\n}\n"
        'resource "aws_autoscaling_group" "g" {\n min_size = 2\n max_size = 2\n'
        " vpc_zone_identifier = aws_subnet.s[*].id\n}",
        "aws_autoscaling_group.g",
        False,
    ),
    # two elements of a variable's list may be the same zone
    "a group in two elements of a variable named zones": (
        ZONE + VPC + 'resource "aws_subnet" "s" {\n count = 2\n vpc_id = aws_vpc.v.id\n'
        " availability_zone = var.zones[count.index]\n}\n"
        'resource "aws_autoscaling_group" "g" {\n min_size = 2\n max_size = 2\n'
        " vpc_zone_identifier = aws_subnet.s[*].id\n}",
        "aws_autoscaling_group.g",
        UNKNOWN,
    ),
    "a group in subnets of a module that is not at hand": (
        (
            'module "vpc" {\n source = "terraform-aws-modules/vpc/aws"\n}\n'
            'resource "aws_autoscaling_group" "g" {\n min_size = 2\n max_size = 2\n'
            " vpc_zone_identifier = module.vpc.private_subnets\n}"
        ),
        "aws_autoscaling_group.g",
        UNKNOWN,
    ),
    "a group in subnets of another state": (
        (
            'data "terraform_remote_state" "net" {\n backend = "s3"\n}\n'
            'resource "aws_autoscaling_group" "g" {\n min_size = 2\n max_size = 2\n'
            " vpc_zone_identifier = data.terraform_remote_state.net.outputs.subnets\n}"
        ),
        "aws_autoscaling_group.g",
        UNKNOWN,
    ),
    # https://cloud.google.com/kubernetes-engine/docs/concepts/regional-clusters: three zones unless told otherwise
    "a regional node pool": (
        (
            'resource "google_container_cluster" "c" {\n location = "asia-northeast1"\n}\n'
            'resource "google_container_node_pool" "p" {\n cluster = google_container_cluster.c.name\n'
            ' location = "asia-northeast1"\n}'
        ),
        "google_container_node_pool.p",
        False,
    ),
    "a node pool of a zonal cluster": (
        (
            'resource "google_container_cluster" "c" {\n location = "asia-northeast1-a"\n}\n'
            'resource "google_container_node_pool" "p" {\n cluster = google_container_cluster.c.name\n}'
        ),
        "google_container_node_pool.p",
        True,
    ),
    "a node pool whose cluster says where": (
        (
            'resource "google_container_cluster" "c" {\n location = "asia-northeast1"\n}\n'
            'resource "google_container_node_pool" "p" {\n cluster = google_container_cluster.c.name\n}'
        ),
        "google_container_node_pool.p",
        False,
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    "a function outside of networks": ('resource "aws_lambda_function" "f" {}', "aws_lambda_function.f", False),
    "a function in unknown subnets": (
        ZONE + 'resource "aws_lambda_function" "f" {\n vpc_config {\n subnet_ids = var.zones\n'
        " security_group_ids = []\n }\n}",
        "aws_lambda_function.f",
        UNKNOWN,
    ),
    "one server": ('resource "azurerm_linux_virtual_machine" "m" {}', "azurerm_linux_virtual_machine.m", True),
    "one that needs no zone": ('resource "aws_sqs_queue" "q" {}', "aws_sqs_queue.q", False),
    "global": (
        'resource "google_compute_global_forwarding_rule" "r" {}',
        "google_compute_global_forwarding_rule.r",
        False,
    ),
    "a type that says nothing of zones": ('resource "aiven_pg" "p" {}', "aiven_pg.p", ABSENT),
    "an endpoint whose subnets are attached apart": (
        'resource "aws_vpc_endpoint" "e" {\n vpc_endpoint_type = "Interface"\n}',
        "aws_vpc_endpoint.e",
        ABSENT,
    ),
    # a database in a pool is as redundant as the pool
    "a database in a pool": (
        'resource "azurerm_mssql_database" "d" {\n elastic_pool_id = "/pools/p"\n}',
        "azurerm_mssql_database.d",
        ABSENT,
    ),
    "a container service in one subnet": (
        VPC
        + subnets(A)
        + 'resource "aws_ecs_service" "e" {\n network_configuration {\n subnets = [aws_subnet.s0.id]\n }\n}',
        "aws_ecs_service.e",
        True,
    ),
    "a container service on instances that are not named": (
        'resource "aws_ecs_service" "e" {\n desired_count = 2\n}',
        "aws_ecs_service.e",
        False,
    ),
}


@pytest.mark.parametrize(("text", "resource", "expected"), SINGLE.values(), ids=SINGLE)
def test_single_zone(text: str, resource: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), resource, "single_zone") == expected


@pytest.mark.parametrize(
    ("text", "resource", "expected"),
    [
        ('resource "azurerm_mssql_database" "d" {}', "azurerm_mssql_database.d", True),
        # https://learn.microsoft.com/en-us/azure/reliability/regions-list: West US has no zones, Japan East three
        ('resource "azurerm_redis_cache" "d" { location = "West US" }', "azurerm_redis_cache.d", False),
        ('resource "azurerm_redis_cache" "d" { location = "japaneast" }', "azurerm_redis_cache.d", True),
        # https://docs.hetzner.com/cloud/general/locations: every location is one site
        (
            'variable "l" {}\nresource "hcloud_load_balancer" "d" { location = var.l }',
            "hcloud_load_balancer.d",
            False,
        ),
    ],
)
def test_zones_matter(text: str, resource: str, expected: bool, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), resource, "zones_matter") is expected


def test_zones_do_not_matter_in_a_test_environment(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of({"main.tf": 'resource "aws_db_instance" "d" {}'}, environments={"development": ("main.tf",)})
    assert answer(graph, "aws_db_instance.d", "zones_matter") is False


CLUSTER = 'resource "aws_rds_cluster" "c" {\n cluster_identifier = "c"\n engine = "aurora-postgresql"\n}\n'


def members(*bodies: str) -> str:
    return CLUSTER + "".join(
        f'resource "aws_rds_cluster_instance" "i{n}" {{\n cluster_identifier = aws_rds_cluster.c.id\n {body}\n}}\n'
        for n, body in enumerate(bodies)
    )


AUTOSCALED = (
    'resource "aws_appautoscaling_target" "t" {\n service_namespace = "rds"\n'
    ' resource_id = "cluster:${aws_rds_cluster.c.id}"\n min_capacity = 2\n max_capacity = 4\n}\n'
)
MEMBERS: dict[str, tuple[str, Any, Any]] = {
    "none in the files": (CLUSTER, UNKNOWN, ABSENT),
    "one": (members(""), 1, ABSENT),
    "one, and replicas that scaling keeps": (members("") + AUTOSCALED, 3, ABSENT),
    "two, left to the service": (members("", ""), 2, ABSENT),
    "two in one zone": (members(f'availability_zone = "{A}"', f'availability_zone = "{A}"'), 2, 1),
    "two in two zones": (members(f'availability_zone = "{A}"', f'availability_zone = "{C}"'), 2, 2),
    "two, one of them left to the service": (members(f'availability_zone = "{A}"', ""), 2, ABSENT),
    "one that may not exist": ('variable "n" {}\n' + members("count = var.n"), UNKNOWN, ABSENT),
    "two in zones that a variable gives": (
        ZONE + members("availability_zone = var.zones[0]", "availability_zone = var.zones[1]"),
        2,
        UNKNOWN,
    ),
    "two in the zone that a variable gives": (
        ZONE + members("availability_zone = var.zone", "availability_zone = var.zone"),
        2,
        1,
    ),
}


@pytest.mark.parametrize(("text", "count", "zones"), MEMBERS.values(), ids=MEMBERS)
def test_members(text: str, count: Any, zones: Any, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(text)
    assert answer(graph, "aws_rds_cluster.c", "member_count") == count
    assert answer(graph, "aws_rds_cluster.c", "member_zone_count") == zones


def test_members_with_a_standby_of_their_own_are_not_counted(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "google_alloydb_cluster" "c" {\n cluster_id = "c"\n}\n'
        'resource "google_alloydb_instance" "i" {\n cluster = google_alloydb_cluster.c.name\n}'
    )
    assert answer(graph, "google_alloydb_cluster.c", "member_count") is ABSENT


def replica(primary: str, copy: str) -> str:
    return (
        f'{ZONE}resource "aws_db_instance" "p" {{\n identifier = "p"\n {primary}\n}}\n'
        f'resource "aws_db_instance" "r" {{\n replicate_source_db = aws_db_instance.p.identifier\n {copy}\n}}\n'
    )


REPLICAS: dict[str, tuple[str, Any]] = {
    "same zone": (replica(f'availability_zone = "{A}"', f'availability_zone = "{A}"'), True),
    "another zone": (replica(f'availability_zone = "{A}"', f'availability_zone = "{C}"'), False),
    "zone left to the service": (replica(f'availability_zone = "{A}"', ""), ABSENT),
    "a primary with a standby": (replica("multi_az = true", f'availability_zone = "{A}"'), ABSENT),
    "a zone that a variable gives": (replica(f'availability_zone = "{A}"', "availability_zone = var.zone"), UNKNOWN),
    "the zone that a variable gives to both": (
        replica("availability_zone = var.zone", "availability_zone = var.zone"),
        True,
    ),
    "no replica": ('resource "aws_db_instance" "r" {}', ABSENT),
}


@pytest.mark.parametrize(("text", "expected"), REPLICAS.values(), ids=REPLICAS)
def test_same_zone_as_primary(text: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), "aws_db_instance.r", "same_zone_as_primary") == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("instance_count = 2", 2),  # without dedicated masters the data nodes elect
        ("instance_count = 6\n dedicated_master_enabled = true\n dedicated_master_count = 3", 3),
        ("instance_count = 6\n dedicated_master_enabled = true\n dedicated_master_count = 2", 2),
    ],
)
def test_master_candidates(config: str, expected: int, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(f'resource "aws_opensearch_domain" "d" {{\n cluster_config {{\n {config}\n }}\n}}')
    assert answer(graph, "aws_opensearch_domain.d", "master_candidates") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VPC, ABSENT),
        (VPC + subnets(A, A), 1),
        (VPC + subnets(A, C), 2),
        (VPC + ZONE + subnets(A) + 'resource "aws_subnet" "x" {\n vpc_id = aws_vpc.v.id\n}', UNKNOWN),
        (ZONE + VPC + 'resource "aws_subnet" "x" {\n count = var.on ? 1 : 0\n vpc_id = aws_vpc.v.id\n}', UNKNOWN),
    ],
    ids=["no subnets", "one zone", "two zones", "a subnet without a zone", "a subnet that may not exist"],
)
def test_network_zone_count(text: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), "aws_vpc.v", "network_zone_count") == expected


@pytest.mark.parametrize(
    ("text", "resource", "expected"),
    [
        ('resource "aws_elasticache_cluster" "m" { engine = "memcached" }', "aws_elasticache_cluster.m", True),
        (
            (
                'resource "aws_elasticache_cluster" "m" {\n engine = "memcached"\n num_cache_nodes = 2\n'
                ' az_mode = "cross-az"\n}'
            ),
            "aws_elasticache_cluster.m",
            False,
        ),
        ('resource "google_memcache_instance" "m" {}', "google_memcache_instance.m", ABSENT),
        (
            'resource "google_memcache_instance" "m" { zones = ["asia-northeast1-a"] }',
            "google_memcache_instance.m",
            True,
        ),
    ],
)
def test_memcached(text: str, resource: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), resource, "memcached_in_one_zone") == expected
