"""Clusters of hardware modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import hsms
from scanner.facts.fact import Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

CLUSTER = 'resource "aws_cloudhsm_v2_cluster" "c" {\n hsm_type = "hsm2m.medium"\n subnet_ids = ["s"]\n}\n'


def module(name: str, place: str) -> str:
    cluster = "aws_cloudhsm_v2_cluster.c.cluster_id"
    return f'resource "aws_cloudhsm_v2_hsm" "{name}" {{\n cluster_id = {cluster}\n {place}\n}}\n'


SUBNETS = "".join(
    f'resource "aws_subnet" "{zone}" {{\n vpc_id = "v"\n availability_zone = "ap-northeast-1{zone}"\n}}\n'
    for zone in "ac"
)
CASES: dict[str, tuple[str, Any, Any]] = {
    "none in the files": (CLUSTER, None, None),
    "one": (CLUSTER + module("a", 'availability_zone = "ap-northeast-1a"'), 1, 1),
    "two in one zone": (
        CLUSTER
        + module("a", 'availability_zone = "ap-northeast-1a"')
        + module("b", 'availability_zone = "ap-northeast-1a"'),
        2,
        1,
    ),
    "two by their subnets": (
        CLUSTER + SUBNETS + module("a", "subnet_id = aws_subnet.a.id") + module("b", "subnet_id = aws_subnet.c.id"),
        2,
        2,
    ),
    "two in places that the files don't tell": (
        'variable "a" {}\nvariable "b" {}\n'
        + CLUSTER
        + module("a", "availability_zone = var.a")
        + module("b", "availability_zone = var.b"),
        2,
        None,
    ),
}


@pytest.mark.parametrize(("code", "count", "zones"), CASES.values(), ids=CASES)
def test_modules_and_zones(graph_of: Callable[..., Graph], code: str, count: Any, zones: Any) -> None:
    graph = graph_of(code)
    cluster = graph.resources["aws_cloudhsm_v2_cluster.c"]
    found = hsms.hsm_count(cluster, graph)
    for answer, expected in (
        (found.value if isinstance(found, Answer) else found, count),
        (hsms.hsm_zone_count(cluster, graph), zones),
    ):
        assert isinstance(answer, Unknown) if expected is None else answer == expected


def test_ordinary_stores_have_no_modules(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('resource "azurerm_key_vault" "v" {\n location = "japaneast"\n}')
    (vault,) = graph.of_kind("key_store")
    assert hsms.hsm_count(vault, graph) is ABSENT
    assert hsms.store_elsewhere(vault, graph) is ABSENT
