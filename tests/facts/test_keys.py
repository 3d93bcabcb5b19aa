"""Where keys work and who needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import keys
from scanner.facts.fact import Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

# https://cloud.google.com/kms/docs/locations: regions, dual-regions, multi-regions and global.
LOCATIONS = {
    "asia-northeast1": True,
    "europe-west10": True,
    "us-central1": True,
    "me-central2": True,
    "global": False,
    "us": False,
    "europe": False,
    "asia1": False,
    "eur4": False,
    "nam4": False,
    "nam-eur-asia1": False,
}


@pytest.mark.parametrize(("location", "single"), LOCATIONS.items())
def test_google_locations(graph_of: Callable[..., Graph], location: str, single: bool) -> None:
    declared = (
        f'resource "google_kms_key_ring" "r" {{\n name = "r"\n location = "{location}"\n}}\n'
        'resource "google_kms_crypto_key" "k" { key_ring = google_kms_key_ring.r.id }'
    )
    named = f'resource "google_kms_crypto_key" "k" {{ key_ring = "projects/p/locations/{location}/keyRings/r" }}'
    for code in (declared, named):
        graph = graph_of(code)
        (key,) = graph.of_kind("key")
        assert keys.key_single_region(key, graph) is single


def test_a_ring_outside_of_the_files_is_undecided(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('variable "ring" {}\nresource "google_kms_crypto_key" "k" { key_ring = var.ring }')
    (key,) = graph.of_kind("key")
    assert isinstance(keys.key_single_region(key, graph), Unknown)


TWO_REGIONS = """
provider "aws" {
  region = "ap-northeast-1"
}
provider "aws" {
  alias  = "osaka"
  region = "ap-northeast-3"
}
resource "aws_kms_key" "k" {}
"""
USERS: dict[str, tuple[str, Any]] = {
    "nobody": ("", ABSENT),
    "beside it": ('resource "aws_ebs_volume" "v" {\n kms_key_id = aws_kms_key.k.arn\n}', []),
    "in another region": (
        'resource "aws_ebs_volume" "v" {\n provider = aws.osaka\n kms_key_id = aws_kms_key.k.arn\n}',
        ["aws_ebs_volume.v"],
    ),
    # Each replica of a global table takes a key of its own region: https://docs.aws.amazon.com/amazondynamodb/latest/
    # developerguide/globaltables.html (encryption at rest).
    "a global table": (
        (
            'resource "aws_dynamodb_table" "t" {\n name = "t"\n hash_key = "id"\n'
            " server_side_encryption {\n enabled = true\n kms_key_arn = aws_kms_key.k.arn\n }\n"
            ' replica {\n region_name = "ap-northeast-3"\n'
            ' kms_key_arn = "arn:aws:kms:ap-northeast-3:111122223333:key/1"\n }\n}'
        ),
        [],
    ),
    # An object in a cluster stands where the cluster stands, which it does not say.
    "a chart": ('resource "helm_release" "h" {\n name = "h"\n values = [aws_kms_key.k.arn]\n}', ABSENT),
    "a policy": ('resource "aws_iam_policy" "p" {\n policy = jsonencode({ Resource = aws_kms_key.k.arn })\n}', ABSENT),
    "another cloud": (
        (
            'resource "google_cloud_run_v2_service" "s" {\n name = "s"\n location = "asia-northeast1"\n template {\n'
            '  containers {\n image = "i"\n env {\n name = "KEY"\n value = aws_kms_key.k.arn\n }\n }\n }\n}'
        ),
        ["google_cloud_run_v2_service.s"],
    ),
}


@pytest.mark.parametrize(("user", "expected"), USERS.values(), ids=USERS)
def test_users_in_other_regions(graph_of: Callable[..., Graph], user: str, expected: Any) -> None:
    graph = graph_of(TWO_REGIONS + user)
    (key,) = graph.of_kind("key")
    answer = keys.used_elsewhere(key, graph)
    assert (answer.value if isinstance(answer, Answer) else answer) == expected


def test_a_replica_of_something_unnamed_leaves_the_count_open(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'variable "primary" {}\nresource "aws_kms_key" "k" { multi_region = true }\n'
        'resource "aws_kms_replica_key" "r" { primary_key_arn = var.primary }'
    )
    key = graph.resources["aws_kms_key.k"]
    assert isinstance(keys.key_replicas(key, graph), Unknown)
