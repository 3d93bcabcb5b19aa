"""Calls into other regions, members of global groups, and resource groups."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown, Value

TWO = 'provider "aws" {\n region = "us-east-1"\n}\nprovider "aws" {\n alias = "west"\n region = "us-west-2"\n}\n'


def answer(graph: Graph, resource: str, fact: str) -> Value:
    found = FACTS[fact].compute(graph.resources[resource], graph)
    return found.value if isinstance(found, Answer) else found


def caller(called: str) -> str:
    return (
        'resource "aws_lambda_function" "f" {\n function_name = "f"\n environment {\n'
        f" variables = {{ WHERE = {called} }}\n }}\n}}\n"
    )


CALLS: dict[str, tuple[str, object]] = {
    "same region": ('resource "aws_sqs_queue" "q" {}\n' + caller("aws_sqs_queue.q.url"), []),
    "another region": (
        'resource "aws_sqs_queue" "q" {\n provider = aws.west\n}\n' + caller("aws_sqs_queue.q.url"),
        ["aws_sqs_queue.q"],
    ),
    # the secret is replicated into the caller's region, where the same name works
    "replicated": (
        'resource "aws_secretsmanager_secret" "s" {\n provider = aws.west\n replica {\n region = "us-east-1"\n }\n}\n'
        + caller("aws_secretsmanager_secret.s.name"),
        [],
    ),
    # custody rules ask about keys
    "key": ('resource "aws_kms_key" "k" {\n provider = aws.west\n}\n' + caller("aws_kms_key.k.arn"), []),
    "global": ('resource "aws_iam_role" "r" {\n provider = aws.west\n}\n' + caller("aws_iam_role.r.arn"), []),
    "may not exist": (
        'variable "n" {}\nresource "aws_sqs_queue" "q" {\n count = var.n\n provider = aws.west\n}\n'
        + caller("aws_sqs_queue.q[0].url"),
        None,
    ),
}


@pytest.mark.parametrize(("code", "expected"), CALLS.values(), ids=CALLS)
def test_far_dependencies(graph_of: Callable[..., Graph], code: str, expected: object) -> None:
    found = answer(graph_of(TWO + code), "aws_lambda_function.f", "far_dependencies")
    assert isinstance(found, Unknown) if expected is None else found == expected


def cluster(name: str, more: str = "") -> str:
    return (
        f'resource "aws_rds_cluster" "{name}" {{\n engine = "aurora-mysql"\n'
        f" global_cluster_identifier = aws_rds_global_cluster.g.id\n {more}\n}}\n"
    )


GLOBAL = 'resource "aws_rds_global_cluster" "g" {\n global_cluster_identifier = "g"\n}\n'
MEMBERS: dict[str, tuple[str, bool | None]] = {
    "none": (GLOBAL, None),
    "one": (GLOBAL + cluster("a"), True),
    "two in one region": (GLOBAL + cluster("a") + cluster("b"), True),
    "two in two": (GLOBAL + cluster("a") + cluster("b", "provider = aws.west"), False),
    "the second may not exist": (
        'variable "n" {}\n' + GLOBAL + cluster("a") + cluster("b", "provider = aws.west\n count = var.n"),
        None,
    ),
}


@pytest.mark.parametrize(("code", "expected"), MEMBERS.values(), ids=MEMBERS)
def test_members_of_global_clusters(graph_of: Callable[..., Graph], code: str, expected: bool | None) -> None:
    found = answer(graph_of(TWO + code), "aws_rds_global_cluster.g", "members_in_one_region")
    assert isinstance(found, Unknown) if expected is None else found is expected


# Display names and programmatic names are one location: https://learn.microsoft.com/azure/reliability/regions-list
@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ('"Japan East"', False),
        ('"japaneast"', False),
        ('"japanwest"', True),
        ("azurerm_resource_group.g.location", False),
    ],
)
def test_resource_groups(graph_of: Callable[..., Graph], location: str, expected: bool) -> None:
    graph = graph_of(
        'resource "azurerm_resource_group" "g" {\n name = "g"\n location = "Japan East"\n}\n'
        'resource "azurerm_storage_account" "s" {\n name = "s"\n resource_group_name = azurerm_resource_group.g.name\n'
        f" location = {location}\n}}"
    )
    assert answer(graph, "azurerm_storage_account.s", "resource_group_elsewhere") is expected


def test_a_group_that_is_not_in_the_files(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "azurerm_storage_account" "s" {\n name = "s"\n resource_group_name = "g"\n location = "japaneast"\n}'
    )
    assert answer(graph, "azurerm_storage_account.s", "resource_group_elsewhere") is ABSENT
