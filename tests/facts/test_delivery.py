"""Delivery networks and global balancers: what is behind them, and whether that is in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.rules.evaluate import estate

UNKNOWN = "unknown"


def value(found: Any) -> Any:
    plain = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(plain, Unknown) else plain


def asked(graph: Graph, resource: str, fact: str) -> Any:
    return value(FACTS[fact].compute(graph.resources[resource], graph))


PROFILE = 'resource "azurerm_traffic_manager_profile" "p" {\n name = "p"\n}\n'


def external(label: str, extra: str = "") -> str:
    return (
        f'resource "azurerm_traffic_manager_external_endpoint" "{label}" {{\n name = "{label}"\n'
        f' target = "{label}.example"\n'
        f" profile_id = azurerm_traffic_manager_profile.p.id\n {extra}\n}}\n"
    )


def at(location: str) -> str:
    return f'endpoint_location = "{location}"'


# https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/traffic_manager_external_endpoint:
# enabled defaults to true; endpoint_location is the region of an endpoint outside of Azure.
PROFILES: dict[str, tuple[str, Any, Any]] = {
    "none in the files": (PROFILE, UNKNOWN, ABSENT),
    "one": (PROFILE + external("a"), 1, ABSENT),
    "two in places that are not told": (PROFILE + external("a") + external("b"), 2, UNKNOWN),
    "two in one region": (PROFILE + external("a", at("Japan East")) + external("b", at("japaneast")), 2, True),
    "two in two": (PROFILE + external("a", at("japaneast")) + external("b", at("japanwest")), 2, False),
    "one of them switched off": (PROFILE + external("a") + external("b", "enabled = false"), 1, ABSENT),
    "a second that a variable switches": (
        'variable "on" {}\n' + PROFILE + external("a") + external("b", "enabled = var.on"),
        UNKNOWN,
        UNKNOWN,
    ),
    "of another profile": (
        PROFILE
        + external("a")
        + external("b").replace("manager_profile.p.id", "manager_profile.q.id")
        + PROFILE.replace('"p"', '"q"'),
        1,
        ABSENT,
    ),
}


@pytest.mark.parametrize(("code", "count", "together"), PROFILES.values(), ids=PROFILES)
def test_traffic_manager(graph_of: Callable[..., Graph], code: str, count: Any, together: Any) -> None:
    graph = graph_of(code)
    assert asked(graph, "azurerm_traffic_manager_profile.p", "endpoint_count") == count
    assert asked(graph, "azurerm_traffic_manager_profile.p", "endpoints_one_region") == together


def pool(label: str, *addresses: str) -> str:
    origins = ", ".join(f'{{ name = "o", address = {address} }}' for address in addresses)
    return f'resource "cloudflare_load_balancer_pool" "{label}" {{\n name = "{label}"\n origins = [{origins}]\n}}\n'


LBS = (
    'provider "aws" {\n region = "eu-west-1"\n}\n'
    'resource "aws_lb" "a" {}\nresource "aws_lb" "b" {\n region = "eu-west-3"\n}\n'
)
BALANCER = 'resource "cloudflare_load_balancer" "l" {{\n name = "l"\n zone_id = "z"\n default_pools = [{pools}]\n}}\n'
POOLS: dict[str, tuple[str, Any, Any]] = {
    "two regions": (
        LBS
        + pool("x", "aws_lb.a.dns_name")
        + pool("y", "aws_lb.b.dns_name")
        + BALANCER.format(pools="cloudflare_load_balancer_pool.x.id, cloudflare_load_balancer_pool.y.id"),
        2,
        False,
    ),
    "one pool with both": (
        LBS
        + pool("x", "aws_lb.a.dns_name", "aws_lb.b.dns_name")
        + BALANCER.format(pools="cloudflare_load_balancer_pool.x.id"),
        2,
        False,
    ),
    "the same balancer twice": (
        LBS
        + pool("x", "aws_lb.a.dns_name", "aws_lb.a.dns_name")
        + BALANCER.format(pools="cloudflare_load_balancer_pool.x.id"),
        2,
        True,
    ),
    "pools from elsewhere": ('variable "p" {}\n' + BALANCER.format(pools="var.p"), UNKNOWN, UNKNOWN),
}


@pytest.mark.parametrize(("code", "count", "together"), POOLS.values(), ids=POOLS)
def test_cloudflare(graph_of: Callable[..., Graph], code: str, count: Any, together: Any) -> None:
    graph = graph_of(code)
    assert asked(graph, "cloudflare_load_balancer.l", "endpoint_count") == count
    assert asked(graph, "cloudflare_load_balancer.l", "endpoints_one_region") == together


SYSTEM = (
    'provider "aws" {\n region = "eu-west-1"\n}\nresource "aws_instance" "i" {}\nresource "aws_s3_bucket" "b" {}\n'
    'resource "aws_lb" "l" {}\nresource "aws_route53_zone" "z" {\n name = "a.example"\n}\n'
    'resource "aws_cloudfront_distribution" "c" {\n enabled = true\n}\n'
)


def name(label: str, target: str, host: str) -> str:
    return (
        f'resource "aws_route53_record" "{label}" {{\n zone_id = aws_route53_zone.z.zone_id\n type = "CNAME"\n'
        f' ttl = 60\n name = "{host}"\n records = [{target}]\n}}\n'
    )


NETWORKS: dict[str, tuple[str, Any]] = {
    "a network without a name": (SYSTEM, "CloudFront"),
    "all names behind it": (SYSTEM + name("a", "aws_cloudfront_distribution.c.domain_name", "www"), "CloudFront"),
    "a name past it": (
        SYSTEM
        + name("a", "aws_cloudfront_distribution.c.domain_name", "www")
        + name("b", "aws_lb.l.dns_name", "direct"),
        "",
    ),
    "a name at another network": (SYSTEM + name("a", '"exchange.global.ssl.fastly.net"', "www"), ""),
    "a name of a stranger": (SYSTEM + name("a", '"pages.vendor.example"', "status"), "CloudFront"),
    "a name that a variable leads": (
        'variable "v" {}\n' + SYSTEM + name("a", "var.v", "www"),
        UNKNOWN,
    ),
    "a name that only feeds the network": (
        SYSTEM.replace(
            "enabled = true",
            'enabled = true\n origin {\n origin_id = "o"\n domain_name = aws_route53_record.a.fqdn\n }',
        )
        + name("a", "aws_lb.l.dns_name", "origin"),
        "CloudFront",
    ),
    "files alone are no system": (SYSTEM.replace('resource "aws_instance" "i" {}\n', ""), ABSENT),
    "a library": (SYSTEM.replace('provider "aws" {\n region = "eu-west-1"\n}\n', ""), ABSENT),
}


@pytest.mark.parametrize(("code", "expected"), NETWORKS.values(), ids=NETWORKS)
def test_single_network(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    assert value(FACTS["single_cdn"].compute(estate(graph), graph)) == expected


def distribution(*origins: str, members: tuple[int, ...] = (0, 1)) -> str:
    blocks = "".join(
        f' origin {{\n origin_id = "{number}"\n domain_name = {origin}\n }}\n' for number, origin in enumerate(origins)
    )
    group = "".join(f' member {{\n origin_id = "{number}"\n }}\n' for number in members)
    return (
        f'resource "aws_cloudfront_distribution" "c" {{\n enabled = true\n{blocks}'
        f' origin_group {{\n origin_id = "g"\n{group} }}\n}}\n'
    )


ORIGINS: dict[str, tuple[str, Any]] = {
    "one region": (LBS + distribution("aws_lb.a.dns_name", "aws_lb.a.dns_name"), True),
    "two regions": (LBS + distribution("aws_lb.a.dns_name", "aws_lb.b.dns_name"), False),
    "a third origin outside of the group": (
        LBS + distribution("aws_lb.a.dns_name", "aws_lb.b.dns_name", "aws_lb.a.dns_name", members=(0, 2)),
        True,
    ),
    "hosts of others": (LBS + distribution('"a.example"', "aws_lb.a.dns_name"), UNKNOWN),
}


@pytest.mark.parametrize(("code", "expected"), ORIGINS.values(), ids=ORIGINS)
def test_origins(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert asked(graph_of(code), "aws_cloudfront_distribution.c", "origins_one_region") == expected
