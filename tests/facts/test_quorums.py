"""Majority systems and chain nodes: where their members stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.rules.evaluate import estate

UNKNOWN = "unknown"
A, C, D = "ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"
ZONES = 'variable "zones" { type = list(string) }\n'


def answer(graph: Graph, resource: str, fact: str) -> Any:
    """The fact's value; an unknown as a word."""
    subject = graph.resources[resource] if resource else estate(graph)
    found = FACTS[fact].compute(subject, graph)
    value = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(value, Unknown) else value


def kafka(*zones: str) -> str:
    subnets = "".join(
        f'resource "aws_subnet" "s{n}" {{\n vpc_id = "v"\n availability_zone = "{zone}"\n}}\n'
        for n, zone in enumerate(zones)
    )
    ids = ", ".join(f"aws_subnet.s{n}.id" for n in range(len(zones)))
    return subnets + (
        'resource "aws_msk_cluster" "k" {\n cluster_name = "k"\n broker_node_group_info {\n'
        f" client_subnets = [{ids}]\n }}\n}}\n"
    )


def servers(name: str, zones: str, count: int = 3) -> str:
    return f'resource "aws_instance" "{name}" {{\n count = {count}\n availability_zone = {zones}\n}}\n'


QUORUMS: dict[str, tuple[str, str, Any]] = {
    "Kafka in two zones": (kafka(A, C), "aws_msk_cluster.k", 2),
    "Kafka in three zones": (kafka(A, C, D), "aws_msk_cluster.k", 3),
    "a queue of another kind": ('resource "aws_mq_broker" "k" {}', "aws_mq_broker.k", ABSENT),
    "three servers in two zones": (
        servers("etcd", f'["{A}", "{C}", "{A}"][count.index]'),
        "aws_instance.etcd[0]",
        2,
    ),
    "three servers in three zones": (
        servers("etcd", f'["{A}", "{C}", "{D}"][count.index]'),
        "aws_instance.etcd[0]",
        3,
    ),
    "answered once": (servers("etcd", f'"{A}"'), "aws_instance.etcd[1]", ABSENT),
    "one server is no group": (servers("etcd", f'"{A}"', 1), "aws_instance.etcd[0]", ABSENT),
    "servers of something else": (servers("web", f'"{A}"'), "aws_instance.web[0]", ABSENT),
    "servers in zones that a variable gives": (
        ZONES + servers("etcd", "var.zones[count.index]"),
        "aws_instance.etcd[0]",
        UNKNOWN,
    ),
    # https://cloud.google.com/compute/docs/instance-groups/distributing-instances-with-regional-instance-groups
    "a group that the provider spreads": (
        (
            'resource "google_compute_region_instance_group_manager" "etcd" {\n region = "asia-northeast1"\n'
            " target_size = 3\n}"
        ),
        "google_compute_region_instance_group_manager.etcd",
        ABSENT,
    ),
}


@pytest.mark.parametrize(("text", "resource", "expected"), QUORUMS.values(), ids=QUORUMS)
def test_quorum_zones(text: str, resource: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), resource, "quorum_zones") == expected


CHAINS: dict[str, tuple[str, Any]] = {
    "none": (servers("web", f'"{A}"'), ABSENT),
    "one": (servers("geth", f'"{A}"', 1), True),
    "two chains in one zone": (servers("geth", f'"{A}"', 1) + servers("bitcoind", f'"{A}"', 1), True),
    "in two zones": (servers("geth", f'["{A}", "{C}", "{A}"][count.index]'), False),
    "in two regions": (
        servers("geth", f'"{A}"', 1)
        + 'provider "google" {\n region = "asia-northeast1"\n}\n'
        + 'resource "google_compute_instance" "reth" {\n zone = "asia-northeast1-a"\n}',
        False,
    ),
    "in zones that a variable gives": (ZONES + servers("geth", "var.zones[count.index]"), UNKNOWN),
    "of a test network": (servers("geth_sepolia", f'"{A}"'), ABSENT),
    "where there are no zones": ('resource "hcloud_server" "geth" {\n location = "nbg1"\n}', ABSENT),
}


@pytest.mark.parametrize(("text", "expected"), CHAINS.values(), ids=CHAINS)
def test_chain_nodes(text: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), "", "chain_nodes_in_one_zone") == expected
