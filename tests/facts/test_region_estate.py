"""Regions of the estate: when everything stands in one, and when files don't show a whole service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown, Value
from scanner.rules.evaluate import estate


def answer(graph: Graph, fact: str) -> Value:
    found = FACTS[fact].compute(estate(graph), graph)
    return found.value if isinstance(found, Answer) else found


def provider(region: str, alias: str = "") -> str:
    named = f' alias = "{alias}"\n' if alias else ""
    return f'provider "aws" {{\n{named} region = {region}\n}}\n'


SERVICE = (
    'resource "aws_lb" "l" {\n internal = false\n}\nresource "aws_ecs_service" "s" {}\n'
    'resource "aws_dynamodb_table" "t" {\n name = "t"\n}\n'
)


def far(number: int) -> str:
    return f'resource "aws_sqs_queue" "far" {{\n count = {number}\n provider = aws.far\n}}\n'


VARIABLE = 'variable "region" {}\n'

ONE: dict[str, tuple[str, bool | object | None]] = {
    "one region": (provider('"us-east-1"') + SERVICE, True),
    "two regions": (provider('"us-east-1"') + provider('"us-west-2"', "far") + SERVICE + far(1), False),
    "two names of one region": (provider('"us-east-1"') + provider('"us-east-1"', "far") + SERVICE + far(1), True),
    "a variable may name another": (
        VARIABLE + provider('"us-east-1"') + provider("var.region", "far") + SERVICE + far(1),
        None,
    ),
    "a variable, but two are known": (
        VARIABLE
        + provider('"us-east-1"')
        + provider('"us-west-2"', "far")
        + provider("var.region", "third")
        + SERVICE
        + far(1)
        + 'resource "aws_sqs_queue" "third" {\n provider = aws.third\n}',
        False,
    ),
    "global things have no region": (
        provider('"us-east-1"')
        + provider('"eu-west-1"', "far")
        + SERVICE
        + 'resource "aws_iam_role" "r" {\n provider = aws.far\n}',
        True,
    ),
    "a library": (SERVICE, ABSENT),
    "no entrance": (provider('"us-east-1"') + 'resource "aws_dynamodb_table" "t" {\n name = "t"\n}', ABSENT),
}


@pytest.mark.parametrize(("code", "expected"), ONE.values(), ids=ONE)
def test_everything_in_one_region(graph_of: Callable[..., Graph], code: str, expected: object) -> None:
    found = answer(graph_of(code), "estate_in_one_region")
    assert isinstance(found, Unknown) if expected is None else found is expected


# The service is three resources. With n more here and m far away, (3 + n) / (3 + n + m) of them are here.
@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [(5, 2, True), (4, 3, False), (5, 1, ABSENT)],  # 8 of 10; 7 of 10; nine resources say nothing
)
def test_shares(graph_of: Callable[..., Graph], here: int, there: int, expected: object) -> None:
    more = f'resource "aws_sqs_queue" "near" {{\n count = {here}\n}}\n'
    graph = graph_of(provider('"us-east-1"') + provider('"us-west-2"', "far") + SERVICE + more + far(there))
    assert answer(graph, "region_concentrated") is expected


def test_unknown_regions_count_as_either(graph_of: Callable[..., Graph]) -> None:
    """Of 13, 7 are in the first region, 2 in the second and 4 may be in either: 7/13 or 11/13, above or below 80 %."""
    graph = graph_of(
        VARIABLE
        + provider('"us-east-1"')
        + provider('"us-west-2"', "far")
        + provider("var.region", "third")
        + SERVICE
        + 'resource "aws_sqs_queue" "near" {\n count = 4\n}\n'
        + far(2)
        + 'resource "aws_sqs_queue" "third" {\n count = 4\n provider = aws.third\n}\n'
    )
    assert isinstance(answer(graph, "region_concentrated"), Unknown)


# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
@pytest.mark.parametrize(
    ("region", "lever", "expected"),
    [
        ("us-east-1", 'resource "aws_route53_zone" "z" {\n name = "example.com"\n}', ["Route 53"]),
        ("us-west-2", 'resource "aws_route53_zone" "z" {\n name = "example.com"\n}', []),
        ("us-west-2", 'resource "aws_globalaccelerator_accelerator" "a" {\n name = "a"\n}', ["Global Accelerator"]),
        ("us-east-1", 'resource "aws_globalaccelerator_accelerator" "a" {\n name = "a"\n}', []),
        ("us-east-1", "", ABSENT),
    ],
)
def test_levers(graph_of: Callable[..., Graph], region: str, lever: str, expected: object) -> None:
    assert answer(graph_of(provider(f'"{region}"') + SERVICE + lever), "levers_at_home") == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [("ap-northeast-3", True), ("ap-southeast-1", False), ("ap-northeast-1", ABSENT)],
)
def test_countries(graph_of: Callable[..., Graph], second: str, expected: object) -> None:
    """Tokyo and Osaka are in Japan, Singapore is not; one region has no second to compare with."""
    graph = graph_of(provider('"ap-northeast-1"') + provider(f'"{second}"', "far") + SERVICE + far(1))
    assert answer(graph, "regions_share_geography") is expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [("", True), ('resource "aws_eks_cluster" "b" {\n provider = aws.far\n name = "b"\n}', False)],
)
def test_clusters(graph_of: Callable[..., Graph], second: str, expected: bool) -> None:
    code = provider('"ap-northeast-1"') + provider('"ap-northeast-3"', "far") + SERVICE + far(1)
    graph = graph_of(code + 'resource "aws_eks_cluster" "a" {\n name = "a"\n}\n' + second)
    assert answer(graph, "clusters_in_one_region") is expected
