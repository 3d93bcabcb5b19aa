"""The same region and the same account, decided only where the files decide it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts.relations import same_account, same_region
from scanner.graph.graph import Graph
from scanner.model.value import Unknown

KEYS = """
variable "region" {}
variable "account" {}
provider "aws" {
%s
}
provider "aws" {
  alias = "other"
%s
}
resource "aws_kms_key" "a" {}
resource "aws_kms_key" "b" {
  provider = %s
}
"""
HERE = 'region = "ap-northeast-1"'
THERE = 'region = "eu-west-1"'
ROLE = 'assume_role {\n role_arn = "arn:aws:iam::444455556666:role/terraform"\n}'

# first configuration, second configuration, which of them the second key uses → same region, same account
CASES: dict[str, tuple[str, str, str, Any, Any]] = {
    "one configuration": (HERE, THERE, "aws", True, True),
    "two regions, one login": (HERE, THERE, "aws.other", False, True),
    "two accounts": (
        f'{HERE}\nallowed_account_ids = ["111122223333"]',
        f'{HERE}\nallowed_account_ids = ["444455556666"]',
        "aws.other",
        True,
        False,
    ),
    "another account's role, own login": (HERE, f"{HERE}\n{ROLE}", "aws.other", True, None),
    "the same unknown region": ("region = var.region", HERE, "aws", True, True),
    "an unknown region": (HERE, "region = var.region", "aws.other", None, True),
    "an unknown account": (
        f'{HERE}\nallowed_account_ids = ["111122223333"]',
        f"{HERE}\nallowed_account_ids = [var.account]",
        "aws.other",
        True,
        None,
    ),
    "no region anywhere": ("", "", "aws", True, True),
}


@pytest.mark.parametrize(("first", "second", "used", "region", "account"), CASES.values(), ids=CASES)
def test_two_keys(
    graph_of: Callable[..., Graph], first: str, second: str, used: str, region: bool | None, account: bool | None
) -> None:
    graph = graph_of(KEYS % (first, second, used))
    a, b = graph.of_kind("key")
    for answer, expected in ((same_region(a, b), region), (same_account(a, b), account)):
        assert isinstance(answer, Unknown) if expected is None else answer is expected


def test_roots_do_not_share_variables(graph_of: Callable[..., Graph]) -> None:
    """A variable of one folder says nothing about the variable of the same name in another."""
    root = 'variable "region" {}\nprovider "aws" { region = var.region }\nresource "aws_kms_key" "k" {}'
    graph = graph_of({"a/main.tf": root, "b/main.tf": root})
    a, b = graph.of_kind("key")
    assert isinstance(same_region(a, b), Unknown)


def test_other_providers_are_other_places(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "aws_kms_key" "a" {}\n'
        'resource "google_kms_crypto_key" "b" { key_ring = "projects/p/locations/eu/keyRings/r" }'
    )
    a, b = graph.of_kind("key")
    assert same_region(a, b) is False
    assert same_account(a, b) is False
