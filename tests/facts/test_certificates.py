"""Certificates: who issues them, how many depend on one, where private authorities stand."""

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


SYSTEM = (
    'provider "aws" {\n region = "eu-west-1"\n}\nprovider "google" {}\nprovider "fastly" {}\n'
    'resource "aws_lb" "l" {}\nresource "aws_instance" "i" {}\nresource "aws_s3_bucket" "b" {}\n'
)
AMAZON = 'resource "aws_acm_certificate" "a" {\n domain_name = "a.example"\n}\n'
PRIVATE = 'resource "aws_acm_certificate" "p" {\n domain_name = "b"\n certificate_authority_arn = "arn"\n}\n'
SELF_SIGNED = 'resource "tls_self_signed_cert" "s" {\n private_key_pem = "k"\n}\n'
# https://registry.terraform.io/providers/fastly/fastly/latest/docs/resources/tls_subscription names the authorities
FASTLY = 'resource "fastly_tls_subscription" "f" {\n domains = ["a"]\n certificate_authority = "lets-encrypt"\n}\n'
AUTHORITIES: dict[str, tuple[str, Any]] = {
    "none": (SYSTEM, ABSENT),
    "one": (SYSTEM + AMAZON, "Amazon"),
    "private ones and own ones are no public ones": (SYSTEM + AMAZON + PRIVATE + SELF_SIGNED, "Amazon"),
    "two": (SYSTEM + AMAZON + FASTLY, ""),
    "one brought from elsewhere": (
        SYSTEM + AMAZON + 'resource "aws_acm_certificate" "i" {\n certificate_body = "c"\n private_key = "k"\n}\n',
        UNKNOWN,
    ),
    "a library": (AMAZON, ABSENT),
}


@pytest.mark.parametrize(("code", "expected"), AUTHORITIES.values(), ids=AUTHORITIES)
def test_single_authority(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    assert value(FACTS["single_authority"].compute(estate(graph), graph)) == expected


def private(label: str, region: str, header: str = "") -> str:
    return header + (
        f'resource "aws_acmpca_certificate_authority" "{label}" {{\n region = {region}\n type = "SUBORDINATE"\n}}\n'
    )


PLACES: dict[str, tuple[str, Any]] = {
    "alone": ('provider "aws" {}\n' + private("c", '"eu-west-1"'), False),
    "two in one region": ('provider "aws" {}\n' + private("c", '"eu-west-1"') + private("d", '"eu-west-1"'), False),
    "two in two": (private("c", '"eu-west-1"') + private("d", '"eu-west-3"'), True),
    "the second wherever a variable says": (
        'provider "aws" {}\nvariable "r" {}\n' + private("c", '"eu-west-1"') + private("d", "var.r"),
        UNKNOWN,
    ),
    "alone in a library": (private("c", '"eu-west-1"'), UNKNOWN),
}


@pytest.mark.parametrize(("code", "expected"), PLACES.values(), ids=PLACES)
def test_authority_elsewhere(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    authority = graph.resources["aws_acmpca_certificate_authority.c"]
    assert value(FACTS["authority_elsewhere"].compute(authority, graph)) == expected


def test_users_of_a_certificate(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        AMAZON + 'resource "aws_acm_certificate_validation" "v" {\n certificate_arn = aws_acm_certificate.a.arn\n}\n'
        # a listener that waits for the validation presents the certificate; a record that proves the name does not
        'resource "aws_lb_listener" "l" {\n count = 2\n certificate_arn = aws_acm_certificate_validation.v.certificate_arn'
        '\n}\nresource "aws_route53_record" "r" {\n name = one(aws_acm_certificate.a.domain_validation_options)\n}\n'
    )
    users = FACTS["certificate_users"].compute(graph.resources["aws_acm_certificate.a"], graph)
    assert value(users) == 2
