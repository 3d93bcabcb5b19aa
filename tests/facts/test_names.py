"""Names: who answers for them, where they lead, who may issue certificates for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

UNKNOWN = "unknown"


def answer(graph: Graph, resource: str, fact: str) -> Any:
    """The fact's value; an unknown as a word."""
    found = FACTS[fact].compute(graph.resources[resource], graph)
    value = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(value, Unknown) else value


def caa(*records: str) -> str:
    return (
        'resource "aws_route53_record" "r" {\n zone_id = "Z"\n name = "a.example"\n type = "CAA"\n ttl = 60\n'
        " records = [\n" + ",\n".join(records) + "]\n}"
    )


# https://www.rfc-editor.org/rfc/rfc8659#section-4.2: issue and issuewild authorise, an empty name forbids, the rest are
# parameters. https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html: Amazon goes by four names.
CAA: dict[str, tuple[str, Any]] = {
    "one": (caa('"0 issue \\"ca.example\\""'), ["ca.example"]),
    "with parameters": (caa('"0 issue \\"ca.example; account=23\\""'), ["ca.example"]),
    "flags": (caa('"128 issue \\"ca.example\\""'), ["ca.example"]),
    "nobody": (caa('"0 issue \\";\\""'), ABSENT),
    "only a report": (caa('"0 iodef \\"mailto:a@a.example\\""'), ABSENT),
    "two": (caa('"0 issue \\"b.example\\""', '"0 issuewild \\"a.example\\""'), ["a.example", "b.example"]),
    "four names of one authority": (
        caa(*(f'"0 issue \\"{n}\\""' for n in ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"))),
        ["amazon.com"],
    ),
    "any case": (caa('"0 issue \\"CA.example\\""', '"0 issue \\"ca.EXAMPLE\\""'), ["ca.example"]),
    "a name that a variable gives": ('variable "ca" {}\n' + caa('"0 issue \\"${var.ca}\\""'), UNKNOWN),
    "two names and a variable": (
        'variable "ca" {}\n' + caa('"0 issue \\"a.example\\""', '"0 issue \\"b.example\\""', "var.ca"),
        ["a.example", "b.example"],
    ),
}


@pytest.mark.parametrize(("code", "expected"), CAA.values(), ids=CAA)
def test_issuers(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert answer(graph_of(code), "aws_route53_record.r", "caa_issuers") == expected


ZONE = 'resource "aws_route53_zone" "z" {\n name = "a.example"\n}\n'


def name_servers(record: str, *servers: str) -> str:
    listed = ", ".join(f'"{server}"' for server in servers)
    return (
        'resource "aws_route53_record" "ns" {\n zone_id = aws_route53_zone.z.zone_id\n type = "NS"\n ttl = 60\n'
        f' name = "{record}"\n records = [{listed}]\n}}\n'
    )


# Owners by the endpoint table: awsdns-* is AWS, nsone.net IBM, azure-dns.* Microsoft.
OPERATORS: dict[str, tuple[str, Any]] = {
    "alone": (ZONE, ["AWS"]),
    "listed beside it": (ZONE + name_servers("a.example", "ns-1.awsdns-01.com", "dns1.p01.nsone.net"), ["AWS", "IBM"]),
    "listed at the apex without a name": (ZONE + name_servers("", "ns1-01.azure-dns.com."), ["AWS", "Microsoft"]),
    "a child zone elsewhere is another zone": (ZONE + name_servers("b.a.example", "dns1.p01.nsone.net"), ["AWS"]),
    "a final dot is no difference": (
        ZONE + 'resource "google_dns_managed_zone" "g" {\n name = "g"\n dns_name = "A.example."\n}',
        ["AWS", "Google"],
    ),
    "a private zone of the name answers nobody outside": (
        ZONE
        + 'resource "google_dns_managed_zone" "g" {\n name = "g"\n dns_name = "a.example."\n visibility = "private"\n}',
        ["AWS"],
    ),
    "one variable for both": (
        (
            'variable "d" {}\nresource "aws_route53_zone" "z" {\n name = var.d\n}\n'
            'resource "cloudflare_zone" "c" {\n name = var.d\n}'
        ),
        ["AWS", "Cloudflare"],
    ),
    "perhaps the same": (
        ZONE + 'variable "d" {}\nresource "cloudflare_zone" "c" {\n name = var.d\n}',
        UNKNOWN,
    ),
}


@pytest.mark.parametrize(("code", "expected"), OPERATORS.values(), ids=OPERATORS)
def test_operators(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert answer(graph_of(code), "aws_route53_zone.z", "dns_operators") == expected


LB = 'resource "aws_lb" "l" {\n subnets = ["s"]\n}\n'


def record(name: str, extra: str = "records = [aws_lb.l.dns_name]", kind: str = "CNAME", label: str = "r") -> str:
    return (
        f'resource "aws_route53_record" "{label}" {{\n zone_id = aws_route53_zone.z.zone_id\n name = "{name}"\n'
        f' type = "{kind}"\n ttl = 60\n {extra}\n}}\n'
    )


ENDPOINTS: dict[str, tuple[str, Any]] = {
    "one balancer": (ZONE + LB + record("api"), True),
    "somebody else's host": (ZONE + record("api", 'records = ["x.vendor.example"]'), ABSENT),
    "a proof of ownership": (ZONE + LB + record("_acme-challenge.api"), ABSENT),
    "signed mail": (ZONE + LB + record("k1._domainkey"), ABSENT),
    "a text": (ZONE + LB + record("api", kind="TXT"), ABSENT),
    "a private balancer": (
        ZONE + LB.replace("subnets", "internal = true\n subnets") + record("api"),
        ABSENT,
    ),
    "a second answer of the name": (
        ZONE + LB + record("api") + record("api", 'records = ["198.51.100.7"]', label="second"),
        False,
    ),
    "an answer of another name": (
        ZONE + LB + record("api") + record("www", 'records = ["198.51.100.7"]', label="second"),
        True,
    ),
    "chosen by latency": (
        ZONE
        + LB
        + record(
            "api",
            'set_identifier = "a"\n latency_routing_policy {\n region = "eu-west-1"\n }\n'
            " records = [aws_lb.l.dns_name]",
        ),
        False,
    ),
    "a delivery network": (
        ZONE
        + 'resource "aws_cloudfront_distribution" "c" {\n enabled = true\n}\n'
        + record("api", "records = [aws_cloudfront_distribution.c.domain_name]"),
        ABSENT,
    ),
}


@pytest.mark.parametrize(("code", "expected"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_one_endpoint(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert answer(graph_of(code), "aws_route53_record.r", "one_endpoint") is expected


@pytest.mark.parametrize(
    ("ttl", "routing", "expected"),
    [
        ("300", "", False),
        ("3600", "", False),
        ("3601", "", True),
        ("300", "multivalue_answer_routing_policy = true", False),
        ("301", "multivalue_answer_routing_policy = true", True),
        ('"86400"', "", True),
    ],
)
def test_slow_to_move(graph_of: Callable[..., Graph], ttl: str, routing: str, expected: bool) -> None:
    code = ZONE + record("api", f'{routing}\n records = ["198.51.100.7"]', "A").replace("ttl = 60", f"ttl = {ttl}")
    assert answer(graph_of(code), "aws_route53_record.r", "slow_to_move") is expected


RESOLVERS: dict[str, tuple[str, Any]] = {
    "one": ('["10.0.0.2"]', 1),
    "two": ('["10.0.0.2", "10.0.1.2"]', 2),
    # https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
    "the VPC's own": ('["AmazonProvidedDNS"]', ABSENT),
    "the VPC's own by address": ('["169.254.169.253"]', ABSENT),
    "none": ("[]", ABSENT),
    "one that a variable gives": ("[var.server]", 1),
    "as many as a variable gives": ("var.servers", UNKNOWN),
}


@pytest.mark.parametrize(("servers", "expected"), RESOLVERS.values(), ids=RESOLVERS)
def test_resolvers(graph_of: Callable[..., Graph], servers: str, expected: Any) -> None:
    code = (
        'variable "server" {}\nvariable "servers" {}\n'
        f'resource "aws_vpc_dhcp_options" "d" {{\n domain_name_servers = {servers}\n}}'
    )
    assert answer(graph_of(code), "aws_vpc_dhcp_options.d", "resolver_count") == expected
