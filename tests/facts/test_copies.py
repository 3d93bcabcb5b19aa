"""Copies: whether there is a second one, and which key opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import copies
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

BUCKET = 'resource "aws_s3_bucket" "b" {\n bucket = "records"\n}\n'
ONLY: dict[str, tuple[str, bool | None]] = {
    "alone": (BUCKET, True),
    "replicated": (
        BUCKET
        + 'resource "aws_s3_bucket_replication_configuration" "b" {\n bucket = aws_s3_bucket.b.id\n role = "r"\n'
        + ' rule {\n status = "Enabled"\n destination {\n bucket = "arn:aws:s3:::elsewhere"\n }\n }\n}',
        False,
    ),
    "replicated if a variable says so": (
        'variable "copy" {}\n'
        + BUCKET
        + 'resource "aws_s3_bucket_replication_configuration" "b" {\n count = var.copy ? 1 : 0\n'
        + " bucket = aws_s3_bucket.b.id\n"
        + ' role = "r"\n rule {\n status = "Enabled"\n destination {\n bucket = "arn:aws:s3:::elsewhere"\n }\n }\n}',
        None,
    ),
    "copied by a transfer job to another cloud": (
        BUCKET
        + 'resource "google_storage_transfer_job" "j" {\n description = "nightly"\n transfer_spec {\n'
        + " aws_s3_data_source {\n bucket_name = aws_s3_bucket.b.bucket\n }\n"
        + ' gcs_data_sink {\n bucket_name = "copy"\n }\n }\n}',
        False,
    ),
    "backed up": (
        BUCKET
        + 'resource "aws_backup_plan" "p" {\n name = "p"\n}\n'
        + 'resource "aws_backup_selection" "p" {\n name = "p"\n plan_id = aws_backup_plan.p.id\n iam_role_arn = "r"\n'
        + " resources = [aws_s3_bucket.b.arn]\n}",
        False,
    ),
    # https://cloud.google.com/storage/docs/locations: EU is a multi-region.
    "multi-region": ('resource "google_storage_bucket" "b" {\n name = "b"\n location = "EU"\n}', False),
    "region": ('resource "google_storage_bucket" "b" {\n name = "b"\n location = "EUROPE-WEST3"\n}', True),
    # https://learn.microsoft.com/en-us/azure/storage/common/storage-redundancy: GZRS copies to the paired region.
    "geo-redundant": (
        'resource "azurerm_storage_account" "b" {\n name = "b"\n account_replication_type = "GZRS"\n}',
        False,
    ),
    "zone-redundant": (
        'resource "azurerm_storage_account" "b" {\n name = "b"\n account_replication_type = "ZRS"\n}',
        True,
    ),
}


@pytest.mark.parametrize(("code", "expected"), ONLY.values(), ids=ONLY)
def test_only_copies(graph_of: Callable[..., Graph], code: str, expected: bool | None) -> None:
    graph = graph_of(code)
    (bucket,) = graph.of_kind("object_store")
    answer = copies.only_copy(bucket, graph)
    assert isinstance(answer, Unknown) if expected is None else answer is expected


MANAGED: dict[str, tuple[str, Any]] = {
    "not encrypted": ('resource "aws_db_instance" "d" {}', False),
    "encrypted": ('resource "aws_db_instance" "d" {\n storage_encrypted = true\n}', True),
    "under a key": (
        (
            'resource "aws_kms_key" "k" {}\nresource "aws_db_instance" "d" {\n storage_encrypted = true\n'
            " kms_key_id = aws_kms_key.k.arn\n}"
        ),
        False,
    ),
    "under a written alias": (
        'resource "aws_db_instance" "d" {\n storage_encrypted = true\n kms_key_id = "alias/aws/rds"\n}',
        True,
    ),
}


@pytest.mark.parametrize(("code", "expected"), MANAGED.values(), ids=MANAGED)
def test_keys_of_the_provider(graph_of: Callable[..., Graph], code: str, expected: bool) -> None:
    graph = graph_of(code)
    (database,) = graph.of_kind("database")
    assert copies.provider_key_only(database, graph) is expected


def test_no_copy_no_question(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(BUCKET)
    (bucket,) = graph.of_kind("object_store")
    assert copies.copy_needs_source_key(bucket, graph) is ABSENT


def test_a_bucket_is_no_key_of_its_copies(graph_of: Callable[..., Graph]) -> None:
    """What the destination names beside a key, the bucket of the copies, opens nothing."""
    graph = graph_of(
        'resource "aws_s3_bucket" "copy" {\n bucket = "copy"\n}\n'
        'resource "aws_s3_bucket" "b" {\n bucket = "records"\n replication_configuration {\n role = "r"\n rules {\n'
        ' status = "Enabled"\n destination {\n bucket = aws_s3_bucket.copy.arn\n }\n }\n }\n}'
    )
    answer = copies.copy_needs_source_key(graph.resources["aws_s3_bucket.b"], graph)
    assert answer is ABSENT or answer == []
